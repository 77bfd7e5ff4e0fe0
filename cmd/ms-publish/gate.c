#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define ALL (1u << RECORD_ADDED | 1u << RECORD_MODIFIED | 1u << RECORD_DELETED)

void
gate_init(struct gate *g)
{
	*g = (struct gate){.types = ALL};
	pthread_mutex_init(&g->lock, NULL);
}

static unsigned
type_bit(struct span name)
{
	static const enum record_type type[] = {RECORD_ADDED, RECORD_MODIFIED,
	    RECORD_DELETED};

	for (int i = 0; i < 3; i++)
		if (span_eq(name, record_type_name(type[i])))
			return 1u << type[i];
	return 0;
}

const char *
gate_events(struct gate *g, const char *list)
{
	unsigned bit;
	size_t n;

	if (!*list)
		return list;
	g->types = 0;
	for (const char *p = list; *p; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		bit = type_bit((struct span){p, n});
		if (!bit)
			return p;
		g->types |= bit;
	}
	return NULL;
}

/* ---- what a CONFIG says ---- */

/* As upstream: a name that is no type lets nothing pass. */
static unsigned
read_types(struct span events)
{
	struct scan_iter it;
	struct span name;
	unsigned types = 0;
	char buf[16];

	scan_iter(&it, events);
	while (scan_element(&it, &name))
		types |= type_bit(scan_text(name, buf, sizeof(buf)));
	return types;
}

static void
forget(struct gate *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->limit[i].resource);
	free(g->limit);
	g->limit = NULL;
	g->n = 0;
}

static void
add(struct gate *g, struct span key, unsigned types)
{
	char *resource = diag_strndup(key.p, key.n);

	resource[scan_decode(key.p, key.n, resource)] = '\0';
	g->limit = diag_alloc(g->limit, (g->n + 1) * sizeof(*g->limit));
	g->limit[g->n++] = (struct gate_limit){resource, types};
}

void
gate_config(struct gate *g, struct span config)
{
	struct span resources = {0}, key, value, events;
	struct scan_iter it;

	if (scan_type(config) == SCAN_OBJECT)
		resources = scan_get(config, "resources");
	pthread_mutex_lock(&g->lock);
	forget(g);
	if (scan_type(resources) == SCAN_OBJECT) {
		scan_iter(&it, resources);
		while (scan_member(&it, &key, &value)) {
			if (scan_type(value) != SCAN_OBJECT)
				continue;
			events = scan_get(value, "events");
			if (scan_type(events) == SCAN_ARRAY)
				add(g, key, read_types(events));
		}
	}
	pthread_mutex_unlock(&g->lock);
}

/* ---- asking ---- */

static unsigned
types_of(struct gate *g, struct span resource)
{
	unsigned types = ALL;

	pthread_mutex_lock(&g->lock);
	for (size_t i = 0; i < g->n; i++)
		if (span_eq(resource, g->limit[i].resource))
			types = g->limit[i].types;
	pthread_mutex_unlock(&g->lock);
	return types;
}

/* What has no namespace passes only if the list has an empty name in it. */
static bool
has_namespace(const char *list, struct span ns)
{
	size_t n;

	for (const char *p = list;; p += n + 1) {
		n = strcspn(p, ",");
		if (n == ns.n && strncmp(p, n ? ns.p : "", n) == 0)
			return true;
		if (!p[n])
			return false;
	}
}

bool
gate_takes(struct gate *g, const struct change *c)
{
	unsigned bit = 1u << c->type;

	return !g ||
	    (g->types & bit &&
		(!g->namespaces || has_namespace(g->namespaces, c->id.ns)) &&
		types_of(g, c->resource) & bit);
}
