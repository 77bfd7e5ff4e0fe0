#include "discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diag.h"

#define ACCEPT \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;" \
	"as=APIGroupDiscoveryList,application/json"
#define TIMEOUT 32L /* s */

/* One document that was asked for. */
struct part {
	struct discovery *d;
	char *group, *version; /* NULL: one of the two roots */
	char *body; /* what came; NULL: nothing of use */
	size_t n;
	struct http_request *request;
};

struct root {
	const char *path;
	char *etag;
	bool is_aggregated, is_unchanged;
	struct part part;
};

struct discovery {
	struct http *http;
	discovery_done *done;
	void *context;
	struct root root[2];
	struct part **part; /* of the old form, in order of preference */
	size_t n_parts;
	unsigned pending;
};

/* ---- asking ---- */

static void on_answer(void *context, struct http_request *r);

static void
ask(struct part *part, const char *path, const char *accept, const char *etag)
{
	struct http_ask ask = {.path = path,
	    .accept = accept,
	    .etag = etag,
	    .timeout = TIMEOUT,
	    .compress = true,
	    .done = on_answer,
	    .context = part};

	part->d->pending++;
	part->request = http_get(part->d->http, &ask);
}

static void
ask_group(struct discovery *d, const char *group, const char *version)
{
	struct part *part = diag_alloc(NULL, sizeof(*part));
	char path[512];

	*part = (struct part){.d = d};
	part->group = diag_strndup(group, strlen(group));
	part->version = diag_strndup(version, strlen(version));
	d->part = diag_alloc(d->part, (d->n_parts + 1) * sizeof(void *));
	d->part[d->n_parts++] = part;
	snprintf(path, sizeof(path), *group ? "/apis/%s/%s" : "/api%s/%s",
	    group, version);
	ask(part, path, NULL, NULL);
}

static void
text_of(struct span value, char *out, size_t size)
{
	struct span text = scan_text(value, out, size - 1);

	if (text.n >= size)
		text.n = 0;
	if (text.n)
		memmove(out, text.p, text.n);
	out[text.n] = '\0';
}

/* /api of the old form: versions of the core group. */
static void
ask_core(struct discovery *d, struct span doc)
{
	struct span versions = scan_get(doc, "versions"), one;
	struct scan_iter it;
	char version[128];

	if (scan_type(versions) != SCAN_ARRAY)
		return;
	scan_iter(&it, versions);
	while (scan_element(&it, &one)) {
		text_of(one, version, sizeof(version));
		if (*version)
			ask_group(d, "", version);
	}
}

/* A group's versions, the preferred one first. */
static void
ask_versions(struct discovery *d, struct span group)
{
	struct span versions = scan_get(group, "versions"), one;
	struct span preferred = scan_get(group, "preferredVersion");
	char name[256], first[128] = "", version[128];
	struct scan_iter it;

	text_of(scan_get(group, "name"), name, sizeof(name));
	if (scan_type(preferred) == SCAN_OBJECT)
		text_of(scan_get(preferred, "version"), first, sizeof(first));
	if (*name && *first)
		ask_group(d, name, first);
	if (!*name || scan_type(versions) != SCAN_ARRAY)
		return;
	scan_iter(&it, versions);
	while (scan_element(&it, &one)) {
		if (scan_type(one) != SCAN_OBJECT)
			continue;
		text_of(scan_get(one, "version"), version, sizeof(version));
		if (*version && strcmp(version, first) != 0)
			ask_group(d, name, version);
	}
}

static void
ask_groups(struct discovery *d, struct span doc)
{
	struct span groups = scan_get(doc, "groups"), one;
	struct scan_iter it;

	if (scan_type(groups) != SCAN_ARRAY)
		return;
	scan_iter(&it, groups);
	while (scan_element(&it, &one))
		if (scan_type(one) == SCAN_OBJECT)
			ask_versions(d, one);
}

/* ---- the end ---- */

static void
forget_parts(struct discovery *d)
{
	for (size_t i = 0; i < d->n_parts; i++) {
		struct part *part = d->part[i];

		if (part->request)
			http_cancel(part->request);
		free(part->group);
		free(part->version);
		free(part->body);
		free(part);
	}
	free(d->part);
	d->part = NULL;
	d->n_parts = 0;
	for (int i = 0; i < 2; i++) {
		struct part *part = &d->root[i].part;

		if (part->request)
			http_cancel(part->request);
		free(part->body);
		*part = (struct part){.d = d};
	}
	d->pending = 0;
}

static void
fail(struct discovery *d, const struct failure *f, struct http_request *r)
{
	forget_parts(d);
	d->done(d->context, DISCOVERY_FAILED, NULL, f, r);
}

