#include "endpoint.h"

#include <ctype.h>
#include <string.h>

#include "selected.h"
#include "thing.h"
#include "workload.h"

#define MAX_SERVICES 64 /* of one instance */

/* A Service's port, as thing.c writes it, and what listens there. */
struct port {
	struct span name, number, target, said, node;
	struct span pod_number, pod_name; /* where a container says so */
};

static struct span
next_word(const char **text)
{
	size_t n = strcspn(*text, " ");
	struct span word = {*text, n};

	*text += n + ((*text)[n] == ' ');
	return word;
}

static struct port
read_port(const char *text, struct span facts)
{
	struct facts_iter it = {facts.p, facts.p + facts.n};
	struct port p = {.name = next_word(&text)};
	struct span number = {0}, word;
	enum fact fact;

	p.number = next_word(&text);
	p.target = next_word(&text);
	p.said = next_word(&text);
	p.node = next_word(&text);
	while (facts_next(&it, &fact, &word) && fact != FACT_POD) {
		if (fact == FACT_PORT)
			number = word;
		if (fact == FACT_PORT && span_same(word, p.target))
			p.pod_number = word;
		if (fact != FACT_PORT_NAME)
			continue;
		if (span_same(word, p.target))
			p.pod_number = number;
		if (span_same(number, p.pod_number))
			p.pod_name = word;
	}
	return p;
}

/* By the words of a name, as in https-webhook and ui-https; NULL: by none. */
static const char *
scheme_of_name(struct span name)
{
	const char *p, *end, *scheme = NULL;
	size_t n;

	if (!name.n)
		return NULL;
	for (p = name.p, end = p + name.n; p < end; p += n + 1) {
		const char *dash = memchr(p, '-', (size_t)(end - p));

		n = dash ? (size_t)(dash - p) : (size_t)(end - p);
		if (n >= 5 && memcmp(p, "https", 5) == 0)
			return "https";
		if ((n >= 4 && memcmp(p, "http", 4) == 0) ||
		    span_eq((struct span){p, n}, "web"))
			scheme = "http";
	}
	return scheme;
}

static const char *
scheme_of_number(struct span number)
{
	return span_eq(number, "443") ? "https" :
	    span_eq(number, "80")     ? "http" :
					NULL;
}

/* What is mostly meant by a number, though nobody has to. */
static const char *
scheme_of_habit(struct span number)
{
	static const char *const https[] = {"6443", "8443", "9443"};

	for (size_t i = 0; i < sizeof(https) / sizeof(*https); i++)
		if (span_eq(number, https[i]))
			return "https";
	return span_eq(number, "8080") ? "http" : scheme_of_number(number);
}

/* Where its signature asks for the version, it speaks as it is asked. */
static const char *
scheme_of_probe(const struct product *p, const struct port *port)
{
	const struct probe *probe = &p->probe;

	if (!probe->path ||
	    (!span_eq(port->target, probe->port) &&
		!span_eq(port->pod_number, probe->port) &&
		!span_eq(port->pod_name, probe->port)))
		return NULL;
	return probe->scheme ? probe->scheme : "http";
}

static void
put_scheme(const struct product *p, const struct port *port, struct json *out)
{
	const char *s;

	if (port->said.n) {
		json_span(out, port->said);
		return;
	}
	if (!(s = scheme_of_name(port->name)) &&
	    !(s = scheme_of_number(port->number)) &&
	    !(s = scheme_of_name(port->pod_name)) &&
	    !(s = scheme_of_probe(p, port)) &&
	    !(s = scheme_of_habit(port->number)))
		s = scheme_of_habit(port->target);
	json_puts(out, s ? s : "tcp");
}

static void
put_url(const struct product *p, const struct port *port, const char *host,
    struct span number, struct json *out)
{
	bool is_v6 = strchr(host, ':');
	struct json url = {0};

	put_scheme(p, port, &url);
	json_puts(&url, is_v6 ? "://[" : "://");
	json_puts(&url, host);
	json_puts(&url, is_v6 ? "]:" : ":");
	json_span(&url, number);
	json_string(out, url.p, url.len);
	json_release(&url);
}

