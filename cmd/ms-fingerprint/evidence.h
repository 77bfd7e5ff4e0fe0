/* evidence - what speaks for a product, and how much it is worth together.
 *
 * Prints of one kind of thing depend on each other: two labels come from the
 * same chart, two flags from the same command line. Such count once, as much
 * as the best of them. Independent kinds combine as 1 - product of (1 - w).
 */
#ifndef MS_EVIDENCE_H
#define MS_EVIDENCE_H

#include "signature.h"

enum evidence_group {
	GROUP_IMAGE,
	GROUP_LABEL,
	GROUP_COMMAND,
	GROUP_NAME,
	GROUP_API,
	GROUPS
};

#define EVIDENCE_CLAIM 0.75f /* less than this names no product */
#define EVIDENCE_MOST 0.99f /* nothing seen from outside is certain */
#define EVIDENCE_CONFLICT 0.9f /* what a contradiction leaves of it */

struct evidence_sum {
	float best[GROUPS];
	bool conflict;
};

/* GROUPS for what only breaks ties. */
enum evidence_group evidence_group(enum print_kind kind);
void evidence_add(struct evidence_sum *sum, enum print_kind kind, float weight);
float evidence_confidence(const struct evidence_sum *sum);

#endif
