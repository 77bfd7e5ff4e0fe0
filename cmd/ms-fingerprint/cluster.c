#include "cluster.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "infra.h"

static struct cluster *
find(const struct clusters *cs, struct span name)
{
	for (size_t i = 0; i < cs->n; i++)
		if (span_eq(name, cs->cluster[i].name))
			return &cs->cluster[i];
	return NULL;
}

void
clusters_free(struct clusters *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		free(cs->cluster[i].name);
	free(cs->cluster);
}

struct cluster *
clusters_announce(struct clusters *cs, const struct record *r)
{
	char buf[512];
	struct span name = scan_text(r->at[AT_CLUSTER], buf, sizeof(buf));
	struct cluster *c = find(cs, name);

	if (c)
		return c;
	cs->cluster =
	    diag_alloc(cs->cluster, (cs->n + 1) * sizeof(*cs->cluster));
	c = &cs->cluster[cs->n++];
	*c = (struct cluster){diag_strndup(name.n ? name.p : "", name.n), true};
	return c;
}

bool
clusters_holds(const struct clusters *cs, const char *name)
{
	const struct cluster *c = find(cs, span_of(name));

	return c && c->holds;
}

bool
clusters_ready(const struct clusters *cs, const char *name)
{
	const struct cluster *c = find(cs, span_of(name));

	return c && !c->holds;
}

size_t
clusters_holding(const struct clusters *cs)
{
	size_t n = 0;

	for (size_t i = 0; i < cs->n; i++)
		n += cs->cluster[i].holds;
	return n;
}

/* Whether what is told of a resource can change a verdict. */
static bool
is_read(struct span resource)
{
	static const char *const read[] = {"pods.", "services.", "deployments.",
	    "statefulsets.", "daemonsets.", "replicationcontrollers.",
	    "customresourcedefinitions."};

	for (size_t i = 0; i < sizeof(read) / sizeof(*read); i++) {
		size_t n = strlen(read[i]);

		if (resource.n >= n && memcmp(resource.p, read[i], n) == 0)
			return true;
	}
	return false;
}

bool
cluster_ready(const struct record *r, struct json *out)
{
	struct span list = scan_get(r->at[AT_MS], "resources"), key, value;
	bool complete = scan_type(r->at[AT_COMPLETE]) != SCAN_FALSE;
	struct scan_iter it;

	json_open(out, '{');
	scan_iter(&it, list);
	while (scan_member(&it, &key, &value)) {
		if (span_eq(key, INFRA_RESOURCE))
			continue;
		if (is_read(key) && !scan_eq(value, "synced") &&
		    !scan_eq(value, "off"))
			complete = false;
		json_comma(out);
		json_raw(out, key.p - 1, key.n + 2);
		json_puts(out, ":");
		json_span(out, value);
	}
	json_member_text(out, INFRA_RESOURCE,
	    span_of(complete ? "synced" : "pending"));
	json_close(out, '}');
	return complete;
}
