/* pem - whether a text holds certificates or a key (RFC 7468).
 *
 * TLS is libcurl's work; this only says early and in words what would fail
 * there later, and tells a whole file from one in the midst of being written.
 */
#ifndef MS_PEM_H
#define MS_PEM_H

#define PEM_CERTIFICATE "CERTIFICATE"
#define PEM_KEY "PRIVATE KEY"

/* NULL: there is a block whose label ends in this one, and all such blocks are
 * whole. Else what is wrong, as the end of a sentence. */
const char *pem_wrong(const char *text, const char *label);

#endif
