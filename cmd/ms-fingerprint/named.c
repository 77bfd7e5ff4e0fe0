#include "named.h"

#include <string.h>

#include "thing.h"
#include "workload.h"

/* Whether a Service selects what makes the instance run, or is part of it. */
static bool
leads_to(const struct world *w, const struct thing *service,
    const struct sighting *s, size_t n)
{
	struct selector selector = {0};
	bool leads = false, any = selector_of(w, service, &selector);

	for (size_t i = 0; any && !leads && i < n; i++) {
		uint32_t place;

		if (!sight_is_member(&s[i]))
			continue;
		place = w->workload[s[i].workload].place;
		leads = world_ns_at(w, place) == service->ns &&
		    world_cluster_at(w, place) == service->cluster &&
		    selector_selects(&selector, w, s[i].shape);
	}
	json_release(&selector.fact);
	return leads;
}

/* The same of a webhook: one of the Services that it calls does. */
static bool
calls(const struct world *w, const struct thing *webhook,
    const struct sighting *s, size_t n)
{
	const char *p = thing_text(webhook, THING_A);

	for (; *p; p += strlen(p) + 1) {
		const struct thing *service = thing_called(w, webhook, p);

		if (service && leads_to(w, service, s, n))
			return true;
	}
	return false;
}

/* Whether a thing is called so: itself, or one of the webhooks in it. */
static bool
is_called(const struct thing *t, const struct print *print, struct named *as)
{
	const char *p = thing_text(t, THING_B);

	*as = (struct named){t, print, "metadata.name",
	    thing_text(t, THING_NAME)};
	if (strcmp(as->value, print->text) == 0)
		return true;
	if (t->what != THING_WEBHOOK)
		return false;
	as->path = "webhooks[*].name";
	for (; *p; p += strlen(p) + 1)
		if (strcmp(p, print->text) == 0) {
			as->value = p;
			return true;
		}
	return false;
}

static bool
is_better(const struct world *w, const struct named *a, const struct named *b)
{
	int c;

	if (!b->t || a->print->weight != b->print->weight)
		return !b->t || a->print->weight > b->print->weight;
	c = strcmp(thing_text(a->t, THING_NAME), thing_text(b->t, THING_NAME));
	if (!c)
		c = strcmp(world_name(w, a->t->kind),
		    world_name(w, b->t->kind));
	if (!c)
		c = strcmp(world_name(w, a->t->ns), world_name(w, b->t->ns));
	return c < 0;
}

/* Take it if it is called so, says more than the best one, and leads there. */
static void
consider(const struct world *w, const struct sighting *s, size_t n,
    const struct thing *t, const struct print *print, struct named *best)
{
	bool is_hook = t->what == THING_WEBHOOK;
	struct named as;

	if (is_called(t, print, &as) && is_better(w, &as, best) &&
	    (is_hook ? calls : leads_to)(w, t, s, n))
		*best = as;
}

static void
consider_services(const struct world *w, const struct sighting *s, size_t n,
    const struct print *print, struct named *best)
{
	struct identity id = {.kind = span_of("Service"),
	    .cluster = intern_text(&w->names, s->cluster),
	    .name = span_of(print->text)};

	for (size_t i = 0; i < n; i++) {
		uint32_t found;

		if (!sight_is_member(&s[i]))
			continue;
		id.ns = intern_text(&w->names, workload_ns(w, s[i].workload));
		found = thing_find(w, &id);
		if (found != TABLE_NONE &&
		    w->thing[found].what == THING_SERVICE)
			consider(w, s, n, &w->thing[found], print, best);
	}
}

static void
consider_webhooks(const struct world *w, const struct sighting *s, size_t n,
    const struct print *print, struct named *best)
{
	for (uint32_t i = thing_first_other(w); i != WORLD_NONE;
	     i = w->thing[i].next) {
		const struct thing *t = &w->thing[i];

		if (t->what == THING_WEBHOOK && t->cluster == s->cluster)
			consider(w, s, n, t, print, best);
	}
}

struct named
named_find(const struct world *w, const struct sighting *s, size_t n,
    enum print_kind kind)
{
	const struct product *p = sight_product_of(w, s);
	struct named best = {.t = NULL};

	for (size_t k = 0; k < p->n_prints; k++)
		if (p->print[k].kind == kind)
			(kind == PRINT_WEBHOOK ? consider_webhooks :
						 consider_services)(w, s, n,
			    &p->print[k], &best);
	return best;
}
