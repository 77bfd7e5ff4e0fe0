#include "text.h"

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

void
list_copy(struct opts_list *to, const struct opts_list *from)
{
	*to = (struct opts_list){0};
	for (size_t i = 0; i < from->n; i++)
		opts_append(to, from->item[i]);
}

bool
list_has(const struct opts_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->item[i], text) == 0)
			return true;
	return false;
}
