#include "owner.h"

#include <string.h>

struct span
owner_group(struct span api_version)
{
	const char *slash = NULL;

	if (api_version.n)
		slash = memchr(api_version.p, '/', api_version.n);
	return slash ?
	    (struct span){api_version.p, (size_t)(slash - api_version.p)} :
	    span_of("");
}

bool
owner_is_custom(struct span api_version)
{
	struct span group = owner_group(api_version);

	return group.n && memchr(group.p, '.', group.n);
}

/* One reference. False: it is not that of the controller. */
static bool
read_owner(struct walk *w, struct owner *o)
{
	struct span key, value;
	bool controls = false;

	*o = (struct owner){.name = {0}};
	if (!walk_enter(w, '{')) {
		walk_pass(w);
		return false;
	}
	while (walk_member(w, &key)) {
		value = walk_pass(w);
		if (scan_key_eq(key, "controller"))
			controls = scan_type(value) == SCAN_TRUE;
		else if (scan_key_eq(key, "apiVersion"))
			o->api_version = scan_text(value, NULL, 0);
		else if (scan_key_eq(key, "kind"))
			o->kind = scan_text(value, NULL, 0);
		else if (scan_key_eq(key, "name"))
			o->name = scan_text(value, NULL, 0);
	}
	return controls;
}

bool
owner_of(const struct record *r, struct owner *o)
{
	struct walk w = record_walk(r, AT_OWNERS);
	struct owner owner;

	if (!walk_enter(&w, '['))
		return false;
	while (walk_element(&w)) {
		if (!read_owner(&w, &owner))
			continue;
		if (!owner.api_version.p || !owner.kind.p || !owner.name.n)
			return false;
		*o = owner;
		return true;
	}
	return false;
}

/* A ReplicaSet that a Deployment made is called after it and the hash in its
 * pods' label, so the Deployment is known without the ReplicaSet. */
static void
skip_replica_set(const struct record *r, struct owner *o)
{
	struct span hash;
	size_t n = o->name.n;

	if (!span_eq(o->kind, "ReplicaSet"))
		return;
	hash =
	    scan_text(scan_get(r->at[AT_LABELS], "pod-template-hash"), NULL, 0);
	if (!hash.n || n < hash.n + 2 || o->name.p[n - hash.n - 1] != '-' ||
	    memcmp(o->name.p + n - hash.n, hash.p, hash.n) != 0)
		return;
	o->kind = span_of("Deployment");
	o->name.n -= hash.n + 1;
}

/* A static pod is called NAME-NODE and owned by its node. */
static bool
skip_node(const struct record *r, struct owner *o)
{
	size_t n = r->id.name.n;

	if (!span_eq(o->kind, "Node"))
		return false;
	if (n > o->name.n + 1 && r->id.name.p[n - o->name.n - 1] == '-' &&
	    memcmp(r->id.name.p + n - o->name.n, o->name.p, o->name.n) == 0)
		n -= o->name.n + 1;
	o->name = (struct span){r->id.name.p, n};
	o->kind = span_of("Pod");
	o->api_version = span_of("v1");
	return true;
}

bool
owner_of_pod(const struct record *r, struct owner *o)
{
	*o = (struct owner){r->id.api_version, r->id.kind, r->id.name};
	if (!owner_of(r, o) || skip_node(r, o))
		return false;
	skip_replica_set(r, o);
	return true;
}
