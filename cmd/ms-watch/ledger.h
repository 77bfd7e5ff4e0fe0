/* ledger - what has been told of one collection, and what is to be told next.
 *
 * Objects go in as the server names them, records come out: only what differs
 * from what was told before, except in a complete snapshot, which names all.
 * What a snapshot did not name at its end is told as deleted.
 */
#ifndef MS_LEDGER_H
#define MS_LEDGER_H

#include "emit.h"
#include "index.h"
#include "tally.h"
#include "want.h"

struct ledger {
	struct emit *emit;
	struct resource *resource;
	struct scope scope;
	struct index index;
	uint64_t count; /* objects that this snapshot has told */
	bool is_complete; /* it suppresses nothing */
	struct tally *tally;
	bool has_refused; /* an object without identity, and said so */
};

/* names: of namespaces, shared. The ledger must not move. */
void ledger_init(struct ledger *l, struct emit *emit, struct intern *names,
    struct tally *tally, struct resource *r, const struct scope *scope);
void ledger_free(struct ledger *l);

/* Begin a snapshot, for this cause. */
void ledger_begin(struct ledger *l, const char *cause, bool is_complete);
/* It is whole: what it lacks has gone. rv is where it stands. */
void ledger_end(struct ledger *l, const char *rv);

/* An object that exists; at has OBJECT_SLOTS members. in_snapshot: a complete
 * snapshot tells it even if it is as known. False: it has no identity and is
 * left out; else *key is it, decoded to buf. */
bool ledger_present(struct ledger *l, const struct span *at, struct span object,
    bool in_snapshot, struct index_key *key, char buf[OBJECT_TEXT]);
/* One that exists no longer, in its last state. */
bool ledger_deleted(struct ledger *l, const struct span *at, struct span object,
    struct index_key *key, char buf[OBJECT_TEXT]);

#endif
