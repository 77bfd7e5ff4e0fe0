/* orders - carry out what the control FIFO says.
 *
 * What is wrong with a command is told on stderr, and in an ANSWER to who gave
 * it an id.
 */
#ifndef MS_ORDERS_H
#define MS_ORDERS_H

#include "command.h"
#include "emit.h"
#include "policy.h"
#include "inquiry.h"
#include "survey.h"
#include "watches.h"

struct orders {
	struct emit *emit;
	struct policy *policy;
	struct survey *survey;
	struct watches *watches;
	struct inquiries inquiries;
	bool has_changed; /* the policy; for the caller to reset */
};

/* One line. */
void orders_take(void *orders, const char *line, size_t n);

#endif
