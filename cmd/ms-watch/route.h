/* route - how a request reaches the server: address, proxy, TLS.
 *
 * What is the same for all requests, as settings of libcurl.
 */
#ifndef MS_ROUTE_H
#define MS_ROUTE_H

#include <curl/curl.h>

#include "keyring.h"

struct route {
	const struct kubeconfig *config;
	char *base; /* what paths are put behind */
	struct curl_slist *connect_to;
	char *host; /* a Host header of our own, or NULL */
	char *proxy; /* "": none */
	long version; /* CURL_HTTP_VERSION_..., the highest */
};

void route_init(struct route *route, const struct kubeconfig *config);
void route_free(struct route *route);

/* ring has to last as long as easy. */
void route_apply(const struct route *route, CURL *easy,
    const struct keyring *ring);

#endif
