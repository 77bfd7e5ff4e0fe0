#include "proxy.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diag.h"
#include "text.h"

#define TEXT 512 /* bytes of an entry that can match */

struct address {
	int family; /* 0: a name */
	unsigned char byte[16];
};

/* Where requests go. */
struct target {
	bool is_https;
	char host[TEXT]; /* without brackets */
	char port[8];
	struct address address;
};

static const char *
env(const char *upper, const char *lower)
{
	const char *value = getenv(upper);

	return value && *value ? value : getenv(lower);
}

static struct address
parse_address(const char *text)
{
	struct address a = {AF_INET, {0}};

	if (inet_pton(AF_INET, text, a.byte) == 1)
		return a;
	a.family = inet_pton(AF_INET6, text, a.byte) == 1 ? AF_INET6 : 0;
	return a;
}

/* Take the brackets of an IPv6 address away. */
static void
set_host(char out[TEXT], const char *host, size_t n)
{
	if (n >= 2 && *host == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	snprintf(out, TEXT, "%.*s", (int)n, host);
}

static bool
parse_target(struct target *t, const char *server)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	bool is_good;

	if (!u)
		diag_nomem();
	is_good = curl_url_set(u, CURLUPART_URL, server, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK;
	if (is_good) {
		t->is_https = strcmp(scheme, "https") == 0;
		set_host(t->host, host, strlen(host));
		snprintf(t->port, sizeof(t->port), "%s", port);
		t->address = parse_address(t->host);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return is_good;
}

/* ---- NO_PROXY ---- */

static bool
is_this_machine(const struct target *t)
{
	static const unsigned char one[16] = {[15] = 1};

	if (t->address.family == AF_INET)
		return t->address.byte[0] == 127;
	if (t->address.family == AF_INET6)
		return memcmp(t->address.byte, one, 16) == 0;
	return strcasecmp(t->host, "localhost") == 0;
}

static bool
is_in_network(const struct address *a, const struct address *net, unsigned bits)
{
	unsigned size = a->family == AF_INET ? 32 : 128;
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff << (8 - rest));

	if (a->family != net->family || !a->family || bits > size ||
	    memcmp(a->byte, net->byte, whole) != 0)
		return false;
	return !rest || ((a->byte[whole] ^ net->byte[whole]) & mask) == 0;
}

static bool
matches_network(const struct target *t, const char *entry, const char *slash)
{
	char text[TEXT], *end;
	struct address net;
	unsigned long bits = strtoul(slash + 1, &end, 10);

	snprintf(text, sizeof(text), "%.*s", (int)(slash - entry), entry);
	net = parse_address(text);
	if (*end || end == slash + 1 || bits > 128)
		return false;
	return is_in_network(&t->address, &net, (unsigned)bits);
}

/* example.com is that host and all below it, .example.com only those below. */
static bool
matches_name(const struct target *t, const char *name)
{
	size_t n = strlen(t->host), k;

	if (*name == '*' && name[1] == '.')
		name++;
	k = strlen(name);
	if (n < k || k == 0 || strcasecmp(t->host + n - k, name) != 0)
		return false;
	if (*name == '.')
		return n > k;
	return n == k || t->host[n - k - 1] == '.';
}

/* host, host:port, [address]:port, address/bits */
static bool
matches(const struct target *t, char *entry)
{
	const char *slash = strchr(entry, '/');
	char *colon = strrchr(entry, ':'), host[TEXT];
	struct address address;

	if (strcmp(entry, "*") == 0)
		return true;
	if (slash)
		return matches_network(t, entry, slash);
	address = parse_address(entry);
	if (!address.family && colon && *entry && !strchr(colon, ']')) {
		if (strcmp(colon + 1, t->port) != 0)
			return false;
		*colon = '\0';
	}
	set_host(host, entry, strlen(entry));
	address = parse_address(host);
	if (address.family)
		return is_in_network(&t->address, &address,
		    address.family == AF_INET ? 32 : 128);
	return !t->address.family && matches_name(t, host);
}

static bool
is_excepted(const struct target *t)
{
	static const char space[] = " \t";
	const char *list = env("NO_PROXY", "no_proxy");
	char entry[TEXT];

	while (list && *list) {
		size_t n = strcspn(list, ","), from = strspn(list, space);
		size_t size = from < n ? n - from : 0;

		while (size > 0 && strchr(space, list[from + size - 1]))
			size--;
		snprintf(entry, sizeof(entry), "%.*s", (int)size, list + from);
		if (size > 0 && size < TEXT && matches(t, entry))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

/* ---- the choice ---- */

/* Names are for a socks5 proxy to resolve, which curl calls socks5h. */
static char *
as_curl_has_it(const char *url)
{
	if (strncasecmp(url, "socks5://", 9) == 0)
		return text_join("socks5h://", url + 9, "");
	return text_join(strstr(url, "://") ? "" : "http://", url, "");
}

char *
proxy_find(const char *server, const char *proxy_url)
{
	struct target t = {0};
	const char *url;

	if (proxy_url)
		return as_curl_has_it(proxy_url);
	if (!parse_target(&t, server) || is_this_machine(&t))
		return NULL;
	url = t.is_https ? env("HTTPS_PROXY", "https_proxy") :
			   env("HTTP_PROXY", "http_proxy");
	return url && *url && !is_excepted(&t) ? as_curl_has_it(url) : NULL;
}
