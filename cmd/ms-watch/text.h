/* text - copies and comparisons of texts that may be absent, and lists of them.
 */
#ifndef MS_TEXT_H
#define MS_TEXT_H

#include <stdbool.h>

#include "opts.h"

/* A copy of text, or NULL for NULL. */
char *text_copy(const char *text);
/* Whether both are the same text, or both NULL. */
bool text_is_equal(const char *a, const char *b);

/* None of the texts holds a comma. */
void list_copy(struct opts_list *to, const struct opts_list *from);
bool list_has(const struct opts_list *list, const char *text);

#endif
