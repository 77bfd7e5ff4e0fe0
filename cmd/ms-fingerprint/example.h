/* example - what signatures promise of themselves, and whether it is so. */
#ifndef MS_EXAMPLE_H
#define MS_EXAMPLE_H

#include "catalog.h"

/* Both look at signatures that were read from path (a file, or what is in a
 * folder; "built-in": those of the program) and return the exit code. */

/* Warn about prints that can never decide anything: repositories that another
 * signature has too, the same print twice. */
int example_check(const struct catalog *c, const char *path);

/* Run the examples. Each that fails is told by file, line and column. */
int example_test(const struct catalog *c, const char *path);

#endif
