#include "service.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct place {
	char host[SERVICE_HOST];
	int64_t port;
};

/* A member's text; absent, of another type or too long: empty. */
static void
read_text(const struct tape *t, uint32_t object, const char *key,
    char out[SERVICE_HOST])
{
	uint32_t i = tape_get(t, object, key);
	struct span raw;
	size_t n = 0;

	if (i != TAPE_NONE && t->node[i].type == SCAN_STRING &&
	    t->node[i].n < SERVICE_HOST) {
		raw = tape_value(t, i);
		n = scan_decode(raw.p, raw.n, out);
	}
	out[n] = '\0';
}

static int64_t
read_int(const struct tape *t, uint32_t object, const char *key)
{
	uint32_t i = tape_get(t, object, key);
	int64_t n = 0;

	if (i != TAPE_NONE && t->node[i].type == SCAN_NUMBER)
		scan_int(tape_value(t, i), &n);
	return n;
}

/* The first or the last element of an array. */
static uint32_t
element(const struct tape *t, uint32_t array, bool is_last)
{
	uint32_t found = TAPE_NONE;

	if (array == TAPE_NONE || t->node[array].type != SCAN_ARRAY)
		return TAPE_NONE;
	for (uint32_t i = array + 1; i < t->node[array].end;
	     i = t->node[i].end) {
		found = i;
		if (!is_last)
			break;
	}
	return found;
}

/* The two places of a Service, inside and outside the cluster. */
static void
find_places(const struct tape *t, struct place *in, struct place *out)
{
	uint32_t spec = tape_get(t, 0, "spec");
	uint32_t balancer =
	    tape_get(t, tape_get(t, 0, "status"), "loadBalancer");
	uint32_t port = element(t, tape_get(t, spec, "ports"), true);
	uint32_t ingress = element(t, tape_get(t, balancer, "ingress"), false);
	char ip[SERVICE_HOST];

	read_text(t, spec, "clusterIP", in->host);
	in->port = read_int(t, port, "port");
	snprintf(out->host, SERVICE_HOST, "localhost");
	out->port = read_int(t, port, "nodePort");
	if (ingress == TAPE_NONE)
		return;
	out->port = in->port;
	read_text(t, ingress, "ip", ip);
	if (!*ip)
		read_text(t, ingress, "hostname", out->host);
	else if (strcmp(ip, "<pending>") == 0)
		*out = *in;
	else
		memcpy(out->host, ip, SERVICE_HOST);
}

/* What Go's URL parser takes as a host in "http://HOST:PORT". */
static bool
is_host(const char *host)
{
	for (const unsigned char *p = (const unsigned char *)host; *p; p++)
		if (*p < 0x80 && !isalnum(*p) &&
		    !strchr("-_.~!$&'()*+,;=<>\"", *p))
			return false;
	return true;
}

static bool
names_none(const char *host)
{
	for (; *host; host++)
		if (strncasecmp(host, "none", 4) == 0)
			return true;
	return false;
}

/* Append a URL to the array. <, > and & are legal there, and escaped. */
static char *
put_url(char *out, const struct place *at)
{
	const char *p;

	if (names_none(at->host) || !is_host(at->host))
		return out;
	if (out[-1] != '[')
		*out++ = ',';
	out += sprintf(out, "\"%s://", at->port == 443 ? "https" : "http");
	for (p = at->host; *p; p++) {
		if (*p == '<' || *p == '>' || *p == '&')
			out += sprintf(out, "\\u%04x", (unsigned)*p);
		else if (*p == '"')
			out += sprintf(out, "\\\"");
		else
			*out++ = *p;
	}
	return out + sprintf(out, ":%lld\"", (long long)at->port);
}

/* Whether both places are told, only the inner one, or nothing (SERVICE_NO). */
static enum service_answer
reach(const struct place *out, service_dial *dial, void *context)
{
	if (strcmp(out->host, "localhost") == 0)
		return SERVICE_YES; /* told whether it answers or not */
	if (!dial || strchr(out->host, ':') || out->port < 0 ||
	    out->port > 65535)
		return SERVICE_NO;
	return dial(context, out->host, (int)out->port);
}

bool
service_metadata(const struct tape *t, service_dial *dial, void *context,
    char **to)
{
	struct place in, out;
	enum service_answer answer = SERVICE_YES;
	char *o = *to;

	find_places(t, &in, &out);
	if (out.port != 0)
		answer = reach(&out, dial, context);
	if (answer == SERVICE_WAIT)
		return false;
	if (answer == SERVICE_NO) {
		*to = o + sprintf(o, "null");
		return true;
	}
	o += sprintf(o, "{\"capabilities\":{\"connection\":true,\"urls\":[");
	if (out.port != 0)
		o = put_url(o, &out);
	o = put_url(o, &in);
	*to = o + sprintf(o, "]}}");
	return true;
}
