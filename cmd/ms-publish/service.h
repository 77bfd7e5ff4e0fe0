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
#define SERVICE_PORTS 64 /* how many are told of at most */

/* Append the URLs of the Service in t to *out, an array, which must have room
 * for SERVICE_ROOM bytes. SERVICE_WAIT: a dial has not been answered yet;
 * SERVICE_NO: upstream tells nothing of this one. all_ports: every port, and
 * what answers (FIX_URLS). */
#define SERVICE_ROOM (SERVICE_PORTS * 14 * SERVICE_HOST)
enum service_answer service_urls(const struct tape *t, bool all_ports,
    service_dial *dial, void *context, char **out);

#endif
