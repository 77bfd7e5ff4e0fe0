/* cluster - the clusters in a stream, and which of them are still in their
 * first sync: verdicts about such are held back until they are ready. */
#ifndef MS_CLUSTER_H
#define MS_CLUSTER_H

#include "record.h"

struct cluster {
	char *name;
	bool holds;
};

struct clusters {
	struct cluster *cluster;
	size_t n;
};

void clusters_free(struct clusters *cs);

/* The cluster that a SYNC or CONFIG record names. A new one announces itself,
 * so a `ready` will come, and it holds. */
struct cluster *clusters_announce(struct clusters *cs, const struct record *r);

/* Those that never announced themselves hold nothing back. */
bool clusters_holds(const struct clusters *cs, const char *name);
/* Whether it has announced itself, and is through with its first sync. */
bool clusters_ready(const struct clusters *cs, const char *name);
size_t clusters_holding(const struct clusters *cs);

/* Append the resources of a `ready`, less our own, plus what that is: synced,
 * or pending. True: all that verdicts rest upon is there. */
bool cluster_ready(const struct record *r, struct json *out);

#endif
