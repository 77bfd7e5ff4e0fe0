/* splits - an answer of the API server in pieces: what comes of it must not
 * depend on where the network splits it. */
#ifndef MS_SPLITS_H
#define MS_SPLITS_H

#include <stdbool.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "intake.h"
#include "json.h"

#define MOST_SPLITS 64 /* at each byte, if there are no more */

/* A reader of answers. begin sets it back; take takes what has come so far,
 * writes into log what it makes of it, and says whether it wants more; end
 * writes how it ended. */
struct reader {
	void (*begin)(void);
	bool (*take)(struct intake *in, struct json *log);
	void (*end)(struct json *log);
};

/* The answer in pieces of this size, the first of another. */
static void
play(const struct reader *r, const char *p, size_t n, size_t first, size_t step,
    struct json *log)
{
	struct intake in = {0};
	bool wants_more = true;

	json_reset(log);
	r->begin();
	for (size_t at = 0; at < n && wants_more;) {
		size_t k = at ? step : first;

		if (k > n - at)
			k = n - at;
		intake_put(&in, p + at, k);
		at += k;
		wants_more = r->take(&in, log);
	}
	if (wants_more) {
		intake_finish(&in);
		r->take(&in, log);
	}
	r->end(log);
	intake_release(&in);
}

static void
must_give(const struct json *want, const struct reader *r, const char *p,
    size_t n, size_t first, size_t step)
{
	static struct json got;

	play(r, p, n, first, step, &got);
	MUST(got.len == want->len &&
	    (!got.len || memcmp(got.p, want->p, got.len) == 0));
}

/* Byte by byte, and in two pieces, is as in one. */
static void
play_splits(const struct reader *r, const char *p, size_t n)
{
	static struct json whole;

	play(r, p, n, n, n, &whole);
	must_give(&whole, r, p, n, 1, 1);
	for (size_t i = 1; i < n; i += n / MOST_SPLITS + 1)
		must_give(&whole, r, p, n, i, n);
}

#endif
