#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "evidence.h"
#include "version.h"

#define ID_MAX 63

static const char *const roles[] = {"control-plane", "server", "controller",
    "operator", "gateway", "node-agent", "agent", "proxy", "data-plane",
    "webhook", "worker", "ui", "adapter", "exporter", "sidecar", "helper",
    "client", "job", "init", "test", "api", "resource"};

const char *
role_name(enum role role)
{
	return roles[role];
}

enum role
role_of(const char *name)
{
	int r = 0;

	while (r < ROLES && strcmp(name, roles[r]) != 0)
		r++;
	return (enum role)r;
}

/* The lists of prints that a file may have; what one alone is worth by
 * default; and how it is called in evidence. */
static const struct {
	const char *key, *name;
	float weight;
} kinds[PRINT_KINDS] = {[PRINT_IMAGE] = {"images", "image", 0.95f},
    [PRINT_LABEL] = {"labels", "label", 0.4f},
    [PRINT_CHART] = {"charts", "chart", 0.4f},
    [PRINT_ANNOTATION] = {"annotations", "annotation", 0.4f},
    [PRINT_ARG] = {"args", "argument", 0.5f},
    [PRINT_COMMAND] = {"commands", "command", 0.5f},
    [PRINT_ENV] = {"env", "environment", 0.4f},
    [PRINT_NAME] = {"names", "name", 0.2f},
    [PRINT_PORT] = {"ports", "port", 0.1f},
    [PRINT_PART_OF] = {"part_of", "part-of", 0.4f},
    [PRINT_CRD] = {"crds", "crd", 0.4f},
    [PRINT_CLASS] = {"classes", "class", 0.5f},
    [PRINT_WORKLOAD] = {"workloads", "workload", 0.2f},
    [PRINT_SERVICE] = {"services", "service", 0.2f},
    [PRINT_WEBHOOK] = {"webhooks", "webhook", 0.4f}};

const char *
print_kind_name(enum print_kind kind)
{
	return kinds[kind].name;
}

static int
read_weight(struct reader *r, config_node *map, float *weight)
{
	config_node *node = config_get(&r->c, map, "weight");
	const char *text = config_text(node);
	char *end;
	double w;

	if (!node)
		return 0;
	w = text ? strtod(text, &end) : 0;
	if (!text || *end || !(w > 0 && w < 1))
		return reader_wrong(r, node, "a weight is between 0 and 1",
		    NULL);
	*weight = (float)w;
	return 0;
}

static int
read_bool(struct reader *r, config_node *map, const char *key, bool *value)
{
	config_node *node = config_get(&r->c, map, key);

	if (!node)
		return 0;
	if (config_get_bool(&r->c, map, key, false) !=
	    config_get_bool(&r->c, map, key, true))
		return reader_wrong(r, node, "neither true nor false:", key);
	*value = config_get_bool(&r->c, map, key, false);
	return 0;
}

static int
read_role(struct reader *r, config_node *map, struct print *p)
{
	config_node *node = config_get(&r->c, map, "role");
	const char *text = config_text(node);

	if (!node)
		return 0;
	if (!text || role_of(text) == ROLES)
		return reader_wrong(r, node,
		    "ms-signatures(5) has no such role:", text ? text : "");
	p->role = (uint8_t)role_of(text);
	return 0;
}

static void
add_print(struct reader *r, struct print p, const char *text,
    const config_node *at)
{
	struct product *to = &r->p;

	p.text = reader_keep(r, text);
	p.line = (at->start_mark.line + 1) & 0xfffff;
	p.column = (at->start_mark.column + 1) & 0xfff;
	if ((to->n_prints & (to->n_prints - 1)) == 0)
		to->print = diag_alloc(to->print,
		    (to->n_prints ? to->n_prints * 2 : 1) * sizeof(p));
	to->print[to->n_prints++] = p;
}

