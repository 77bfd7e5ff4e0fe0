/* check - whether signatures can do what they say, beyond being readable. */
#ifndef MS_CHECK_H
#define MS_CHECK_H

#include "catalog.h"

/* Warn, with file, line and column, of what is there twice, what nothing can
 * match and what can never be named, in the signatures from a file or folder.
 * Prints a summary. Returns the program's status. */
int check(const struct catalog *c, const char *path);

#endif
