#include "meshery.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gojson.h"

#define KEPT_ROOM (8u << 20) /* a giant's memory is given back */
#define DESIGN_LABEL "design.meshery.io/id"

/* ---- what upstream's struct takes from the object ---- */

enum top {
	TOP_ID,
	TOP_API_VERSION,
	TOP_KIND,
	TOP_MODEL,
	TOP_METADATA,
	TOP_SPEC,
	TOP_STATUS,
	TOP_IMMUTABLE,
	TOP_DATA,
	TOP_BINARY_DATA,
	TOP_STRING_DATA,
	TOP_TYPE,
	TOP_COUNT
};

enum meta {
	META_ID,
	META_NAME,
	META_GENERATE_NAME,
	META_NAMESPACE,
	META_SELF_LINK,
	META_UID,
	META_RV,
	META_GENERATION,
	META_CREATED,
	META_DELETED,
	META_GRACE,
	META_LABELS,
	META_ANNOTATIONS,
	META_OWNERS,
	META_FINALIZERS,
	META_CLUSTER_NAME,
	META_COUNT
};

struct name {
	const char *text;
	size_t n;
};

#define NAME(s) \
	{ \
		s, sizeof(s) - 1 \
	}

static const struct name top_name[TOP_COUNT] = {[TOP_ID] = NAME("id"),
    [TOP_API_VERSION] = NAME("apiVersion"),
    [TOP_KIND] = NAME("kind"),
    [TOP_MODEL] = NAME("model"),
    [TOP_METADATA] = NAME("metadata"),
    [TOP_SPEC] = NAME("spec"),
    [TOP_STATUS] = NAME("status"),
    [TOP_IMMUTABLE] = NAME("immutable"),
    [TOP_DATA] = NAME("data"),
    [TOP_BINARY_DATA] = NAME("binaryData"),
    [TOP_STRING_DATA] = NAME("stringData"),
    [TOP_TYPE] = NAME("type")};

static const struct name meta_name[META_COUNT] = {[META_ID] = NAME("id"),
    [META_NAME] = NAME("name"),
    [META_GENERATE_NAME] = NAME("generateName"),
    [META_NAMESPACE] = NAME("namespace"),
    [META_SELF_LINK] = NAME("selfLink"),
    [META_UID] = NAME("uid"),
    [META_RV] = NAME("resourceVersion"),
    [META_GENERATION] = NAME("generation"),
    [META_CREATED] = NAME("creationTimestamp"),
    [META_DELETED] = NAME("deletionTimestamp"),
    [META_GRACE] = NAME("deletionGracePeriodSeconds"),
    [META_LABELS] = NAME("labels"),
    [META_ANNOTATIONS] = NAME("annotations"),
    [META_OWNERS] = NAME("ownerReferences"),
    [META_FINALIZERS] = NAME("finalizers"),
    [META_CLUSTER_NAME] = NAME("clusterName")};

static const struct name id_name[] = {NAME("id")};

/* Nodes of the tape, by field. `exact` are the members found under the very
 * name; `text` are strings that Go's decoder assigns, which takes a name in
 * any case, walks them sorted, and skips what has another type. */
struct fields {
	uint32_t exact[TOP_COUNT], text[TOP_COUNT];
	uint32_t meta_exact[META_COUNT], meta_text[META_COUNT];
	int64_t generation, grace;
	bool has_grace, has_spec, has_status;
	uint32_t spec_id, status_id;
};

/* Fold a key as Go does: ASCII case, and the two letters beyond ASCII whose
 * other case is an ASCII letter (long s, Kelvin sign). */
static struct span
fold_odd(struct span key, char buf[6 * TAPE_KEY + 1])
{
	static const struct name from[] = {NAME("\xc5\xbf"),
	    NAME("\xe2\x84\xaa")};
	char *at;

	if (key.n > 6 * TAPE_KEY)
		return (struct span){0};
	key.n = scan_decode(key.p, key.n, buf);
	buf[key.n] = '\0';
	for (int i = 0; i < 2; i++)
		while ((at = strstr(buf, from[i].text))) {
			*at = "sk"[i];
			memmove(at + 1, at + from[i].n,
			    strlen(at + from[i].n) + 1);
		}
	return span_of(buf);
}

/* Which of the names the key of node is, n if none; *exact: to the letter. */
static unsigned
find_name(const struct tape *t, uint32_t node, const struct name *name,
    unsigned n, bool *exact)
{
	struct span key = tape_key(t, node);
	char buf[6 * TAPE_KEY + 1];
	unsigned i;

	if (t->node[node].flags & TAPE_KEY_ODD)
		key = fold_odd(key, buf);
	for (i = 0; i < n; i++)
		if (key.n == name[i].n &&
		    (*key.p | 0x20) == (*name[i].text | 0x20) &&
		    strncasecmp(key.p, name[i].text, key.n) == 0)
			break;
	*exact = i < n && tape_key_eq(t, node, name[i].text, name[i].n);
	return i;
}

