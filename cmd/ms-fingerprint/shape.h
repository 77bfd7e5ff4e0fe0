/* shape - facts that are held once, however many objects show them.
 *
 * A hundred pods of one ReplicaSet have one shape. A shape lives as long as
 * something refers to it; its number may be given to another one after that.
 */
#ifndef MS_SHAPE_H
#define MS_SHAPE_H

#include "outcome.h"
#include "reading.h"

#define SHAPE_NONE UINT32_MAX

struct shape {
	uint32_t facts; /* packed, in the pile; PILE_NONE: a free number */
	uint32_t hash; /* of the facts; or the next free number */
	uint32_t refs;
	uint32_t outcome : 30;
	uint32_t is_job : 1; /* it runs to its end */
	uint32_t fresh : 1; /* a pod has become ready since one was asked */
};

struct shape_glance {
	uint64_t glance;
	uint32_t shape, hash;
};

#define SHAPE_GLANCES 4096
#define SHAPE_CLOSED 4096

struct shapes {
	const struct catalog *catalog;
	struct table table;
	struct shape *shape;
	uint32_t n, size, free;
	struct pile pile;
	struct texts texts; /* words of facts, and the world's names */
	struct texts phrases; /* what containers are started with */
	struct outcomes outcomes;
	struct shape_glance *glance;
	uint64_t *closed; /* hashes of containers that point to no product */
	struct reading reading;
	struct json facts;
	struct match match;
};

/* The struct must not move after this. */
void shapes_init(struct shapes *s, const struct catalog *c);
void shapes_free(struct shapes *s);

/* The shape of a record, with one more reference; SHAPE_NONE: the record shows
 * no containers. glance is facts_glance() of a pod, or 0. */
uint32_t shapes_of(struct shapes *s, const struct facts_paths *paths,
    const struct record *r, uint64_t glance);
/* Judge all of them by another catalog. Returns what each came to before, by
 * number, for shapes_learnt() to take back. */
uint32_t *shapes_learn(struct shapes *s, const struct catalog *c);
void shapes_learnt(struct shapes *s, uint32_t *before);
void shapes_hold(struct shapes *s, uint32_t id);
void shapes_drop(struct shapes *s, uint32_t id); /* SHAPE_NONE: nothing */

/* What a shape comes to; of SHAPE_NONE nothing. */
const struct outcome *shape_outcome(const struct shapes *s, uint32_t id);
/* What is told of that. */
struct span shape_prints(const struct shapes *s, uint32_t id);

/* The facts, appended to out. */
void shape_facts(const struct shapes *s, uint32_t id, struct json *out);
/* The match again, of its facts in out, where they must stay with it. */
void shape_match(const struct shapes *s, uint32_t id, struct json *out,
    struct match *m);
/* Whether it has a fact, as pack_find() makes it. */
bool shape_has(const struct shapes *s, uint32_t id, struct span fact);

#endif
