/* pod - which pods there are, of which workload and of which shape.
 *
 * And what else shows a shape that is told of it, but counts for nothing.
 */
#ifndef MS_POD_H
#define MS_POD_H

#include "owner.h"
#include "world.h"

void pods_init(struct world *w);
void pods_free(struct world *w);

/* TABLE_NONE: there is none. */
uint32_t pod_find(const struct world *w, const struct identity *id);
void pod_type(const struct world *w, const struct pod *p,
    struct span *api_version, struct span *kind);
/* Where it is: a place of the world's. */
uint32_t pod_place(const struct world *w, const struct pod *p);
void pod_forget(struct world *w, uint32_t id);
/* Its name, made in out. */
struct span pod_name(const struct world *w, const struct pod *p,
    struct json *out);

/* Forget the one that is called so, if there is one. */
void pod_drop(struct world *w, const struct identity *id);

/* Take in a pod with this shape (which is held if need be), or forget the one
 * that a DELETED record names. glance is facts_glance() of it. */
void pod_take(struct world *w, const struct record *r, uint32_t shape,
    uint64_t glance);

/* The same of what is no pod and counts for nothing; owner: who controls it, or
 * NULL. */
void pod_take_other(struct world *w, const struct record *r, uint32_t shape,
    const struct owner *owner);

/* Mark the places and types of those that name them themselves. */
void pods_mark(const struct world *w, uint8_t *places, uint8_t *types);

void pod_set_origin(struct world *w, uint32_t id, uint8_t origin);
/* The shapes have been judged anew: lone pods that need a workload now get one,
 * and the other way round. */
void pods_learn(struct world *w);

#endif
