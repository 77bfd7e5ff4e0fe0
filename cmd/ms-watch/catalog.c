#include "catalog.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diag.h"
#include "text.h"

#define WORD 253u /* bytes of a name in Kubernetes, at most */

/* ---- resources ---- */

struct resource *
resource_hold(struct resource *r)
{
	r->users++;
	return r;
}

void
resource_drop(struct resource *r)
{
	if (--r->users > 0)
		return;
	free(r->name);
	free(r->version);
	free(r->group);
	free(r->kind);
	free(r->singular);
	free(r->id);
	free(r->api_version);
	opts_list_free(&r->short_names);
	free(r);
}

void
catalog_free(struct catalog *c)
{
	for (size_t i = 0; i < c->n; i++)
		resource_drop(c->resource[i]);
	free(c->resource);
	opts_list_free(&c->stale);
	*c = (struct catalog){0};
}

static char *
join_version(const char *group, const char *version)
{
	return text_join(group, *group ? "/" : "", version);
}

/* A string's text, the caller's to free; empty if it is none. */
static char *
text_of(struct span value)
{
	char buf[512];
	struct span text = scan_text(value, buf, sizeof(buf));

	return text.p ? diag_strndup(text.p, text.n) : diag_strndup("", 0);
}

static bool
has_verb(struct span verbs, const char *verb)
{
	struct scan_iter it;
	struct span one;

	if (scan_type(verbs) != SCAN_ARRAY)
		return false;
	scan_iter(&it, verbs);
	while (scan_element(&it, &one))
		if (scan_eq(one, verb))
			return true;
	return false;
}

static void
add_short_names(struct resource *r, struct span names)
{
	struct scan_iter it;
	struct span one;

	if (scan_type(names) != SCAN_ARRAY)
		return;
	scan_iter(&it, names);
	while (scan_element(&it, &one)) {
		char *text = text_of(one);

		opts_append(&r->short_names, text);
		free(text);
	}
}

/* A name or kind goes into paths and records as it is, and an aggregated API
 * server may say anything. */
static bool
is_word(const char *text)
{
	static const char letters[] =
	    "-._0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return *text && *text != '.' && strlen(text) <= WORD &&
	    !text[strspn(text, letters)];
}

/* Takes name and kind. Subresources, whose names have a slash, and things
 * without a kind are no collections. */
static void
add(struct catalog *c, const char *group, const char *version, char *name,
    char *kind, struct span from, bool is_namespaced)
{
	struct span verbs = scan_get(from, "verbs");
	struct resource *r;
	char *stem;

	if (!is_word(name) || !is_word(kind) || !is_word(version) ||
	    (*group && !is_word(group))) {
		free(name);
		free(kind);
		return;
	}
	r = diag_alloc(NULL, sizeof(*r));
	*r = (struct resource){.name = name, .kind = kind, .users = 1};
	r->group = diag_strndup(group, strlen(group));
	r->version = diag_strndup(version, strlen(version));
	r->api_version = join_version(group, version);
	stem = text_join(name, ".", version);
	r->id = text_join(stem, ".", group);
	free(stem);
	r->is_namespaced = is_namespaced;
	r->is_watchable = has_verb(verbs, "list") && has_verb(verbs, "watch");
	add_short_names(r, scan_get(from, "shortNames"));
	c->resource = diag_alloc(c->resource, (c->n + 1) * sizeof(void *));
	c->resource[c->n++] = r;
}

/* ---- documents ---- */

static void
add_aggregated_version(struct catalog *c, const char *group, struct span doc)
{
	struct span resources = scan_get(doc, "resources"), one;
	char *version = text_of(scan_get(doc, "version"));
	struct scan_iter it;

	if (scan_eq(scan_get(doc, "freshness"), "Stale")) {
		char *name = join_version(group, version);

		opts_append(&c->stale, name);
		free(name);
	} else if (scan_type(resources) == SCAN_ARRAY) {
		scan_iter(&it, resources);
		while (scan_element(&it, &one)) {
			struct span kind = scan_get(one, "responseKind");
			size_t before = c->n;

			kind = scan_type(kind) == SCAN_OBJECT ?
			    scan_get(kind, "kind") :
			    (struct span){0};
			add(c, group, version,
			    text_of(scan_get(one, "resource")), text_of(kind),
			    one, scan_eq(scan_get(one, "scope"), "Namespaced"));
			if (c->n > before)
				c->resource[before]->singular =
				    text_of(scan_get(one, "singularResource"));
		}
	}
	free(version);
}

