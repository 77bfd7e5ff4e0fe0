#include "route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "proxy.h"
#include "stanza.h"

#define CONNECT_TIMEOUT 30L /* s, TLS included */

/* A name to verify that is not the host: it stands in the URL, and the
 * connection is led to the host all the same. */
static void
rename_server(struct route *r)
{
	const char *host = strstr(r->config->server, "://") + 3;
	size_t n = strcspn(host, "/");
	const char *port = memchr(host, ':', n);
	char text[1024];

	if (*host == '[')
		port = strstr(host, "]:") ? strstr(host, "]:") + 1 : NULL;
	snprintf(text, sizeof(text), "::%.*s%s", (int)n, host,
	    port ? "" : ":443");
	r->connect_to = curl_slist_append(NULL, text);
	snprintf(text, sizeof(text), "Host: %.*s", (int)n, host);
	r->host = diag_strndup(text, strlen(text));
	snprintf(text, sizeof(text), "https://%s%.*s%s",
	    r->config->tls_server_name, port ? (int)(host + n - port) : 0,
	    port ? port : "", host + n);
	r->base = diag_strndup(text, strlen(text));
}

void
route_init(struct route *r, const struct kubeconfig *config)
{
	const char *disabled;

	*r = (struct route){.config = config};
	if (config->tls_server_name && config->is_secure)
		rename_server(r);
	else
		r->base = diag_strndup(config->server, strlen(config->server));
	disabled = getenv("DISABLE_HTTP2");
	r->version = disabled && *disabled ? CURL_HTTP_VERSION_1_1 :
					     CURL_HTTP_VERSION_2TLS;
	r->proxy = proxy_find(config->server, config->proxy);
	if (!r->proxy)
		r->proxy = diag_strndup("", 0);
}

void
route_free(struct route *r)
{
	curl_slist_free_all(r->connect_to);
	free(r->host);
	free(r->base);
	free(r->proxy);
}

static void
set_blob(CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.flags = CURL_BLOB_NOCOPY};

	if (!pem)
		return;
	blob.data = (void *)(uintptr_t)pem;
	blob.len = strlen(pem);
	curl_easy_setopt(easy, option, &blob);
}

/* As blobs, new content gets a new connection; paths would not. */
static void
set_trust(const struct route *r, CURL *easy, const struct keyring *ring)
{
	long verify = r->config->is_insecure ? 0L : 1L;

	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify * 2);
	set_blob(easy, CURLOPT_CAINFO_BLOB, ring->ca);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, ring->certificate);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, ring->key);
}

/* An https proxy is trusted as the server is, which is how kubectl has it; the
 * client certificate is none of its business. */
static void
set_proxy(const struct route *r, CURL *easy, const struct keyring *ring)
{
	long verify = r->config->is_insecure ? 0L : 1L;

	/* set even if empty: the environment is read in proxy.c, not by curl */
	curl_easy_setopt(easy, CURLOPT_PROXY, r->proxy);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, verify);
	curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, verify * 2);
	set_blob(easy, CURLOPT_PROXY_CAINFO_BLOB, ring->ca);
}

void
route_apply(const struct route *r, CURL *easy, const struct keyring *ring)
{
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, r->version);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
	if (r->connect_to)
		curl_easy_setopt(easy, CURLOPT_CONNECT_TO, r->connect_to);
	set_proxy(r, easy, ring);
	set_trust(r, easy, ring);
}
