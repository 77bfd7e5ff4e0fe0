/* filter - records in, the same records with prints out, and between them the
 * Infrastructure that they add up to.
 *
 * Prints of an object that runs containers follow from that object alone, so
 * they are on it when it passes. Those of a Service depend on others: what is
 * learnt after it has passed goes out as AMEND.
 */
#ifndef MS_FILTER_H
#define MS_FILTER_H

#include "cluster.h"
#include "infra.h"
#include "library.h"
#include "probe.h"
#include "tier.h"

struct filter {
	struct records rs;
	struct library *library;
	struct knowledge *knowledge;
	struct facts_paths paths;
	int prints; /* path of ms.prints */
	struct shapes shapes;
	struct world world;
	struct infras infras;
	struct infra_out out;
	struct clusters clusters;
	struct tiers tiers;
	struct answers answers;
	struct probing probing; /* of running instances */
	struct json value; /* a member's value being made */
	uint64_t amended; /* AMEND records made */
	uint64_t settled; /* number of the line behind which all was told */
};

/* The struct must not move after this. The knowledge, which the library says,
 * is the filter's from here on. */
void filter_init(struct filter *f, struct library *l, struct knowledge *k,
    int in, int out);
/* From now on ask running instances for versions. */
void filter_probe(struct filter *f);
void filter_release(struct filter *f);

/* Until the end of the input. */
void filter_run(struct filter *f);

/* What filter_run does with one record. */
void filter_record(struct filter *f, const struct record *r);
/* Tell what has changed since the last time, as far as it may be told. */
void filter_settle(struct filter *f);

#endif
