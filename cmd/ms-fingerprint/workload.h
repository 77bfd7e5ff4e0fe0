/* workload - what a person would name: Deployments, DaemonSets, Rollouts …
 *
 * A workload is held as long as it exists itself, or pods or other workloads
 * that it owns do.
 */
#ifndef MS_WORKLOAD_H
#define MS_WORKLOAD_H

#include "owner.h"
#include "world.h"

void workloads_init(struct world *w);
void workloads_free(struct world *w);

/* What it was made for: the custom resource that controls it; or itself. */
struct span workload_maker(const struct world *w, const struct workload *wl);
struct span workload_name(const struct world *w, const struct workload *wl);
struct span workload_api(const struct world *w, const struct workload *wl);
struct span workload_kind(const struct world *w, const struct workload *wl);
uint32_t workload_ns(const struct world *w, uint32_t id); /* in world.names */

/* The number of a workload, which is new if need be. */
uint32_t workload_get(struct world *w, uint32_t place,
    const struct owner *name);
/* TABLE_NONE: there is none. */
uint32_t workload_find(const struct world *w, const struct identity *id);
/* Forget it if nothing is left of it, and then its owner likewise. */
void workload_release(struct world *w, uint32_t id);
/* The object itself is gone; its pods may still be there. */
void workload_forget(struct world *w, uint32_t id);

/* Count pods of a shape, and those of them that are greenfield. */
void workload_use(struct world *w, uint32_t id, uint32_t shape, int pods,
    int green, int waiting);
void workload_set_origin(struct world *w, uint32_t id, uint8_t origin);

/* Forget the object that is called so, if there is one. */
void workload_drop(struct world *w, const struct identity *id);

/* Take in an object with this shape (which is held if need be; SHAPE_NONE: it
 * shows nothing itself), or forget the one that a DELETED record names. */
void workload_take(struct world *w, const struct record *r, uint32_t shape);

/* What a person would not name, and is seen through to its owner. */
bool workload_is_means(struct span kind);
/* The workload that a person would name: the Rollout, not its ReplicaSet. */
uint32_t workload_root(const struct world *w, uint32_t id);

#endif