static void
add_aggregated_group(struct catalog *c, struct span doc)
{
	struct span metadata = scan_get(doc, "metadata"), one;
	struct span versions = scan_get(doc, "versions");
	struct scan_iter it;
	char *group = text_of(scan_type(metadata) == SCAN_OBJECT ?
		scan_get(metadata, "name") :
		(struct span){0});

	if (scan_type(versions) == SCAN_ARRAY) {
		scan_iter(&it, versions);
		while (scan_element(&it, &one))
			add_aggregated_version(c, group, one);
	}
	free(group);
}

int
catalog_add_aggregated(struct catalog *c, struct span doc)
{
	struct span items = scan_get(doc, "items"), one;
	struct scan_iter it;

	if (!scan_eq(scan_get(doc, "kind"), "APIGroupDiscoveryList"))
		return -1;
	if (scan_type(items) != SCAN_ARRAY)
		return 0;
	scan_iter(&it, items);
	while (scan_element(&it, &one))
		add_aggregated_group(c, one);
	return 0;
}

int
catalog_add_legacy(struct catalog *c, const char *group, const char *version,
    struct span doc)
{
	struct span resources = scan_get(doc, "resources"), one;
	struct scan_iter it;

	if (!scan_eq(scan_get(doc, "kind"), "APIResourceList"))
		return -1;
	if (scan_type(resources) != SCAN_ARRAY)
		return 0;
	scan_iter(&it, resources);
	while (scan_element(&it, &one)) {
		size_t before = c->n;

		add(c, group, version, text_of(scan_get(one, "name")),
		    text_of(scan_get(one, "kind")), one,
		    scan_type(scan_get(one, "namespaced")) == SCAN_TRUE);
		if (c->n > before)
			c->resource[before]->singular =
			    text_of(scan_get(one, "singularName"));
	}
	return 0;
}

static bool
is_same_kind(const struct resource *a, const struct resource *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->group, b->group) == 0;
}

void
catalog_choose(struct catalog *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct resource *r = c->resource[i];
		size_t j = 0;

		while (j < i &&
		    !(c->resource[j]->is_chosen &&
			is_same_kind(c->resource[j], r)))
			j++;
		r->is_chosen = r->is_watchable && j == i;
	}
}

bool
catalog_is_stale(const struct catalog *c, const struct resource *r)
{
	for (size_t i = 0; i < c->stale.n; i++)
		if (strcmp(c->stale.item[i], r->api_version) == 0)
			return true;
	return false;
}

/* ---- names ---- */

/* name up to n bytes is the plural, singular, kind or a short name of r. */
static bool
is_called(const struct resource *r, const char *name, size_t n)
{
	const char *const own[] = {r->name, r->singular, r->kind};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strlen(own[i]) == n && strncasecmp(own[i], name, n) == 0)
			return true;
	for (size_t i = 0; i < r->short_names.n; i++)
		if (strlen(r->short_names.item[i]) == n &&
		    strncasecmp(r->short_names.item[i], name, n) == 0)
			return true;
	return false;
}

/* Whether name means r: pods, po, Pod (of the chosen version), deployments.apps,
 * or with its version deployments.v1.apps and pods.v1. */
static bool
is_named(const struct resource *r, const char *name)
{
	size_t n = strcspn(name, "."), v = strlen(r->version);
	const char *rest = name + n + 1;

	if (!is_called(r, name, n))
		return false;
	if (!name[n])
		return r->is_chosen;
	if (strcasecmp(rest, r->group) == 0)
		return r->is_chosen;
	return strncasecmp(rest, r->version, v) == 0 && rest[v] == '.' &&
	    strcasecmp(rest + v + 1, r->group) == 0;
}

const char *
catalog_find(const struct catalog *c, const char *name, struct resource **out)
{
	bool is_unwatchable = false;

	for (size_t i = 0; i < c->n; i++) {
		struct resource *r = c->resource[i];

		if (r->is_watchable && is_named(r, name)) {
			if (out)
				*out = r;
			return NULL;
		}
		is_unwatchable |=
		    !r->is_watchable && is_called(r, name, strcspn(name, "."));
	}
	return is_unwatchable ?
	    "it cannot be listed and watched" :
	    "the server has no such resource (kubectl api-resources lists "
	    "them)";
}
