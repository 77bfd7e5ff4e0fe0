/* stop, sandbox: signals become readable; what a filter needs still works. */
#include "stop.h"

#include "child.h"
#include "diag.h"
#include "lines.h"
#include "sandbox.h"
#include "tap.h"

static void
test_stop(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	int fd = stop_open();
	struct pollfd p = {fd, POLLIN, 0};

	ok(stop_read(fd) == 0 && poll(&p, 1, 0) == 0, "no signal yet");
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		kill(getpid(), signals[i]);
		ok(poll(&p, 1, CHILD_PATIENCE) == 1 &&
			stop_read(fd) == signals[i] && stop_read(fd) == 0,
		    "signal %d is read once, and ends nothing", signals[i]);
	}
	close(fd);
}

/* A middle stage in small. */
static void
filter(void)
{
	struct lines l;
	struct span line;

	lines_init(&l, 0, 1, 10u << 20);
	sandbox_enter();
	while (lines_next(&l, &line))
		lines_put(&l, &line, 1);
	diag_warn("done");
	lines_flush(&l);
	lines_release(&l);
}

static void
test_filter(void)
{
	static char in[3u << 20];
	struct child c;

	memset(in, 'x', sizeof(in));
	in[sizeof(in) - 1] = '\n';
	child_start(&c, filter, true);
	child_talk(&c, in, sizeof(in), 50000, 0);
	child_end(&c);
	ok(child_exited(&c, 0) && c.len[0] == sizeof(in) &&
		strcmp(c.text[1], "ms: warning: done\n") == 0,
	    "a filter reads, waits, takes memory and writes: %s", c.text[1]);
	child_free(&c);
	child_start(&c, filter, false);
	child_close(&c.out);
	child_talk(&c, "a\n", 2, 2, 0);
	child_end(&c);
	ok(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGPIPE,
	    "and ends by SIGPIPE");
	child_free(&c);
}

#ifndef MS_SANITIZED
static void
reach_out(void)
{
	sandbox_enter();
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EPERM)
		_exit(1);
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		_exit(2);
	if (fork() != -1 || errno != EPERM)
		_exit(3);
	execl("/bin/true", "true", (char *)NULL);
	_exit(errno == EPERM ? 0 : 4);
}

static void
test_sealed(void)
{
	struct child c;

	child_run(&c, reach_out, "", 0, 1);
	ok(child_exited(&c, 0), "files, sockets and programs are refused: %d",
	    WEXITSTATUS(c.status));
	child_free(&c);
}
#endif

int
main(void)
{
	test_stop();
	test_filter();
#ifndef MS_SANITIZED
	test_sealed();
#endif
	return tap_done();
}
