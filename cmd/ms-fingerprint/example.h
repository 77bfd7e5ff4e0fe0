/* example - what signatures promise of themselves, and whether it is so. */
#ifndef MS_EXAMPLE_H
#define MS_EXAMPLE_H

#include "catalog.h"

/* Run the examples of the signatures from path (a file, or what is in a folder;
 * "built-in": those of the program). Each that fails is told by file, line and
 * column. Returns the program's status. */
int example_test(const struct catalog *c, const char *path);

#endif
