#include "url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

#define DEFAULT_PORT 4222

/* Percent-decode [p, end) into out. */
static int
decode(const char *p, const char *end, char out[URL_TEXT])
{
	size_t n = 0;

	for (; p < end; p++) {
		if (n == URL_TEXT - 1)
			return -1;
		if (*p != '%') {
			out[n++] = *p;
			continue;
		}
		if (end - p < 3 || scan_hex(p[1]) < 0 || scan_hex(p[2]) < 0)
			return -1;
		out[n] = (char)(scan_hex(p[1]) << 4 | scan_hex(p[2]));
		if (!out[n++])
			return -1;
		p += 2;
	}
	out[n] = '\0';
	return 0;
}

static int
parse_user(const char *p, const char *end, struct url *u)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));

	if (!colon)
		return decode(p, end, u->token);
	if (decode(p, colon, u->user) < 0)
		return -1;
	return decode(colon + 1, end, u->password);
}

static bool
is_host(const char *p, const char *end)
{
	if (p == end || end - p >= URL_TEXT)
		return false;
	for (; p < end; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._:", *p))
			return false;
	return true;
}

static int
parse_port(const char *p, const char *end, unsigned *port)
{
	unsigned long n;
	char *after;

	if (p == end)
		return 0;
	if (*p++ != ':' || !isdigit((unsigned char)*p))
		return -1;
	n = strtoul(p, &after, 10);
	if (after != end || n < 1 || n > 65535)
		return -1;
	*port = (unsigned)n;
	return 0;
}

/* HOST[:PORT] or [ADDRESS][:PORT] */
static const char *
parse_place(const char *p, const char *end, struct url *u)
{
	const char *stop;

	if (p < end && *p == '[') {
		p++;
		if (!(stop = memchr(p, ']', (size_t)(end - p))))
			return "a bracket is not closed";
	} else if (!(stop = memchr(p, ':', (size_t)(end - p)))) {
		stop = end;
	}
	if (!is_host(p, stop))
		return "its host is no name and no address";
	memcpy(u->host, p, (size_t)(stop - p));
	u->host[stop - p] = '\0';
	if (parse_port(*stop == ']' ? stop + 1 : stop, end, &u->port) < 0)
		return "its port is no number from 1 to 65535";
	return NULL;
}

/* The scheme, if there is one: the place after it, or NULL. */
static const char *
parse_scheme(const char *text, struct url *u)
{
	const char *p = strstr(text, "://");

	if (!p)
		return text;
	u->is_tls = strncmp(text, "tls:", 4) == 0;
	if (!u->is_tls && strncmp(text, "nats:", 5) != 0)
		return NULL;
	return p + 3;
}

int
url_parse(const char *text, struct url *u, const char **why)
{
	const char *p, *end, *at = NULL;

	*u = (struct url){.port = DEFAULT_PORT};
	*why = "it begins with neither nats:// nor tls://";
	if (!(p = parse_scheme(text, u)))
		return -1;
	end = p + strcspn(p, "/?#");
	*why = "something follows its host and port";
	if (*end && strcmp(end, "/") != 0)
		return -1;
	*why = "it is a list, and one broker is wanted";
	if (memchr(p, ',', (size_t)(end - p)))
		return -1;
	for (const char *q = p; q < end; q++)
		if (*q == '@')
			at = q;
	*why = "its user or token cannot be decoded";
	if (at && parse_user(p, at, u) < 0)
		return -1;
	*why = parse_place(at ? at + 1 : p, end, u);
	return *why ? -1 : 0;
}
