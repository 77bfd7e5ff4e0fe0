#include "record.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"

#define MAX_WARNINGS 20 /* of one run, then bad lines are only counted */

static const char *const type_name[] = {"ADDED", "MODIFIED", "DELETED", "AMEND",
    "SYNC", "CONFIG", "SIGNATURES", "REQUEST", "ANSWER", "MARK", "STATUS",
    "BOOKMARK", "ERROR"};

static const char *const path[RECORD_SLOTS] = {
    [AT_TYPE] = "type",
    [AT_MS] = "ms",
    [AT_OBJECT] = "object",
    [AT_CLUSTER] = "ms.cluster",
    [AT_RESOURCE] = "ms.resource",
    [AT_DEPTH] = "ms.depth",
    [AT_PHASE] = "ms.phase",
    [AT_COMPLETE] = "ms.complete",
    [AT_SYNTHETIC] = "ms.synthetic",
    [AT_TRUNCATED] = "ms.truncated",
    [AT_MS_API_VERSION] = "ms.apiVersion",
    [AT_MS_KIND] = "ms.kind",
    [AT_MS_NAMESPACE] = "ms.namespace",
    [AT_MS_NAME] = "ms.name",
    [AT_MS_UID] = "ms.uid",
    [AT_API_VERSION] = "object.apiVersion",
    [AT_KIND] = "object.kind",
    [AT_NAMESPACE] = "object.metadata.namespace",
    [AT_NAME] = "object.metadata.name",
    [AT_UID] = "object.metadata.uid",
    [AT_RV] = "object.metadata.resourceVersion",
    [AT_LABELS] = "object.metadata.labels",
    [AT_ANNOTATIONS] = "object.metadata.annotations",
    [AT_OWNERS] = "object.metadata.ownerReferences",
    [AT_MANAGED_FIELDS] = "object.metadata.managedFields",
};

const char *
record_type_name(enum record_type type)
{
	return type < RECORD_UNKNOWN ? type_name[type] : NULL;
}

static enum record_type
type_of(struct span value)
{
	int t = 0;

	static_assert(sizeof(type_name) / sizeof(*type_name) == RECORD_UNKNOWN,
	    "every type has a name");
	while (t < RECORD_UNKNOWN && !scan_eq(value, type_name[t]))
		t++;
	return (enum record_type)t;
}

bool
record_has_state(const struct record *r)
{
	return r->type <= RECORD_DELETED;
}

/* ---- reading ---- */

/* Decode one part of an identity; *left is what remains of r->text. Absent and
 * null are empty. -1: not a string, or far too long. */
static int
decode(struct record *r, struct span value, size_t *left, struct span *out)
{
	char *to = r->text + sizeof(r->text) - *left;

	*out = span_of("");
	if (!value.n || *value.p == 'n')
		return 0;
	*out = scan_text(value, to, *left);
	if (!out->p)
		return -1;
	if (out->p == to)
		*left -= out->n;
	return 0;
}

static const char *
read_identity(struct record *r)
{
	bool amend = r->type == RECORD_AMEND;
	size_t left = sizeof(r->text);
	const struct span *at = r->at;
	struct identity *id = &r->id;

	if (decode(r, at[AT_CLUSTER], &left, &id->cluster) < 0 ||
	    decode(r, at[amend ? AT_MS_API_VERSION : AT_API_VERSION], &left,
		&id->api_version) < 0 ||
	    decode(r, at[amend ? AT_MS_KIND : AT_KIND], &left, &id->kind) < 0 ||
	    decode(r, at[amend ? AT_MS_NAMESPACE : AT_NAMESPACE], &left,
		&id->ns) < 0 ||
	    decode(r, at[amend ? AT_MS_NAME : AT_NAME], &left, &id->name) < 0 ||
	    decode(r, at[amend ? AT_MS_UID : AT_UID], &left, &id->uid) < 0 ||
	    decode(r, amend ? (struct span){0} : at[AT_RV], &left, &id->rv) < 0)
		return "its identity is not made of strings";
	if (!id->api_version.n || !id->kind.n)
		return "it lacks apiVersion or kind";
	if (!id->name.n)
		return "it lacks metadata.name";
	return NULL;
}

/* What the type needs (ms-record.7). NULL: it is all there. */
static const char *
missing(struct record *r)
{
	bool has_ms = scan_type(r->at[AT_MS]) == SCAN_OBJECT;
	bool has_object = scan_type(r->at[AT_OBJECT]) == SCAN_OBJECT;

	if (scan_type(r->at[AT_TYPE]) != SCAN_STRING)
		return "it has no type";
	if (r->at[AT_MS].n && !has_ms)
		return "its ms is not an object";
	switch (r->type) {
	case RECORD_ADDED:
	case RECORD_MODIFIED:
	case RECORD_DELETED:
		return has_object ? read_identity(r) : "it has no object";
	case RECORD_AMEND:
		return has_ms ? read_identity(r) : "it has no ms";
	case RECORD_SYNC:
		return has_ms && scan_type(r->at[AT_PHASE]) == SCAN_STRING ?
		    NULL :
		    "it has no ms.phase";
	case RECORD_MARK:
		return has_ms ? NULL : "it has no ms";
	case RECORD_UNKNOWN:
		return NULL;
	default:
		return has_object ? NULL : "it has no object";
	}
}

