#include "endpoint.h"

#include <stdio.h>
#include <string.h>

#include "thing.h"

#define MAX_SERVICES 64 /* of one instance */

static const char *
scheme_of(const char *name, size_t n, const char *port)
{
	struct span s = {name, n};

	if (strcmp(port, "443") == 0 || (n >= 5 && !memcmp(name, "https", 5)))
		return "https";
	if (strcmp(port, "80") == 0 || (n >= 4 && !memcmp(name, "http", 4)) ||
	    span_eq(s, "web"))
		return "http";
	return "tcp";
}

static void
put_endpoint(const struct world *w, const struct thing *t, struct json *out)
{
	const char *name = thing_text(t, THING_NAME), *p, *port;
	const char *ns = world_name(w, t->ns);
	char url[1024];

	for (p = thing_text(t, THING_B); *p; p += strlen(p) + 1) {
		port = strrchr(p, ' ') + 1;
		snprintf(url, sizeof(url), "%s://%s.%s.svc:%s",
		    scheme_of(p, (size_t)(port - 1 - p), port), name, ns, port);
		json_open(out, '{');
		json_member_text(out, "service", span_of(name));
		json_member_text(out, "namespace", span_of(ns));
		if (port - 1 > p)
			json_member_text(out, "port",
			    (struct span){p, (size_t)(port - 1 - p)});
		json_member_text(out, "url", span_of(url));
		json_close(out, '}');
	}
}

static bool
fronts(const struct world *w, const struct thing *t, const struct sighting *s,
    size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].v.makes && w->workload[s[i].workload].ns == t->ns &&
		    s[i].cluster == t->cluster &&
		    thing_selects(w, t, s[i].shape))
			return true;
	return false;
}

struct services {
	const struct thing *t[MAX_SERVICES]; /* sorted by name */
	size_t n;
};

static void
add_service(struct services *set, const struct thing *t)
{
	size_t i = set->n;

	if (i == MAX_SERVICES)
		i = --set->n; /* the first ones stay, whoever came first */
	while (i > 0 &&
	    strcmp(thing_text(t, THING_NAME),
		thing_text(set->t[i - 1], THING_NAME)) < 0) {
		set->t[i] = set->t[i - 1];
		i--;
	}
	set->t[i] = t;
	set->n++;
}

void
endpoint_put(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	struct services set = {.n = 0};

	for (uint32_t i = 0; i < w->n_things; i++) {
		const struct thing *t = &w->thing[i];

		if ((t->flags & WORLD_ALIVE) && t->what == THING_SERVICE &&
		    fronts(w, t, s, n))
			add_service(&set, t);
	}
	if (!set.n)
		return;
	json_key(out, "endpoints");
	json_open(out, '[');
	for (size_t i = 0; i < set.n; i++)
		put_endpoint(w, set.t[i], out);
	json_close(out, ']');
}
