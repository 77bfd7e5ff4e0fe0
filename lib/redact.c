#include "redact.h"

#include <stdlib.h>

#include "diag.h"

#define COPY "kubectl.kubernetes.io/last-applied-configuration"
#define MASK "\"[REDACTED]\""

static void
edit(struct redact *red, struct span value, const char *with)
{
	if (red->n == red->size) {
		red->size = red->size ? red->size * 2 : 16;
		red->edit =
		    diag_alloc(red->edit, red->size * sizeof(*red->edit));
	}
	red->edit[red->n++] = (struct scan_edit){value, span_of(with)};
}

static void
mask(struct redact *red, struct span value)
{
	if (!scan_eq(value, "[REDACTED]"))
		edit(red, value, MASK);
}

/* A null becomes an empty map, as in the Go MeshSync. */
static void
mask_values(struct redact *red, struct span object)
{
	struct scan_iter it;
	struct span key, value;

	if (scan_type(object) == SCAN_NULL)
		edit(red, object, "{}");
	if (scan_type(object) != SCAN_OBJECT)
		return;
	scan_iter(&it, object);
	while (scan_member(&it, &key, &value))
		mask(red, value);
}

/* The copy in the annotations, of whichever of duplicate keys. */
static void
mask_copy(struct redact *red, struct span metadata)
{
	struct scan_iter outer, inner;
	struct span key, value, name, text;

	if (scan_type(metadata) != SCAN_OBJECT)
		return;
	scan_iter(&outer, metadata);
	while (scan_member(&outer, &key, &value)) {
		if (!scan_key_eq(key, "annotations") ||
		    scan_type(value) != SCAN_OBJECT)
			continue;
		scan_iter(&inner, value);
		while (scan_member(&inner, &name, &text))
			if (scan_key_eq(name, COPY))
				mask(red, text);
	}
}

/* Duplicate keys are all masked: only the last counts for a reader, but all
 * would be copied. So this walks the object instead of asking for paths. */
bool
redact_find(struct redact *red, const struct record *r)
{
	struct scan_iter it;
	struct span key, value;

	red->n = 0;
	if (!span_eq(r->id.kind, "Secret"))
		return false;
	scan_iter(&it, r->at[AT_OBJECT]);
	while (scan_member(&it, &key, &value)) {
		if (scan_key_eq(key, "data") ||
		    scan_key_eq(key, "stringData") ||
		    scan_key_eq(key, "binaryData"))
			mask_values(red, value);
		else if (scan_key_eq(key, "metadata"))
			mask_copy(red, value);
	}
	return red->n > 0;
}

void
redact_free(struct redact *red)
{
	free(red->edit);
	*red = (struct redact){0};
}