#define NO_OBJECT "it is not a JSON object"

/* Of what does not even begin as JSON, the scan's words would be a riddle. */
static int
refuse_garbage(struct span line, struct scan_error *err)
{
	const char *p = line.p, *end = line.p + line.n;

	while (p < end && scan_is_space(*p))
		p++;
	if (p == end || (*p != '{' && *p != '['))
		*err = (struct scan_error){NO_OBJECT, 0};
	return -1;
}

/* What a line whose paths are found says. */
static int
read_found(struct span line, struct record *r, struct scan_error *err)
{
	const char *p = line.p;

	r->line = line;
	r->id = (struct identity){0};
	err->at = 0;
	while (scan_is_space(*p))
		p++;
	if (*p == '{') {
		r->type = type_of(r->at[AT_TYPE]);
		err->what = missing(r);
	} else {
		err->what = NO_OBJECT;
	}
	return err->what ? -1 : 0;
}

int
record_parse(const struct scan_plan *plan, struct span line, struct record *r,
    struct scan_error *err)
{
	r->like = NULL;
	if (scan_find(plan, line.p, line.n, r->at, err) < 0)
		return refuse_garbage(line, err);
	return read_found(line, r, err);
}

/* The same, and cheaper if the line is like one of those before it. */
static int
parse(struct records *rs, struct span line, struct record *r,
    struct scan_error *err)
{
	if (likes_find(&rs->likes, &rs->plan, line, r->at, &r->like, err) < 0)
		return refuse_garbage(line, err);
	return read_found(line, r, err);
}

struct walk
record_walk(const struct record *r, int slot)
{
	return r->like ? like_walk(r->like, slot, r->at[slot]) :
			 walk_text(r->at[slot]);
}

void
records_init(struct records *rs, int in, int out, size_t cap)
{
	lines_init(&rs->io, in, out, cap);
	scan_plan_init(&rs->plan);
	for (int i = 0; i < RECORD_SLOTS; i++)
		scan_plan_add(&rs->plan, path[i]);
	rs->refused = 0;
	rs->ms = rs->edited = (struct json){0};
	likes_init(&rs->likes);
}

void
records_release(struct records *rs)
{
	uint64_t dropped = rs->refused + rs->io.dropped;

	if (dropped)
		diag_info("%llu lines were no records",
		    (unsigned long long)dropped);
	lines_release(&rs->io);
	likes_release(&rs->likes);
	json_release(&rs->ms);
	json_release(&rs->edited);
}

void
records_refuse(struct records *rs, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (rs->refused++ < MAX_WARNINGS)
		diag_warn("%s", text);
	else if (rs->refused == MAX_WARNINGS + 1)
		diag_warn("more lines are no records; they are only counted");
}

void
records_refuse_line(struct records *rs, const struct scan_error *err)
{
	char place[32] = "";

	if (err->at)
		snprintf(place, sizeof(place), " (byte %zu)", err->at + 1);
	records_refuse(rs, "line %llu is dropped: %s%s",
	    (unsigned long long)rs->io.number, err->what, place);
}

bool
records_next(struct records *rs, struct record *r)
{
	struct scan_error err;
	struct span line;

	while (lines_next(&rs->io, &line)) {
		if (parse(rs, line, r, &err) == 0)
			return true;
		records_refuse_line(rs, &err);
	}
	return false;
}

/* ---- writing ---- */

static const struct record_member *
find_member(const struct record_member *set, size_t n, struct span key)
{
	for (size_t i = 0; i < n; i++)
		if (scan_key_eq(key, set[i].key))
			return &set[i];
	return NULL;
}

/* ms as it was, less the members in set, then those that set gives. */
static void
put_ms(struct json *j, struct span ms, const struct record_member *set,
    size_t n)
{
	struct span key, value;
	struct scan_iter it;

	json_open(j, '{');
	if (ms.n) {
		scan_iter(&it, ms);
		while (scan_member(&it, &key, &value)) {
			if (find_member(set, n, key))
				continue;
			json_comma(j);
			json_raw(j, key.p - 1, key.n + 2);
			json_raw(j, ":", 1);
			json_span(j, value);
		}
	}
	for (size_t i = 0; i < n; i++)
		if (set[i].value.n)
			json_member_span(j, set[i].key, set[i].value);
	json_close(j, '}');
}

