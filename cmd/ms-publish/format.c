#include "format.h"

#include <stdio.h>
#include <string.h>

#define EXTRAS 72 /* the column of what is known about an object */

static const char *const name[] = {"meshery", "event", "record"};

void
format_release(struct format *f)
{
	meshery_release(&f->meshery);
	json_release(&f->out);
}

int
format_named(const char *text)
{
	for (int i = 0; i < (int)(sizeof(name) / sizeof(*name)); i++)
		if (strcmp(text, name[i]) == 0)
			return i;
	return -1;
}

/* ---- record ---- */

static void
put_text(struct json *j, const char *key, struct span text)
{
	if (text.n)
		json_member_text(j, key, text);
}

static void
put_record(struct json *j, const struct change *c)
{
	record_open(j, record_type_name(c->type));
	put_text(j, "cluster", c->id.cluster);
	put_text(j, "resource", c->resource);
	put_text(j, "depth", c->depth);
	if (c->ms.n) {
		json_comma(j);
		json_span(j, c->ms);
	}
	json_close(j, '}');
	json_member_span(j, "object", c->object);
	json_close(j, '}');
}

/* ---- event ---- */

/* Text up to a column, one space at least; what would move a terminal's
 * cursor is shown as '?'. */
static void
put_column(struct json *j, struct span text, size_t width)
{
	size_t from = j->len;

	json_span(j, text);
	for (size_t i = from; i < j->len; i++)
		if ((unsigned char)j->p[i] < 0x20 || j->p[i] == 0x7f)
			j->p[i] = '?';
	do
		json_raw(j, " ", 1);
	while (j->len - from < width);
}

static void
put_word(struct json *j, const char *before, struct span value)
{
	char buf[256];
	struct span text = scan_text(value, buf, sizeof(buf));

	if (!text.n)
		return;
	while (j->len < EXTRAS) /* the event is all that is in j */
		json_raw(j, " ", 1);
	json_puts(j, before);
	put_column(j, text, 0);
	j->len--;
}

static void
put_origin(struct json *j, struct span origin)
{
	if (scan_type(origin) != SCAN_OBJECT)
		return;
	put_word(j, " ", scan_get(origin, "class"));
	put_word(j, " by ", scan_get(origin, "by"));
	put_word(j, " design ", scan_get(origin, "design"));
}

static void
put_prints(struct json *j, struct span prints)
{
	struct scan_iter it;
	struct span print;

	if (scan_type(prints) != SCAN_ARRAY)
		return;
	scan_iter(&it, prints);
	while (scan_element(&it, &print)) {
		if (scan_type(print) != SCAN_OBJECT)
			continue;
		put_word(j, " = ", scan_get(print, "product"));
		put_word(j, " ", scan_get(print, "component"));
		put_word(j, " ", scan_get(print, "version"));
	}
}

/* Found infrastructure tells its own product. */
static void
put_product(struct json *j, struct span object)
{
	struct span spec = scan_get(object, "spec");

	if (scan_type(spec) != SCAN_OBJECT)
		spec = object;
	put_word(j, " ", scan_get(spec, "product"));
	put_word(j, " ", scan_get(spec, "version"));
}

static void
put_event(struct json *j, struct json *ms, const struct change *c)
{
	struct span all;

	put_column(j, span_of(record_type_name(c->type)), sizeof("MODIFIED"));
	put_column(j, c->id.kind, 24);
	if (c->id.ns.n) {
		put_column(j, c->id.ns, 0);
		j->p[j->len - 1] = '/';
	}
	put_column(j, c->id.name, 0);
	json_reset(ms);
	json_open(ms, '{');
	json_span(ms, c->ms);
	json_close(ms, '}');
	all = (struct span){ms->p, ms->len};
	j->len--;
	put_origin(j, scan_get(all, "origin"));
	put_prints(j, scan_get(all, "prints"));
	if (span_eq(c->id.kind, "Infrastructure"))
		put_product(j, c->object);
}

bool
format_change(struct format *f, const struct change *c, struct span *message)
{
	if (f->kind == FORMAT_MESHERY)
		return meshery_message(&f->meshery, c->type, c->object,
		    c->id.cluster, message);
	json_reset(&f->out);
	if (f->kind == FORMAT_RECORD)
		put_record(&f->out, c);
	else
		put_event(&f->out, &f->meshery.out, c);
	*message = (struct span){f->out.p, f->out.len};
	return true;
}

size_t
format_type_end(const struct format *f, const struct change *c)
{
	static const size_t before[] = {[FORMAT_MESHERY] =
					    sizeof(MESHERY_HEAD) - 1,
	    [FORMAT_EVENT] = 0,
	    [FORMAT_RECORD] = sizeof("{\"type\":\"") - 1};

	return before[f->kind] + strlen(record_type_name(c->type));
}
