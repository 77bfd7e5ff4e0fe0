#include "intake.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define FIRST_SIZE (32u << 10)
#define KEEP_SIZE (256u << 10)

void
intake_release(struct intake *in)
{
	free(in->buf);
	*in = (struct intake){0};
}

size_t
intake_size(const struct intake *in)
{
	return in->end - in->start;
}

static void
make_room(struct intake *in, size_t n)
{
	size_t used = intake_size(in), size = in->size ? in->size : FIRST_SIZE;

	if (in->size - in->end >= n)
		return;
	if (in->start > 0)
		memmove(in->buf, in->buf + in->start, used);
	in->start = 0;
	in->end = used;
	while (size - used < n)
		size *= 2;
	if (size > in->size)
		in->buf = diag_alloc(in->buf, size);
	in->size = size;
}

static bool
is_bracket(char c)
{
	return c == '}' || c == ']';
}

void
intake_put(struct intake *in, const char *p, size_t n)
{
	if (n == 0)
		return;
	make_room(in, n);
	memcpy(in->buf + in->end, p, n);
	in->end += n;
	in->may_end |= is_bracket(p[n - 1]) || memchr(p, '\n', n);
}

void
intake_finish(struct intake *in)
{
	in->is_whole = true;
}

void
intake_shrink(struct intake *in)
{
	size_t used = intake_size(in);

	if (used == 0) {
		free(in->buf);
		in->buf = NULL;
		in->start = in->end = in->size = 0;
	} else if (in->size > KEEP_SIZE && used < in->size / 4) {
		memmove(in->buf, in->buf + in->start, used);
		in->start = 0;
		in->end = used;
		in->size = used * 2;
		in->buf = diag_alloc(in->buf, in->size);
	}
}

int
intake_peek(struct intake *in)
{
	while (in->start < in->end && strchr(" \t\r\n", in->buf[in->start]) &&
	    in->buf[in->start])
		in->start++;
	return in->start < in->end ? (unsigned char)in->buf[in->start] : -1;
}

void
intake_skip(struct intake *in, size_t n)
{
	in->start += n;
}

static bool
is_worth_a_try(const struct intake *in)
{
	return in->tried == 0 || in->is_whole || in->may_end ||
	    intake_size(in) >= in->tried * 2;
}

enum intake_result
intake_value(struct intake *in, const struct scan_plan *plan,
    struct span *slots, struct span *value, struct scan_error *err)
{
	const char *p = in->buf + in->start, *end = in->buf + in->end, *q;

	if (!is_worth_a_try(in))
		return INTAKE_MORE;
	in->may_end = false;
	q = scan_first(plan, p, end, slots, err);
	/* A number at the very end may have more digits to come. */
	if (q && q == end && !is_bracket(q[-1]) && q[-1] != '"' &&
	    !in->is_whole) {
		in->tried = intake_size(in);
		return INTAKE_MORE;
	}
	if (q) {
		*value = (struct span){p, (size_t)(q - p)};
		in->start += value->n;
		in->tried = 0;
		in->may_end = true;
		return INTAKE_VALUE;
	}
	in->tried = intake_size(in);
	if (err->at < in->tried || in->is_whole)
		return INTAKE_BAD;
	if (in->tried > INTAKE_MAX) {
		err->what = "a value is far too long";
		return INTAKE_BAD;
	}
	return INTAKE_MORE;
}
