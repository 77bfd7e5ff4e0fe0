/* gourl - which URLs Go takes: net/url's ParseRequestURI as of Go 1.26.
 */
#ifndef MS_GOURL_H
#define MS_GOURL_H

#include <stdbool.h>

/* Whether http://HOST:PORT or https://HOST:PORT is one. What stands in HOST
 * may be more than a name: a user, a path or a query. */
bool gourl_takes(const char *host, long long port);

#endif
