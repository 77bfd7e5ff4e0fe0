#include "inquiry.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "failure.h"

#define TIMEOUT 10L /* s */
#define BODY (64u << 10)

struct inquiry {
	struct inquiries *all;
	struct inquiry *next;
	char *id, *ns, *service, *pod, *port, *scheme, *path;
	struct http_request *request;
	struct json body; /* of a 200 */
	bool is_asked, is_truncated, is_over;
};

static struct inquiry **
place_of(struct inquiries *ps, const struct inquiry *p)
{
	struct inquiry **at = &ps->first;

	while (*at != p)
		at = &(*at)->next;
	return at;
}

static void
inquiry_free(struct inquiry *p)
{
	if (p->request)
		http_cancel(p->request);
	*place_of(p->all, p) = p->next;
	p->all->n--;
	json_release(&p->body);
	free(p->id);
	free(p->ns);
	free(p->service);
	free(p->pod);
	free(p->port);
	free(p->scheme);
	free(p->path);
	free(p);
}

/* ---- answers ---- */

static void
put(struct json *j, const char *key, const char *text)
{
	if (text)
		json_member_text(j, key, span_of(text));
}

static struct json *
open_answer(const struct inquiry *p)
{
	struct json *j = emit_answer_open(p->all->emit, p->id, "probe");

	put(j, "namespace", p->ns);
	put(j, "service", p->service);
	put(j, "pod", p->pod);
	put(j, "port", p->port);
	put(j, "scheme", p->scheme);
	put(j, "path", p->path);
	return j;
}

static void
answer(const struct inquiry *p, long status, struct span body, bool is_cut)
{
	struct json *j = open_answer(p);

	if (body.n > BODY) {
		body.n = BODY;
		is_cut = true;
	}
	json_member_int(j, "status", status);
	json_member_text(j, "body", body.p ? body : (struct span){"", 0});
	if (is_cut)
		json_member_span(j, "truncated", span_of("true"));
	emit_answer_close(p->all->emit);
}

/* code: the API server's; 0: it did not answer. */
static void
answer_error(const struct inquiry *p, long code, const char *why)
{
	struct json *j = open_answer(p);

	if (code)
		json_member_int(j, "code", code);
	put(j, "error", why);
	emit_answer_close(p->all->emit);
}

/* What the API server itself says, and not the application behind it. */
static bool
is_refusal(struct span body)
{
	struct scan_error err;

	return scan_find(NULL, body.p, body.n, NULL, &err) == 0 &&
	    scan_type(body) == SCAN_OBJECT &&
	    scan_eq(scan_get(body, "kind"), "Status") &&
	    scan_eq(scan_get(body, "apiVersion"), "v1");
}

static void
on_done(void *context, struct http_request *r)
{
	struct inquiry *p = context;
	struct span body = r->status == 200 ?
	    (struct span){p->body.p, p->body.len} :
	    (struct span){r->body.p, r->body.len};
	struct failure f;

	p->request = NULL;
	if (r->result != CURLE_OK) {
		answer_error(p, 0, http_why(r));
	} else if (r->status != 200 && is_refusal(body)) {
		failure_of_answer(&f, r->status, body, NULL, false);
		answer_error(p, r->status, f.why);
	} else {
		answer(p, r->status, body, false);
	}
	p->is_over = true;
}

static void
on_data(void *context, const char *data, size_t n)
{
	struct inquiry *p = context;
	size_t room = BODY - p->body.len;

	p->is_truncated |= n > room;
	json_raw(&p->body, data, n < room ? n : room);
}

/* ---- questions ---- */

/* .../namespaces/NS/services/https:NAME:PORT/proxy/PATH */
static void
put_path(const struct inquiry *p, struct json *path)
{
	json_puts(path, "/api/v1/namespaces/");
	json_puts(path, p->ns);
	json_puts(path, p->service ? "/services/" : "/pods/");
	if (p->scheme && strcmp(p->scheme, "https") == 0)
		json_puts(path, "https:");
	json_puts(path, p->service ? p->service : p->pod);
	json_puts(path, ":");
	json_puts(path, p->port);
	json_puts(path, "/proxy");
	json_puts(path, p->path);
	json_raw(path, "", 1);
}

static void
ask(struct inquiry *p)
{
	struct http_ask question = {.accept = "*/*",
	    .timeout = TIMEOUT,
	    .data = on_data,
	    .done = on_done,
	    .context = p};
	struct json path = {0};

	put_path(p, &path);
	question.path = path.p;
	p->is_asked = true;
	p->request = http_get(p->all->http, &question);
	json_release(&path);
}

bool
inquiries_ask(struct inquiries *ps, const struct command *c)
{
	struct inquiry *p, **at = &ps->first;

	if (ps->n >= INQUIRIES + INQUIRIES_WAITING)
		return false;
	p = diag_alloc(NULL, sizeof(*p));
	*p = (struct inquiry){.all = ps,
	    .id = text_copy(c->id),
	    .ns = text_copy(c->ns),
	    .service = text_copy(c->service),
	    .pod = text_copy(c->pod),
	    .port = text_copy(c->port),
	    .scheme = text_copy(c->scheme),
	    .path = text_copy(c->path)};
	while (*at)
		at = &(*at)->next;
	*at = p;
	ps->n++;
	return true;
}

/* More than is wanted has come: that is the answer. */
static void
check_length(struct inquiry *p)
{
	if (!p->request || !p->is_truncated)
		return;
	answer(p, 200, (struct span){p->body.p, p->body.len}, true);
	p->is_over = true;
}

void
inquiries_tick(struct inquiries *ps)
{
	struct inquiry *next;
	unsigned i = 0;

	for (struct inquiry *p = ps->first; p; p = next) {
		next = p->next;
		check_length(p);
		if (p->is_over)
			inquiry_free(p);
	}
	for (struct inquiry *p = ps->first; p && i < INQUIRIES;
	     p = p->next, i++)
		if (!p->is_asked)
			ask(p);
}

void
inquiries_free(struct inquiries *ps)
{
	while (ps->first)
		inquiry_free(ps->first);
}
