/* probe - is the server still where it was?
 *
 * A watch from a resourceVersion that the server has not reached is silent and
 * no error: after etcd was restored from a backup it stays so for days. So the
 * server is asked where it stands, now and then, and when a watch that used to
 * have bookmarks has been silent for long.
 */
#ifndef MS_PROBE_H
#define MS_PROBE_H

#include "http.h"
#include "scan.h"

/* rv: where the server stands; empty if that cannot be known. */
typedef void probe_done(void *context, struct span rv);

struct probe {
	int64_t at; /* ms: when to ask; 0: never */
	int64_t spoken; /* ms: when an event or a bookmark came last */
	struct http_request *request;
	probe_done *done;
	void *context;
};

/* All zero is a probe that does nothing. Ask some time from now on. */
void probe_plan(struct probe *p, int64_t now);
/* When to ask; has_bookmarks: the server is known to send them. */
int64_t probe_due(const struct probe *p, bool has_bookmarks);
/* Ask with a list of one object at this path. */
void probe_ask(struct probe *p, struct http *http, const char *path,
    int64_t now);
void probe_free(struct probe *p);

/* Whether a is an earlier version than b, as far as both are numbers. Says
 * something about the health of a server, nothing about what to tell. */
bool probe_is_earlier(struct span a, struct span b);

#endif
