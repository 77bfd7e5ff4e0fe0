#include "describe.h"

#include "component.h"
#include "endpoint.h"
#include "grounds.h"
#include "workload.h"

static bool
is_first_of_workload(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].workload == s[i].workload && sight_is_member(&s[k]))
			return false;
	return true;
}

static void
put_api_version(const struct world *w, const struct workload *wl,
    struct json *out)
{
	struct span group = owner_group(workload_api(w, wl));

	if (group.n)
		json_member_text(out, "group", group);
}

static void
put_members(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	json_key(out, "members");
	json_open(out, '[');
	for (size_t i = 0; i < n; i++) {
		const struct workload *wl;

		if (!sight_is_member(&s[i]) || !is_first_of_workload(s, i))
			continue;
		wl = &w->workload[s[i].workload];
		json_open(out, '{');
		put_api_version(w, wl, out);
		json_member_text(out, "kind", workload_kind(w, wl));
		json_member_text(out, "namespace",
		    span_of(world_name(w, world_ns_at(w, wl->place))));
		json_member_text(out, "name", workload_name(w, wl));
		json_member_text(out, "component", span_of(s[i].v.component));
		json_member_text(out, "role",
		    span_of(role_name((enum role)s[i].v.role)));
		json_close(out, '}');
	}
	json_close(out, ']');
}

static uint8_t
origin_of_workload(const struct world *w, uint32_t id)
{
	const struct workload *wl = &w->workload[id];
	bool green = wl->n_uses > 0;

	if (wl->flags & WORLD_SEEN)
		return wl->flags & (WORLD_GREEN | WORLD_BROWN);
	for (unsigned i = 0; i < wl->n_uses; i++)
		if (world_uses(wl)[i].green < world_uses(wl)[i].pods)
			green = false;
	return green ? WORLD_GREEN : 0;
}

uint8_t
describe_origin(const struct world *w, const struct sighting *s, size_t n)
{
	uint8_t all = WORLD_GREEN | WORLD_BROWN;

	for (size_t i = 0; i < n; i++)
		if (sight_is_member(&s[i]))
			all &= origin_of_workload(w, s[i].workload);
	return all & WORLD_GREEN ? WORLD_GREEN : all;
}

const char *
describe_namespace(const struct world *w, const struct sighting *s)
{
	return world_name(w, world_ns_at(w, w->workload[s->workload].place));
}

/* PRODUCT, PRODUCT.INSTANCE or PRODUCT.INSTANCE.NAME. A product's id has no dot,
 * so no two products share a name. */
void
describe_name(const struct world *w, const struct sighting *s, struct json *out)
{
	json_puts(out, sight_product_of(w, s)->id);
	if (s->instance.n) {
		json_puts(out, ".");
		json_span(out, s->instance);
	}
	if (s->part_name.n) {
		json_puts(out, ".");
		json_span(out, s->part_name);
	}
}

void
describe_spec(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	const struct product *p = sight_product_of(w, s);
	uint8_t origin = describe_origin(w, s, n);
	struct span version = component_release(w, s, n);

	json_open(out, '{');
	json_member_text(out, "product", span_of(p->id));
	json_member_text(out, "name", span_of(p->name));
	if (p->category)
		json_member_text(out, "category", span_of(p->category));
	if (version.n) {
		json_member_text(out, "version", version);
	} else if ((version = grounds_version(w, s)).n) {
		json_member_text(out, "version", version);
		json_member_text(out, "versionFrom", span_of("crd"));
	}
	if (s->instance.n)
		json_member_text(out, "instance", s->instance);
	component_put_rollouts(w, s, n, out);
	component_put(w, s, n, out);
	put_members(w, s, n, out);
	endpoint_put(w, s, n, out);
	grounds_put(w, s, n, out);
	if (origin)
		json_member_text(out, "origin",
		    span_of(
			origin == WORLD_GREEN ? "greenfield" : "brownfield"));
	json_close(out, '}');
}
