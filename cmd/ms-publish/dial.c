#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"

#define WORKERS 8
#define KEPT_MS 60000 /* a yes is used for so long, a no until it is stale */

enum state { ASKED, DIALLING, ANSWERED };

struct address {
	char host[SERVICE_HOST];
	int port;
	enum state state;
	bool is_open;
	int64_t expires;
};

struct dial {
	pthread_mutex_t lock;
	pthread_cond_t answer;
	struct address *address;
	size_t n;
	unsigned workers, seconds;
	void (*answered)(void *);
	void *context;
};

/* One address of a host, until the deadline. */
static bool
connects(const struct addrinfo *a, int64_t deadline)
{
	int fd = socket(a->ai_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	    err = 0;
	socklen_t size = sizeof(err);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int64_t left;

	if (fd < 0)
		return false;
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0 &&
	    errno != EINPROGRESS) {
		close(fd);
		return false;
	}
	do {
		left = deadline - clock_ms();
		p.revents = 0;
	} while (left > 0 && poll(&p, 1, (int)left) < 0 && errno == EINTR);
	if (p.revents == 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) < 0)
		err = ETIMEDOUT;
	close(fd);
	return err == 0;
}

/* Without a host it is this one, as with Go. */
static bool
try_host(const char *host, int port, int64_t deadline)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all;
	char service[16];
	bool is_open = false;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(*host ? host : NULL, service, &hints, &all) != 0)
		return false;
	for (struct addrinfo *a = all; a && !is_open; a = a->ai_next)
		is_open = connects(a, deadline);
	freeaddrinfo(all);
	return is_open;
}

static struct address *
find_asked(struct dial *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->address[i].state == ASKED)
			return &d->address[i];
	return NULL;
}

/* Dial what is asked for until nothing is. The array may move meanwhile. */
static void *
work(void *dial)
{
	struct dial *d = dial;
	struct address *a, copy;
	size_t i;

	pthread_mutex_lock(&d->lock);
	while ((a = find_asked(d))) {
		a->state = DIALLING;
		copy = *a;
		i = (size_t)(a - d->address);
		pthread_mutex_unlock(&d->lock);
		copy.is_open = try_host(copy.host, copy.port,
		    clock_ms() + d->seconds * 1000);
		pthread_mutex_lock(&d->lock);
		d->address[i].is_open = copy.is_open;
		d->address[i].state = ANSWERED;
		d->address[i].expires =
		    clock_ms() + (copy.is_open ? KEPT_MS : d->seconds * 1000);
		pthread_cond_broadcast(&d->answer);
		if (d->answered)
			d->answered(d->context);
	}
	d->workers--;
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void
start_worker(struct dial *d)
{
	pthread_t thread;

	if (d->workers == WORKERS)
		return;
	if (pthread_create(&thread, NULL, work, d) != 0)
		diag_die(EXIT_TEMPORARY, "unable to start a thread");
	pthread_detach(thread);
	d->workers++;
}

struct dial *
dial_new(unsigned seconds, void (*answered)(void *), void *context)
{
	struct dial *d = diag_alloc(NULL, sizeof(*d));

	*d = (struct dial){.seconds = seconds,
	    .answered = answered,
	    .context = context};
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->answer, NULL);
	return d;
}

/* The entry of an address: known, or begun anew where an old one has expired
 * or at the end. */
static struct address *
find(struct dial *d, const char *host, int port)
{
	int64_t now = clock_ms();
	struct address *a, *old = NULL;

	for (size_t i = 0; i < d->n; i++) {
		a = &d->address[i];
		if (a->state == ANSWERED && a->expires <= now)
			old = a;
		else if (a->port == port && strcmp(a->host, host) == 0)
			return a;
	}
	if (!old) {
		d->address =
		    diag_alloc(d->address, (d->n + 1) * sizeof(*d->address));
		old = &d->address[d->n++];
	}
	*old = (struct address){.port = port, .state = ASKED};
	snprintf(old->host, sizeof(old->host), "%s", host);
	start_worker(d);
	return old;
}

static enum service_answer
ask(struct dial *d, const char *host, int port, bool wait)
{
	struct address *a;
	bool is_open;

	if (d->seconds == 0)
		return SERVICE_NO;
	pthread_mutex_lock(&d->lock);
	while ((a = find(d, host, port))->state != ANSWERED && wait)
		pthread_cond_wait(&d->answer, &d->lock);
	is_open = a->state == ANSWERED && a->is_open;
	wait = a->state != ANSWERED;
	pthread_mutex_unlock(&d->lock);
	return wait ? SERVICE_WAIT : is_open ? SERVICE_YES : SERVICE_NO;
}

enum service_answer
dial_ask(void *dial, const char *host, int port)
{
	return ask(dial, host, port, false);
}

enum service_answer
dial_wait(void *dial, const char *host, int port)
{
	return ask(dial, host, port, true);
}
