#include "document.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define KEYS \
	"profile, depth, namespaces, namespacesIfForbidden, labelSelector, " \
	"resources, signatures"
#define RULE_KEYS "depth, namespaces, labelSelector, fieldSelector"

void
document_free(struct document *d)
{
	for (size_t i = 0; i < d->n_rules; i++) {
		free(d->rule[i].name);
		opts_list_free(&d->rule[i].namespaces);
		free(d->rule[i].labels);
		free(d->rule[i].fields);
	}
	for (size_t i = 0; i < d->n_listed; i++)
		free(d->listed[i].name);
	free(d->rule);
	free(d->listed);
	free(d->source);
	free(d->profile);
	free(d->labels);
	free(d->signatures);
	opts_list_free(&d->namespaces);
	opts_list_free(&d->fallback);
	*d = (struct document){0};
}

void
document_list(struct document *d, enum document_list list, const char *name,
    unsigned events)
{
	d->list = list;
	d->listed =
	    diag_alloc(d->listed, (d->n_listed + 1) * sizeof(*d->listed));
	d->listed[d->n_listed++] = (struct listed){text_copy(name), events};
}

bool
document_is_profile(const char *name)
{
	return strcmp(name, "default") == 0 || strcmp(name, "meshsync-1") == 0;
}

/* ---- values ---- */

struct reader {
	struct config c;
	struct document d; /* what is read */
	char *err;
};

static int
read_text(struct reader *r, config_node *node, const char *key, char **to)
{
	const char *text = config_text(node);

	if (!text || !*text)
		return config_error(&r->c, node, r->err, "%s is not a text",
		    key);
	free(*to);
	*to = text_copy(text);
	return 0;
}

static int
read_depth(struct reader *r, config_node *node, enum depth *to)
{
	const char *text = config_text(node);

	*to = depth_of(text);
	if (*to != DEPTH_UNSAID)
		return 0;
	return config_error(&r->c, node, r->err,
	    "depth is off, metadata or full, not '%s'", text ? text : "");
}

/* A text is a list of one. */
static int
read_list(struct reader *r, config_node *node, const char *key,
    struct opts_list *to)
{
	size_t n = config_is_list(node) ? config_count(node) : 1;

	opts_list_free(to);
	for (size_t i = 0; i < n; i++) {
		config_node *one =
		    config_is_list(node) ? config_at(&r->c, node, i) : node;
		const char *text = config_text(one);

		if (!text || !*text || strpbrk(text, ", /"))
			return config_error(&r->c, one ? one : node, r->err,
			    "%s is a list of names", key);
		if (!list_has(to, text))
			opts_append(to, text);
	}
	return 0;
}

static int
unknown_key(struct reader *r, config_node *key, const char *known)
{
	const char *text = config_text(key);

	return config_error(&r->c, key, r->err,
	    "there is no key '%s' here, only %s", text ? text : "", known);
}

/* ---- resources ---- */

static int
read_rule_key(struct reader *r, struct rule *rule, config_node *key,
    config_node *value)
{
	const char *name = config_text(key);

	if (name && strcmp(name, "depth") == 0)
		return read_depth(r, value, &rule->depth);
	if (name && strcmp(name, "namespaces") == 0) {
		rule->has_namespaces = true;
		return read_list(r, value, name, &rule->namespaces);
	}
	if (name && strcmp(name, "labelSelector") == 0)
		return read_text(r, value, name, &rule->labels);
	if (name && strcmp(name, "fieldSelector") == 0)
		return read_text(r, value, name, &rule->fields);
	return unknown_key(r, key, RULE_KEYS);
}

/* pods: off, or pods: {depth: off}. */
static int
read_rule(struct reader *r, config_node *key, config_node *value)
{
	struct document *d = &r->d;
	const char *name = config_text(key);
	struct rule *rule;

	if (!name || !*name)
		return config_error(&r->c, key, r->err,
		    "a resource needs a name");
	d->rule = diag_alloc(d->rule, (d->n_rules + 1) * sizeof(*d->rule));
	rule = &d->rule[d->n_rules++];
	*rule = (struct rule){.name = text_copy(name)};
	if (!config_is_map(value))
		return read_depth(r, value, &rule->depth);
	for (size_t i = 0; i < config_count(value); i++)
		if (read_rule_key(r, rule, config_key_at(&r->c, value, i),
			config_value_at(&r->c, value, i)) < 0)
			return -1;
	return 0;
}

