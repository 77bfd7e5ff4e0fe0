#include "service.h"

#include <string.h>

#include "amend.h"
#include "selected.h"
#include "thing.h"

#define MAX_SHAPES 64 /* behind one Service */

/* The products that a Service's prints name already. */
struct told {
	uint32_t product[MATCH_VERDICTS];
	size_t n;
};

static bool
is_told(struct told *told, uint32_t product)
{
	for (size_t i = 0; i < told->n; i++)
		if (told->product[i] == product)
			return true;
	if (told->n == MATCH_VERDICTS)
		return true;
	told->product[told->n++] = product;
	return false;
}

static void
add_prints(const struct outcome *o, struct told *told, struct json *out)
{
	const char *p = o->behind, *end;

	for (uint32_t i = 0; i < o->n_products; i++, p = end + 1) {
		end = strchr(p, '\n');
		if (p == end || is_told(told, o->product[i]))
			continue;
		json_comma(out);
		json_raw(out, p, (size_t)(end - p));
	}
}

struct behind {
	uint32_t shape[MAX_SHAPES];
	size_t n;
};

static int
compare_shapes(const struct shapes *s, uint32_t a, uint32_t b)
{
	struct json x = {0}, y = {0};
	int c;

	shape_facts(s, a, &x);
	shape_facts(s, b, &y);
	c = sight_compare((struct span){x.p, x.len}, (struct span){y.p, y.len});
	json_release(&x);
	json_release(&y);
	return c;
}

/* Sorted by content, so that it does not matter who came first. */
static void
add_behind(const struct world *w, struct behind *b, uint32_t shape)
{
	size_t i = b->n;

	for (size_t k = 0; k < b->n; k++)
		if (b->shape[k] == shape)
			return;
	/* of too many the first ones stay, whoever came first */
	if (i == MAX_SHAPES) {
		if (compare_shapes(w->shapes, b->shape[i - 1], shape) < 0)
			return;
		i = --b->n;
	}
	while (i > 0 && compare_shapes(w->shapes, shape, b->shape[i - 1]) < 0) {
		b->shape[i] = b->shape[i - 1];
		i--;
	}
	b->shape[i] = shape;
	b->n++;
}

static void
add_selected(const struct world *w, struct behind *b, const struct selector *s,
    uint32_t shape)
{
	if (shape != SHAPE_NONE &&
	    shape_outcome(w->shapes, shape)->n_products &&
	    selector_selects(s, w, shape))
		add_behind(w, b, shape);
}

/* One alone is looked for among all. */
static void
add_service(const struct world *w, struct behind *b, const struct thing *t)
{
	struct selector s = {0};

	for (uint32_t i = selector_of(w, t, &s) ? w->first[t->ns] : WORLD_NONE;
	     i != WORLD_NONE; i = w->workload[i].next) {
		const struct workload *wl = &w->workload[i];

		if (world_cluster_at(w, wl->place) != t->cluster)
			continue;
		add_selected(w, b, &s, wl->own);
		for (unsigned k = 0; k < wl->n_uses; k++)
			add_selected(w, b, &s, world_uses(wl)[k].shape);
	}
	json_release(&s.fact);
}

static void
add_behind_of(const struct world *w, struct behind *b, const struct thing *t)
{
	const struct selected *s;
	size_t n;

	if (!w->selections) {
		add_service(w, b, t);
		return;
	}
	s = selected_by(w->selections, w, (uint32_t)(t - w->thing), &n);
	for (size_t i = 0; i < n; i++)
		add_behind(w, b, s[i].shape);
}

static bool
put_prints(const struct world *w, const struct thing *t, struct json *out)
{
	struct behind b = {.n = 0};
	struct told told = {.n = 0};
	const char *p = thing_text(t, THING_A);

	if (t->what == THING_SERVICE)
		add_behind_of(w, &b, t);
	else
		for (; *p; p += strlen(p) + 1) {
			const struct thing *called = thing_called(w, t, p);

			if (called)
				add_behind_of(w, &b, called);
		}
	json_reset(out);
	json_open(out, '[');
	for (size_t i = 0; i < b.n; i++)
		add_prints(shape_outcome(w->shapes, b.shape[i]), &told, out);
	json_close(out, ']');
	return out->len > 2;
}

struct span
service_prints(struct world *w, uint32_t id, struct json *out)
{
	struct span prints = {0};

	if (put_prints(w, &w->thing[id], out))
		prints = (struct span){out->p, out->len};
	thing_is_news(&w->thing[id], prints);
	return prints;
}

static bool
amend(struct world *w, struct thing *t, struct json *buf,
    const struct infra_out *out)
{
	bool any = put_prints(w, t, buf);
	struct span prints = {any ? buf->p : NULL, any ? buf->len : 0};

	if (!thing_is_news(t, prints))
		return false;
	amend_thing(w, t, prints, out);
	return true;
}

/* Whether something changed where it leads to. */
static bool
is_dirty(const struct world *w, const struct thing *t)
{
	const char *p = thing_text(t, THING_A);

	if (t->what == THING_SERVICE)
		return w->dirty_ns[t->ns];
	if (t->what != THING_WEBHOOK)
		return false;
	for (; *p; p += strlen(p) + 1) {
		uint32_t ns =
		    intern_find(&w->names, (struct span){p, strcspn(p, "/")});

		if (ns < w->n_first && w->dirty_ns[ns])
			return true;
	}
	return false;
}

size_t
service_settle(struct world *w, struct json *buf, const struct infra_out *out)
{
	size_t n = 0;

	for (uint32_t i = 0; i < w->n_things; i++) {
		struct thing *t = &w->thing[i];

		if ((t->flags & WORLD_ALIVE) && is_dirty(w, t) &&
		    out->may_tell(out->context, world_name(w, t->cluster)))
			n += amend(w, t, buf, out);
	}
	return n;
}
