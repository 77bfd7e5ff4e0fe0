#include "tier.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "thing.h"

static void
free_ask(struct tier_ask *a)
{
	free(a->cluster);
	free(a->product);
	free(a->resource);
}

void
tiers_free(struct tiers *t)
{
	for (size_t i = 0; i < t->n; i++)
		free_ask(&t->ask[i]);
	free(t->ask);
}

static void
request(const struct tier_ask *a, const char *command,
    const struct infra_out *out)
{
	struct json j = {0};

	record_open(&j, "REQUEST");
	if (*a->cluster)
		json_member_text(&j, "cluster", span_of(a->cluster));
	json_close(&j, '}');
	json_key(&j, "object");
	json_open(&j, '{');
	json_member_text(&j, "command", span_of(command));
	json_member_text(&j, "resource", span_of(a->resource));
	json_member_text(&j, "by", span_of(a->product));
	json_close(&j, '}');
	json_close(&j, '}');
	out->put(out->context, (struct span){j.p, j.len});
	json_release(&j);
}

static char *
copy(const char *text)
{
	return diag_strndup(text, strlen(text));
}

static void
want(struct tiers *t, const char *cluster, const char *product,
    const char *resource, const struct infra_out *out)
{
	struct tier_ask *a;

	for (size_t i = 0; i < t->n; i++) {
		a = &t->ask[i];
		if (strcmp(a->resource, resource) == 0 &&
		    strcmp(a->product, product) == 0 &&
		    strcmp(a->cluster, cluster) == 0) {
			a->wanted = true;
			return;
		}
	}
	t->ask = diag_alloc(t->ask, (t->n + 1) * sizeof(*t->ask));
	a = &t->ask[t->n++];
	*a = (struct tier_ask){copy(cluster), copy(product), copy(resource),
	    true};
	request(a, "watch", out);
}

/* Each CRD of the product in the cluster. */
static void
want_crds(struct tiers *t, const struct world *w, const char *cluster,
    const struct product *p, const struct infra_out *out)
{
	const struct catalog *c = w->shapes->catalog;

	for (uint32_t i = thing_first_other(w); i != WORLD_NONE;
	     i = w->thing[i].next) {
		const struct thing *thing = &w->thing[i];
		const struct catalog_link *k;

		if (thing->what != THING_CRD ||
		    strcmp(world_name(w, thing->cluster), cluster) != 0)
			continue;
		k = thing_link(c, thing);
		while (k && &c->signatures->product[k->print->product] != p)
			k = catalog_next(c, k);
		if (k)
			want(t, cluster, p->id, thing_text(thing, THING_NAME),
			    out);
	}
}

/* The configurations that name its webhooks come with their metadata only,
 * which does not say what they call. */
static void
want_webhooks(struct tiers *t, const char *cluster, const struct product *p,
    const struct infra_out *out)
{
	static const char *const kinds[] =
	    {"mutatingwebhookconfigurations.admissionregistration.k8s.io",
		"validatingwebhookconfigurations.admissionregistration.k8s.io"};

	for (size_t i = 0; i < p->n_prints; i++)
		if (p->print[i].kind == PRINT_WEBHOOK) {
			want(t, cluster, p->id, kinds[0], out);
			want(t, cluster, p->id, kinds[1], out);
			return;
		}
}

static void
want_all(struct tiers *t, const struct world *w, uint32_t cluster,
    uint32_t product, const struct infra_out *out)
{
	const struct product *p =
	    &w->shapes->catalog->signatures->product[product];
	const char *name = world_name(w, cluster);

	if (!p->has_watch) {
		want_crds(t, w, name, p, out);
		want_webhooks(t, name, p, out);
	}
	for (size_t k = 0; k < p->n_watch; k++)
		want(t, name, p->id, p->watch[k], out);
}

/* All that is found: once for each product of a cluster. */
static void
want_found(struct tiers *t, const struct world *w, const struct infras *infras,
    const struct clusters *clusters, const struct infra_out *out)
{
	struct pairs found;

	pairs_init(&found);
	for (uint32_t k = 0; k < infras->n; k++) {
		const struct infra *i = &infras->infra[k];

		if (infra_is(i))
			pairs_put(&found, i->cluster, i->product);
	}
	for (uint32_t k = 0; k < found.n; k++) {
		struct pair p = found.pair[k];

		if (clusters_ready(clusters, world_name(w, p.a)))
			want_all(t, w, p.a, p.b, out);
	}
	pairs_free(&found);
}

static void
release_unwanted(struct tiers *t, const struct infra_out *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->ask[i].wanted) {
			t->ask[kept++] = t->ask[i];
			continue;
		}
		request(&t->ask[i], "unwatch", out);
		free_ask(&t->ask[i]);
	}
	t->n = kept;
}

void
tiers_settle(struct tiers *t, const struct world *w,
    const struct infras *infras, const struct clusters *clusters,
    const struct infra_out *out)
{
	uint64_t now = infras->changes + w->changes;

	if (t->seen == now)
		return;
	t->seen = now;
	/* of a cluster that still syncs nothing has been told */
	for (size_t i = 0; i < t->n; i++)
		t->ask[i].wanted = clusters_holds(clusters, t->ask[i].cluster);
	want_found(t, w, infras, clusters, out);
	release_unwanted(t, out);
}
