/* What a signature carries besides its prints: where a running instance tells
 * its version, and examples. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* ---- examples ---- */

static bool
is_kind(const char *text)
{
	static const char *const kinds[] = {"Job", "CronJob", "Pod",
	    "Deployment", "StatefulSet", "DaemonSet"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(text, kinds[i]) == 0)
			return true;
	return false;
}

static int
read_example(struct reader *r, config_node *map, struct example *e)
{
	static const char *const known[] = {"image", "args", "labels", "kind",
	    "workload", "ports", "is", "version", "component", "role", NULL};
	const struct {
		const char *key;
		const char **text;
	} texts[] = {{"image", &e->image}, {"args", &e->args},
	    {"labels", &e->labels}, {"kind", &e->kind},
	    {"workload", &e->workload}, {"ports", &e->ports}, {"is", &e->is},
	    {"version", &e->version}, {"component", &e->component},
	    {"role", &e->role}};

	*e = (struct example){.line = (uint32_t)map->start_mark.line + 1,
	    .column = (uint32_t)map->start_mark.column + 1};
	if (!config_is_map(map))
		return reader_wrong(r, map, "an example is a map with image",
		    NULL);
	if (reader_keys(r, map, known) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (reader_text(r, map, texts[i].key, texts[i].text) < 0)
			return -1;
	if (!e->image)
		return reader_wrong(r, map, "an example has an image", NULL);
	if (e->role && role_of(e->role) == ROLES)
		return reader_wrong(r, config_get(&r->c, map, "role"),
		    "ms-signatures(5) has no such role:", e->role);
	if (e->kind && !is_kind(e->kind))
		return reader_wrong(r, config_get(&r->c, map, "kind"),
		    "an example's kind is Job, or that of what runs on "
		    "(Deployment), not",
		    e->kind);
	return 0;
}

int
examples_read(struct reader *r, config_node *root)
{
	config_node *list = config_get(&r->c, root, "examples");
	size_t n = config_count(list);

	if (list && !config_is_list(list))
		return reader_wrong(r, list, "examples is a list", NULL);
	if (!n)
		return 0;
	r->p.example = diag_alloc(NULL, n * sizeof(*r->p.example));
	for (; r->p.n_examples < n; r->p.n_examples++)
		if (read_example(r, config_at(&r->c, list, r->p.n_examples),
			&r->p.example[r->p.n_examples]) < 0)
			return -1;
	return 0;
}

/* ---- the probe ---- */

/* Whether a print makes something that is called so. */
static bool
has_component(const struct product *p, const char *name)
{
	for (size_t i = 0; i < p->n_prints; i++)
		if (strcmp(name, print_component(p, &p->print[i])) == 0)
			return true;
	return false;
}

static int
read_components(struct reader *r, config_node *node, struct probe *p)
{
	size_t n = reader_texts(node);
	const char **list;

	if (!n)
		return 0;
	list = reader_own_list(r->s, n + 1);
	memset(list, 0, (n + 1) * sizeof(*list));
	p->component = list;
	for (size_t i = 0; i < n; i++) {
		config_node *at;
		const char *text = reader_text_at(r, node, i, &at);

		if (!text || !has_component(&r->p, text))
			return reader_wrong(r, at,
			    "no part of the product is called", text);
		list[i] = reader_keep(r, text);
	}
	return 0;
}

/* A number, or a name: a port of no number would never be asked. */
static bool
is_port(const char *text)
{
	return text[strspn(text, "0123456789")] || scan_is_port(span_of(text));
}

static const char *
probe_wrong(const struct probe *p)
{
	if (!p->path || *p->path != '/' || !p->port)
		return "a probe has a path (/…) and a port";
	if (!is_port(p->port))
		return "a port is a number up to 65535, or a name";
	if ((p->json && p->metric) || (p->label && !p->metric))
		return "a probe has either json, or metric and its label";
	if (p->scheme && strcmp(p->scheme, "http") != 0 &&
	    strcmp(p->scheme, "https") != 0)
		return "a scheme is http or https";
	return NULL;
}

int
probe_read(struct reader *r, config_node *root)
{
	static const char *const known[] = {"path", "port", "scheme", "json",
	    "metric", "label", "version", "component", NULL};
	config_node *map = config_get(&r->c, root, "probe");
	struct probe *p = &r->p.probe;
	const char **const texts[] = {&p->path, &p->port, &p->scheme, &p->json,
	    &p->metric, &p->label};
	const char *why;

	if (!map)
		return 0;
	if (!config_is_map(map))
		return reader_wrong(r, map,
		    "a probe is a map with path and port", NULL);
	*p = (struct probe){.tags = r->tags};
	if (reader_keys(r, map, known) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (reader_text(r, map, known[i], texts[i]) < 0)
			return -1;
	if (reader_tags(r, config_get(&r->c, map, "version"), &p->tags) < 0 ||
	    read_components(r, config_get(&r->c, map, "component"), p) < 0)
		return -1;
	return (why = probe_wrong(p)) ? reader_wrong(r, map, why, NULL) : 0;
}
