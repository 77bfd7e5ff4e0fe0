/* links - the connections to the server: when each was heard, and how to end
 * one that is dead.
 *
 * libcurl shares a connection between requests and says only its local port.
 * As long as one of them lives it gives the connection to new ones too, dead
 * or not; so a dead one is shut down at the socket, and all its requests fail.
 */
#ifndef MS_LINKS_H
#define MS_LINKS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct link {
	long port; /* of our end */
	int64_t heard; /* ms: when bytes came last, of any request */
	bool is_open;
	long version; /* CURL_HTTP_VERSION_... that it speaks */
};

struct links {
	struct link *link; /* all that there have been: 64 Ki at most */
	size_t n;
	int *fd; /* sockets that are open */
	size_t n_fds;
	uint64_t made; /* connections that have been answered on, so far */
	int64_t dead_after; /* ms of silence */
};

/* Nothing is open yet. How long a connection may be silent is what the
 * environment says in the words of other clients, or 150 s. */
void links_init(struct links *l);
void links_free(struct links *l);

/* Let libcurl tell of sockets that it opens and closes for this request. */
void links_follow(struct links *l, CURL *easy);

/* The number of the connection with this port, new if need be. */
size_t links_find(struct links *l, long port);

/* Note that it is there, and speaks this version of HTTP. */
void links_note(struct links *l, size_t link, long version);
/* How many are open that speak this version; 0: any. */
unsigned links_count(const struct links *l, long version);
/* Whether there are some on which nothing has come yet. */
bool links_are_opening(const struct links *l);

/* Break the connection with this port, if it is there. */
void links_break(struct links *l, long port);

#endif