/* What Go's decoder puts into an int64: numbers that are written as integers
 * once they have been through D. */
static bool
read_int(const struct tape *t, uint32_t node, int64_t *out)
{
	char text[400 + GOJSON_SLACK];
	struct span raw = tape_value(t, node);
	char *end;

	if (t->node[node].type != SCAN_NUMBER || raw.n > 56)
		return false;
	end = gojson_number(text, raw);
	return scan_int((struct span){text, (size_t)(end - text)}, out);
}

static void
read_meta(struct tape *t, uint32_t object, bool is_exact, struct fields *f)
{
	uint32_t first, n = tape_sort(t, object, &first), node;

	for (uint32_t i = 0; i < n; i++) {
		bool exact;
		unsigned k;

		node = t->order[first + i].node;
		k = find_name(t, node, meta_name, META_COUNT, &exact);
		if (k == META_COUNT)
			continue;
		if (exact && is_exact)
			f->meta_exact[k] = node;
		if (t->node[node].type == SCAN_STRING)
			f->meta_text[k] = node;
		if (k == META_GENERATION)
			read_int(t, node, &f->generation);
		if (k == META_GRACE) {
			/* a pointer: what is no integer makes it 0, not nil */
			f->has_grace = t->node[node].type != SCAN_NULL;
			if (!f->has_grace)
				f->grace = 0;
			read_int(t, node, &f->grace);
		}
	}
	t->n_order = first;
}

/* The id inside a spec or status, if a custom resource has one. */
static void
read_id(struct tape *t, uint32_t object, uint32_t *id)
{
	uint32_t first, n, i;
	bool exact;

	if (t->node[object].type != SCAN_OBJECT)
		return;
	for (i = object + 1; i < t->node[object].end; i = t->node[i].end)
		if (find_name(t, i, id_name, 1, &exact) == 0)
			break;
	if (i >= t->node[object].end)
		return;
	n = tape_sort(t, object, &first);
	for (i = first; i < first + n; i++)
		if (find_name(t, t->order[i].node, id_name, 1, &exact) == 0 &&
		    t->node[t->order[i].node].type == SCAN_STRING)
			*id = t->order[i].node;
	t->n_order = first;
}

/* Spec or status: whether Go's decoder makes a holder for it. A null takes away
 * what a key of another case gave. */
static bool
read_holder(struct tape *t, uint32_t node, uint32_t *id)
{
	if (t->node[node].type == SCAN_NULL) {
		*id = TAPE_NONE;
		return false;
	}
	read_id(t, node, id);
	return true;
}

static void
read_fields(struct tape *t, struct fields *f)
{
	uint32_t first, n, node;

	memset(f, 0xff, sizeof(*f)); /* TAPE_NONE everywhere */
	f->generation = f->grace = 0;
	f->has_grace = f->has_spec = f->has_status = false;
	n = tape_sort(t, 0, &first);
	for (uint32_t i = 0; i < n; i++) {
		bool exact;
		unsigned k;

		node = t->order[first + i].node;
		k = find_name(t, node, top_name, TOP_COUNT, &exact);
		if (k == TOP_COUNT)
			continue;
		if (exact)
			f->exact[k] = node;
		if (t->node[node].type == SCAN_STRING)
			f->text[k] = node;
		if (k == TOP_METADATA && t->node[node].type == SCAN_OBJECT)
			read_meta(t, node, exact, f);
		if (k == TOP_SPEC)
			f->has_spec = read_holder(t, node, &f->spec_id);
		if (k == TOP_STATUS)
			f->has_status = read_holder(t, node, &f->status_id);
	}
	t->n_order = first;
}

/* ---- writing ---- */

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

static inline char *
put(char *out, const char *p, size_t n)
{
	memcpy(out, p, n);
	return out + n;
}

/* ,"key": */
static inline char *
put_key(char *out, const char *key)
{
	out = PUT(out, ",\"");
	out = put(out, key, strlen(key));
	return PUT(out, "\":");
}

/* The string a node holds, or "". */
static char *
put_text(char *out, const struct tape *t, uint32_t node)
{
	*out++ = '"';
	if (node != TAPE_NONE)
		out = gojson_content(out, tape_value(t, node),
		    t->node[node].flags & TAPE_ODD, GOJSON_ONCE);
	*out++ = '"';
	return out;
}

/* A value's own JSON as a text; of a string, what stands between its quotes. */
static char *
put_raw(char *out, struct tape *t, uint32_t node)
{
	if (t->node[node].type == SCAN_STRING)
		return gojson_content(out, tape_value(t, node),
		    t->node[node].flags & TAPE_ODD, GOJSON_TWICE);
	return gojson_value(out, t, node, GOJSON_TWICE);
}

