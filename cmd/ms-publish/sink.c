#include "sink.h"

#include <stdint.h>

#include "lines.h"

static struct lines out;

static enum sink_status
open_stdout(struct sink *s)
{
	(void)s;
	return SINK_OK;
}

static bool
put_stdout(struct sink *s, int64_t change, struct span message)
{
	(void)s;
	(void)change;
	lines_put(&out, &message, 1);
	return true;
}

/* Marks go to subjects of their own, which stdout has none of: by then
 * everything has been written. */
static bool
send_stdout(struct sink *s, const char *subject, struct span message)
{
	(void)s;
	(void)subject;
	(void)message;
	return true;
}

static enum sink_status
flush_stdout(struct sink *s)
{
	(void)s;
	lines_flush(&out);
	return SINK_OK;
}

static void
close_stdout(struct sink *s)
{
	(void)s;
}

static bool
is_up_stdout(struct sink *s)
{
	(void)s;
	return true;
}

void
sink_stdout(struct sink *s)
{
	lines_init(&out, -1, 1, 1);
	*s = (struct sink){.open = open_stdout,
	    .put = put_stdout,
	    .send = send_stdout,
	    .flush = flush_stdout,
	    .close = close_stdout,
	    .is_up = is_up_stdout,
	    .name = "stdout",
	    .max = SIZE_MAX};
}
