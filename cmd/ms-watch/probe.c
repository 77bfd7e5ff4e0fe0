#include "probe.h"

#include <string.h>

#include "clock.h"

#define EVERY 1800000 /* ms, and up to twice that */
#define SILENT 600000 /* ms: ten bookmarks that did not come */
#define TIMEOUT 60L /* s */

void
probe_plan(struct probe *p, int64_t now)
{
	p->at = now + EVERY + clock_jitter(EVERY);
	p->spoken = now;
}

int64_t
probe_due(const struct probe *p, bool has_bookmarks)
{
	int64_t silent = p->spoken + SILENT;

	if (!p->at || p->request)
		return INT64_MAX;
	return has_bookmarks && silent < p->at ? silent : p->at;
}

static struct span
read_version(const struct http_request *r, char *buf, size_t size)
{
	struct span doc = http_object(r), metadata;

	if (r->result != CURLE_OK || r->status != 200 || !doc.n)
		return (struct span){0};
	metadata = scan_get(doc, "metadata");
	if (scan_type(metadata) != SCAN_OBJECT)
		return (struct span){0};
	return scan_text(scan_get(metadata, "resourceVersion"), buf, size);
}

static void
on_answer(void *context, struct http_request *r)
{
	struct probe *p = context;
	char buf[128];

	p->request = NULL;
	p->done(p->context, read_version(r, buf, sizeof(buf)));
}

void
probe_ask(struct probe *p, struct http *http, const char *path, int64_t now)
{
	struct http_ask ask = {.path = path,
	    .accept = HTTP_METADATA_LIST,
	    .timeout = TIMEOUT,
	    .done = on_answer,
	    .context = p};

	probe_plan(p, now);
	p->request = http_get(http, &ask);
}

void
probe_free(struct probe *p)
{
	if (p->request)
		http_cancel(p->request);
	p->request = NULL;
}

static bool
is_number(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && *s.p != '0';
}

bool
probe_is_earlier(struct span a, struct span b)
{
	if (!is_number(a) || !is_number(b))
		return false;
	return a.n != b.n ? a.n < b.n : memcmp(a.p, b.p, a.n) < 0;
}
