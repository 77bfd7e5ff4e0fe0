/* ration - warnings that others can cause as often as they like.
 *
 * Ten a minute are told of a kind, then once that there are more: whoever sends
 * us rubbish must not fill a disk with what we say about it.
 */
#ifndef MS_RATION_H
#define MS_RATION_H

#include <stdbool.h>
#include <stdint.h>

struct ration {
	const char *more; /* what is said in place of the eleventh */
	int64_t since; /* ms */
	unsigned n; /* since then */
};

/* Warn (diag.h), if one of this kind still may be: whether it was. From any
 * thread. */
bool ration_warn(struct ration *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
