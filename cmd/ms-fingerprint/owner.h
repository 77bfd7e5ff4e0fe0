/* owner - who controls an object, as far as it says so itself. */
#ifndef MS_OWNER_H
#define MS_OWNER_H

#include "record.h"

struct owner {
	struct span api_version, kind, name; /* borrowed from the record */
};

/* The owner that controls an object. False: nobody does. */
bool owner_of(const struct record *r, struct owner *o);

/* The workload that a pod is of: its owner, through the ReplicaSet that a
 * Deployment made; or the pod itself, less its node's name if it is a static
 * one. True if it is the former. */
bool owner_of_pod(const struct record *r, struct owner *o);

/* GROUP of GROUP/VERSION; empty: the core group. */
struct span owner_group(struct span api_version);
/* Kubernetes' own groups that have or own workloads have no dot. */
bool owner_is_custom(struct span api_version);

#endif
