#include "evidence.h"

enum evidence_group
evidence_group(enum print_kind kind)
{
	static const unsigned char group[PRINT_KINDS] = {[PRINT_IMAGE] =
							     GROUP_IMAGE,
	    [PRINT_LABEL] = GROUP_LABEL,
	    [PRINT_CHART] = GROUP_LABEL,
	    [PRINT_PART_OF] = GROUP_LABEL,
	    [PRINT_ANNOTATION] = GROUP_LABEL,
	    [PRINT_ARG] = GROUP_COMMAND,
	    [PRINT_COMMAND] = GROUP_COMMAND,
	    [PRINT_ENV] = GROUP_COMMAND,
	    [PRINT_NAME] = GROUP_NAME,
	    [PRINT_PORT] = GROUPS,
	    [PRINT_CRD] = GROUP_API,
	    [PRINT_CLASS] = GROUP_API,
	    [PRINT_WORKLOAD] = GROUP_NAME,
	    [PRINT_SERVICE] = GROUP_NAME,
	    [PRINT_WEBHOOK] = GROUP_API};

	return (enum evidence_group)group[kind];
}

void
evidence_add(struct evidence_sum *sum, enum print_kind kind, float weight)
{
	enum evidence_group g = evidence_group(kind);

	if (g < GROUPS && weight > sum->best[g])
		sum->best[g] = weight;
}

float
evidence_confidence(const struct evidence_sum *sum)
{
	float doubt = 1;

	for (int g = 0; g < GROUPS; g++)
		doubt *= 1 - sum->best[g];
	if (doubt < 1 - EVIDENCE_MOST)
		doubt = 1 - EVIDENCE_MOST;
	return (1 - doubt) * (sum->conflict ? EVIDENCE_CONFLICT : 1);
}
