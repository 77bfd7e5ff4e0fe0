/* uuid - names that are the same each time: UUIDs of version 5 (RFC 9562). */
#ifndef MS_UUID_H
#define MS_UUID_H

#include <stddef.h>

#define UUID_TEXT 37 /* with the NUL */

/* The UUID of a name within this project's own namespace. */
void uuid_of_name(const char *name, size_t n, char out[UUID_TEXT]);

#endif
