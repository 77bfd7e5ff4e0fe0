#include "component.h"

#include <string.h>

#include "version.h"

#define MAX_VERSIONS 32

struct versions {
	struct span v[MAX_VERSIONS]; /* from the lowest to the highest */
	size_t n;
};

static void
add_version(struct versions *set, struct span version)
{
	size_t i = set->n;

	if (!version.n || set->n == MAX_VERSIONS)
		return;
	for (size_t k = 0; k < set->n; k++)
		if (span_same(set->v[k], version))
			return;
	while (i > 0 && version_compare(version, set->v[i - 1]) < 0)
		i--;
	memmove(set->v + i + 1, set->v + i, (set->n - i) * sizeof(*set->v));
	set->v[i] = version;
	set->n++;
}

static bool
has_version(const struct versions *set, struct span version)
{
	for (size_t i = 0; i < set->n; i++)
		if (span_same(set->v[i], version))
			return true;
	return false;
}

/* What runs of one component, and what its templates want. */
struct component {
	const char *name;
	enum role role;
	struct versions running, wanted; /* what waits is only wanted */
	bool told; /* by a running instance */
};

static bool
runs_pods(const struct world *w, uint32_t workload)
{
	const struct workload *wl = &w->workload[workload];

	return wl->n_uses > 0 || wl->children > 0;
}

static void
read_component(const struct world *w, const struct sighting *s, size_t n,
    struct component *c)
{
	*c = (struct component){.name = s->v.component,
	    .role = (enum role)s->v.role};
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s[i].v.component, c->name) != 0 ||
		    s[i].v.role != s->v.role)
			continue;
		c->told |= s[i].v.told;
		if (s[i].is_own || s[i].waits)
			add_version(&c->wanted, s[i].v.version);
		if (s[i].is_own ? !runs_pods(w, s[i].workload) : !s[i].waits)
			add_version(&c->running, s[i].v.version);
	}
	/* a template without pods of its own kind (they wait, or have another
	 * image yet) is all there is to go by */
	if (!c->running.n)
		c->running = c->wanted;
}

/* During a rollout the new one as soon as it runs; else the highest. */
static struct span
version_of(const struct component *c)
{
	if (!c->running.n)
		return (struct span){0};
	if (c->wanted.n &&
	    has_version(&c->running, c->wanted.v[c->wanted.n - 1]))
		return c->wanted.v[c->wanted.n - 1];
	return c->running.v[c->running.n - 1];
}

static bool
is_first_of_component(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].v.role == s[i].v.role &&
		    strcmp(s[k].v.component, s[i].v.component) == 0)
			return false;
	return true;
}

static void
put_version_list(struct json *out, const char *key, const struct versions *set)
{
	json_key(out, key);
	json_open(out, '[');
	for (size_t i = 0; i < set->n; i++) {
		json_comma(out);
		json_string(out, set->v[i].p, set->v[i].n);
	}
	json_close(out, ']');
}

/* The product's version: what a label says for the whole, else that of the
 * first of its components, control planes before all others. */
struct span
component_release(const struct world *w, const struct sighting *s, size_t n)
{
	struct span version = {0};
	struct component c;

	for (size_t i = 0; i < n; i++)
		if (s[i].v.release.n &&
		    (!version.n ||
			version_compare(version, s[i].v.release) < 0))
			version = s[i].v.release;
	if (version.n || sight_product_of(w, s)->version_is_label)
		return version;
	for (size_t i = 0; i < n && !version.n; i++) {
		if (!s[i].v.makes || !is_first_of_component(s, i))
			continue;
		read_component(w, s + i, n - i, &c);
		version = version_of(&c);
	}
	return version;
}

void
component_put(const struct world *w, const struct sighting *s, size_t n,
    struct json *out)
{
	struct component c;

	json_key(out, "components");
	json_open(out, '[');
	for (size_t i = 0; i < n; i++) {
		struct span version;

		if (!is_first_of_component(s, i))
			continue;
		read_component(w, s + i, n - i, &c);
		version = version_of(&c);
		json_open(out, '{');
		json_member_text(out, "name", span_of(c.name));
		json_member_text(out, "role", span_of(role_name(c.role)));
		if (version.n)
			json_member_text(out, "version", version);
		if (c.told)
			json_member_text(out, "versionFrom", span_of("probe"));
		if (c.running.n > 1)
			put_version_list(out, "versions", &c.running);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* What the pods of one workload run of a component, and what its template and
 * those that wait want. True if that is not the same. Of sidecars it is not known whose they
 * are. */
static bool
read_rollout(const struct sighting *s, size_t n, size_t at, struct component *c)
{
	*c = (struct component){.name = s[at].v.component};
	for (size_t i = 0; i < n; i++)
		if (sight_is_member(&s[i]) && s[i].workload == s[at].workload &&
		    s[i].v.role == s[at].v.role &&
		    strcmp(s[i].v.component, c->name) == 0)
			add_version(s[i].is_own || s[i].waits ? &c->wanted :
								&c->running,
			    s[i].v.version);
	for (size_t i = 0; c->running.n && i < c->wanted.n; i++)
		if (!has_version(&c->running, c->wanted.v[i]))
			return true;
	return c->running.n > 1;
}

static bool
is_first_of_rollout(const struct sighting *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s[k].workload == s[i].workload &&
		    s[k].v.role == s[i].v.role &&
		    strcmp(s[k].v.component, s[i].v.component) == 0)
			return false;
	return true;
}

void
component_put_rollouts(const struct world *w, const struct sighting *s,
    size_t n, struct json *out)
{
	bool any = false;
	struct component c;

	for (size_t i = 0; i < n; i++) {
		if (!sight_is_member(&s[i]) || !is_first_of_rollout(s, i) ||
		    !read_rollout(s, n, i, &c))
			continue;
		if (!any) {
			json_key(out, "rollout");
			json_open(out, '[');
		}
		any = true;
		json_open(out, '{');
		sight_put_object(w, s[i].workload, out);
		json_member_text(out, "component", span_of(c.name));
		put_version_list(out, "running", &c.running);
		if (c.wanted.n)
			put_version_list(out, "wanted", &c.wanted);
		json_close(out, '}');
	}
	if (any)
		json_close(out, ']');
}
