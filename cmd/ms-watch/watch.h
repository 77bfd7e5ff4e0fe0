/* watch - one collection of objects: list it, then follow its changes.
 *
 * The machine says what comes next; this module asks the server, decodes what
 * it answers and writes the records. Nothing here waits.
 */
#ifndef MS_WATCH_H
#define MS_WATCH_H

#include "answer.h"
#include "http.h"
#include "ledger.h"
#include "machine.h"
#include "pace.h"
#include "probe.h"

struct watch;

/* What all watches of a process share. */
struct watch_env {
	const struct settings *settings;
	struct http *http;
	struct emit *emit;
	struct intern names; /* of namespaces */
	struct answer_plans plans;
	struct pace pace;
	struct watch *dirty; /* those with data to decode */
	int64_t now; /* ms, of this turn */
	int64_t reading_since; /* ms: when we last began to read */
	int64_t last_warning; /* ms: that the server is not there */
	bool discover; /* what is served may have changed */
	bool is_cut; /* a connection has broken */
	bool is_doubtful; /* it may be another cluster: no new snapshots */
	struct opts_list
	    no_streams; /* group versions without streaming lists */
	uint64_t bytes; /* that have come */
};

struct watch {
	struct watch_env *env;
	struct resource *resource; /* held by the ledger */
	struct machine machine;
	struct ledger ledger;
	struct tally tally;
	const char *cause; /* of the next snapshot */

	struct http_request *request;
	struct answer answer;
	struct probe probe;
	bool is_open;
	int64_t deadline; /* ms: when the stream must have ended */
	unsigned told; /* classes of failure told already */

	int64_t due; /* ms: end of a wait; 0: none */
	int64_t place; /* ms: when it may ask again; 0: it has no place yet */
	bool is_held; /* the wait is for leave to ask for changes */
	uint32_t level; /* of priority, as a number of env->names; 0: unknown */
	struct watch *next_dirty;
	bool is_dirty;
};

void watch_env_init(struct watch_env *env);
void watch_env_free(struct watch_env *env);

/* cause: of its first snapshot, as in SYNC records. */
struct watch *watch_new(struct watch_env *env, struct resource *r,
    const struct scope *scope, const char *cause);
/* Ends its request; says nothing. */
void watch_free(struct watch *w);

void watch_input(struct watch *w, enum machine_input in);
/* Whether it may take a snapshot now, as far as the server is concerned. */
bool watch_may_begin(struct watch *w);
/* List it again and tell the differences, unless a list is under way. */
void watch_resync(struct watch *w);
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