/* Where the key of the object begins; NULL if it is not spelt plainly. A key
 * that means "object" is at least as long, so this stays within the line. */
static const char *
object_key(const struct record *r)
{
	static const char key[] = "\"object\"";
	const char *p = r->at[AT_OBJECT].p - 1;

	while (*p != ':')
		p--;
	while (scan_is_space(p[-1]))
		p--;
	p -= sizeof(key) - 1;
	return memcmp(p, key, sizeof(key) - 1) == 0 ? p : NULL;
}

/* Whether type, ms and object come in this order, so that all else can stay
 * where it is. */
static bool
in_order(const struct record *r)
{
	const struct span *at = r->at;

	if (at[AT_MS].n && at[AT_MS].p < at[AT_TYPE].p)
		return false;
	if (!at[AT_OBJECT].n)
		return at[AT_MS].n > 0;
	if (at[AT_MS].n)
		return at[AT_MS].p < at[AT_OBJECT].p;
	return at[AT_TYPE].p < at[AT_OBJECT].p && object_key(r);
}

/* Members of the record other than the three. */
static void
put_unknown(const struct record *r, struct json *j)
{
	struct span line = r->line, key, value;
	struct scan_iter it;

	for (; scan_is_space(*line.p); line.n--)
		line.p++;
	scan_iter(&it, line);
	while (scan_member(&it, &key, &value)) {
		if (scan_key_eq(key, "type") || scan_key_eq(key, "ms") ||
		    scan_key_eq(key, "object"))
			continue;
		json_comma(j);
		json_raw(j, key.p - 1, key.n + 2);
		json_raw(j, ":", 1);
		json_span(j, value);
	}
}

/* Input of another order: type, ms, object, then the rest. */
static void
put_reordered(struct records *rs, const struct record *r, struct span ms,
    const struct scan_edit *edit, size_t n_edit)
{
	struct json *j = &rs->edited;

	json_open(j, '{');
	json_member_span(j, "type", r->at[AT_TYPE]);
	json_member_span(j, "ms", ms);
	if (r->at[AT_OBJECT].n) {
		json_key(j, "object");
		scan_splice(r->at[AT_OBJECT], edit, n_edit, j);
	}
	put_unknown(r, j);
	json_close(j, '}');
	lines_put(&rs->io, &(struct span){j->p, j->len}, 1);
}

/* The line in pieces: what is before ms, ms itself, and what comes after with
 * the object edited. */
static void
put_pieces(struct records *rs, const struct record *r, struct span ms,
    const struct scan_edit *edit, size_t n_edit)
{
	const char *end = r->line.p + r->line.n;
	struct span old = r->at[AT_MS], piece[5];

	if (!old.n)
		old = (struct span){object_key(r), 0};
	piece[0] = (struct span){r->line.p, (size_t)(old.p - r->line.p)};
	piece[1] = span_of(old.n ? "" : "\"ms\":");
	piece[2] = ms;
	piece[3] = span_of(old.n ? "" : ",");
	piece[4] = (struct span){old.p + old.n, (size_t)(end - old.p - old.n)};
	if (n_edit) {
		scan_splice(piece[4], edit, n_edit, &rs->edited);
		piece[4] = (struct span){rs->edited.p, rs->edited.len};
	}
	lines_put(&rs->io, piece, 5);
}

void
record_put(struct records *rs, const struct record *r,
    const struct record_member *set, size_t n_set, const struct scan_edit *edit,
    size_t n_edit)
{
	struct span ms;

	json_reset(&rs->ms);
	json_reset(&rs->edited);
	if (n_set == 0) {
		struct span line = r->line;

		if (n_edit) {
			scan_splice(line, edit, n_edit, &rs->edited);
			line = (struct span){rs->edited.p, rs->edited.len};
		}
		lines_put(&rs->io, &line, 1);
		return;
	}
	put_ms(&rs->ms, r->at[AT_MS], set, n_set);
	ms = (struct span){rs->ms.p, rs->ms.len};
	if (in_order(r))
		put_pieces(rs, r, ms, edit, n_edit);
	else
		put_reordered(rs, r, ms, edit, n_edit);
}

void
record_open(struct json *j, const char *type)
{
	json_open(j, '{');
	json_member_text(j, "type", span_of(type));
	json_key(j, "ms");
	json_open(j, '{');
}

static void
put_text(struct json *j, const char *key, struct span text)
{
	if (text.n)
		json_member_text(j, key, text);
}

void
record_identity(struct json *j, const struct identity *id, struct span resource)
{
	put_text(j, "cluster", id->cluster);
	if (resource.n)
		json_member_span(j, "resource", resource);
	put_text(j, "apiVersion", id->api_version);
	put_text(j, "kind", id->kind);
	put_text(j, "namespace", id->ns);
	put_text(j, "name", id->name);
	put_text(j, "uid", id->uid);
}
