#include "object.h"

#include <assert.h>
#include <stdio.h>

static const char *const path[] = {[OBJECT_API_VERSION] = "apiVersion",
    [OBJECT_KIND] = "kind",
    [OBJECT_METADATA] = "metadata",
    [OBJECT_NAMESPACE] = "metadata.namespace",
    [OBJECT_NAME] = "metadata.name",
    [OBJECT_UID] = "metadata.uid",
    [OBJECT_RV] = "metadata.resourceVersion",
    [OBJECT_MANAGED_FIELDS] = "metadata.managedFields"};

static void
add_paths(struct scan_plan *plan, const char *prefix)
{
	char text[128];

	static_assert(sizeof(path) / sizeof(*path) == OBJECT_INITIAL_END,
	    "the annotation comes after all paths");
	scan_plan_init(plan);
	for (size_t i = 0; i < OBJECT_INITIAL_END; i++) {
		snprintf(text, sizeof(text), "%s%s", prefix, path[i]);
		scan_plan_add(plan, text);
	}
	snprintf(text, sizeof(text), "%smetadata.annotations", prefix);
	scan_plan_add_key(plan, text, "k8s.io/initial-events-end");
}

void
object_plan_item(struct scan_plan *plan)
{
	add_paths(plan, "");
}

void
object_plan_event(struct scan_plan *plan)
{
	add_paths(plan, "object.");
	scan_plan_add(plan, "type");
	scan_plan_add(plan, "object");
}

/* An absent text is empty; -1: too long or no string. */
static int
text_of(struct span value, char **buf, char *end, struct span *out)
{
	*out = span_of("");
	if (scan_type(value) <= SCAN_NULL)
		return 0;
	*out = scan_text(value, *buf, (size_t)(end - *buf));
	if (!out->p)
		return -1;
	if (out->p == *buf)
		*buf += out->n;
	return 0;
}

bool
object_key(const struct span *slots, struct index_key *key,
    char buf[OBJECT_TEXT])
{
	char *end = buf + OBJECT_TEXT;

	return text_of(slots[OBJECT_NAMESPACE], &buf, end, &key->ns) == 0 &&
	    text_of(slots[OBJECT_NAME], &buf, end, &key->name) == 0 &&
	    text_of(slots[OBJECT_UID], &buf, end, &key->uid) == 0 &&
	    text_of(slots[OBJECT_RV], &buf, end, &key->rv) == 0 &&
	    key->name.n && key->uid.n && key->rv.n;
}
