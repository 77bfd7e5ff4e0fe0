/* child - run a function as a process, to test what ends one or blocks one.
 *
 * The function reads descriptor 0 and writes 1 and 2; what it is given and what
 * it says is kept here. Descriptor 0 is a socket of packets: a read gets one
 * packet, so that a test decides how the input comes in pieces.
 */
#ifndef MS_CHILD_H
#define MS_CHILD_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_PATIENCE 60000 /* ms without any progress: something hangs */

struct child {
	pid_t pid;
	int in, out, err; /* our ends; -1 when closed */
	char *text[2]; /* of out and err, terminated */
	size_t len[2];
	int status; /* of waitpid */
};

static void
child_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Start body. nonblocking: its descriptors 0 and 1 are. */
__attribute__((unused)) static void
child_start(struct child *c, void (*body)(void), bool nonblocking)
{
	int in[2], out[2], err[2];

	*c = (struct child){.status = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, in) < 0 || pipe(out) < 0 ||
	    pipe(err) < 0)
		abort();
	fflush(stdout);
	c->pid = fork();
	if (c->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		dup2(in[1], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		close(in[0]), close(in[1]);
		close(out[0]), close(out[1]);
		close(err[0]), close(err[1]);
		if (nonblocking) {
			fcntl(0, F_SETFL, O_RDWR | O_NONBLOCK);
			fcntl(1, F_SETFL, O_WRONLY | O_NONBLOCK);
		}
		body();
		exit(0);
	}
	close(in[1]), close(out[1]), close(err[1]);
	c->in = in[0], c->out = out[0], c->err = err[0];
	fcntl(c->in, F_SETFL, O_RDWR | O_NONBLOCK);
}

/* Keep what comes from fd, which is our end of stream i. */
static void
child_collect(struct child *c, int i, int *fd)
{
	ssize_t k;

	c->text[i] = realloc(c->text[i], c->len[i] + 65537);
	k = read(*fd, c->text[i] + c->len[i], 65536);
	if (k > 0)
		c->len[i] += (size_t)k;
	else
		child_close(fd);
	c->text[i][c->len[i]] = '\0';
}

/* Give it n bytes in packets of step, and take what it says meanwhile.
 * want: return as soon as it has said so many bytes in all, and the input is
 * given; SIZE_MAX: go on to the end of its output. */
__attribute__((unused)) static void
child_talk(struct child *c, const char *p, size_t n, size_t step, size_t want)
{
	while (n > 0 || (c->len[0] < want && (c->out >= 0 || c->err >= 0))) {
		struct pollfd fds[] = {{n > 0 ? c->in : -1, POLLOUT, 0},
		    {c->out, POLLIN, 0}, {c->err, POLLIN, 0}};

		if (poll(fds, 3, CHILD_PATIENCE) <= 0) {
			kill(c->pid, SIGKILL);
			return;
		}
		if (fds[0].revents) {
			size_t k = n < step ? n : step;
			ssize_t sent = send(c->in, p, k, MSG_NOSIGNAL);

			if (sent < 0 && errno != EAGAIN)
				n = 0;
			if (sent > 0)
				p += sent, n -= (size_t)sent;
		}
		if (fds[1].revents)
			child_collect(c, 0, &c->out);
		if (fds[2].revents)
			child_collect(c, 1, &c->err);
	}
}

/* The end of its input; take what is left, and its status. */
__attribute__((unused)) static void
child_end(struct child *c)
{
	child_close(&c->in);
	child_talk(c, NULL, 0, 0, SIZE_MAX);
	waitpid(c->pid, &c->status, 0);
	child_close(&c->out);
	child_close(&c->err);
	for (int i = 0; i < 2; i++)
		if (!c->text[i])
			c->text[i] = calloc(1, 1);
}

__attribute__((unused)) static void
child_free(struct child *c)
{
	free(c->text[0]);
	free(c->text[1]);
}

/* All of it at once. */
__attribute__((unused)) static void
child_run(struct child *c, void (*body)(void), const char *p, size_t n,
    size_t step)
{
	child_start(c, body, false);
	child_talk(c, p, n, step, 0);
	child_end(c);
}

__attribute__((unused)) static bool
child_exited(const struct child *c, int code)
{
	return WIFEXITED(c->status) && WEXITSTATUS(c->status) == code;
}

#endif
