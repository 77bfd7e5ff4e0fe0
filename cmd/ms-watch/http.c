#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "clock.h"
#include "diag.h"

#define USER_AGENT "meshsync/" MS_VERSION
#define MAX_STREAMS 1000L /* 100 by default, which is fewer than watches */
#define MAX_ERROR (64u << 10)
#define MAX_BODY (64u << 20)
#define SOCKETS 16 /* that are waited for without curl's help */
#define WAIT_MAX 1000 /* ms: should libcurl forget something after all */

/* ---- the server's address ---- */

/* A name to verify that is not the host: it stands in the URL, and the
 * connection is led to the host all the same. */
static void
rename_server(struct http *h)
{
	const char *host = strstr(h->config->server, "://") + 3;
	size_t n = strcspn(host, "/");
	const char *port = memchr(host, ':', n);
	char text[1024];

	if (*host == '[')
		port = strstr(host, "]:") ? strstr(host, "]:") + 1 : NULL;
	snprintf(text, sizeof(text), "::%.*s%s", (int)n, host,
	    port ? "" : ":443");
	h->connect_to = curl_slist_append(NULL, text);
	snprintf(text, sizeof(text), "Host: %.*s", (int)n, host);
	h->host = diag_strndup(text, strlen(text));
	snprintf(text, sizeof(text), "https://%s%.*s%s",
	    h->config->tls_server_name, port ? (int)(host + n - port) : 0,
	    port ? port : "", host + n);
	h->base = diag_strndup(text, strlen(text));
}

void
http_init(struct http *h, const struct kubeconfig *config,
    struct credentials *credentials)
{
	*h = (struct http){.config = config, .credentials = credentials};
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    !(h->multi = curl_multi_init()))
		diag_die(EXIT_TEMPORARY, "unable to start libcurl");
	curl_multi_setopt(h->multi, CURLMOPT_PIPELINING,
	    (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
	    MAX_STREAMS);
	if (config->tls_server_name)
		rename_server(h);
	else
		h->base = diag_strndup(config->server, strlen(config->server));
}

void
http_free(struct http *h)
{
	curl_multi_cleanup(h->multi);
	curl_slist_free_all(h->connect_to);
	free(h->host);
	free(h->base);
	links_free(&h->links);
	curl_global_cleanup();
}

/* ---- connections ---- */

/* Bytes came: the request is alive, and so are all others beside it. */
static void
note_bytes(struct http_request *r)
{
	r->heard = clock_ms();
	r->http->links.link[r->link].heard = r->heard;
}

int64_t
http_link_heard(const struct http_request *r)
{
	return r->http->links.link[r->link].heard;
}

/* ---- one request ---- */

static size_t
on_body(char *p, size_t one, size_t n, void *context)
{
	struct http_request *r = context;
	bool is_ok = r->status == 200;
	size_t most = is_ok ? MAX_BODY : MAX_ERROR;

	(void)one;
	r->http->stirred++;
	note_bytes(r);
	if (is_ok && r->ask.data)
		r->ask.data(r->ask.context, p, n);
	else if (r->body.len + n <= most)
		json_raw(&r->body, p, n);
	else if (is_ok)
		return 0;
	return n;
}

/* Called for each header line; the empty one ends them. */
static size_t
on_header(char *p, size_t one, size_t n, void *context)
{
	struct http_request *r = context;
	long port = 0;

	(void)one;
	r->http->stirred++;
	if (n > 2 || *p != '\r')
		return n;
	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(r->easy, CURLINFO_LOCAL_PORT, &port);
	r->link = links_find(&r->http->links, port);
	note_bytes(r);
	if (r->status == 200 && r->ask.open)
		r->ask.open(r->ask.context);
	return n;
}

static void
set_blob(CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.flags = CURL_BLOB_NOCOPY};

	if (!pem)
		return;
	blob.data = (void *)(uintptr_t)pem;
	blob.len = strlen(pem);
	curl_easy_setopt(easy, option, &blob);
}

static void
set_trust(CURL *easy, const struct kubeconfig *k)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
	    k->is_insecure ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
	    k->is_insecure ? 0L : 2L);
	/* As blobs, new content gets a new connection; paths would not. */
	set_blob(easy, CURLOPT_CAINFO_BLOB, k->ca);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, k->certificate);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, k->key);
}

static void
set_transport(CURL *easy, struct http *h)
{
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 30L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
	links_follow(&h->links, easy);
	if (h->connect_to)
		curl_easy_setopt(easy, CURLOPT_CONNECT_TO, h->connect_to);
	if (h->config->proxy && strncmp(h->config->proxy, "socks5:", 7) == 0)
		/* names are for the proxy to resolve */
		curl_easy_setopt(easy, CURLOPT_PROXYTYPE,
		    (long)CURLPROXY_SOCKS5_HOSTNAME);
	if (h->config->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, h->config->proxy);
}

static void
add_header(struct http_request *r, const char *name, const char *value)
{
	size_t n = strlen(name) + strlen(value) + 1;
	char *line = diag_alloc(NULL, n);

	snprintf(line, n, "%s%s", name, value);
	r->headers = curl_slist_append(r->headers, line);
	free(line);
}

