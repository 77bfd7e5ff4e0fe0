#include "input.h"

#include <string.h>

#define TOO_LONG \
	"it is longer than a record may be; ask for less at once, or use " \
	"ms-watch --once"

void
input_init(struct input *in, int from, int to, size_t cap)
{
	*in = (struct input){0};
	records_init(&in->rs, from, to, cap);
	in->kind = scan_plan_add(&in->rs.plan, "kind");
	in->api_version = scan_plan_add(&in->rs.plan, "apiVersion");
	in->items = scan_plan_add(&in->rs.plan, "items");
}

void
input_release(struct input *in)
{
	records_release(&in->rs);
	json_release(&in->document);
	json_release(&in->list);
	json_release(&in->line);
}

/* ---- objects and lists ---- */

/* {"type":…,"object":…} around an object, with kind and apiVersion put in
 * where it lacks them, as the items of a typed list do. */
static void
wrap(struct input *in, const char *type, struct span object,
    struct span api_version, struct span kind)
{
	struct json *j = &in->line;
	bool comma;
	struct span at = scan_insert(object, &comma);

	json_reset(j);
	json_open(j, '{');
	json_member_text(j, "type", span_of(type));
	json_key(j, "object");
	json_open(j, '{');
	if (kind.n && scan_type(scan_get(object, "kind")) != SCAN_STRING)
		json_member_text(j, "kind", kind);
	if (api_version.n &&
	    scan_type(scan_get(object, "apiVersion")) != SCAN_STRING)
		json_member_span(j, "apiVersion", api_version);
	if (comma)
		json_comma(j);
	json_raw(j, at.p, (size_t)(object.p + object.n - at.p));
	json_close(j, '}');
}

static void
refuse(struct input *in, const char *why)
{
	records_refuse(&in->rs,
	    "the document that ends in line %llu is dropped: %s",
	    (unsigned long long)in->rs.io.number, why);
}

static bool
parse_wrapped(struct input *in, struct record *r)
{
	struct scan_error err;

	if (record_parse(&in->rs.plan, (struct span){in->line.p, in->line.len},
		r, &err) == 0)
		return true;
	refuse(in, err.what);
	return false;
}

/* Begin to hand out the items of a list; what it is made of is kept. */
static void
open_list(struct input *in, const struct record *r)
{
	struct span kind = r->at[in->kind], items;
	struct json *list = &in->list;
	size_t offset;

	json_reset(list);
	json_span(list, kind);
	json_span(list, r->at[in->api_version]);
	offset = list->len;
	json_span(list, r->at[in->items]);
	/* "PodList" says that its items are Pods; "List" says nothing */
	in->item_kind = (struct span){list->p + 1, kind.n - 6};
	in->item_api_version = (struct span){list->p + kind.n,
	    in->item_kind.n ? offset - kind.n : 0};
	items = (struct span){list->p + offset, list->len - offset};
	scan_iter(&in->item, items);
	in->in_list = true;
}

static bool
next_item(struct input *in, struct record *r)
{
	struct span item;

	while (in->in_list) {
		in->in_list = scan_element(&in->item, &item);
		if (!in->in_list)
			break;
		if (scan_type(item) != SCAN_OBJECT) {
			refuse(in, "an item of the list is not an object");
			continue;
		}
		wrap(in, "ADDED", item, in->item_api_version, in->item_kind);
		if (parse_wrapped(in, r))
			return true;
	}
	return false;
}

static bool
ends_in_list(struct span kind)
{
	return kind.n >= 6 && memcmp(kind.p + kind.n - 5, "List\"", 5) == 0;
}

/* A document that has kind and apiVersion at its top is an object, not a
 * record, whatever else it has: a Secret has a type as well. */
static bool
is_object(const struct input *in, const struct record *r)
{
	return scan_type(r->at[in->kind]) == SCAN_STRING &&
	    scan_type(r->at[in->api_version]) == SCAN_STRING;
}

/* Turn a bare document into records. True: *r is the first. */
static bool
unfold(struct input *in, struct span document, struct record *r)
{
	struct span none = {0};

	if (ends_in_list(r->at[in->kind]) &&
	    scan_type(r->at[in->items]) <= SCAN_ARRAY && r->at[in->items].n) {
		if (scan_type(r->at[in->items]) == SCAN_ARRAY)
			open_list(in, r);
		return next_item(in, r);
	}
	wrap(in, scan_eq(r->at[in->kind], "Status") ? "ERROR" : "ADDED",
	    document, none, none);
	return parse_wrapped(in, r);
}

