#include "evidence.h"

#include <math.h>

#include "tap.h"

static void
is(const struct evidence_sum *sum, double want, const char *what)
{
	double got = (double)evidence_confidence(sum);

	ok(fabs(got - want) < 0.0001, "%s: %.4f (wanted %.4f)", what, got,
	    want);
}

int
main(void)
{
	struct evidence_sum sum = {.conflict = false};

	is(&sum, 0, "nothing seen");
	evidence_add(&sum, PRINT_LABEL, 0.4f);
	is(&sum, 0.4, "one label");
	evidence_add(&sum, PRINT_CHART, 0.4f);
	is(&sum, 0.4, "a label and its chart depend on each other");
	evidence_add(&sum, PRINT_LABEL, 0.3f);
	is(&sum, 0.4, "the best of the dependent counts");
	evidence_add(&sum, PRINT_ARG, 0.5f);
	is(&sum, 1 - 0.6 * 0.5, "independent prints combine");
	evidence_add(&sum, PRINT_ENV, 0.5f);
	is(&sum, 1 - 0.6 * 0.5, "flags and environment come together");
	evidence_add(&sum, PRINT_NAME, 0.2f);
	evidence_add(&sum, PRINT_WORKLOAD, 0.2f);
	is(&sum, 1 - 0.6 * 0.5 * 0.8, "names of a chart's parts come together");
	sum.best[GROUP_NAME] = 0;
	evidence_add(&sum, PRINT_PORT, 0.9f);
	is(&sum, 1 - 0.6 * 0.5, "ports only break ties");
	ok(evidence_confidence(&sum) < EVIDENCE_CLAIM,
	    "a label and a flag are not enough");
	sum.conflict = true;
	is(&sum, (1 - 0.6 * 0.5) * 0.9, "a contradiction lowers it");
	sum.conflict = false;
	evidence_add(&sum, PRINT_IMAGE, 0.95f);
	evidence_add(&sum, PRINT_CRD, 0.9f);
	is(&sum, 0.99, "nothing is certain");
	return tap_done();
}
