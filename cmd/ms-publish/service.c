#include "service.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gojson.h"
#include "gourl.h"
#include "shape.h"

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

	if (i != TAPE_NONE)
		gojson_int(t, i, &n);
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

static uint32_t
ports_of(const struct tape *t)
{
	return tape_get(t, tape_get(t, 0, "spec"), "ports");
}

/* The two places of a port, inside and outside the cluster. */
static void
find_places(const struct tape *t, uint32_t port, struct place *in,
    struct place *out)
{
	uint32_t spec = tape_get(t, 0, "spec");
	uint32_t balancer =
	    tape_get(t, tape_get(t, 0, "status"), "loadBalancer");
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

static bool
names_none(const char *host)
{
	for (; *host; host++)
		if (strncasecmp(host, "none", 4) == 0)
			return true;
	return false;
}

/* Append a URL to the array, unless Go would not take it for one. */
static char *
put_url(char *out, const struct place *at, bool brackets)
{
	char url[SERVICE_HOST + 32];

	brackets = brackets && strchr(at->host, ':') && *at->host != '[';
	if (names_none(at->host) ||
	    (!brackets && !gourl_takes(at->host, at->port)))
		return out;
	if (out[-1] != '[')
		*out++ = ',';
	snprintf(url, sizeof(url), "%s://%s%s%s:%lld",
	    at->port == 443 ? "https" : "http", brackets ? "[" : "", at->host,
	    brackets ? "]" : "", (long long)at->port);
	*out++ = '"';
	out = gojson_text(out, span_of(url));
	*out++ = '"';
	return out;
}

/* Whether what is outside answers. Upstream does not write brackets around
 * IPv6, and so cannot dial it. */
static enum service_answer
reach(const struct place *out, bool brackets, service_dial *dial, void *context)
{
	if (strcmp(out->host, "localhost") == 0)
		return SERVICE_YES; /* told whether it answers or not */
	if (!dial || (strchr(out->host, ':') && !brackets) || out->port < 0 ||
	    out->port > 65535)
		return SERVICE_NO;
	return dial(context, out->host, (int)out->port);
}

/* The last port only, and nothing at all if what is outside is silent. */
static enum service_answer
put_last(const struct tape *t, service_dial *dial, void *context, char **to)
{
	struct place in, out;
	enum service_answer answer = SERVICE_YES;

	find_places(t, element(t, ports_of(t), true), &in, &out);
	if (out.port != 0)
		answer = reach(&out, false, dial, context);
	if (answer != SERVICE_YES)
		return answer;
	if (out.port != 0)
		*to = put_url(*to, &out, false);
	*to = put_url(*to, &in, false);
	return SERVICE_YES;
}

static enum service_answer
put_all(const struct tape *t, service_dial *dial, void *context, char **to)
{
	uint32_t ports = ports_of(t), i;
	enum service_answer answer, all = SERVICE_YES;
	struct place in, out;
	int n = 0;

	if (element(t, ports, true) == TAPE_NONE)
		return SERVICE_YES;
	for (i = ports + 1; i < t->node[ports].end && n < SERVICE_PORTS;
	     i = t->node[i].end, n++) {
		find_places(t, i, &in, &out);
		answer = SERVICE_NO;
		if (out.port != 0)
			answer = reach(&out, true, dial, context);
		if (answer == SERVICE_WAIT)
			all = SERVICE_WAIT; /* and ask for the others too */
		if (answer == SERVICE_YES)
			*to = put_url(*to, &out, true);
		if (*in.host)
			*to = put_url(*to, &in, true);
	}
	return all;
}

enum service_answer
service_urls(const struct tape *t, bool all_ports, service_dial *dial,
    void *context, char **to)
{
	enum service_answer answer;
	char *out = *to;

	if (!shape_is_service(t))
		return SERVICE_NO;
	*out++ = '[';
	answer = all_ports ? put_all(t, dial, context, &out) :
			     put_last(t, dial, context, &out);
	*out++ = ']';
	if (answer == SERVICE_YES)
		*to = out;
	return answer;
}
