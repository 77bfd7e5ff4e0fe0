/* inquiry - probes of applications in the cluster, by the API server's proxy.
 *
 * Bounded in number, time and size. What comes of them are ANSWER records.
 */
#ifndef MS_INQUIRY_H
#define MS_INQUIRY_H

#include "command.h"
#include "emit.h"
#include "http.h"

#define INQUIRIES 8 /* at a time */
#define INQUIRIES_WAITING 56

struct inquiry;

struct inquiries {
	struct http *http;
	struct emit *emit;
	struct inquiry *first; /* in the order of asking */
	unsigned n; /* of them */
};

/* False: too many are waiting. */
bool inquiries_ask(struct inquiries *ps, const struct command *c);
/* Ask the next ones. Not from within callbacks. */
void inquiries_tick(struct inquiries *ps);
void inquiries_free(struct inquiries *ps);

#endif
