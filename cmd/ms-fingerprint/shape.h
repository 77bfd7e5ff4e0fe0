/* shape - facts that are held once, however many objects show them.
 *
 * A hundred pods of one ReplicaSet have one shape. A shape lives as long as
 * something refers to it; its number may be given to another one after that.
 */
#ifndef MS_SHAPE_H
#define MS_SHAPE_H

#include "match.h"
#include "table.h"

#define SHAPE_NONE UINT32_MAX

struct shape {
	char *facts;
	char *prints; /* the value of ms.prints; NULL: none */
	uint32_t *product; /* those of its verdicts */
	uint64_t hash;
	uint32_t len, n_prints;
	uint32_t n_products;
	uint32_t refs, serial;
	uint32_t next_free;
	bool wants; /* a version that only a running instance tells */
};

struct shape_glance {
	uint64_t glance;
	uint32_t shape, serial;
};

#define SHAPE_GLANCES 4096

struct shapes {
	const struct catalog *catalog;
	struct table table;
	struct shape *shape;
	uint32_t n, size, free;
	struct shape_glance *glance;
	struct json buf;
	struct match match;
};

void shapes_init(struct shapes *s, const struct catalog *c);
void shapes_free(struct shapes *s);

/* The shape of a record, with one more reference; SHAPE_NONE: the record shows
 * no containers. glance is facts_glance() of a pod, or 0. */
uint32_t shapes_of(struct shapes *s, const struct facts_paths *paths,
    const struct record *r, uint64_t glance);
/* The shape of facts, with one more reference. */
uint32_t shapes_put(struct shapes *s, struct span facts);
/* Judge all of them by another catalog. Returns what prints each had (NULL:
 * none), by number; the array and its texts are the caller's to free. */
char **shapes_learn(struct shapes *s, const struct catalog *c);
void shapes_hold(struct shapes *s, uint32_t id);
void shapes_drop(struct shapes *s, uint32_t id); /* SHAPE_NONE: nothing */

/* Whether only a running instance can tell the version of this. */
bool shape_wants(const struct product *p, const struct verdict *v);

struct span shape_facts(const struct shapes *s, uint32_t id);
struct span shape_prints(const struct shapes *s, uint32_t id);

/* The value of a label, absent if there is none of this key. */
struct span shape_label(const struct shapes *s, uint32_t id, const char *key);

#endif
