#define _GNU_SOURCE /* memmem */
#include "http.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "warnings.h"

#define USER_AGENT "meshsync/" MS_VERSION
#define MAX_STREAMS 1000L /* 100 by default, which is fewer than watches */
#define MAX_ERROR (64u << 10)
#define MAX_BODY (64u << 20)
#define SPREAD 5000u /* ms over which requests get a new certificate */

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
	route_init(&h->route, config);
	links_init(&h->links);
}

void
http_free(struct http *h)
{
	curl_multi_cleanup(h->multi);
	route_free(&h->route);
	links_free(&h->links);
	opts_list_free(&h->warned);
	curl_global_cleanup();
}

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
	r->http->bytes += n;
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
	long port = 0, version = 0;

	(void)one;
	r->http->stirred++;
	if (n > 2 || *p != '\r') {
		if (*p == 'w' || *p == 'W')
			warnings_take(&r->http->warned, p, n);
		return n;
	}
	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(r->easy, CURLINFO_LOCAL_PORT, &port);
	curl_easy_getinfo(r->easy, CURLINFO_HTTP_VERSION, &version);
	r->link = links_find(&r->http->links, port);
	links_note(&r->http->links, r->link, version);
	note_bytes(r);
	if (r->status == 200 && r->ask.open)
		r->ask.open(r->ask.context);
	return n;
}

static void
add_header(struct http_request *r, const char *name, const char *value)
{
	char *line = text_join(name, value, "");

	r->headers = curl_slist_append(r->headers, line);
	free(line);
}

static void
set_headers(struct http_request *r)
{
	const struct http *h = r->http;

	add_header(r,
	    "Accept: ", r->ask.accept ? r->ask.accept : "application/json");
	if (r->ask.etag)
		add_header(r, "If-None-Match: ", r->ask.etag);
	if (h->route.host)
		add_header(r, h->route.host, "");
	for (size_t i = 0; i < h->config->headers.n; i++)
		add_header(r, h->config->headers.item[i], "");
	/* Not curl's own name, for which the server indents its answers. */
	curl_easy_setopt(r->easy, CURLOPT_USERAGENT, USER_AGENT);
	if (r->ask.compress && !h->config->is_uncompressed)
		curl_easy_setopt(r->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
}

/* libcurl says it in words only, which it is not asked for without need. */
static int
on_words(CURL *easy, curl_infotype type, char *text, size_t n, void *context)
{
	static const char word[] = "GOAWAY";
	struct http *h = context;

	(void)easy;
	if (type == CURLINFO_TEXT && memmem(text, n, word, sizeof(word) - 1))
		h->leaves++;
	return 0;
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
	if (r->http->counts_leaves) {
		curl_easy_setopt(r->easy, CURLOPT_DEBUGFUNCTION, on_words);
		curl_easy_setopt(r->easy, CURLOPT_DEBUGDATA, r->http);
		curl_easy_setopt(r->easy, CURLOPT_VERBOSE, 1L);
	}
}

static void
set_url(struct http_request *r)
{
	char *url = text_join(r->http->route.base, r->ask.path, "");

	curl_easy_setopt(r->easy, CURLOPT_URL, url);
	free(url);
}

/* ---- credentials ---- */

static void
wait_in_line(struct http_request *r)
{
	struct http_request **last = &r->http->waiting;

	while (*last)
		last = &(*last)->next;
	*last = r;
	r->place = last;
	r->next = NULL;
}

static void
leave_line(struct http_request *r)
{
	if (!r->place)
		return;
	*r->place = r->next;
	if (r->next)
		r->next->place = r->place;
	r->place = NULL;
}

/* Off it goes, with the credentials of now. */
static void
send_off(struct http_request *r)
{
	struct credentials *c = r->http->credentials;
	struct curl_slist *headers = r->headers;

	keyring_drop(r->ring);
	r->ring = keyring_hold(c->files.ring);
	r->version = c->version;
	free(r->authorization.data);
	r->authorization = (struct curl_slist){NULL, r->headers};
	if (c->header) {
		r->authorization.data = text_copy(c->header);
		headers = &r->authorization;
	}
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, headers);
	route_apply(&r->http->route, r->easy, r->ring);
	r->started = r->heard = clock_ms();
	if (curl_multi_add_handle(r->http->multi, r->easy) != CURLM_OK)
		diag_nomem();
	r->http->is_fresh = true;
}

/* Over, before it was sent. */
static void
give_up(struct http_request *r)
{
	r->result = CURLE_LOGIN_DENIED;
	r->ask.done(r->ask.context, r);
	http_cancel(r);
}

static unsigned
line_length(const struct http *h)
{
	unsigned n = 0;

	for (struct http_request *r = h->waiting; r; r = r->next)
		n++;
	return n;
}