static void
set_headers(struct http_request *r)
{
	struct http *h = r->http;
	const char *who = credentials_header(h->credentials, r->started);

	add_header(r,
	    "Accept: ", r->ask.accept ? r->ask.accept : "application/json");
	if (r->ask.etag)
		add_header(r, "If-None-Match: ", r->ask.etag);
	if (who)
		add_header(r, who, "");
	if (h->host)
		add_header(r, h->host, "");
	/* Not curl's own name, for which the server indents its answers. */
	curl_easy_setopt(r->easy, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
	if (h->config->user) {
		curl_easy_setopt(r->easy, CURLOPT_USERNAME, h->config->user);
		curl_easy_setopt(r->easy, CURLOPT_PASSWORD,
		    h->config->password ? h->config->password : "");
	}
}

static void
set_callbacks(struct http_request *r)
{
	curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(r->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(r->easy, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(r->easy, CURLOPT_TIMEOUT, r->ask.timeout);
}

static void
set_url(struct http_request *r)
{
	size_t n = strlen(r->http->base) + strlen(r->ask.path) + 1;
	char *url = diag_alloc(NULL, n);

	snprintf(url, n, "%s%s", r->http->base, r->ask.path);
	curl_easy_setopt(r->easy, CURLOPT_URL, url);
	free(url);
}

struct http_request *
http_get(struct http *h, const struct http_ask *ask)
{
	struct http_request *r = diag_alloc(NULL, sizeof(*r));

	*r = (struct http_request){.http = h, .ask = *ask};
	r->started = r->heard = clock_ms();
	if (!(r->easy = curl_easy_init()))
		diag_nomem();
	set_url(r);
	set_transport(r->easy, h);
	set_trust(r->easy, h->config);
	set_headers(r);
	set_callbacks(r);
	if (curl_multi_add_handle(h->multi, r->easy) != CURLM_OK)
		diag_nomem();
	h->is_fresh = true;
	return r;
}

void
http_cancel(struct http_request *r)
{
	curl_multi_remove_handle(r->http->multi, r->easy);
	curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->headers);
	json_release(&r->body);
	free(r);
}

/* libcurl knows the port before the answer's first byte has come. */
static long
port_of(const struct http_request *r)
{
	long port = 0;

	curl_easy_getinfo(r->easy, CURLINFO_LOCAL_PORT, &port);
	return port;
}

void
http_break(struct http_request *r)
{
	links_break(&r->http->links, port_of(r));
	http_cancel(r);
}

bool
http_is_unheard(const struct http_request *r)
{
	struct links *l = &r->http->links;
	long port = port_of(r);

	return port > 0 && l->link[links_find(l, port)].heard < r->started;
}

/* curl_multi_poll names a socket once for each request that shares it, which
 * makes the kernel look at it hundreds of times. This looks once. 0: there are
 * too many sockets, or none to tell. */
static size_t
get_sockets(struct http *h, struct pollfd *fd)
{
	fd_set in, out, other;
	int last = -1;
	size_t n = 0;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&other);
	if (curl_multi_fdset(h->multi, &in, &out, &other, &last) != CURLM_OK)
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

/* Whether the next turn reads something. */
static bool
is_ready(struct http *h)
{
	struct pollfd fd[SOCKETS] = {0};
	size_t n = get_sockets(h, fd);

	return n > 0 && poll(fd, (nfds_t)n, 0) > 0;
}

void
http_turn(struct http *h)
{
	struct http_request *r;
	CURLMsg *msg;
	int running, left;

	h->stirred += h->is_fresh || is_ready(h);
	h->is_fresh = false;
	curl_multi_perform(h->multi, &running);
	while ((msg = curl_multi_info_read(h->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &r);
		r->result = msg->data.result;
		h->stirred++;
		r->ask.done(r->ask.context, r);
		http_cancel(r);
	}
}

static void
wait_as_curl_does(struct http *h, struct pollfd *fd, size_t n, int ms)
{
	struct curl_waitfd other[HTTP_OTHERS] = {0};

	for (size_t i = 0; i < n; i++)
		other[i] = (struct curl_waitfd){.fd = fd[i].fd,
		    .events = CURL_WAIT_POLLIN};
	curl_multi_poll(h->multi, other, (unsigned)n, ms, NULL);
	for (size_t i = 0; i < n; i++)
		fd[i].revents = other[i].revents;
}

void
http_wait(struct http *h, struct pollfd *fd, size_t n, int ms)
{
	struct pollfd all[SOCKETS + HTTP_OTHERS] = {0};
	size_t sockets = get_sockets(h, all);
	long timeout = -1;

	if (ms > WAIT_MAX)
		ms = WAIT_MAX;
	if (!sockets) {
		wait_as_curl_does(h, fd, n, ms);
		return;
	}
	curl_multi_timeout(h->multi, &timeout);
	if (timeout >= 0 && timeout < ms)
		ms = (int)timeout;
	for (size_t i = 0; i < n; i++)
		all[sockets + i] = fd[i];
	poll(all, (nfds_t)(sockets + n), ms);
	for (size_t i = 0; i < n; i++)
		fd[i].revents = all[sockets + i].revents;
}

const char *
http_header(struct http_request *r, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(r->easy, name, 0, CURLH_HEADER, -1, &header) !=
	    CURLHE_OK)
		return NULL;
	return header->value;
}

const char *
http_why(const struct http_request *r)
{
	return *r->error ? r->error : curl_easy_strerror(r->result);
}

bool
http_is_distrust(const struct http_request *r)
{
	switch (r->result) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
		return true;
	default:
		return false;
	}
}

void
http_escape(struct json *j, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] =
	    "-._~"
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char code[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (strchr(plain, c))
			json_raw(j, text, 1);
		else
			json_raw(j, code, 3);
	}
}