/* The members of a print that is written as a map. */
static int
read_members(struct reader *r, config_node *map, struct print *p)
{
	config_node *tags = config_get(&r->c, map, "tags");

	if (reader_text(r, map, "component", &p->component) < 0 ||
	    reader_text(r, map, "with", &p->with) < 0)
		return -1;
	p->has_component = p->component;
	return read_role(r, map, p) < 0 ||
		read_weight(r, map, &p->weight) < 0 ||
		reader_tags(r, tags, &p->tags) < 0 ?
	    -1 :
	    0;
}

/* As it stands in references, less the tag; a star is the whole last part. */
static bool
is_repo(const char *text)
{
	size_t n, parts = 0;

	for (const char *p = text; *p; p += n + (p[n] == '/'), parts++) {
		n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789._-");
		if (parts == 0 && p[n] == ':') /* a registry's port */
			n += 1 + strspn(p + n + 1, "0123456789");
		if (n == 0 && parts > 0 && strcmp(p, "*") == 0)
			return true;
		if (n == 0 || (p[n] && (p[n] != '/' || !p[n + 1])))
			return false;
	}
	return parts > 1;
}

static int
read_image(struct reader *r, config_node *map)
{
	static const char *const known[] = {"repo", "component", "role", "with",
	    "tags", "weight", "alone", NULL};
	struct print p = {.kind = PRINT_IMAGE,
	    .role = ROLE_SERVER,
	    .weight = kinds[PRINT_IMAGE].weight,
	    .tags = r->tags};
	config_node *repo = config_get(&r->c, map, "repo"), *at;

	if (!config_is_map(map))
		return reader_wrong(r, map,
		    "an image is a map with repo and role", NULL);
	if (reader_keys(r, map, known) < 0 || read_members(r, map, &p) < 0)
		return -1;
	if (!reader_texts(repo))
		return reader_wrong(r, map, "an image has a repo", NULL);
	p.makes = p.role < ROLE_EXPORTER;
	if (read_bool(r, map, "alone", &p.makes) < 0)
		return -1;
	for (size_t i = 0; i < reader_texts(repo); i++) {
		const char *text = reader_text_at(r, repo, i, &at);

		if (!text || !is_repo(text))
			return reader_wrong(r, at,
			    "not a repository with its owner and without a tag "
			    "(library/NAME, OWNER/NAME):",
			    text ? text : "");
		add_print(r, p, text, at);
	}
	return 0;
}

static int
read_images(struct reader *r, config_node *list)
{
	if (list && !config_is_list(list))
		return reader_wrong(r, list, "images is a list", NULL);
	for (size_t i = 0; i < config_count(list); i++)
		if (read_image(r, config_at(&r->c, list, i)) < 0)
			return -1;
	return 0;
}

/* Anybody may call something so. */
static bool
is_weak(enum print_kind kind)
{
	return kind == PRINT_NAME || kind == PRINT_PORT ||
	    kind == PRINT_WORKLOAD || kind == PRINT_SERVICE ||
	    kind == PRINT_WEBHOOK;
}

static int
read_print(struct reader *r, config_node *node, enum print_kind kind)
{
	bool may_tell = kind == PRINT_CHART || kind == PRINT_ARG;
	const char *const known[] = {"is", "component", "role", "weight",
	    may_tell ? "version" : NULL, NULL};
	struct print p = {.kind = (uint8_t)kind,
	    .role = ROLE_SERVER,
	    .weight = kinds[kind].weight,
	    .tags = r->tags};
	const char *text = config_text(node);

	if (config_is_map(node)) {
		if (reader_keys(r, node, known) < 0 ||
		    read_members(r, node, &p) < 0)
			return -1;
		if (reader_text(r, node, "is", &text) < 0 ||
		    read_bool(r, node, "version", &p.tells) < 0)
			return -1;
	}
	if (!text || !*text)
		return reader_wrong(r, node,
		    "a print is a text, or a map with 'is'", NULL);
	if (is_weak(kind) && p.weight >= EVIDENCE_CLAIM)
		return reader_wrong(r, node,
		    "a name or a port is never enough: a weight of 0.75 and "
		    "more is too much for",
		    text);
	p.makes = p.role < ROLE_EXPORTER;
	add_print(r, p, text, node);
	return 0;
}