static struct span
trim(struct span s)
{
	while (s.n && scan_is_space(*s.p))
		s.p++, s.n--;
	while (s.n && scan_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* One whole document. True: *r is a record. err->what NULL: it has been dealt
 * with without giving one (an empty list). */
static bool
parse(struct input *in, struct span document, struct record *r,
    struct scan_error *err)
{
	bool good = record_parse(&in->rs.plan, document, r, err) == 0;

	/* what is valid, but no record, may be an object: its paths are found */
	if (!good &&
	    scan_find(NULL, document.p, document.n, NULL,
		&(struct scan_error){0}) < 0)
		return false;
	if (is_object(in, r)) {
		err->what = NULL;
		return unfold(in, trim(document), r);
	}
	return good;
}

/* ---- documents of many lines ---- */

/* Follow the brackets of a further line. True: the document is complete. */
static bool
follow(struct input *in, struct span line)
{
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		if (in->in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in->in_string = false;
		} else if (c == '"') {
			in->in_string = true;
		} else if (c == '{' || c == '[') {
			in->depth++;
		} else if (c == '}' || c == ']') {
			if (in->depth > 0)
				in->depth--;
		}
	}
	return in->depth == 0;
}

/* Records are one line each, so the line breaks go; where JSON may break, it
 * needs no space. Of what is too long only the end is looked for. */
static void
keep(struct input *in, struct span line)
{
	if (!in->is_too_long)
		json_span(&in->document, trim(line));
	if (in->document.len > in->rs.io.cap) {
		in->is_too_long = true;
		json_reset(&in->document);
	}
}

static void
forget(struct input *in)
{
	in->depth = 0;
	in->in_string = in->is_too_long = false;
	json_reset(&in->document);
}

static void
abandon(struct input *in, const char *why)
{
	refuse(in, why);
	forget(in);
}

/* A printed document breaks its lines behind brackets and commas only; a line
 * that was torn elsewhere is garbage, and must not swallow what follows. */
static bool
may_go_on(struct span line)
{
	line = trim(line);
	return line.n && strchr("{[,", line.p[line.n - 1]);
}

/* The first line of something that is no document by itself. True: wait for
 * more lines. */
static bool
begin(struct input *in, struct span line, const struct scan_error *err)
{
	struct span body = trim(line);

	if (!body.n || (*body.p != '{' && *body.p != '[') ||
	    err->at != line.n || !may_go_on(line))
		return false;
	forget(in);
	if (follow(in, line) || in->in_string)
		return false;
	keep(in, line);
	return true;
}

/* A document has come to its end. True: *r is a record. */
static bool
finish(struct input *in, struct record *r)
{
	struct span document = {in->document.p, in->document.len};
	struct scan_error err;

	if (parse(in, document, r, &err))
		return true;
	if (err.what)
		abandon(in, err.what);
	return false;
}

/* A further line of a document. True: *r is a record. */
static bool
go_on(struct input *in, struct span line, struct record *r)
{
	struct scan_error err;
	bool complete;

	if (*line.p == '{' && record_parse(&in->rs.plan, line, r, &err) == 0 &&
	    r->type != RECORD_UNKNOWN) {
		abandon(in, "a record begins before it ends");
		return true;
	}
	complete = follow(in, line);
	keep(in, line);
	if (in->in_string)
		abandon(in, "a line ends within a string");
	else if (complete && in->is_too_long)
		abandon(in, TOO_LONG);
	else if (complete)
		return finish(in, r);
	return false;
}

bool
input_next(struct input *in, struct record *r)
{
	struct scan_error err;
	struct span line;

	if (next_item(in, r))
		return true;
	while (lines_next(&in->rs.io, &line)) {
		if (in->depth > 0) {
			if (go_on(in, line, r))
				return true;
			continue;
		}
		if (parse(in, line, r, &err))
			return true;
		if (err.what && !begin(in, line, &err))
			records_refuse_line(&in->rs, &err);
	}
	if (in->depth > 0)
		abandon(in, "the input ends in the middle of it");
	return false;
}
