#include "custom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define USUAL "meshery/meshery-meshsync"

static const char *const name[CUSTOM_GROUPS] = {"meshsyncs.meshery.io",
    "meshsyncs.meshery.layer5.io"};

static const char *
ns_name(const struct custom *x)
{
	return x->ns_name ? x->ns_name : USUAL;
}

/* ---- following ---- */

static void
set_object(struct custom *x, int i, struct span object)
{
	struct json *j = &x->group[i].spec;
	bool exists = object.n > 0;
	struct span spec = {0};

	if (exists)
		spec = scan_get(object, "spec");
	if (exists == x->group[i].exists && j->len == spec.n &&
	    (!spec.n || memcmp(j->p, spec.p, spec.n) == 0))
		return;
	json_reset(j);
	json_span(j, spec);
	x->group[i].exists = exists;
	x->changed(x->context);
}

static void
on_meshery(void *context, struct span object)
{
	set_object(context, 0, object);
}

static void
on_layer5(void *context, struct span object)
{
	set_object(context, 1, object);
}

static follow_told *const told[CUSTOM_GROUPS] = {on_meshery, on_layer5};

static void
end_follow(struct custom *x, int i)
{
	if (x->group[i].follow)
		follow_free(x->group[i].follow);
	free(x->group[i].api_version);
	x->group[i].follow = NULL;
	x->group[i].api_version = NULL;
}

static void
begin_follow(struct custom *x, int i, struct resource *r)
{
	const char *text = ns_name(x), *slash = strchr(text, '/');
	char *ns = diag_strndup(text, (size_t)(slash - text));

	x->group[i].api_version = text_copy(r->api_version);
	x->group[i].follow = follow_new(x->http, r, ns, slash + 1, told[i], x);
	free(ns);
}

void
custom_follow(struct custom *x, const struct catalog *c)
{
	for (int i = 0; i < CUSTOM_GROUPS; i++) {
		struct resource *r = NULL;

		if (strcmp(ns_name(x), "none") == 0)
			continue;
		catalog_find(c, name[i], &r);
		if (!r && c->stale.n) /* it may exist unseen */
			continue;
		if (r && text_is_equal(r->api_version, x->group[i].api_version))
			continue;
		end_follow(x, i);
		if (r)
			begin_follow(x, i, r);
		else if (x->group[i].exists)
			set_object(x, i, (struct span){0});
	}
}

void
custom_free(struct custom *x)
{
	for (int i = 0; i < CUSTOM_GROUPS; i++) {
		end_follow(x, i);
		json_release(&x->group[i].spec);
	}
}

void
custom_tick(struct custom *x, int64_t now)
{
	for (int i = 0; i < CUSTOM_GROUPS; i++)
		if (x->group[i].follow)
			follow_tick(x->group[i].follow, now);
}

int64_t
custom_due(const struct custom *x)
{
	int64_t due = INT64_MAX, one;

	for (int i = 0; i < CUSTOM_GROUPS; i++)
		if (x->group[i].follow) {
			one = follow_due(x->group[i].follow);
			due = one < due ? one : due;
		}
	return due;
}

bool
custom_is_settled(const struct custom *x)
{
	for (int i = 0; i < CUSTOM_GROUPS; i++)
		if (x->group[i].follow &&
		    !follow_is_settled(x->group[i].follow))
			return false;
	return true;
}

/* ---- reading ---- */

bool
custom_read(struct custom *x, struct document *d)
{
	char err[CONFIG_ERROR];
	int i = 0;

	document_free(d);
	while (i < CUSTOM_GROUPS && !x->group[i].exists)
		i++;
	if (i == CUSTOM_GROUPS)
		return false;
	d->source = text_copy(ns_name(x));
	if (document_custom(d,
		(struct span){x->group[i].spec.p, x->group[i].spec.len},
		err) < 0)
		diag_warn("MeshSync %s: %s; that part of it counts for nothing",
		    d->source, err);
	return true;
}
