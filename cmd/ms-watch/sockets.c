#include "sockets.h"

#include <stdbool.h>
#include <sys/select.h>

#define SOCKETS 16 /* that are waited for without curl's help */
#define WAIT_MAX 1000 /* ms: should libcurl forget something after all */

/* curl_multi_poll names a socket once for each request that shares it, which
 * makes the kernel look at it hundreds of times. This looks once. 0: there are
 * too many sockets, or none to tell. */
static size_t
get_sockets(CURLM *multi, struct pollfd *fd)
{
	fd_set in, out, other;
	int last = -1;
	size_t n = 0;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&other);
	if (curl_multi_fdset(multi, &in, &out, &other, &last) != CURLM_OK)
		return 0;
	for (int i = 0; i <= last; i++) {
		short events = (short)((FD_ISSET(i, &in) ? POLLIN : 0) |
		    (FD_ISSET(i, &out) ? POLLOUT : 0));

		if (!events)
			continue;
		if (n == SOCKETS)
			return 0;
		fd[n++] = (struct pollfd){.fd = i, .events = events};
	}
	return n;
}

bool
sockets_are_ready(CURLM *multi)
{
	struct pollfd fd[SOCKETS] = {0};
	size_t n = get_sockets(multi, fd);

	return n > 0 && poll(fd, (nfds_t)n, 0) > 0;
}

static void
wait_as_curl_does(CURLM *multi, struct pollfd *fd, size_t n, int ms)
{
	struct curl_waitfd other[SOCKETS_OTHERS] = {0};

	for (size_t i = 0; i < n; i++)
		other[i] = (struct curl_waitfd){.fd = fd[i].fd,
		    .events = CURL_WAIT_POLLIN};
	curl_multi_poll(multi, other, (unsigned)n, ms, NULL);
	for (size_t i = 0; i < n; i++)
		fd[i].revents = other[i].revents;
}

void
sockets_wait(CURLM *multi, struct pollfd *fd, size_t n, int ms)
{
	struct pollfd all[SOCKETS + SOCKETS_OTHERS] = {0};
	size_t sockets = get_sockets(multi, all);
	long timeout = -1;

	if (ms > WAIT_MAX)
		ms = WAIT_MAX;
	if (!sockets) {
		wait_as_curl_does(multi, fd, n, ms);
		return;
	}
	curl_multi_timeout(multi, &timeout);
	if (timeout >= 0 && timeout < ms)
		ms = (int)timeout;
	for (size_t i = 0; i < n; i++)
		all[sockets + i] = fd[i];
	poll(all, (nfds_t)(sockets + n), ms);
	for (size_t i = 0; i < n; i++)
		fd[i].revents = all[sockets + i].revents;
}
