/* pod - which pods there are, of which workload and of which shape. */
#ifndef MS_POD_H
#define MS_POD_H

#include "world.h"

void pods_init(struct world *w);
void pods_free(struct world *w);

/* TABLE_NONE: there is none. */
uint32_t pod_find(const struct world *w, const struct identity *id);
/* Where it is: a place of the world's. */
uint32_t pod_place(const struct world *w, const struct pod *p);
void pod_forget(struct world *w, uint32_t id);
/* Its name, made in out. */
struct span pod_name(const struct world *w, const struct pod *p,
    struct json *out);

/* Take in a pod with this shape (which is held if need be), or forget the one
 * that a DELETED record names. glance is facts_glance() of it. */
void pod_take(struct world *w, const struct record *r, uint32_t shape,
    uint64_t glance);

/* Mark the places and types of those that name them themselves. */
void pods_mark(const struct world *w, uint8_t *places, uint8_t *types);

void pod_set_origin(struct world *w, uint32_t id, uint8_t origin);
/* The shapes have been judged anew: lone pods that something is said of become
 * workloads, and the other way round. */
void pods_learn(struct world *w);

#endif
