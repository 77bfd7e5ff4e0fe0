#include "look.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
look_why(const struct look *l, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!l->why)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	json_puts(l->why, line);
	json_puts(l->why, "\n");
}

/* part: how much of a print's weight it is worth. */
static void
add_hits(struct look *l, enum catalog_key key, struct span text,
    const char *value, float part)
{
	const struct catalog_link *k = catalog_find(l->c, key, text);

	for (; k && l->n_hits < LOOK_HITS; k = catalog_next(l->c, k))
		l->hit[l->n_hits++] =
		    (struct hit){k->print, value, k->print->weight * part};
}

/* "NAME-1.2.3" of helm.sh/chart, less its version. */
static struct span
chart_name(struct span chart)
{
	for (size_t i = 0; i + 1 < chart.n; i++)
		if (chart.p[i] == '-' &&
		    (chart.p[i + 1] == 'v' ?
			    i + 2 < chart.n && chart.p[i + 2] >= '0' &&
				chart.p[i + 2] <= '9' :
			    chart.p[i + 1] >= '0' && chart.p[i + 1] <= '9'))
			return (struct span){chart.p, i};
	return chart;
}

/* What says now app.kubernetes.io/name said app, k8s-app or name before, and
 * still does where no chart writes it. */
static void
add_older_label(struct look *l, struct span pair)
{
	static const char *const older[] = {"app=", "k8s-app=", "name="};
	static const char name[] = "app.kubernetes.io/name=";
	char text[256];

	for (size_t i = 0; i < sizeof(older) / sizeof(*older); i++) {
		size_t n = strlen(older[i]), rest = pair.n - n;

		if (!span_begins(pair, older[i]) ||
		    sizeof(name) - 1 + rest > sizeof(text))
			continue;
		memcpy(text, name, sizeof(name) - 1);
		memcpy(text + sizeof(name) - 1, pair.p + n, rest);
		add_hits(l, KEY_LABEL,
		    (struct span){text, sizeof(name) - 1 + rest}, pair.p,
		    0.75f);
	}
}

static void
note_said(struct look *l, struct span pair)
{
	static const char *const key[] = {"app=", "k8s-app=", "name=",
	    "app.kubernetes.io/name=", "app.kubernetes.io/component="};

	for (size_t i = 0; i < sizeof(key) / sizeof(*key); i++)
		if (span_begins(pair, key[i]) && l->n_said < LOOK_SAID)
			l->said[l->n_said++] = span_after(pair, strlen(key[i]));
}

/* Of the pod's label for the version and the workload's the pod's counts: it
 * comes first. */
static void
see_label(struct look *l, struct span pair)
{
	static const char version[] = "app.kubernetes.io/version=";
	static const char chart[] = "helm.sh/chart=";
	const char *equals = memchr(pair.p, '=', pair.n);

	if (span_begins(pair, version) && !l->version_label.n)
		l->version_label = (struct span){pair.p + sizeof(version) - 1,
		    pair.n - (sizeof(version) - 1)};
	if (span_begins(pair, chart)) {
		struct span name = {pair.p + sizeof(chart) - 1,
		    pair.n - (sizeof(chart) - 1)};

		add_hits(l, KEY_CHART, chart_name(name), pair.p, 1);
	}
	add_hits(l, KEY_LABEL, pair, pair.p, 1);
	if (equals)
		add_hits(l, KEY_LABEL,
		    (struct span){pair.p, (size_t)(equals - pair.p)}, pair.p,
		    1);
	add_older_label(l, pair);
	note_said(l, pair);
}

static void
see_image(struct look *l, struct box *b, struct span text)
{
	if (b->image_text.n || !image_parse(text, &b->image))
		return;
	b->image_text = text;
	b->how = known_image(l->c, &b->image, &b->first, &b->weight);
}

static void
see(struct look *l, enum fact fact, struct span text)
{
	struct box *b = l->n_boxes ? &l->box[l->n_boxes - 1] : NULL;

	switch (fact) {
	case FACT_JOB:
		l->is_job = true;
		break;
	case FACT_CONTAINER:
		if (l->n_boxes == MATCH_CONTAINERS)
			break;
		b = &l->box[l->n_boxes++];
		*b = (struct box){.name = text.p, .words = text.p + text.n + 1};
		break;
	case FACT_IMAGE:
		see_image(l, b, text);
		break;
	case FACT_LABEL:
	case FACT_OWN_LABEL:
		see_label(l, text);
		break;
	case FACT_ANNOTATION:
		add_hits(l, KEY_ANNOTATION, text, text.p, 1);
		break;
	case FACT_WORKLOAD:
		add_hits(l, KEY_WORKLOAD, text, text.p, 1);
		break;
	default:
		break;
	}
	if (b)
		b->end = text.p + text.n + 1;
}

static bool
has_word(const struct box *b, const char *word)
{
	struct facts_iter it = {b->words, b->end};
	struct span text;
	enum fact fact;

	while (facts_next(&it, &fact, &text))
		if ((fact == FACT_ARG || fact == FACT_COMMAND) &&
		    span_eq(text, word))
			return true;
	return false;
}

/* Of the prints of one image: the one whose word is there, else the first
 * that asks for none. */
static const struct print *
choose_print(const struct look *l, const struct box *b)
{
	const struct print *fallback = NULL;

	for (const struct catalog_link *k = b->first; k;
	     k = catalog_next(l->c, k)) {
		const struct print *p = k->print;

		/* what several products are started from tells by its word */
		if (p->with && has_word(b, p->with))
			return p;
		if (!p->with && !fallback &&
		    p->product == b->first->print->product)
			fallback = p;
	}
	return fallback;
}

bool
look_knows(const struct box *b)
{
	return b->how >= KNOWN_COPY && b->how <= KNOWN_REPO && b->print;
}
const struct product *
look_product(const struct look *l, const struct print *p)
{
	return &l->c->signatures->product[p->product];
}

bool
hit_names_product(const struct hit *h)
{
	return h->print->kind == PRINT_CHART ||
	    (h->print->kind == PRINT_LABEL &&
		span_begins(span_of(h->value), "app.kubernetes.io/name="));
}

void
look_init(struct look *l, const struct catalog *c, struct match *m,
    struct json *why_out)
{
	/* not all of it: this is most of what a new object costs */
	l->c = c;
	l->m = m;
	l->why = why_out;
	l->n_boxes = l->n_hits = l->n_said = 0;
	l->version_label = (struct span){0};
	l->is_job = false;
}

void
look_containers(struct look *l, struct facts_iter *it)
{
	struct span text;
	enum fact fact;

	while (facts_next(it, &fact, &text) && fact != FACT_POD)
		see(l, fact, text);
	for (unsigned i = 0; i < l->n_boxes; i++)
		l->box[i].print = choose_print(l, &l->box[i]);
}

void
look_pod(struct look *l, struct facts_iter *it)
{
	unsigned boxes = l->n_boxes;
	struct span text;
	enum fact fact;

	l->n_boxes = 0; /* what is seen here is of none of them */
	while (facts_next(it, &fact, &text))
		see(l, fact, text);
	l->n_boxes = boxes;
}
