/* http - requests to the one API server, many at once on few connections.
 *
 * A libcurl multi handle with HTTP/2. Nothing happens but in http_turn(): who
 * does not call it does not read, and the server feels that. A request that
 * finds its credentials wanting waits for new ones, or is sent once more with
 * them; its owner does not notice.
 */
#ifndef MS_HTTP_H
#define MS_HTTP_H

#include <curl/curl.h>
#include <poll.h>

#include "credentials.h"
#include "json.h"
#include "links.h"
#include "route.h"
#include "sockets.h"

struct http {
	CURLM *multi;
	const struct kubeconfig *config;
	struct credentials *credentials;
	struct route route;
	struct links links;
	struct http_request *waiting; /* for credentials, in order */
	struct opts_list warned; /* what the server has warned of */
	bool counts_leaves; /* set before the first request, or not */
	unsigned requests; /* that are under way */
	uint64_t bytes, leaves; /* so far; leaves: GOAWAY */
	uint64_t stirred; /* counts what a turn has done, or may have */
	bool is_fresh; /* a request has been sent since the last turn */
};

struct http_request;

/* The metadata form, of a list and of an object or a watch; or else the whole. */
#define HTTP_METADATA_LIST \
	"application/json;as=PartialObjectMetadataList;" \
	"g=meta.k8s.io;v=v1,application/json"
#define HTTP_METADATA \
	"application/json;as=PartialObjectMetadata;" \
	"g=meta.k8s.io;v=v1,application/json"

/* What to ask for, and whom to tell. Callbacks may not cancel requests, except
 * done. */
struct http_ask {
	const char *path; /* with query */
	const char *accept; /* NULL: application/json */
	const char *etag; /* for If-None-Match, or NULL */
	long timeout; /* s for the whole answer; 0: none */
	/* gzip will do. Never for a watch: the server ends a member at each
	 * flush, and libcurl takes one member only. */
	bool compress;
	/* The answer is 200, its body begins. May be NULL. */
	void (*open)(void *context);
	/* Bytes of a 200's body. NULL: they are collected in request.body. */
	void (*data)(void *context, const char *p, size_t n);
	/* It is over; the request is freed after this. */
	void (*done)(void *context, struct http_request *r);
	void *context;
};

/* Outcome: result is CURLE_OK when an answer came to its clean end. */
struct http_request {
	struct http *http;
	struct http_ask ask; /* its texts are not kept */
	CURL *easy;
	struct curl_slist *headers; /* but for ... */
	struct curl_slist authorization; /* which is put before them */
	struct keyring *ring;
	unsigned version; /* of the credentials */
	bool is_retried, is_over;
	struct http_request **place; /* among the waiting; NULL: it is not */
	struct http_request *next;
	int64_t replace_at; /* ms, or 0 */
	CURLcode result;
	long status;
	struct json body; /* of errors: no more than 64 KiB */
	int64_t started, heard; /* ms: heard is when bytes came last */
	size_t link; /* its connection, once it is open */
	char error[CURL_ERROR_SIZE];
};

void http_init(struct http *h, const struct kubeconfig *config,
    struct credentials *credentials);
void http_free(struct http *h);

struct http_request *http_get(struct http *h, const struct http_ask *ask);
/* No callback follows. */
void http_cancel(struct http_request *r);
/* The same, and break its connection: all others on it fail. */
void http_break(struct http_request *r);
/* A server answers at once; after that bookmarks of all watches together keep
 * a connection busy, and one that carries nothing for links.dead_after is dead,
 * whatever the kernel thinks of it. */
#define HTTP_SILENCE 30000 /* ms to the first byte of an answer */
/* When bytes came last on the connection of a request that is open. */
int64_t http_link_heard(const struct http_request *r);
/* Whether its connection has been silent since the request was made. */
bool http_is_unheard(const struct http_request *r);

/* When an open request should be ended and sent anew, as it still travels with
 * a client certificate that has been replaced; INT64_MAX: never. */
int64_t http_replace_at(struct http_request *r);

/* Do what can be done now; calls back. After a turn that has stirred something
 * there must be another one before http_wait(): data that libcurl has read for
 * one stream while it served another waits in its memory, where no socket tells
 * of it, and 7.88.1 loses the timer that is to remind it (what is due within
 * the millisecond goes with what was due before). */
void http_turn(struct http *h);
/* Wait for the network, for one of n other descriptors, or for ms milliseconds,
 * but for a second at most. revents of the latter are set. */
#define HTTP_OTHERS (SOCKETS_OTHERS - 1) /* the last is a plugin */
void http_wait(struct http *h, struct pollfd *fd, size_t n, int ms);

/* A header of the answer, or NULL. Valid until the next call. */
const char *http_header(struct http_request *r, const char *name);
/* Why it failed, in curl's words. */
const char *http_why(const struct http_request *r);
/* Whether it failed because either side does not trust the other. */
bool http_is_distrust(const struct http_request *r);

/* The body as one JSON object; empty: it is none. */
struct span http_object(const struct http_request *r);

#endif
