#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"

#define READS 16 /* at a turn: other things go on */

void
control_open(struct control *c, const char *path)
{
	struct stat st;

	*c = (struct control){.fd = -1};
	if (!path)
		return;
	c->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (c->fd < 0)
		diag_die(EXIT_PERMANENT,
		    "--control %s: %m (mkfifo makes what is wanted)", path);
	if (fstat(c->fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		diag_die(EXIT_PERMANENT,
		    "--control %s: this is no FIFO (mkfifo makes one)", path);
}

void
control_close(struct control *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void
take_lines(struct control *c,
    void (*take)(void *context, const char *line, size_t n), void *context)
{
	char *line = c->buf, *end = c->buf + c->n, *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		if (!c->is_skipping && newline > line)
			take(context, line, (size_t)(newline - line));
		c->is_skipping = false;
		line = newline + 1;
	}
	c->n = (size_t)(end - line);
	memmove(c->buf, line, c->n);
}

/* A line that fills the buffer and does not end is none. */
static void
skip_long(struct control *c)
{
	if (c->n < sizeof(c->buf))
		return;
	if (!c->is_skipping)
		diag_warn("a command is ignored: it is longer than %zu bytes",
		    sizeof(c->buf));
	c->is_skipping = true;
	c->n = 0;
}

void
control_read(struct control *c,
    void (*take)(void *context, const char *line, size_t n), void *context)
{
	for (int i = 0; i < READS && c->fd >= 0; i++) {
		ssize_t n = read(c->fd, c->buf + c->n, sizeof(c->buf) - c->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		c->n += (size_t)n;
		take_lines(c, take, context);
		skip_long(c);
	}
}