static int
read_prints(struct reader *r, config_node *root, enum print_kind kind)
{
	config_node *list = config_get(&r->c, root, kinds[kind].key);

	if (list && !config_is_list(list))
		return reader_wrong(r, list, "not a list:", kinds[kind].key);
	for (size_t i = 0; i < config_count(list); i++)
		if (read_print(r, config_at(&r->c, list, i), kind) < 0)
			return -1;
	return 0;
}

static int
read_scope(struct reader *r, config_node *root)
{
	static const char *const names[] = {"workload", "namespace", "cluster"};
	config_node *node = config_get(&r->c, root, "scope");
	const char *text = config_text(node);

	if (!node)
		return 0;
	for (int i = 0; text && i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			r->p.scope = (enum scope)i;
			return 0;
		}
	return reader_wrong(r, node,
	    "scope is workload, namespace or cluster, not", text ? text : "");
}

/* version: tag (the default), label (app.kubernetes.io/version speaks for the
 * product, tags for its parts), or tag-only (the label counts something
 * else). */
static int
read_version(struct reader *r, config_node *root)
{
	config_node *node = config_get(&r->c, root, "version");
	const char *text = config_text(node);

	r->p.version_label = true;
	if (!node || (text && strcmp(text, "tag") == 0))
		return 0;
	if (text && strcmp(text, "label") == 0)
		r->p.version_is_label = true;
	else if (text && strcmp(text, "tag-only") == 0)
		r->p.version_label = false;
	else
		return reader_wrong(r, node,
		    "version is tag, tag-only or label, not", text ? text : "");
	return 0;
}

static bool
is_name(const char *text)
{
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.")];
}

static int
read_watch(struct reader *r, config_node *root)
{
	config_node *list = config_get(&r->c, root, "watch"), *at;
	struct product *p = &r->p;

	if (!list)
		return 0;
	if (!config_is_list(list))
		return reader_wrong(r, list, "watch is a list", NULL);
	p->has_watch = true;
	p->watch = reader_own_list(r->s, config_count(list) + 1);
	for (size_t i = 0; i < config_count(list); i++) {
		const char *text = reader_text_at(r, list, i, &at);

		if (!text || !strchr(text, '.') || !is_name(text))
			return reader_wrong(r, at,
			    "not a kind (plural.group):", text ? text : "");
		p->watch[p->n_watch++] = reader_keep(r, text);
	}
	return 0;
}

/* It becomes a part of objects' names. */
static bool
is_id(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= ID_MAX && !text[n] && *text != '-' &&
	    text[n - 1] != '-';
}

static int
read_head(struct reader *r, config_node *root)
{
	config_node *id = config_get(&r->c, root, "product");
	const char *text = config_text(id);

	if (!id)
		return reader_wrong(r, root, "it says no product", NULL);
	if (!text || !is_id(text))
		return reader_wrong(r, id,
		    "a product is named by at most 63 lower case letters, "
		    "digits and - between them",
		    NULL);
	r->p.id = r->p.name = reader_keep(r, text);
	r->p.file = reader_keep(r, r->c.name);
	if (reader_text(r, root, "name", &r->p.name) < 0 ||
	    reader_text(r, root, "category", &r->p.category) < 0 ||
	    reader_text(r, root, "crd_version", &r->p.crd_version) < 0)
		return -1;
	if (!r->p.name)
		r->p.name = r->p.id;
	if (read_scope(r, root) < 0 || read_version(r, root) < 0)
		return -1;
	if (reader_tags(r, config_get(&r->c, root, "tags"), &r->tags) < 0)
		return -1;
	r->p.tags = r->tags;
	return 0;
}

/* An exporter's product is the exporter; elsewhere an exporter says only that
 * somebody watches. */
