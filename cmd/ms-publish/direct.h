/* direct - stdin to stdout or a file, without a snapshot: each record as a
 * message.
 *
 * Nothing is compared and nothing is kept: what comes in twice goes out twice,
 * and a deletion that came without its object is told without it.
 */
#ifndef MS_DIRECT_H
#define MS_DIRECT_H

#include "format.h"
#include "pulse.h"

struct direct {
	const char *cluster; /* for records that name none, or NULL */
	int control; /* a FIFO that REQUESTs are forwarded to, or -1 */
	int out; /* a descriptor */
	bool redact; /* hide the values of Secrets */
	bool once; /* of each uid what comes first, as upstream's file has it */
};

/* Until the end of stdin. */
void direct_run(const struct direct *d, struct format *f, struct pulse *pulse);

#endif
