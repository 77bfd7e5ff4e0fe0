/* sink - where messages end: a broker, or stdout.
 *
 * One thread uses a sink. Two things are handed to it: messages about changes,
 * in the order of their numbers, and others on subjects of their own. Either
 * counts as taken once a flush after it has succeeded; when one fails, changes
 * may have been taken nevertheless, from the first up to a number, and all
 * above it are handed on again. A change may so come twice, with the same
 * number, and a sink that can tell is free to drop the second.
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
	/* Hand on the message about the change of this number; false: it was
	 * not, and flush will say why. */
	bool (*put)(struct sink *s, int64_t change, struct span message);
	/* The same for a message on a subject of its own. */
	bool (*send)(struct sink *s, const char *subject, struct span message);
	/* Wait until all is taken. Anything but SINK_OK: it is not; *why is
	 * set, and `taken` if some is. */
	enum sink_status (*flush)(struct sink *s);
	void (*close)(struct sink *s);
	/* Whether a sink that was opened still is. */
	bool (*is_up)(struct sink *s);
	const char *name; /* for messages: host:port, never a secret */
	int64_t taken; /* changes up to this number; 0 unless flush set it */
	size_t max; /* bytes of a message; known once open */
	char why[SINK_WHY]; /* after anything but SINK_OK */
};

/* Lines on stdout. */
void sink_stdout(struct sink *s);

#endif