/* Nothing stands before the pods of a headless Service: its name leads to their
 * own port. */
static struct span
number_inside(const struct port *port)
{
	if (!span_eq(port->node, "None"))
		return port->number;
	if (port->pod_number.n)
		return port->pod_number;
	return port->target.n && isdigit((unsigned char)*port->target.p) ?
	    port->target :
	    port->number;
}

static void
put_outside(const struct product *p, const struct thing *t,
    const struct port *port, struct json *out)
{
	const char *host = thing_text(t, THING_SAID);

	if (port->node.n && isdigit((unsigned char)*port->node.p))
		json_member_span(out, "nodePort", port->node);
	if (!*host)
		return;
	json_key(out, "external");
	json_open(out, '[');
	for (; *host; host += strlen(host) + 1) {
		json_comma(out);
		put_url(p, port, host, port->number, out);
	}
	json_close(out, ']');
}

static void
put_endpoint(const struct world *w, const struct product *p,
    const struct thing *t, const struct port *port, struct json *out)
{
	const char *name = thing_text(t, THING_NAME);
	const char *ns = world_name(w, t->ns);
	struct json host = {0};

	json_puts(&host, name);
	json_puts(&host, ".");
	json_puts(&host, ns);
	json_raw(&host, ".svc", 5);
	json_open(out, '{');
	json_member_text(out, "service", span_of(name));
	json_member_text(out, "namespace", span_of(ns));
	if (port->name.n)
		json_member_text(out, "port", port->name);
	json_key(out, "url");
	put_url(p, port, host.p, number_inside(port), out);
	put_outside(p, t, port, out);
	json_close(out, '}');
	json_release(&host);
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
		    span_same(text, target))
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

static void
put_service(const struct world *w, const struct thing *t,
    const struct sighting *s, struct json *out)
{
	struct match m;

	match_facts(w->shapes->catalog, s->facts, &m);
	for (const char *p = thing_text(t, THING_B); *p; p += strlen(p) + 1) {
		struct port port = read_port(p, s->facts);

		if (!is_beside(w, s, &m, port.target))
			put_endpoint(w, sight_product_of(w, s), t, &port, out);
	}
}

struct services {
	const struct thing *t[MAX_SERVICES]; /* sorted by name */
	const struct sighting *s[MAX_SERVICES]; /* what is behind each */
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
add_service(const struct world *w, struct services *set, const struct thing *t,
    const struct sighting *s)
{
	size_t i = set->n;

	for (size_t k = 0; k < set->n; k++)
		if (set->t[k] == t)
			return; /* by another sighting, which comes first */
	/* of too many the first ones stay, whoever came first */
	if (i == MAX_SERVICES) {
		if (comes_before(w, set->t[i - 1], t))
			return;
		i = --set->n;
	}
	while (i > 0 && comes_before(w, t, set->t[i - 1])) {
		set->t[i] = set->t[i - 1];
		set->s[i] = set->s[i - 1];
		i--;
	}
	set->t[i] = t;
	set->s[i] = s;
	set->n++;
}

/* Those that lead to what makes the product run. */
static void
add_services(const struct world *w, struct services *set,
    const struct sighting *s)
{
	const struct selected *found;
	size_t n;

	if (!s->v.makes)
		return;
	found = selected_of(w->selections, w, workload_ns(w, s->workload),
	    s->shape, &n);
	for (size_t i = 0; i < n; i++)
		if (w->thing[found[i].service].cluster == s->cluster)
			add_service(w, set, &w->thing[found[i].service], s);
}

void
endpoint_put(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	struct services set = {.n = 0};
	struct json list = {0};

	for (size_t i = 0; i < n; i++)
		add_services(w, &set, &s[i]);
	for (size_t i = 0; i < set.n; i++)
		put_service(w, set.t[i], set.s[i], &list);
	if (list.len) {
		json_key(out, "endpoints");
		json_raw(out, "[", 1);
		json_raw(out, list.p, list.len);
		json_close(out, ']');
	}
	json_release(&list);
}
