#include "event.h"

#include <string.h>

/* Columns: of a kind, and where what is known about an object begins. */
#define KIND 26
#define EXTRAS 74

/* Whether a terminal would take the byte for a command: control characters of
 * ASCII, and those that have two bytes. */
static bool
is_control(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;

	return c < 0x20 || c == 0x7f ||
	    (c == 0xc2 && end - p > 1 && (unsigned char)p[1] < 0xa0);
}

/* Text up to a column, one space at least; what would move a terminal's
 * cursor is shown as '?'. */
static void
put_column(struct json *j, struct span text, size_t width)
{
	const char *p = text.p, *end = text.p + text.n;
	size_t from = j->len;

	for (; p < end; p++) {
		bool is_odd = is_control(p, end);

		json_raw(j, is_odd ? "?" : p, 1);
		p += is_odd && *p == '\xc2';
	}
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

/* Around the first word, once the columns are made. */
static void
put_colour(struct json *j, const char *colour)
{
	size_t word = sizeof("MODIFIED") - 1, n = strlen(colour);

	json_room(j, n + 4);
	memmove(j->p + n + word + 4, j->p + word, j->len - word);
	memmove(j->p + n, j->p, word);
	memcpy(j->p, colour, n);
	memcpy(j->p + n + word, "\033[0m", 4);
	j->len += n + 4;
}

static const char *
colour_of(enum record_type type)
{
	return type == RECORD_ADDED ? "\033[32m" :
	    type == RECORD_DELETED  ? "\033[31m" :
				      "\033[33m";
}

void
event_write(struct json *j, struct json *ms, const struct change *c,
    bool has_colour)
{
	struct span all;

	put_column(j, span_of(record_type_name(c->type)), sizeof("MODIFIED"));
	put_column(j, c->id.kind, KIND);
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
	if (has_colour)
		put_colour(j, colour_of(c->type));
}