static void
promote_exporters(struct product *p)
{
	for (size_t i = 0; i < p->n_prints; i++)
		if (p->print[i].kind == PRINT_IMAGE && p->print[i].makes)
			return;
	for (size_t i = 0; i < p->n_prints; i++)
		if (p->print[i].role == ROLE_EXPORTER)
			p->print[i].makes = true;
}

static void
put_product(struct signatures *s, struct product *p)
{
	size_t i = 0;

	while (i < s->n_products && s->product[i].id != p->id)
		i++;
	if (i < s->n_products) {
		p->replaced = s->product[i].file;
		free(s->product[i].print);
		free(s->product[i].example);
	} else {
		s->product =
		    diag_alloc(s->product, (s->n_products + 1) * sizeof(*p));
		s->n_products++;
	}
	s->product[i] = *p;
}

static int
read_product(struct reader *r, config_node *root)
{
	static const char *const known[] = {"product", "name", "category",
	    "scope", "tags", "version", "crd_version", "images", "labels",
	    "charts", "annotations", "args", "commands", "env", "names",
	    "ports", "part_of", "crds", "classes", "workloads", "services",
	    "webhooks", "watch", "probe", "examples", NULL};

	if (reader_keys(r, root, known) < 0 || read_head(r, root) < 0 ||
	    read_images(r, config_get(&r->c, root, "images")) < 0)
		return -1;
	for (int k = PRINT_IMAGE + 1; k < PRINT_KINDS; k++)
		if (read_prints(r, root, (enum print_kind)k) < 0)
			return -1;
	if (read_watch(r, root) < 0 || probe_read(r, root) < 0 ||
	    examples_read(r, root) < 0)
		return -1;
	if (!r->p.n_prints)
		return reader_wrong(r, root,
		    "no prints: it could never be found", NULL);
	promote_exporters(&r->p);
	put_product(r->s, &r->p);
	return 0;
}

static int
read_root(struct reader *r)
{
	static const char *const only_registries[] = {"registries", NULL};
	config_node *root = config_root(&r->c);
	int status;

	if (!config_is_map(root))
		return reader_wrong(r, root,
		    root ? "a signature is a map (product: …)" : "it is empty",
		    NULL);
	if (r->c.more)
		return config_fail(r->err,
		    "%s:%zu:1: a second document: each product has its own "
		    "file",
		    r->c.name, r->c.more);
	if (config_get(&r->c, root, "registries"))
		return reader_keys(r, root, only_registries) < 0 ?
		    -1 :
		    registries_read(r, config_get(&r->c, root, "registries"));
	status = read_product(r, root);
	if (status < 0) {
		free(r->p.print);
		free(r->p.example);
	}
	return status;
}

int
signatures_read(struct signatures *s, const char *file, const char *text,
    size_t n, char err[CONFIG_ERROR])
{
	static const char *const plain[] = {"plain", NULL};
	struct reader r = {.s = s, .tags = plain, .err = err};
	int status;

	if (config_parse(&r.c, file, text, n, err) < 0)
		return -1;
	status = read_root(&r);
	config_free(&r.c);
	return status;
}

void
signatures_init(struct signatures *s)
{
	*s = (struct signatures){0};
	intern_init(&s->text);
}

void
signatures_free(struct signatures *s)
{
	for (size_t i = 0; i < s->n_products; i++) {
		free(s->product[i].print);
		free(s->product[i].example);
	}
	free(s->product);
	for (size_t i = 0; i < s->n_rules; i++)
		free(s->rules[i]);
	free(s->rules);
	registries_free(&s->registries);
	intern_free(&s->text);
}

const char *
print_component(const struct product *p, const struct print *print)
{
	const char *slash = strrchr(print->text, '/');

	if (print->component)
		return print->component;
	return print->kind == PRINT_IMAGE && slash ? slash + 1 : p->id;
}

const struct product *
signatures_product(const struct signatures *s, struct span id)
{
	for (size_t i = 0; i < s->n_products; i++)
		if (span_eq(id, s->product[i].id))
			return &s->product[i];
	return NULL;
}
