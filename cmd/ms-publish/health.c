#include "health.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "metrics.h"
#include "opts.h"
#include "ready.h"

#define CONNECTIONS 128
#define CONNECTIONS_EACH 64 /* of one address: others get through */
#define IDLE 5 /* s that a connection may say nothing */
#define POOL (16u << 10) /* bytes a connection may take */
#define TEXT "text/plain; charset=utf-8"

struct health {
	struct pulse *pulse;
	struct store *store;
};

/* ---- answers ---- */

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned code, const char *type,
    struct json *body)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(body->len,
	    body->p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ok = MHD_NO;

	if (r) {
		MHD_add_response_header(r, "Content-Type", type);
		MHD_add_response_header(r, "Cache-Control", "no-store");
		ok = MHD_queue_response(c, code, r);
		MHD_destroy_response(r);
	}
	json_release(body);
	return ok;
}

static enum MHD_Result
say(struct MHD_Connection *c, unsigned code, const char *text)
{
	struct json body = {0};

	json_puts(&body, text);
	return reply(c, code, TEXT, &body);
}

static enum MHD_Result
readyz(struct health *h, struct MHD_Connection *c)
{
	struct json body = {0};
	bool ok;

	if (MHD_lookup_connection_value_n(c, MHD_GET_ARGUMENT_KIND, "verbose",
		7, NULL, NULL) == MHD_NO) {
		ok = h->pulse->has_broker && h->pulse->was_up;
		return say(c, ok ? 200 : 503, ok ? "ok" : "not ready");
	}
	ok = ready_tell(&body, h->pulse, h->store);
	return reply(c, ok ? 200 : 503, TEXT, &body);
}

static enum MHD_Result
route(struct health *h, struct MHD_Connection *c, const char *path)
{
	struct json body = {0};

	if (strcmp(path, "/healthz") == 0)
		return say(c, 200, "ok");
	if (strcmp(path, "/readyz") == 0)
		return readyz(h, c);
	if (strcmp(path, "/metrics") == 0) {
		metrics_write(&body, h->pulse, h->store);
		return reply(c, 200, METRICS_TYPE, &body);
	}
	return say(c, 404,
	    "there are /healthz, /readyz, /readyz?verbose and /metrics\n");
}

/* Called for the head of a request, then for pieces of its body, which nobody
 * wants, then once more. */
static enum MHD_Result
answer(void *health, struct MHD_Connection *c, const char *path,
    const char *method, const char *version, const char *data, size_t *n,
    void **state)
{
	static char begun;

	(void)method;
	(void)version;
	(void)data;
	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (*n) {
		*n = 0;
		return MHD_YES;
	}
	return route(health, c, path);
}

/* ---- listening ---- */

static int
listen_on(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1, no = 0, err;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	/* every address, of the old protocol too */
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 64) == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* ADDR:PORT, [ADDR]:PORT or :PORT, taken apart in place. */
static void
split(char *where, char **host, char **port)
{
	char *colon = strrchr(where, ':');

	if (!colon || !colon[1])
		opts_wrong("--listen is ADDR:PORT or :PORT, not '%s'", where);
	*colon = '\0';
	*port = colon + 1;
	*host = where;
	if (*where == '[' && colon > where && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = where + 1;
	}
	opts_uint("--listen", *port, 0, 65535);
}

/* A socket that listens on one of the host's addresses of this family; -1, and
 * *why. */
static int
listen_at(const char *host, const char *port, int family, const char **why)
{
	struct addrinfo hints = {.ai_family = family,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	int code = getaddrinfo(*host ? host : NULL, port, &hints, &list);
	int fd = -1;

	*why = gai_strerror(code);
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = listen_on(a);
		*why = strerror(errno);
	}
	if (list)
		freeaddrinfo(list);
	return fd;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);
	char port[32];

	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0 ||
	    getnameinfo((struct sockaddr *)&a, n, NULL, 0, port, sizeof(port),
		NI_NUMERICSERV) != 0)
		return 0;
	return (unsigned)strtoul(port, NULL, 10);
}

static int
open_socket(const char *where)
{
	char *text = diag_strndup(where, strlen(where)), *host, *port;
	const char *why;
	int fd;

	split(text, &host, &port);
	/* with no address, IPv6's any comes first, as it takes both */
	fd = listen_at(host, port, *host ? AF_UNSPEC : AF_INET6, &why);
	if (fd < 0 && !*host)
		fd = listen_at(host, port, AF_INET, &why);
	if (fd < 0)
		diag_warn("unable to listen on %s: %s; there is no /healthz, "
			  "/readyz or /metrics",
		    where, why);
	free(text);
	return fd;
}

void
health_listen(const char *where, struct pulse *p, struct store *s)
{
	struct health *h;
	int fd = open_socket(where);

	if (fd < 0)
		return;
	h = diag_alloc(NULL, sizeof(*h));
	*h = (struct health){p, s};
	if (MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0,
		NULL, NULL, answer, h, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_EACH,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL,
		MHD_OPTION_END))
		diag_info("listening on port %u", port_of(fd));
	else
		diag_warn("unable to serve on %s: %m", where);
}
