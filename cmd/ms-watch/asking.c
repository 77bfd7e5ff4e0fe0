#include "asking.h"

#include "clock.h"
#include "diag.h"
#include "query.h"

#define PAGE 500 /* objects */
#define PAGE_TIMEOUT 75L /* s: the server itself ends them after 60 */
#define WATCH_LEAST 300u /* s: a watch is asked to last from here ... */
#define WATCH_SPREAD 300u /* ... to less than that much more */
#define GRACE 30000 /* ms that the server may be late */

enum answer_form
asking_form(enum machine_do what)
{
	switch (what) {
	case DO_STREAM:
		return ANSWER_STREAM;
	case DO_WATCH:
		return ANSWER_WATCH;
	default:
		return ANSWER_PAGE;
	}
}

/* Where a snapshot must at least stand. */
static const char *
least_rv(const struct watch *w)
{
	return w->machine.from_rv ? w->answer.rv : NULL;
}

static void
put_query(struct watch *w, struct json *path)
{
	unsigned seconds = WATCH_LEAST + clock_jitter(WATCH_SPREAD);
	const struct answer *a = &w->answer;

	query_path(path, w->resource, &w->ledger.scope);
	if (a->form == ANSWER_PAGE)
		query_page(path, w->machine.no_pages ? 0 : PAGE, a->next,
		    least_rv(w));
	else if (a->form == ANSWER_STREAM)
		query_stream(path, seconds, least_rv(w));
	else
		query_watch(path, seconds, a->rv);
	w->deadline = w->env->now + (int64_t)seconds * 1000 + GRACE;
	json_raw(path, "", 1);
}

struct http_request *
asking_send(struct watch *w, const struct http_ask *callbacks)
{
	struct http_ask ask = *callbacks;
	bool is_page = w->answer.form == ANSWER_PAGE;
	struct http_request *r;
	struct json path = {0};

	put_query(w, &path);
	ask.path = path.p;
	ask.timeout = is_page ? PAGE_TIMEOUT : 0;
	ask.compress = is_page;
	ask.context = w;
	if (w->ledger.scope.is_metadata && !w->machine.no_metadata)
		ask.accept = is_page ? HTTP_METADATA_LIST : HTTP_METADATA;
	diag_info("%s", path.p);
	r = http_get(w->env->http, &ask);
	json_release(&path);
	return r;
}
