#include "text.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"

char *
text_copy(const char *text)
{
	return text ? diag_strndup(text, strlen(text)) : NULL;
}

bool
text_is_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

char *
text_join(const char *a, const char *b, const char *c)
{
	size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
	char *out = diag_alloc(NULL, n);

	snprintf(out, n, "%s%s%s", a, b, c);
	return out;
}

void
list_append(struct opts_list *list, const char *text)
{
	list->item = diag_alloc(list->item, (list->n + 1) * sizeof(char *));
	list->item[list->n++] = diag_strndup(text, strlen(text));
}

void
list_copy(struct opts_list *to, const struct opts_list *from)
{
	*to = (struct opts_list){0};
	for (size_t i = 0; i < from->n; i++)
		list_append(to, from->item[i]);
}

bool
list_has(const struct opts_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->item[i], text) == 0)
			return true;
	return false;
}
