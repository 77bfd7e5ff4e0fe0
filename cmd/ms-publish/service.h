/* service - where a Service can be reached, as Meshery wants to know it.
 *
 * Upstream's rules with their corners: the last port wins, one ingress is
 * looked at, an address that does not answer makes the whole answer null.
 */
#ifndef MS_SERVICE_H
#define MS_SERVICE_H

#include "tape.h"

enum service_answer { SERVICE_NO, SERVICE_YES, SERVICE_WAIT };

/* Whether host:port takes TCP connections. host is terminated. */
typedef enum service_answer service_dial(void *context, const char *host,
    int port);

#define SERVICE_HOST 256 /* bytes of a name or address; more: null */

/* Append component_metadata of the Service in t to *out, which must have room
 * for SERVICE_ROOM bytes; false: the dial has not been answered yet. */
#define SERVICE_ROOM (4 * SERVICE_HOST)
bool service_metadata(const struct tape *t, service_dial *dial, void *context,
    char **out);

#endif
