/* lines - newline-delimited records from one file descriptor to another.
 *
 * Output is held back only while input is already buffered: lines_next()
 * flushes before it reads, so a filter that sleeps or is killed in read()
 * owes nothing. A line longer than the cap is skipped to its newline, warned
 * about and counted. A last line without its newline is torn: dropped, with a
 * warning. Empty lines are skipped.
 *
 * Descriptors may be non-blocking (another process may have made them so):
 * EAGAIN is waited out with poll. When stdout's reader has gone the process
 * ends by SIGPIPE (141 in a shell), quietly; other errors end it with 111.
 *
 * One struct serves one thread.
 */
#ifndef MS_LINES_H
#define MS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "scan.h"

#define LINES_PIECES 256

struct lines {
	int in, out;
	size_t cap; /* bytes a line may have, without newline */
	uint64_t number; /* of the current line, from 1 */
	uint64_t dropped; /* lines skipped: too long, or torn */
	uint64_t written; /* lines put */
	uint64_t bytes_in, bytes_out;
	void (*before_read)(void *); /* if set; may still put lines */
	void *context;

	char *buf; /* input: [start, end) is not handed out yet */
	size_t start, end, size;
	bool at_eof, skipping;
	/* output that is not written yet: pieces of the input, where they stand,
	 * and of what is held, where all else is copied to */
	struct iovec piece[LINES_PIECES];
	int n_pieces;
	char *held;
	size_t n_held;
};

/* in and out stay the caller's; either may be -1 when only the other is used.
 * Memory grows to the longest line, cap bytes and a read at most, and is given
 * back after it. */
void lines_init(struct lines *l, int in, int out, size_t cap);
void lines_release(struct lines *l);

/* The next line, without its newline. True: *line is set and valid until the
 * next call. False: the end of the input. Dies (111) on a read error. */
bool lines_next(struct lines *l, struct span *line);

/* Whether a read would not have to wait: there is more, or the end. */
bool lines_ready(const struct lines *l);

/* Append one line, made of the pieces, and its newline. What is of the current
 * line is not copied before it is written. */
void lines_put(struct lines *l, const struct span *piece, size_t n);
void lines_flush(struct lines *l);

#endif
