#include "gourl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ROOM 320

static bool
is_hex(const char *p)
{
	return isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]);
}

/* Each % begins an escape. In a host only what is not ASCII may be escaped,
 * and the % itself. */
static bool
has_good_escapes(const char *p, bool is_in_host)
{
	for (; (p = strchr(p, '%')); p++)
		if (!is_hex(p + 1) ||
		    (is_in_host && p[1] < '8' && strncmp(p, "%25", 3) != 0))
			return false;
	return true;
}

static bool
has_only(const char *p, const char *marks, bool not_ascii)
{
	for (; *p; p++)
		if ((unsigned char)*p >= 0x80 ?
			!not_ascii :
			!isalnum((unsigned char)*p) && !strchr(marks, *p))
			return false;
	return true;
}

static bool
is_port(const char *p)
{
	return *p == ':' && p[1 + strspn(p + 1, "0123456789")] == '\0';
}

/* [fd00::1]:80 */
static bool
is_literal(const char *host)
{
	const char *end = strrchr(host, ']');
	char address[ROOM];
	struct in6_addr unused;

	if (!end || (end[1] && !is_port(end + 1)))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(end - host - 1),
	    host + 1);
	return inet_pton(AF_INET6, address, &unused) == 1;
}

static bool
is_host(const char *host)
{
	const char *colon = strchr(host, ':'), *bracket = strrchr(host, '[');

	if (bracket)
		return bracket == host && is_literal(host);
	return (!colon || is_port(colon)) && has_good_escapes(host, true) &&
	    has_only(host, "-_.~!$&'()*+,;=:]<>\"%", true);
}

static bool
is_user(const char *user)
{
	return has_only(user, "-._:~!$&'()*+,;=%@", false) &&
	    has_good_escapes(user, false);
}

/* All up to a slash is host, and user before the last @. A query begins at the
 * first question mark, and nothing in it matters. */
bool
gourl_takes(const char *host, long long port)
{
	char text[ROOM], *at;
	const char *path = "";

	if (snprintf(text, sizeof(text), "%s:%lld", host, port) >= ROOM)
		return false;
	for (const char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p) && (unsigned char)*p < 0x80)
			return false;
	text[strcspn(text, "?")] = '\0';
	if ((at = strchr(text, '/'))) {
		*at = '\0';
		path = at + 1;
	}
	if ((at = strrchr(text, '@'))) {
		*at = '\0';
		return is_user(text) && is_host(at + 1) &&
		    has_good_escapes(path, false);
	}
	return is_host(text) && has_good_escapes(path, false);
}