static int
read_rules(struct reader *r, config_node *node)
{
	if (!config_is_map(node))
		return config_error(&r->c, node, r->err,
		    "resources is a map of names to depths");
	for (size_t i = 0; i < config_count(node); i++)
		if (read_rule(r, config_key_at(&r->c, node, i),
			config_value_at(&r->c, node, i)) < 0)
			return -1;
	return 0;
}

/* ---- the document ---- */

static int
read_profile(struct reader *r, config_node *node)
{
	if (read_text(r, node, "profile", &r->d.profile) < 0)
		return -1;
	if (document_is_profile(r->d.profile))
		return 0;
	return config_error(&r->c, node, r->err,
	    "profile is default or meshsync-1, not '%s'", r->d.profile);
}

static int
read_signatures(struct reader *r, config_node *node)
{
	const char *slash;

	if (read_text(r, node, "signatures", &r->d.signatures) < 0)
		return -1;
	slash = strchr(r->d.signatures, '/');
	if (slash && slash > r->d.signatures && slash[1] &&
	    !strchr(slash + 1, '/'))
		return 0;
	return config_error(&r->c, node, r->err,
	    "signatures is the NAMESPACE/NAME of a ConfigMap, not '%s'",
	    r->d.signatures);
}

static int
read_key(struct reader *r, config_node *key, config_node *value)
{
	struct document *d = &r->d;
	const char *name = config_text(key);

	if (!name)
		return unknown_key(r, key, KEYS);
	if (strcmp(name, "profile") == 0)
		return read_profile(r, value);
	if (strcmp(name, "depth") == 0)
		return read_depth(r, value, &d->depth);
	if (strcmp(name, "namespaces") == 0) {
		d->has_namespaces = true;
		return read_list(r, value, name, &d->namespaces);
	}
	if (strcmp(name, "namespacesIfForbidden") == 0)
		return read_list(r, value, name, &d->fallback);
	if (strcmp(name, "labelSelector") == 0)
		return read_text(r, value, name, &d->labels);
	if (strcmp(name, "resources") == 0)
		return read_rules(r, value);
	if (strcmp(name, "signatures") == 0)
		return read_signatures(r, value);
	return unknown_key(r, key, KEYS);
}

static int
read_root(struct reader *r)
{
	config_node *root = config_root(&r->c);

	if (!root)
		return 0;
	if (!config_is_map(root))
		return config_error(&r->c, root, r->err,
		    "the configuration is a map of " KEYS);
	for (size_t i = 0; i < config_count(root); i++)
		if (read_key(r, config_key_at(&r->c, root, i),
			config_value_at(&r->c, root, i)) < 0)
			return -1;
	return 0;
}

/* What was said before by other means stays: source and lists. */
static void
take(struct document *d, struct document *read)
{
	struct document old = *d;

	*d = *read;
	d->source = old.source;
	d->list = old.list;
	d->listed = old.listed;
	d->n_listed = old.n_listed;
	old.source = NULL;
	old.listed = NULL;
	old.n_listed = 0;
	document_free(&old);
}

static int
finish(struct document *d, struct reader *r)
{
	int status = read_root(r);

	config_free(&r->c);
	if (status < 0)
		document_free(&r->d);
	else
		take(d, &r->d);
	return status;
}

int
document_read(struct document *d, const char *name, const char *text, size_t n,
    char err[CONFIG_ERROR])
{
	struct reader r = {.err = err};

	if (config_parse(&r.c, name, text, n, err) < 0)
		return -1;
	return finish(d, &r);
}

int
document_load(struct document *d, const char *path, char err[CONFIG_ERROR])
{
	struct reader r = {.err = err};

	if (config_load(&r.c, path, err) < 0)
		return -1;
	return finish(d, &r);
}