static bool
is_empty_text(const struct tape *t, uint32_t node)
{
	return node == TAPE_NONE ||
	    (t->node[node].type == SCAN_STRING && t->node[node].n == 0);
}

/* ,"key":"text" unless the text is empty. */
static char *
put_text_member(char *out, const struct tape *t, const char *key, uint32_t node)
{
	if (is_empty_text(t, node))
		return out;
	out = put_key(out, key);
	return put_text(out, t, node);
}

/* The same with raw JSON as the text, if there is any under the exact name. */
static char *
put_raw_member(char *out, struct tape *t, const char *key, uint32_t exact,
    uint32_t text)
{
	if (exact == TAPE_NONE)
		return put_text_member(out, t, key, text);
	if (is_empty_text(t, exact))
		return out;
	out = put_key(out, key);
	*out++ = '"';
	out = put_raw(out, t, exact);
	*out++ = '"';
	return out;
}

/* ,"labels":[…]. Keys are the text itself; values keep their escapes, which
 * then are escaped again. */
static char *
put_pairs(char *out, struct tape *t, const char *member, const char *kind,
    uint32_t object)
{
	uint32_t first, n, node;

	if (object == TAPE_NONE || t->node[object].type != SCAN_OBJECT ||
	    t->node[object].end == object + 1)
		return out;
	out = put_key(out, member);
	*out++ = '[';
	n = tape_sort(t, object, &first);
	for (uint32_t i = 0; i < n; i++) {
		node = t->order[first + i].node;
		if (i)
			*out++ = ',';
		out = PUT(out, "{\"id\":\"\",\"unique_id\":\"\",\"kind\":\"");
		out = put(out, kind, strlen(kind));
		*out++ = '"';
		if (t->node[node].key_n) {
			out = PUT(out, ",\"key\":\"");
			out = gojson_content(out, tape_key(t, node),
			    t->node[node].flags & TAPE_KEY_ODD, GOJSON_ONCE);
			*out++ = '"';
		}
		out = put_raw_member(out, t, "value", node, TAPE_NONE);
		*out++ = '}';
	}
	t->n_order = first;
	*out++ = ']';
	return out;
}

static char *
put_metadata(char *out, struct tape *t, const struct fields *f)
{
	const uint32_t *text = f->meta_text, *exact = f->meta_exact;

	out = PUT(out, ",\"metadata\":{\"id\":");
	out = put_text(out, t, text[META_ID]);
	for (int k = META_NAME; k <= META_SELF_LINK; k++)
		out = put_text_member(out, t, meta_name[k].text, text[k]);
	out = PUT(out, ",\"uid\":");
	out = put_text(out, t, text[META_UID]);
	out = put_text_member(out, t, "resourceVersion", text[META_RV]);
	if (f->generation)
		out += sprintf(out, ",\"generation\":%lld",
		    (long long)f->generation);
	out = put_text_member(out, t, "creationTimestamp", text[META_CREATED]);
	out = put_text_member(out, t, "deletionTimestamp", text[META_DELETED]);
	if (f->has_grace)
		out += sprintf(out, ",\"deletionGracePeriodSeconds\":%lld",
		    (long long)f->grace);
	out = put_pairs(out, t, "labels", "label", exact[META_LABELS]);
	out = put_pairs(out, t, "annotations", "annotation",
	    exact[META_ANNOTATIONS]);
	out = put_raw_member(out, t, "ownerReferences", exact[META_OWNERS],
	    text[META_OWNERS]);
	out = put_raw_member(out, t, "finalizers", exact[META_FINALIZERS],
	    text[META_FINALIZERS]);
	out = put_text_member(out, t, "clusterName", text[META_CLUSTER_NAME]);
	return PUT(out, ",\"cluster_id\":\"\"}");
}

/* ,"spec":{…} if there is one. A null is a holder without an attribute, where
 * upstream dies. */
static char *
put_holder(char *out, struct tape *t, const char *key, bool is_there,
    uint32_t id, uint32_t value)
{
	if (!is_there && value == TAPE_NONE)
		return out;
	out = put_key(out, key);
	out = PUT(out, "{\"id\":");
	out = put_text(out, t, id);
	if (is_there)
		out = put_raw_member(out, t, "attribute", value, TAPE_NONE);
	*out++ = '}';
	return out;
}

/* The design an object belongs to. Upstream takes the 16 bytes of a UUID from
 * the label's text, which has 36: the result is zero for all but a text of
 * exactly 16 bytes. */
