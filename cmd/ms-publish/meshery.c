#include "meshery.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fields.h"
#include "fixes.h"
#include "gojson.h"

#define KEPT_ROOM (8u << 20) /* a giant's memory is given back */
#define DESIGN_LABEL "design.meshery.io/id"

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
    uint32_t object, bool unescaped)
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
		if (unescaped && t->node[node].type == SCAN_STRING)
			out = put_text_member(out, t, "value", node);
		else
			out = put_raw_member(out, t, "value", node, TAPE_NONE);
		*out++ = '}';
	}
	t->n_order = first;
	*out++ = ']';
	return out;
}

static char *
put_metadata(char *out, struct tape *t, const struct fields *f, unsigned fix)
{
	const uint32_t *text = f->meta_text, *exact = f->meta_exact;
	bool unescaped = fix & FIX_VALUES;

	out = PUT(out, ",\"metadata\":{\"id\":");
	out = put_text(out, t, text[META_ID]);
	for (int k = META_NAME; k <= META_SELF_LINK; k++)
		out = put_text_member(out, t, fields_meta_name((enum meta)k),
		    text[k]);
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
	out =
	    put_pairs(out, t, "labels", "label", exact[META_LABELS], unescaped);
	out = put_pairs(out, t, "annotations", "annotation",
	    exact[META_ANNOTATIONS], unescaped);
	out = put_raw_member(out, t, "ownerReferences", exact[META_OWNERS],
	    text[META_OWNERS]);
	out = put_raw_member(out, t, "finalizers", exact[META_FINALIZERS],
	    text[META_FINALIZERS]);
	out = put_text_member(out, t, "clusterName", text[META_CLUSTER_NAME]);
	out = put_text_member(out, t, "managedFields", text[META_MANAGED]);
	out = PUT(out, ",\"cluster_id\":");
	out = put_text(out, t, text[META_CLUSTER_ID]);
	return PUT(out, "}");
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

/* ,"spec":{…} made of what upstream leaves out: rules, subsets, parameters … */
static char *
put_sections(char *out, struct tape *t)
{
	char *start = out;
	uint32_t first, n = tape_sort(t, 0, &first), node, shown = 0;

	out = PUT(out, ",\"spec\":{\"id\":\"\",\"attribute\":\"{");
	for (uint32_t i = 0; i < n; i++) {
		node = t->order[first + i].node;
		if (!fields_is_other(t, node))
			continue;
		if (shown++)
			*out++ = ',';
		out = PUT(out, "\\\"");
		out = gojson_content(out, tape_key(t, node),
		    t->node[node].flags & TAPE_KEY_ODD, GOJSON_TWICE);
		out = PUT(out, "\\\":");
		out = gojson_value(out, t, node, GOJSON_TWICE);
	}
	t->n_order = first;
	out = PUT(out, "}\"}");
	return shown ? out : start;
}

/* ---- what upstream makes ---- */

static char *
put_uuid(char *out, const unsigned char uuid[16])
{
	*out++ = '"';
	for (int i = 0; i < 16; i++)
		out += sprintf(out, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	*out++ = '"';
	return out;
}

/* A UUID in one of the forms that Google's library takes: plain, in braces,
 * with urn:uuid: before it, or without its dashes. */
static bool
read_uuid(struct span text, unsigned char uuid[16])
{
	bool has_dashes = text.n != 32;
	const char *p = text.p;
	int high, low;

	if (text.n == 36 + 9 && strncasecmp(p, "urn:uuid:", 9) == 0)
		p += 9;
	else if (text.n == 36 + 2)
		p++;
	else if (text.n != 36 && has_dashes)
		return false;
	for (int i = 0; i < 16; i++) {
		if (has_dashes && (i == 4 || i == 6 || i == 8 || i == 10) &&
		    *p++ != '-')
			return false;
		high = scan_hex(*p++);
		low = high < 0 ? -1 : scan_hex(*p++);
		if (low < 0)
			return false;
		uuid[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* Upstream takes the 16 bytes of a UUID from the label's text, which has 36:
 * the result is zero for all but a text of exactly 16 bytes. What it sees is
 * the text with Go's escapes. */
static void
misread_uuid(struct tape *t, uint32_t node, char *scratch,
    unsigned char uuid[16])
{
	char *end = gojson_value(scratch, t, node, GOJSON_ONCE);

	if (t->node[node].type == SCAN_STRING && end - scratch == 18)
		memcpy(uuid, scratch + 1, 16);
	else if (t->node[node].type != SCAN_STRING && end - scratch == 16)
		memcpy(uuid, scratch, 16);
}

/* The design an object belongs to: by its label, or as it says itself. */
static char *
put_design(char *out, struct tape *t, const struct fields *f, unsigned fix)
{
	static const unsigned char zero[16];
	unsigned char uuid[16] = {0};
	uint32_t label = tape_get(t, f->meta_exact[META_LABELS], DESIGN_LABEL);
	uint32_t node = label == TAPE_NONE ? f->design : label;
	bool is_read = true;

	if (node == TAPE_NONE)
		return PUT(out, "null");
	if (label != TAPE_NONE && !(fix & FIX_DESIGN))
		misread_uuid(t, node, out, uuid);
	else if (t->node[node].type != SCAN_STRING)
		is_read = false;
	else
		is_read = read_uuid(tape_value(t, node), uuid);
	if (!is_read && fix & FIX_DESIGN)
		return PUT(out, "null");
	return put_uuid(out, is_read ? uuid : zero);
}

static bool
is_service(const struct tape *t, const struct fields *f, unsigned fix)
{
	return tape_text_eq(t, f->text[TOP_KIND], "Service") &&
	    (!(fix & FIX_KIND) ||
		tape_text_eq(t, f->text[TOP_API_VERSION], "v1"));
}

/* {"capabilities":{"connection":true,"urls":[…]}} of a Service. */
static enum service_answer
put_capabilities(char **to, struct meshery *m)
{
	char *out = *to;
	enum service_answer answer;

	out = PUT(out, "{\"capabilities\":{\"connection\":true,\"urls\":");
	answer = service_urls(&m->tape, m->fix & FIX_URLS, m->dial,
	    m->dial_context, &out);
	out = PUT(out, "}}");
	if (answer == SERVICE_YES)
		*to = out;
	return answer;
}

/* One more member for the object that out is the end of. */
static char *
put_enrichment(char *out, struct span members)
{
	out--;
	if (out[-1] != '{')
		*out++ = ',';
	out = PUT(out, "\"meshsync\":{");
	out = put(out, members.p, members.n);
	return PUT(out, "}}");
}

/* What a Service can do, or what a custom resource brings along under that
 * name. False: it depends on a dial. */
static bool
put_component(char **to, struct meshery *m, const struct fields *f,
    bool is_service)
{
	enum service_answer answer = SERVICE_NO;

	if (is_service)
		answer = put_capabilities(to, m);
	if (answer == SERVICE_WAIT)
		return false;
	if (answer == SERVICE_NO && f->component != TAPE_NONE)
		*to = gojson_value(*to, &m->tape, f->component, GOJSON_LOOSE);
	else if (answer == SERVICE_NO)
		*to = m->enrich.n ? PUT(*to, "{}") : PUT(*to, "null");
	if (m->enrich.n)
		*to = put_enrichment(*to, m->enrich);
	return true;
}

static char *
put_data(char *out, struct tape *t, const struct fields *f)
{
	for (int k = TOP_IMMUTABLE; k <= TOP_TYPE; k++)
		out = put_raw_member(out, t, fields_top_name((enum top)k),
		    f->exact[k], f->text[k]);
	return out;
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
	/* a label may grow by more than its bytes tell */
	return json_room(out,
	    GOJSON_GROWTH * (object.n + cluster.n) + 64 * (size_t)m->tape.n +
		m->enrich.n + SERVICE_ROOM + 2048);
}

bool
meshery_message(struct meshery *m, enum record_type type, struct span object,
    struct span cluster, struct span *message)
{
	struct tape *t = &m->tape;
	struct fields f;
	char *start = begin(m, object, cluster), *out;

	fields_read(t, &f);
	out = put_head(start, type);
	out = PUT(out, "{\"id\":");
	out = put_text(out, t, f.text[TOP_ID]);
	out = PUT(out, ",\"apiVersion\":");
	out = put_text(out, t, f.text[TOP_API_VERSION]);
	out = PUT(out, ",\"kind\":");
	out = put_text(out, t, f.text[TOP_KIND]);
	out = PUT(out, ",\"model\":");
	out = put_text(out, t, f.text[TOP_MODEL]);
	out = put_metadata(out, t, &f, m->fix);
	if (m->fix & FIX_SECTIONS && !f.has_spec)
		out = put_sections(out, t);
	else
		out = put_holder(out, t, "spec", f.has_spec, f.spec_id,
		    f.exact[TOP_SPEC]);
	out = put_holder(out, t, "status", f.has_status, f.status_id,
	    f.exact[TOP_STATUS]);
	out = PUT(out, ",\"cluster_id\":\"");
	out = gojson_text(out, cluster);
	out = PUT(out, "\",\"pattern_resource\":");
	out = put_design(out, t, &f, m->fix);
	out = PUT(out, ",\"component_metadata\":");
	if (!put_component(&out, m, &f,
		type != RECORD_DELETED && is_service(t, &f, m->fix)))
		return false;
	out = put_data(out, t, &f);
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
