/* text - copies and comparisons of texts that may be absent, and lists of them.
 * What is returned is the caller's to free.
 */
#ifndef MS_TEXT_H
#define MS_TEXT_H

#include <stdbool.h>

#include "opts.h"

/* A copy of text, or NULL for NULL. */
char *text_copy(const char *text);
/* Whether both are the same text, or both NULL. */
bool text_is_equal(const char *a, const char *b);

/* One behind the other; none is NULL. */
char *text_join(const char *a, const char *b, const char *c);

/* Without the splitting at commas of opts_append(). */
void list_append(struct opts_list *list, const char *text);
void list_copy(struct opts_list *to, const struct opts_list *from);
bool list_has(const struct opts_list *list, const char *text);

#endif
