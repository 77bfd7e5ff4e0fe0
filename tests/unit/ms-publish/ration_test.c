/* ration: what may be caused without end is not told without end. */
#include "ration.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "tap.h"

static struct ration r = {.more = "there is more"};
static int from;

/* How often this has been said since the last call of it. */
static int
said(const char *text)
{
	static char all[65536];
	ssize_t n = read(from, all, sizeof(all) - 1);
	int times = 0;

	all[n < 0 ? 0 : n] = '\0';
	for (const char *p = all; (p = strstr(p, text)); p++)
		times++;
	return times;
}

static void
warn(int times)
{
	for (int i = 0; i < times; i++)
		ration_warn(&r, "odd %d", i);
}

int
main(void)
{
	int to[2];

	if (pipe(to) < 0 || dup2(to[1], 2) < 0)
		return 1;
	from = to[0];
	diag_prog = "test";
	warn(10);
	ok(said("test: warning: odd ") == 10, "ten are told");
	warn(1000);
	diag_warn("the end");
	ok(said("warning: ") == 2, "then one that there are more");
	r.since -= 60000;
	warn(1);
	ok(said("odd 0") == 1, "a minute later again");
	warn(10);
	ok(said("there is more") == 1, "and so on");
	return tap_done();
}
