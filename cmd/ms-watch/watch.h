/* watch - one collection of objects: list it, then follow its changes.
 *
 * The machine says what comes next; this module asks the server, decodes what
 * it answers and writes the records. Nothing here waits.
 */
#ifndef MS_WATCH_H
#define MS_WATCH_H

#include "emit.h"
#include "failure.h"
#include "http.h"
#include "machine.h"
#include "snapshot.h"
#include "stream.h"

struct watch;

/* What all watches of a process share. */
struct watch_env {
	const struct settings *settings;
	struct http *http;
	struct credentials *credentials;
	struct emit *emit;
	struct intern names; /* of namespaces */
	struct scan_plan item, event;
	struct watch *dirty; /* those with data to decode */
	int64_t now; /* ms, of this turn */
	int64_t reading_since; /* ms: when we last began to read */
	int64_t last_warning; /* ms: that the server is not there */
	bool discover; /* what is served may have changed */
	uint64_t bytes; /* that have come */
};

struct watch {
	struct watch_env *env;
	struct resource *resource;
	char *ns; /* or NULL: all of them */
	struct machine machine;
	struct index index;
	char *rv; /* where to go on watching */
	char *next, *page_rv; /* of a list under way */
	const char *cause; /* of the snapshot under way */
	uint64_t count; /* objects it has named */
	bool is_complete; /* it suppresses nothing */

	struct http_request *request;
	struct intake intake;
	struct snapshot page;
	bool is_page, is_open, has_failed;
	unsigned events; /* of this stream */
	int64_t deadline; /* ms: when the stream must have ended */
	struct failure failure; /* found in the data */
	unsigned told; /* classes of failure told already */

	int64_t due; /* ms: end of a wait; 0: none */
	struct watch *next_dirty;
	bool is_dirty;
};

void watch_env_init(struct watch_env *env);

struct watch *watch_new(struct watch_env *env, struct resource *r,
    const char *ns);
/* Ends its request; says nothing. */
void watch_free(struct watch *w);

void watch_input(struct watch *w, enum machine_input in);
/* Decode what has come in this turn. Not from within callbacks. */
void watch_settle_all(struct watch_env *env);
/* Do what is due by now. */
void watch_tick(struct watch *w);
/* When watch_tick() has something to do next, at the latest. */
int64_t watch_due(const struct watch *w);

/* synced, denied or pending */
const char *watch_state(const struct watch *w);
/* Failing again and again before its first complete snapshot. */
bool watch_is_failing(const struct watch *w);

#endif