static char *
put_design(char *out, struct tape *t, uint32_t labels)
{
	unsigned char uuid[16] = {0};
	uint32_t node = tape_get(t, labels, DESIGN_LABEL);
	char *end;

	if (node == TAPE_NONE)
		return PUT(out, "null");
	/* what upstream sees is the label's text with Go's escapes */
	end = gojson_value(out, t, node, GOJSON_ONCE);
	if (t->node[node].type == SCAN_STRING && end - out == 18)
		memcpy(uuid, out + 1, 16);
	else if (t->node[node].type != SCAN_STRING && end - out == 16)
		memcpy(uuid, out, 16);
	*out++ = '"';
	for (int i = 0; i < 16; i++)
		out += sprintf(out, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	*out++ = '"';
	return out;
}

/* ,"data":"{\"key\":\"[REDACTED]\"}" */
static char *
put_redacted(char *out, struct tape *t, const char *key, uint32_t node)
{
	uint32_t first, n = 0;

	out += sprintf(out, ",\"%s\":\"{", key);
	first = t->n_order;
	if (t->node[node].type == SCAN_OBJECT)
		n = tape_sort(t, node, &first);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t m = t->order[first + i].node;

		if (i)
			*out++ = ',';
		out = PUT(out, "\\\"");
		out = gojson_content(out, tape_key(t, m),
		    t->node[m].flags & TAPE_KEY_ODD, GOJSON_TWICE);
		out = PUT(out, "\\\":\\\"[REDACTED]\\\"");
	}
	t->n_order = first;
	return PUT(out, "}\"");
}

static char *
put_data(char *out, struct tape *t, const struct fields *f, bool redact)
{
	for (int k = TOP_IMMUTABLE; k <= TOP_TYPE; k++) {
		uint32_t node = f->exact[k];
		bool hide = redact && k >= TOP_DATA && k <= TOP_STRING_DATA &&
		    node != TAPE_NONE &&
		    (t->node[node].type == SCAN_OBJECT ||
			t->node[node].type == SCAN_NULL);

		out = hide ?
		    put_redacted(out, t, top_name[k].text, node) :
		    put_raw_member(out, t, top_name[k].text, node, f->text[k]);
	}
	return out;
}

static bool
is_kind(const struct tape *t, const struct fields *f, const char *kind)
{
	uint32_t node = f->text[TOP_KIND];

	return node != TAPE_NONE && span_eq(tape_value(t, node), kind);
}

static char *
put_head(char *out, enum record_type type)
{
	const char *name = record_type_name(type);

	out = PUT(out, MESHERY_HEAD);
	out = put(out, name, strlen(name));
	return PUT(out, "\",\"Request\":null,\"Object\":");
}

static char *
begin(struct meshery *m, struct span object, struct span cluster)
{
	struct json *out = &m->out;

	tape_read(&m->tape, object);
	if (out->cap > KEPT_ROOM)
		json_release(out);
	json_reset(out);
	/* a label or a redacted value may grow by more than its bytes tell */
	return json_room(out,
	    GOJSON_GROWTH * (object.n + cluster.n) + 64 * (size_t)m->tape.n +
		SERVICE_ROOM + 2048);
}

bool
meshery_message(struct meshery *m, enum record_type type, struct span object,
    struct span cluster, struct span *message)
{
	struct tape *t = &m->tape;
	struct fields f;
	char *start = begin(m, object, cluster), *out;

	read_fields(t, &f);
	out = put_head(start, type);
	out = PUT(out, "{\"id\":");
	out = put_text(out, t, f.text[TOP_ID]);
	out = PUT(out, ",\"apiVersion\":");
	out = put_text(out, t, f.text[TOP_API_VERSION]);
	out = PUT(out, ",\"kind\":");
	out = put_text(out, t, f.text[TOP_KIND]);
	out = PUT(out, ",\"model\":");
	out = put_text(out, t, f.text[TOP_MODEL]);
	out = put_metadata(out, t, &f);
	out = put_holder(out, t, "spec", f.has_spec, f.spec_id,
	    f.exact[TOP_SPEC]);
	out = put_holder(out, t, "status", f.has_status, f.status_id,
	    f.exact[TOP_STATUS]);
	out = PUT(out, ",\"cluster_id\":\"");
	out = gojson_text(out, cluster);
	out = PUT(out, "\",\"pattern_resource\":");
	out = put_design(out, t, f.meta_exact[META_LABELS]);
	out = PUT(out, ",\"component_metadata\":");
	if (type == RECORD_DELETED || !is_kind(t, &f, "Service"))
		out = PUT(out, "null");
	else if (!service_metadata(t, m->dial, m->dial_context, &out))
		return false;
	out = put_data(out, t, &f, m->redact && is_kind(t, &f, "Secret"));
	out = PUT(out, "}}");
	*message = (struct span){start, (size_t)(out - start)};
	return true;
}

void
meshery_release(struct meshery *m)
{
	tape_release(&m->tape);
	json_release(&m->out);
}
