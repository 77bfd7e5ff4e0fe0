#include "want.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

static bool
list_is_equal(const struct opts_list *a, const struct opts_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!list_has(b, a->item[i]))
			return false;
	return true;
}

void
want_copy(struct want *to, const struct want *from)
{
	*to = *from;
	list_copy(&to->namespaces, &from->namespaces);
	list_copy(&to->fallback, &from->fallback);
	to->labels = text_copy(from->labels);
	to->fields = text_copy(from->fields);
}

void
want_free(struct want *w)
{
	opts_list_free(&w->namespaces);
	opts_list_free(&w->fallback);
	free(w->labels);
	free(w->fields);
	*w = (struct want){0};
}

bool
want_is_equal(const struct want *a, const struct want *b)
{
	return a->depth == b->depth &&
	    list_is_equal(&a->namespaces, &b->namespaces) &&
	    list_is_equal(&a->fallback, &b->fallback) &&
	    text_is_equal(a->labels, b->labels) &&
	    text_is_equal(a->fields, b->fields);
}

void
scope_copy(struct scope *to, const struct scope *from)
{
	*to = *from;
	to->ns = text_copy(from->ns);
	to->labels = text_copy(from->labels);
	to->fields = text_copy(from->fields);
}

void
scope_free(struct scope *s)
{
	free((char *)s->ns);
	free((char *)s->labels);
	free((char *)s->fields);
}

/* ---- depths ---- */

static const char *const name[] = {[DEPTH_UNSAID] = "",
    [DEPTH_OFF] = "off",
    [DEPTH_METADATA] = "metadata",
    [DEPTH_FULL] = "full"};

const char *
depth_name(enum depth depth)
{
	return name[depth];
}

enum depth
depth_of(const char *text)
{
	if (!text)
		return DEPTH_UNSAID;
	/* What kubectl makes of a plain off, which YAML 1.1 calls a boolean. */
	if (strcmp(text, "false") == 0)
		return DEPTH_OFF;
	for (int d = DEPTH_OFF; d <= DEPTH_FULL; d++)
		if (strcmp(text, name[d]) == 0)
			return (enum depth)d;
	return DEPTH_UNSAID;
}
