/* warnings - what the server wants people to know (RFC 7234, Warning: 299):
 * mostly that an API will go. Each is told once.
 */
#ifndef MS_WARNINGS_H
#define MS_WARNINGS_H

#include <stddef.h>

#include "opts.h"

/* Take a header line, and tell it if it is a new warning. told is all zero at
 * first; opts_list_free() frees it. */
void warnings_take(struct opts_list *told, const char *line, size_t n);

#endif