/* Those that wait, oldest first. Whoever is told of a failure may ask anew and
 * so stand in line again: that one is served in the next turn. */
static void
serve_line(struct http *h)
{
	enum credentials_state state;
	struct http_request *r;

	for (unsigned n = line_length(h); n > 0 && (r = h->waiting); n--) {
		state = credentials_take(h->credentials, clock_ms());
		if (state == CREDENTIALS_WAIT)
			break;
		leave_line(r);
		if (state == CREDENTIALS_READY)
			send_off(r);
		else
			give_up(r);
	}
	/* what they wait for is not the server */
	for (r = h->waiting; r; r = r->next)
		r->heard = clock_ms();
}

/* The answer was about our credentials: once more with others, or with the same
 * in case that the server was mistaken. */
static bool
try_again(struct http_request *r)
{
	struct credentials *c = r->http->credentials;
	bool is_worth_it = false;

	if (r->result == CURLE_OK && r->status == 401)
		is_worth_it =
		    credentials_refused(c, r->version, r->started, clock_ms());
	else if (http_is_distrust(r))
		is_worth_it = credentials_distrusted(c, r->ring, clock_ms());
	if (!is_worth_it || r->is_retried)
		return false;
	curl_multi_remove_handle(r->http->multi, r->easy);
	r->is_retried = true;
	r->status = 0;
	*r->error = '\0';
	json_reset(&r->body);
	r->http->is_fresh = true;
	wait_in_line(r);
	return true;
}

int64_t
http_replace_at(struct http_request *r)
{
	const struct keyring *ring = r->http->credentials->files.ring;

	if (!r->ring || r->ring->pair == ring->pair)
		return INT64_MAX;
	if (!r->replace_at)
		r->replace_at = clock_ms() + clock_jitter(SPREAD + 1);
	return r->replace_at;
}

/* ---- all requests ---- */

struct http_request *
http_get(struct http *h, const struct http_ask *ask)
{
	struct http_request *r = diag_alloc(NULL, sizeof(*r));

	*r = (struct http_request){.http = h, .ask = *ask};
	r->started = r->heard = clock_ms();
	if (!(r->easy = curl_easy_init()))
		diag_nomem();
	set_url(r);
	set_headers(r);
	set_callbacks(r);
	links_follow(&h->links, r->easy);
	h->requests++;
	if (!h->waiting &&
	    credentials_take(h->credentials, r->started) == CREDENTIALS_READY)
		send_off(r);
	else
		wait_in_line(r);
	return r;
}

void
http_cancel(struct http_request *r)
{
	leave_line(r);
	/* 7.88.1 tells the server that we left a stream when the connection
	 * carries something else. If nothing else is on it, it is closed. */
	if (!r->is_over)
		curl_easy_setopt(r->easy, CURLOPT_FORBID_REUSE, 1L);
	curl_multi_remove_handle(r->http->multi, r->easy);
	curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->headers);
	free(r->authorization.data);
	keyring_drop(r->ring);
	json_release(&r->body);
	r->http->requests--;
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

void
http_turn(struct http *h)
{
	struct http_request *r;
	CURLMsg *msg;
	int running, left;

	credentials_turn(h->credentials, clock_ms());
	serve_line(h);
	h->stirred += h->is_fresh || sockets_are_ready(h->multi);
	h->is_fresh = false;
	curl_multi_perform(h->multi, &running);
	while ((msg = curl_multi_info_read(h->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &r);
		r->result = msg->data.result;
		h->stirred++;
		if (try_again(r))
			continue;
		r->is_over = true;
		r->ask.done(r->ask.context, r);
		http_cancel(r);
	}
}

void
http_wait(struct http *h, struct pollfd *fd, size_t n, int ms)
{
	struct pollfd all[SOCKETS_OTHERS] = {0};
	int64_t now = clock_ms();
	int64_t left = clock_real(credentials_due(h->credentials, now) - now);
	size_t ours = n;

	if (left < ms)
		ms = left > 0 ? (int)left : 0;
	for (size_t i = 0; i < n; i++)
		all[i] = fd[i];
	if (h->credentials->plugin.fd >= 0)
		all[ours++] = (struct pollfd){.fd = h->credentials->plugin.fd,
		    .events = POLLIN};
	sockets_wait(h->multi, all, ours, ms);
	for (size_t i = 0; i < n; i++)
		fd[i].revents = all[i].revents;
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
	if (r->result == CURLE_LOGIN_DENIED)
		return r->http->credentials->why;
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

struct span
http_object(const struct http_request *r)
{
	struct span doc = {r->body.p, r->body.len};
	struct scan_error err;

	if (!doc.n || *doc.p != '{' ||
	    scan_find(NULL, doc.p, doc.n, NULL, &err) < 0)
		return (struct span){0};
	while (doc.p[doc.n - 1] != '}')
		doc.n--;
	return doc;
}
