/* proxy - which proxy stands between us and the server.
 *
 * proxy-url of the kubeconfig, or else the environment, read as kubectl does
 * and not as curl: in NO_PROXY ports, CIDR and leading dots count, a host that
 * is this machine is asked directly, and ALL_PROXY is nothing.
 */
#ifndef MS_PROXY_H
#define MS_PROXY_H

/* Its URL, the caller's to free; NULL: none. proxy_url may be NULL. */
char *proxy_find(const char *server, const char *proxy_url);

#endif
