#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"

#define FIRST_SIZE (128u << 10)
#define HOLD (64u << 10) /* a pipe's usual capacity */
#define TOO_LONG "it is longer than a record may be"

void
lines_init(struct lines *l, int in, int out, size_t cap)
{
	*l = (struct lines){.in = in, .out = out, .cap = cap};
	l->size = FIRST_SIZE;
	l->buf = diag_alloc(NULL, l->size);
	l->held = diag_alloc(NULL, HOLD);
}

void
lines_release(struct lines *l)
{
	free(l->buf);
	free(l->held);
	l->buf = l->held = NULL;
}

static void
wait_for(int fd, short event)
{
	struct pollfd p = {.fd = fd, .events = event};

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

bool
lines_ready(const struct lines *l)
{
	struct pollfd p = {.fd = l->in, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* Downstream left first: end as a program does that never heard of EPIPE, and
 * say nothing, as the fault lies elsewhere. */
static void
die_of_sigpipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
	_exit(128 + SIGPIPE);
}

/* How much was written, maybe nothing. */
static size_t
write_some(int fd, const struct iovec *piece, int n)
{
	ssize_t k = writev(fd, piece, n);

	if (k >= 0)
		return (size_t)k;
	if (errno == EAGAIN)
		wait_for(fd, POLLOUT);
	else if (errno == EPIPE)
		die_of_sigpipe();
	else if (errno != EINTR)
		diag_die(EXIT_TEMPORARY, "unable to write: %m");
	return 0;
}

/* All of it, however often that takes. */
static void
write_all(int fd, struct iovec *piece, int n)
{
	while (n > 0) {
		size_t k = write_some(fd, piece, n);

		for (; n > 0 && k >= piece->iov_len; piece++, n--)
			k -= piece->iov_len;
		if (n > 0) {
			piece->iov_base = (char *)piece->iov_base + k;
			piece->iov_len -= k;
		}
	}
}

void
lines_flush(struct lines *l)
{
	int n = l->n_pieces;

	l->n_pieces = 0;
	l->n_held = 0;
	write_all(l->out, l->piece, n);
}

/* The end of what is not written yet, or NULL. */
static char *
end_of_output(const struct lines *l)
{
	const struct iovec *last;

	if (!l->n_pieces)
		return NULL;
	last = &l->piece[l->n_pieces - 1];
	return (char *)last->iov_base + last->iov_len;
}

static void
append(struct lines *l, const char *p, size_t n)
{
	if (end_of_output(l) == p)
		l->piece[l->n_pieces - 1].iov_len += n;
	else
		l->piece[l->n_pieces++] = (struct iovec){(void *)p, n};
}

/* Bytes of the input stay where they are until more is read, and all is written
 * before that. */
static bool
is_input(const struct lines *l, const char *p)
{
	return (uintptr_t)p - (uintptr_t)l->buf < l->end;
}

#define WORTH 256 /* bytes; of fewer a copy costs less than a piece */

static void
put(struct lines *l, const char *p, size_t n)
{
	bool stays = n >= WORTH && is_input(l, p);

	if (l->n_pieces == LINES_PIECES || (!stays && n > HOLD - l->n_held))
		lines_flush(l);
	if (!stays && n <= HOLD) {
		p = memcpy(l->held + l->n_held, p, n);
		l->n_held += n;
	}
	append(l, p, n);
	if (!stays && n > HOLD)
		lines_flush(l); /* it may be gone */
}

/* A line that ends as it came has its newline behind it. */
static void
put_newline(struct lines *l)
{
	const char *p = end_of_output(l);

	if (p && is_input(l, p) && *p == '\n')
		append(l, p, 1);
	else
		put(l, "\n", 1);
}

void
lines_put(struct lines *l, const struct span *piece, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (piece[i].n)
			put(l, piece[i].p, piece[i].n);
		l->bytes_out += piece[i].n;
	}
	put_newline(l);
	l->bytes_out++;
	l->written++;
}

static void
resize(struct lines *l, size_t size)
{
	l->size = size;
	l->buf = diag_alloc(l->buf, size);
}

/* Make room behind what is buffered: move it to the front, then grow, up to a
 * line of cap bytes and the next read; or give back what a long line took. */
static void
make_room(struct lines *l)
{
	size_t held = l->end - l->start;
	size_t most = l->cap + FIRST_SIZE;

	if (l->start > 0) {
		memmove(l->buf, l->buf + l->start, held);
		l->start = 0;
		l->end = held;
	}
	if (l->size - l->end < FIRST_SIZE / 2)
		resize(l, l->size < most / 2 ? l->size * 2 : most);
	else if (l->size > 16 * FIRST_SIZE && l->end < FIRST_SIZE / 2)
		resize(l, FIRST_SIZE);
}

/* Read more. False at the end of the input. */
static bool
fill(struct lines *l)
{
	ssize_t k;

	if (l->at_eof)
		return false;
	if (l->before_read)
		l->before_read(l->context);
	lines_flush(l);
	make_room(l);
	for (;;) {
		k = read(l->in, l->buf + l->end, l->size - l->end);
		if (k >= 0)
			break;
		if (errno == EAGAIN)
			wait_for(l->in, POLLIN);
		else if (errno != EINTR)
			diag_die(EXIT_TEMPORARY, "unable to read: %m");
	}
	l->at_eof = k == 0;
	l->end += (size_t)k;
	l->bytes_in += (size_t)k;
	return k > 0;
}

static void
drop(struct lines *l, const char *why)
{
	l->dropped++;
	diag_warn("line %llu is dropped: %s", (unsigned long long)l->number,
	    why);
}

/* Within a line that is too long: throw away up to its newline. */
static bool
skip_rest(struct lines *l)
{
	char *newline = memchr(l->buf + l->start, '\n', l->end - l->start);

	l->skipping = !newline;
	l->start = newline ? (size_t)(newline + 1 - l->buf) : l->end;
	return !l->skipping;
}

/* The buffered line, if its newline is there; seen: bytes known to hold none. */
static bool
take(struct lines *l, size_t seen, struct span *line)
{
	const char *from = l->buf + l->start;
	size_t n = l->end - l->start;
	const char *newline = memchr(from + seen, '\n', n - seen);

	if (!newline)
		return false;
	*line = (struct span){from, (size_t)(newline - from)};
	l->start += line->n + 1;
	l->number++;
	return true;
}

/* The input has ended; what is buffered is a line without its newline (and of
 * one that is being skipped, nothing is). */
static bool
end_torn(struct lines *l)
{
	if (l->start < l->end) {
		l->number++;
		drop(l, "the input ends in the middle of it");
	}
	l->start = l->end;
	return false;
}

bool
lines_next(struct lines *l, struct span *line)
{
	size_t seen = 0;

	for (;;) {
		if (l->skipping && !skip_rest(l)) {
			if (!fill(l))
				return end_torn(l);
			continue;
		}
		if (take(l, seen, line)) {
			seen = 0;
			if (line->n > l->cap)
				drop(l, TOO_LONG);
			else if (line->n > 0)
				return true;
			continue;
		}
		seen = l->end - l->start;
		if (seen > l->cap) {
			l->number++;
			drop(l, TOO_LONG);
			l->skipping = true;
			seen = 0;
		} else if (!fill(l)) {
			return end_torn(l);
		}
	}
}
