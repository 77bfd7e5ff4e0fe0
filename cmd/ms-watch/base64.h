/* base64 - RFC 4648, as it stands in kubeconfigs. */
#ifndef MS_BASE64_H
#define MS_BASE64_H

#include <stddef.h>

/* Decode text, line breaks and spaces skipped. The caller's to free, with a
 * NUL behind that *n does not count; NULL: it is not base64. */
char *base64_decode(const char *text, size_t *n);
/* The other way, in one line; the caller's to free. */
char *base64_encode(const void *bytes, size_t n);

#endif
