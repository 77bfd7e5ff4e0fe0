#include "definitions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define TIMEOUT 30 /* s */
#define ACCEPT \
	"application/json;as=Table;v=v1;g=meta.k8s.io," \
	"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io," \
	"application/json"

/* ---- the answer ---- */

static struct span
get(struct span object, const char *key)
{
	return scan_type(object) == SCAN_OBJECT ? scan_get(object, key) :
						  (struct span){0};
}

/* The first cell of a row, or an object's name. */
static struct span
name_of(struct span one)
{
	struct span cells = get(one, "cells"), cell = {0};
	struct scan_iter it;

	if (scan_type(cells) != SCAN_ARRAY)
		return get(get(one, "metadata"), "name");
	scan_iter(&it, cells);
	scan_element(&it, &cell);
	return cell;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
read_names(struct definitions *d, struct span doc)
{
	struct span list = get(doc, "rows"), one;
	struct scan_iter it;
	char buf[512];

	if (scan_type(list) != SCAN_ARRAY)
		list = get(doc, "items");
	if (scan_type(list) != SCAN_ARRAY)
		return false;
	opts_list_free(&d->name);
	scan_iter(&it, list);
	while (scan_element(&it, &one)) {
		struct span name =
		    scan_text(name_of(one), buf, sizeof(buf) - 1);
		char text[512];

		if (!name.n || name.n >= sizeof(text))
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)name.n, name.p);
		opts_append(&d->name, text);
	}
	if (d->name.n)
		qsort(d->name.item, d->name.n, sizeof(char *), compare);
	return true;
}

/* ---- marking ---- */

static bool
is_defined(const struct definitions *d, const struct resource *r)
{
	char text[512], *key = text;

	snprintf(text, sizeof(text), "%s.%s", r->name, r->group);
	return d->name.n &&
	    bsearch(&key, d->name.item, d->name.n, sizeof(char *), compare);
}

/* Groups of Kubernetes itself have no dot, or end so; some definitions' do,
 * too. */
static bool
is_guessed(const struct resource *r)
{
	static const char own[] = ".k8s.io";
	size_t n = strlen(r->group), m = sizeof(own) - 1;

	return strchr(r->group, '.') &&
	    (n < m || strcmp(r->group + n - m, own) != 0);
}

static void
finish(struct definitions *d)
{
	for (size_t i = 0; i < d->catalog->n; i++) {
		struct resource *r = d->catalog->resource[i];

		r->is_custom = d->is_known ? is_defined(d, r) : is_guessed(r);
	}
	d->done(d->context);
}

static void
on_answer(void *context, struct http_request *r)
{
	struct definitions *d = context;
	struct span doc = http_object(r);

	d->request = NULL;
	d->is_fresh = r->result == CURLE_OK && r->status == 200 && doc.n > 0 &&
	    read_names(d, doc);
	d->is_known |= d->is_fresh;
	if (!d->is_fresh)
		diag_info("the names of CustomResourceDefinitions cannot be "
			  "read (status %ld)",
		    r->status);
	finish(d);
}

/* ---- the question ---- */

void
definitions_ask(struct definitions *d, struct catalog *c)
{
	struct http_ask ask = {.accept = ACCEPT,
	    .timeout = TIMEOUT,
	    .done = on_answer,
	    .context = d};
	struct resource *r = NULL;
	char path[512];

	d->catalog = c;
	catalog_find(c, "customresourcedefinitions.apiextensions.k8s.io", &r);
	if (!r) {
		finish(d);
		return;
	}
	snprintf(path, sizeof(path), "/apis/%s/%s?includeObject=None",
	    r->api_version, r->name);
	ask.path = path;
	d->request = http_get(d->http, &ask);
}

void
definitions_free(struct definitions *d)
{
	if (d->request)
		http_cancel(d->request);
	opts_list_free(&d->name);
}
