/* intake - bytes of one answer that have arrived and are not decoded yet.
 *
 * JSON values are taken from its front as soon as they are whole, wherever the
 * network split them. One scan validates a value, finds its end and its paths.
 * A value that is not whole yet is not scanned again for every piece: only
 * when it may have ended (a newline came, or the bytes end in a bracket), or
 * when twice as much is there.
 */
#ifndef MS_INTAKE_H
#define MS_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "scan.h"

#define INTAKE_MAX (64u << 20) /* bytes of one value */

struct intake {
	char *buf;
	size_t start, end, size; /* [start, end) is not taken yet */
	size_t tried; /* bytes of an unfinished value already scanned */
	bool is_whole; /* nothing more will come */
	bool may_end; /* what came since the last try may end a value */
};

enum intake_result {
	INTAKE_VALUE,
	INTAKE_MORE, /* not whole yet */
	INTAKE_BAD /* no JSON, or far too long */
};

/* All zero is empty. */
void intake_release(struct intake *in);
void intake_put(struct intake *in, const char *p, size_t n);
/* Say that all has come. */
void intake_finish(struct intake *in);
size_t intake_size(const struct intake *in);

/* Give memory back that an idle watch need not hold. Spans end here. */
void intake_shrink(struct intake *in);

/* The byte at the front, spaces skipped; -1: none yet. */
int intake_peek(struct intake *in);
void intake_skip(struct intake *in, size_t n);

/* Take a value from the front, which intake_peek() has seen. *value and what
 * the plan finds in it (slots; plan may be NULL) are good until the next
 * intake_put(). */
enum intake_result intake_value(struct intake *in, const struct scan_plan *plan,
    struct span *slots, struct span *value, struct scan_error *err);

#endif
