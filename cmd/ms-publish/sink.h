/* sink - where messages end: a broker, or stdout.
 *
 * One thread uses a sink. A message counts as taken once a flush after it has
 * succeeded, and not before.
 */
#ifndef MS_SINK_H
#define MS_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "scan.h"

#define SINK_WHY 256

enum sink_status {
	SINK_OK,
	SINK_AWAY, /* not reached, or lost */
	SINK_REFUSED, /* it does not let us in, or not publish */
	SINK_STALLED /* lost while it was silent: may hold old messages */
};

struct sink {
	enum sink_status (*open)(struct sink *s);
	/* Hand a message on; false: it was not, and flush will say why. */
	bool (*send)(struct sink *s, const char *subject, struct span message);
	enum sink_status (*flush)(struct sink *s);
	void (*close)(struct sink *s);
	/* Whether a sink that was opened still is. */
	bool (*is_up)(struct sink *s);
	const char *name; /* for messages: host:port, never a secret */
	size_t max; /* bytes of a message; known once open */
	char why[SINK_WHY]; /* after anything but SINK_OK */
};

/* Lines on stdout. */
void sink_stdout(struct sink *s);

#endif
