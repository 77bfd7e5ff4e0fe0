#include "fields.h"

#include <string.h>
#include <strings.h>

#include "gojson.h"

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
    [TOP_DESIGN] = NAME("pattern_resource"),
    [TOP_COMPONENT] = NAME("component_metadata"),
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
    [META_CLUSTER_NAME] = NAME("clusterName"),
    [META_MANAGED] = NAME("managedFields"),
    [META_CLUSTER_ID] = NAME("cluster_id")};

static const struct name id_name[] = {NAME("id")};

/* Fold a key as Go does: ASCII case, and the two letters beyond ASCII whose
 * other case is an ASCII letter (long s, Kelvin sign). */
static struct span
fold_odd(struct span key, char buf[6 * TAPE_KEY])
{
	size_t n, kept = 0;

	if (key.n > 6 * TAPE_KEY)
		return (struct span){"", 0};
	n = scan_decode(key.p, key.n, buf);
	for (size_t i = 0; i < n; i++) {
		if (n - i >= 2 && memcmp(buf + i, "\xc5\xbf", 2) == 0) {
			buf[kept++] = 's';
			i++;
		} else if (n - i >= 3 &&
		    memcmp(buf + i, "\xe2\x84\xaa", 3) == 0) {
			buf[kept++] = 'k';
			i += 2;
		} else {
			buf[kept++] = buf[i];
		}
	}
	return (struct span){buf, kept};
}

/* Which of the names the key of node is, n if none; *exact: to the letter. */
static unsigned
find_name(const struct tape *t, uint32_t node, const struct name *name,
    unsigned n, bool *exact)
{
	struct span key = tape_key(t, node);
	char buf[6 * TAPE_KEY];
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
			gojson_int(t, node, &f->generation);
		if (k == META_GRACE) {
			/* a pointer: what is no integer makes it 0, not nil */
			f->has_grace = t->node[node].type != SCAN_NULL;
			if (!f->has_grace)
				f->grace = 0;
			gojson_int(t, node, &f->grace);
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

/* A UUID of the object's own: what is no text makes it zero, not null. */
static void
read_design(const struct tape *t, uint32_t node, uint32_t *design)
{
	if (t->node[node].type == SCAN_NULL)
		*design = TAPE_NONE;
	else if (t->node[node].type == SCAN_STRING || *design == TAPE_NONE)
		*design = node;
}

static void
read_component(const struct tape *t, uint32_t node, uint32_t *component)
{
	if (t->node[node].type == SCAN_NULL)
		*component = TAPE_NONE;
	else if (t->node[node].type == SCAN_OBJECT)
		*component = node;
}

void
fields_read(struct tape *t, struct fields *f)
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
		if (k == TOP_DESIGN)
			read_design(t, node, &f->design);
		if (k == TOP_COMPONENT)
			read_component(t, node, &f->component);
		if (k == TOP_METADATA && t->node[node].type == SCAN_OBJECT)
			read_meta(t, node, exact, f);
		if (k == TOP_SPEC)
			f->has_spec = read_holder(t, node, &f->spec_id);
		if (k == TOP_STATUS)
			f->has_status = read_holder(t, node, &f->status_id);
	}
	t->n_order = first;
}

const char *
fields_top_name(enum top k)
{
	return top_name[k].text;
}

const char *
fields_meta_name(enum meta k)
{
	return meta_name[k].text;
}

bool
fields_is_other(const struct tape *t, uint32_t node)
{
	bool exact;

	return find_name(t, node, top_name, TOP_COUNT, &exact) == TOP_COUNT &&
	    !tape_key_eq(t, node, "cluster_id", 10);
}