static void
add_unknown(struct catalog *c, const struct part *part)
{
	char name[512];

	snprintf(name, sizeof(name), "%s%s%s", part->group,
	    *part->group ? "/" : "", part->version);
	opts_append(&c->stale, name);
}

static void
finish(struct discovery *d)
{
	struct catalog c = {0};

	for (int i = 0; i < 2; i++) {
		struct part *part = &d->root[i].part;

		if (part->body && d->root[i].is_aggregated)
			catalog_add_aggregated(&c,
			    (struct span){part->body, part->n});
	}
	for (size_t i = 0; i < d->n_parts; i++) {
		struct part *part = d->part[i];

		if (!part->body ||
		    catalog_add_legacy(&c, part->group, part->version,
			(struct span){part->body, part->n}) < 0)
			add_unknown(&c, part);
	}
	catalog_choose(&c);
	forget_parts(d);
	d->done(d->context, DISCOVERY_FOUND, &c, NULL, NULL);
}

static void
ask_roots(struct discovery *d, bool with_etags)
{
	for (int i = 0; i < 2; i++) {
		struct root *root = &d->root[i];

		root->is_unchanged = false;
		ask(&root->part, root->path, ACCEPT,
		    with_etags ? root->etag : NULL);
	}
}

/* All that was asked for is there. A root that is unchanged while the other is
 * not has to be read after all. */
static void
conclude(struct discovery *d)
{
	bool a = d->root[0].is_unchanged, b = d->root[1].is_unchanged;

	if (a && b) {
		forget_parts(d);
		d->done(d->context, DISCOVERY_UNCHANGED, NULL, NULL, NULL);
	} else if (a || b) {
		forget_parts(d);
		ask_roots(d, false);
	} else {
		finish(d);
	}
}

/* ---- answers ---- */

/* Body as one JSON object, moved to the part. False: it is none. */
static bool
keep_body(struct part *part, struct http_request *r)
{
	size_t n = http_object(r).n;

	if (!n)
		return false;
	part->body = r->body.p;
	part->n = n;
	r->body = (struct json){0};
	return true;
}

static bool
has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; text && *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return false;
}

static void
on_root(struct root *root, struct http_request *r)
{
	struct discovery *d = root->part.d;
	const char *etag = http_header(r, "ETag");
	struct span doc = {root->part.body, root->part.n};

	free(root->etag);
	root->etag = etag ? diag_strndup(etag, strlen(etag)) : NULL;
	root->is_aggregated = has_word(http_header(r, "Content-Type"),
	    "as=APIGroupDiscoveryList");
	if (root->is_aggregated)
		return;
	if (root == &d->root[0])
		ask_core(d, doc);
	else
		ask_groups(d, doc);
}

static bool
is_root(const struct part *part)
{
	return !part->group;
}

static void
describe(struct failure *f, struct http_request *r)
{
	if (r->result != CURLE_OK)
		failure_set(f, IN_SERVER, "%s", http_why(r));
	else
		failure_of_answer(f, r->status,
		    (struct span){r->body.p, r->body.len},
		    http_header(r, "Retry-After"), false);
}

static void
on_answer(void *context, struct http_request *r)
{
	struct part *part = context;
	struct discovery *d = part->d;
	struct root *root =
	    part == &d->root[0].part ? &d->root[0] : &d->root[1];
	struct failure f;

	part->request = NULL;
	d->pending--;
	if (r->result == CURLE_OK && r->status == 200 && keep_body(part, r)) {
		if (is_root(part))
			on_root(root, r);
	} else if (is_root(part) && r->status == 304) {
		root->is_unchanged = true;
	} else if (is_root(part) &&
	    !(r->status == 404 && root == &d->root[0])) {
		describe(&f, r);
		fail(d, &f, r);
		return;
	}
	if (d->pending == 0)
		conclude(d);
}

/* ---- the interface ---- */

struct discovery *
discovery_new(struct http *http, discovery_done *done, void *context)
{
	struct discovery *d = diag_alloc(NULL, sizeof(*d));

	*d = (struct discovery){.http = http, .done = done, .context = context};
	d->root[0] = (struct root){.path = "/api", .part = {.d = d}};
	d->root[1] = (struct root){.path = "/apis", .part = {.d = d}};
	return d;
}

void
discovery_free(struct discovery *d)
{
	forget_parts(d);
	free(d->root[0].etag);
	free(d->root[1].etag);
	free(d);
}

void
discovery_start(struct discovery *d)
{
	ask_roots(d, true);
}

bool
discovery_is_busy(const struct discovery *d)
{
	return d->pending > 0;
}
