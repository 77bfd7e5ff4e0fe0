#include "links.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

#define DEAD_AFTER 45000u /* ms that sent bytes may stay unconfirmed */
#define SILENCE 150 /* s without a byte, if nothing else is said */
#define LEAST_SILENCE 90 /* s: bookmarks come once a minute */
#define MOST_SILENCE 86400 /* s */
#define IDLE "HTTP2_READ_IDLE_TIMEOUT_SECONDS"
#define PING "HTTP2_PING_TIMEOUT_SECONDS"

/* ---- how long they may be silent ---- */

/* Seconds; a value that makes no sense is as good as none. */
static long
seconds_of(const char *name, long otherwise)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text || !*text)
		return otherwise;
	n = strtol(text, &end, 10);
	if (!*end && n >= 0 && n <= MOST_SILENCE)
		return n;
	diag_warn("%s: not a number of seconds up to %d; ignored", name,
	    MOST_SILENCE);
	return otherwise;
}

/* Others send a PING after the first time and wait for its answer for the
 * second one. 7.88.1 sends none, and waits for what comes by itself. */
static long
silence(void)
{
	long idle = seconds_of(IDLE, -1), ping = seconds_of(PING, -1);
	long n = (idle < 0 ? 30 : idle) + (ping < 0 ? 15 : ping);

	if (idle < 0 && ping < 0)
		return SILENCE;
	if (idle == 0)
		return MOST_SILENCE;
	return n < LEAST_SILENCE ? LEAST_SILENCE : n;
}

void
links_init(struct links *l)
{
	*l = (struct links){.dead_after = silence() * 1000};
}

void
links_free(struct links *l)
{
	free(l->link);
	free(l->fd);
}

/* ---- sockets ---- */

/* Keepalive notices a silent peer; this one that does not confirm. */
static int
on_open(void *context, curl_socket_t fd, curlsocktype purpose)
{
	struct links *l = context;
	unsigned ms = DEAD_AFTER;

	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	l->fd = diag_alloc(l->fd, (l->n_fds + 1) * sizeof(*l->fd));
	l->fd[l->n_fds++] = fd;
	return CURL_SOCKOPT_OK;
}

static long
port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name;
	socklen_t n = sizeof(name);

	if (getsockname(fd, &name.any, &n) < 0)
		return -1;
	switch (name.any.sa_family) {
	case AF_INET:
		return ntohs(name.v4.sin_port);
	case AF_INET6:
		return ntohs(name.v6.sin6_port);
	default:
		return -1;
	}
}

static int
on_close(void *context, curl_socket_t fd)
{
	struct links *l = context;
	long port = port_of(fd);
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->link[i].port == port)
			l->link[i].is_open = false;
	for (size_t i = 0; i < l->n_fds; i++)
		if (l->fd[i] != fd)
			l->fd[kept++] = l->fd[i];
	l->n_fds = kept;
	return close(fd);
}

void
links_follow(struct links *l, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, l);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, l);
}

/* ---- connections ---- */

size_t
links_find(struct links *l, long port)
{
	size_t i = 0;

	while (i < l->n && l->link[i].port != port)
		i++;
	if (i < l->n)
		return i;
	l->link = diag_alloc(l->link, (i + 1) * sizeof(*l->link));
	l->link[i] = (struct link){.port = port};
	l->n++;
	return i;
}

void
links_note(struct links *l, size_t link, long version)
{
	l->made += !l->link[link].is_open;
	l->link[link].is_open = true;
	l->link[link].version = version;
}

unsigned
links_count(const struct links *l, long version)
{
	unsigned n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->link[i].is_open &&
		    (!version || l->link[i].version == version);
	return n;
}

bool
links_are_opening(const struct links *l)
{
	return l->n_fds > links_count(l, 0);
}

void
links_break(struct links *l, long port)
{
	for (size_t i = 0; i < l->n_fds; i++)
		if (port > 0 && port_of(l->fd[i]) == port)
			shutdown(l->fd[i], SHUT_RDWR);
}
