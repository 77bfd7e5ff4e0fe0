#include "endpoint.h"

#include <stdio.h>
#include <string.h>

#include "thing.h"
#include "workload.h"

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

/* A Service's port, as thing.c writes it. */
struct port {
	struct span name, number, target;
};

static struct port
read_port(const char *text)
{
	const char *number = strchr(text, ' ') + 1;
	const char *target = strchr(number, ' ') + 1;

	return (struct port){{text, (size_t)(number - 1 - text)},
	    {number, (size_t)(target - 1 - number)}, span_of(target)};
}

static void
put_endpoint(const struct world *w, const struct thing *t,
    const struct port *port, struct json *out)
{
	const char *name = thing_text(t, THING_NAME);
	const char *ns = world_name(w, t->ns);
	char number[16], url[1024];

	snprintf(number, sizeof(number), "%.*s", (int)port->number.n,
	    port->number.p);
	snprintf(url, sizeof(url), "%s://%s.%s.svc:%s",
	    scheme_of(port->name.p, port->name.n, number), name, ns, number);
	json_open(out, '{');
	json_member_text(out, "service", span_of(name));
	json_member_text(out, "namespace", span_of(ns));
	if (port->name.n)
		json_member_text(out, "port", port->name);
	json_member_text(out, "url", span_of(url));
	json_close(out, '}');
}

/* The container that listens at a port, by number or by name; NULL: none says
 * that it does. */
static const char *
listener(struct span facts, struct span target)
{
	struct facts_iter it = {facts.p, facts.p + facts.n};
	const char *container = NULL;
	struct span text;
	enum fact fact;

	while (facts_next(&it, &fact, &text) && fact != FACT_POD) {
		if (fact == FACT_CONTAINER)
			container = text.p;
		else if ((fact == FACT_PORT || fact == FACT_PORT_NAME) &&
		    sight_same(text, target))
			return container;
	}
	return NULL;
}

/* A proxy stands before the product, not beside it. */
static bool
is_in_front(const struct world *w, const struct verdict *v)
{
	const struct product *p =
	    &w->shapes->catalog->signatures->product[v->product];

	return v->role == ROLE_PROXY || v->role == ROLE_DATA_PLANE ||
	    (p->category && strcmp(p->category, "proxy") == 0);
}

/* Whether behind a port is something that only stands beside the product: an
 * exporter, a sidecar of somebody else's. If no container says that it listens
 * there, it is the pod's main one that does. */
static bool
is_beside(const struct world *w, const struct sighting *s,
    const struct match *m, struct span target)
{
	const char *container = listener(s->facts, target);

	if (!container)
		return m->n_verdicts && m->verdict[0].product != s->v.product;
	for (unsigned i = 0; i < m->n_evidence; i++) {
		const struct evidence *e = &m->evidence[i];
		const struct verdict *v = &m->verdict[e->verdict];

		if (e->container && strcmp(e->container, container) == 0)
			return v->product == s->v.product ?
			    !v->makes && v->role == ROLE_EXPORTER :
			    !is_in_front(w, v);
	}
	return false;
}

/* A sighting of what makes the product run behind a Service; NULL: none. */
static const struct sighting *
behind(const struct world *w, const struct thing *t, const struct sighting *s,
    size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].v.makes && workload_ns(w, s[i].workload) == t->ns &&
		    s[i].cluster == t->cluster &&
		    thing_selects(w, t, s[i].shape))
			return &s[i];
	return NULL;
}

static void
put_service(const struct world *w, const struct thing *t,
    const struct sighting *s, struct json *out)
{
	struct match m;

	match_facts(w->shapes->catalog, s->facts, &m);
	for (const char *p = thing_text(t, THING_B); *p; p += strlen(p) + 1) {
		struct port port = read_port(p);

		if (!is_beside(w, s, &m, port.target))
			put_endpoint(w, t, &port, out);
	}
}

struct services {
	const struct thing *t[MAX_SERVICES]; /* sorted by name */
	size_t n;
};

static bool
comes_before(const struct world *w, const struct thing *a,
    const struct thing *b)
{
	int c = strcmp(thing_text(a, THING_NAME), thing_text(b, THING_NAME));

	/* of cluster-wide products more than one namespace may have it */
	return c ? c < 0 :
		   strcmp(world_name(w, a->ns), world_name(w, b->ns)) < 0;
}

static void
add_service(const struct world *w, struct services *set, const struct thing *t)
{
	size_t i = set->n;

	/* of too many the first ones stay, whoever came first */
	if (i == MAX_SERVICES) {
		if (comes_before(w, set->t[i - 1], t))
			return;
		i = --set->n;
	}
	while (i > 0 && comes_before(w, t, set->t[i - 1])) {
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
	struct json list = {0};
	/* but for products of the whole cluster a group is in one namespace */
	bool everywhere = sight_product_of(w, s)->scope == SCOPE_CLUSTER;
	uint32_t ns = workload_ns(w, s->workload);

	for (uint32_t i = 0; i < w->n_things; i++) {
		const struct thing *t = &w->thing[i];

		if ((t->flags & WORLD_ALIVE) && t->what == THING_SERVICE &&
		    (everywhere || t->ns == ns) && behind(w, t, s, n))
			add_service(w, &set, t);
	}
	for (size_t i = 0; i < set.n; i++)
		put_service(w, set.t[i], behind(w, set.t[i], s, n), &list);
	if (list.len) {
		json_key(out, "endpoints");
		json_raw(out, "[", 1);
		json_raw(out, list.p, list.len);
		json_close(out, ']');
	}
	json_release(&list);
}
