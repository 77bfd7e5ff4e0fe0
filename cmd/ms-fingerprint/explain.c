#define _GNU_SOURCE /* strcasestr */
#include "explain.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api.h"
#include "diag.h"
#include "filter.h"
#include "opts.h"
#include "pod.h"
#include "sandbox.h"
#include "service.h"
#include "sight.h"
#include "thing.h"
#include "workload.h"

#define NEAR 4 /* objects that may have been meant */

/* The object that is asked for. */
struct wanted {
	char *text; /* holds the parts */
	const char *kind, *ns, *name;
	char *line; /* the last record that shows it */
	size_t n;
	bool deleted;
	char *near[NEAR]; /* KIND/NS/NAME of others that are called so */
	unsigned n_near;
};

static void
read_name(struct wanted *w, const char *name)
{
	char *first, *last;

	w->text = diag_strndup(name, strlen(name));
	first = strchr(w->text, '/');
	last = strrchr(w->text, '/');
	if (!first || !first[1] || !last[1])
		opts_wrong("--explain wants KIND/NAMESPACE/NAME or KIND/NAME, "
			   "not '%s'",
		    name);
	w->kind = w->text;
	w->name = last + 1;
	w->ns = first == last ? "" : first + 1;
	*first = *last = '\0';
}

static bool
is_wanted(const struct wanted *w, const struct record *r)
{
	return record_has_state(r) && r->id.kind.n == strlen(w->kind) &&
	    strncasecmp(r->id.kind.p, w->kind, r->id.kind.n) == 0 &&
	    span_eq(r->id.name, w->name) && r->id.ns.n == strlen(w->ns) &&
	    strncmp(r->id.ns.p, w->ns, r->id.ns.n) == 0;
}

/* Of the same name, and another kind or namespace. */
static void
keep_near(struct wanted *w, const struct record *r)
{
	char text[1024];

	if (w->line || w->n_near == NEAR || !record_has_state(r) ||
	    !span_eq(r->id.name, w->name))
		return;
	snprintf(text, sizeof(text), "%.*s/%.*s%s%s", (int)r->id.kind.n,
	    r->id.kind.p, (int)r->id.ns.n, r->id.ns.n ? r->id.ns.p : "",
	    r->id.ns.n ? "/" : "", w->name);
	for (unsigned i = 0; i < w->n_near; i++)
		if (strcmp(w->near[i], text) == 0)
			return;
	w->near[w->n_near++] = diag_strndup(text, strlen(text));
}

static void
warn_absent(const struct wanted *w, const char *name)
{
	struct json near = {0};

	for (unsigned i = 0; i < w->n_near; i++) {
		json_puts(&near, i ? ", " : "; there is ");
		json_puts(&near, w->near[i]);
	}
	diag_warn("no %s in the stream%.*s", name, (int)near.len,
	    near.len ? near.p : "");
	json_release(&near);
}

static void
free_wanted(struct wanted *w)
{
	for (unsigned i = 0; i < w->n_near; i++)
		free(w->near[i]);
	free(w->line);
	free(w->text);
}

static void
keep(struct wanted *w, const struct record *r)
{
	w->deleted = r->type == RECORD_DELETED;
	if (w->line && r->at[AT_SYNTHETIC].n)
		return;
	free(w->line);
	w->line = diag_strndup(r->line.p, r->line.n);
	w->n = r->line.n;
}

/* Why there is no version. */
static void
tell_lack(const struct verdict *v)
{
	if (v->version.n)
		return;
	if (v->tag.n)
		printf("    its tag %.*s names no version, another may\n",
		    (int)v->tag.n, v->tag.p);
	else if (v->digest.n)
		puts("    a digest names no version; a tag, or the label "
		     "app.kubernetes.io/version, may");
	else
		puts("    its tag counts something else than versions");
}

/* Who has told the version, or could. */
static void
tell_answer(const struct catalog *c, const struct verdict *v)
{
	const struct product *p = &c->signatures->product[v->product];
	const struct answer *a = answers_find(c->answers, p->id, v->digest);

	if (v->told)
		printf("    told by a running one: Pod %s at %s\n",
		    a->pod ? a->pod : "?", a->at ? a->at : "?");
	else if (outcome_wants(p, v) && a && a->tries)
		printf("    none of those asked has told it; the last was Pod "
		       "%s at %s\n",
		    a->pod, a->at);
	else if (outcome_wants(p, v) && !a)
		printf("    with --probe a running one can be asked for it, at "
		       ":%s%s\n",
		    p->probe.port, p->probe.path);
}

static void
tell_verdicts(const struct catalog *c, const struct match *m)
{
	const struct signatures *s = c->signatures;

	for (unsigned i = 0; i < m->n_verdicts; i++) {
		const struct verdict *v = &m->verdict[i];

		printf("  so it is %s: %s, as %s, version %.*s, confidence "
		       "%.2f\n",
		    s->product[v->product].name, v->component,
		    role_name((enum role)v->role),
		    v->version.n ? (int)v->version.n : 14,
		    v->version.n ? v->version.p : "not to be told",
		    (double)evidence_confidence(&v->sum));
		if (!v->makes && v->role != ROLE_HELPER)
			puts("    which alone makes no product run");
		tell_lack(v);
		tell_answer(c, v);
		for (unsigned k = 0; k < m->n_evidence; k++) {
			const struct evidence *e = &m->evidence[k];

			if (e->verdict != i)
				continue;
			printf("    %s %s %s",
			    e->weight > 0 ? "for it:" : "against it:",
			    print_kind_name((enum print_kind)e->print->kind),
			    e->value);
			if (e->weight > 0)
				printf(" (%.2f)", (double)e->weight);
			putchar('\n');
		}
	}
	if (!m->n_verdicts)
		printf("  so it is nothing that is known\n");
}

static bool
runs(const struct filter *f, uint32_t product, struct span cluster)
{
	for (uint32_t k = 0; k < f->infras.n; k++) {
		const struct infra *i = &f->infras.infra[k];

		if (infra_is(i) && i->product == product &&
		    span_eq(cluster, infra_key(&f->infras, i)))
			return true;
	}
	return false;
}

/* What an object without containers belongs to, by its name or group. */
static void
tell_owner(const struct filter *f, const struct record *r,
    const struct catalog_link *k, const char *what)
{
	const struct product *last = NULL;

	if (!k)
		printf("  it runs no containers, and no signature knows its "
		       "name\n");
	for (; k; k = catalog_next(f->shapes.catalog, k)) {
		const struct product *p =
		    &f->shapes.catalog->signatures->product[k->print->product];

		if (p == last)
			continue;
		last = p;
		printf("  it is %s %s (%s:%u, %s)\n", what, p->name, p->file,
		    k->print->line, k->print->text);
		printf("    which %s\n",
		    runs(f, k->print->product, r->id.cluster) ?
			"runs in this cluster" :
			"was not found to run: only its API is there");
	}
}

/* Whose it would be, if a name were enough. */
static void
tell_name(const struct filter *f, enum catalog_key key, const char *name)
{
	const struct catalog *c = f->shapes.catalog;
	const struct catalog_link *k = catalog_find(c, key, span_of(name));

	for (; k; k = catalog_next(c, k)) {
		const struct product *p =
		    &c->signatures->product[k->print->product];

		printf("  %s is what %s calls one (%s:%u), which alone says "
		       "nothing\n",
		    name, p->name, p->file, k->print->line);
	}
}

/* One line for each print. */
static void
tell_prints(struct span prints)
{
	struct scan_iter it;
	struct span print;

	scan_iter(&it, prints);
	while (scan_element(&it, &print)) {
		struct span product =
				scan_text(scan_get(print, "product"), NULL, 0),
			    component = scan_text(scan_get(print, "component"),
				NULL, 0),
			    role = scan_text(scan_get(print, "role"), NULL, 0);

		printf("    %.*s: %.*s, as %.*s\n", (int)product.n, product.p,
		    (int)component.n, component.p, (int)role.n, role.p);
	}
}

/* What a Service asks of pods. */
static void
tell_selector(const struct thing *t)
{
	const char *p = thing_text(t, THING_A);

	if (!*p) {
		printf("  it has no selector, so no pods are behind it\n");
		return;
	}
	printf("  it selects no pods of a product that is known: ");
	for (; *p; p += strlen(p) + 1)
		/* behind the letter of its fact */
		printf("%s%s", p + 1, p[strlen(p) + 1] ? ", " : "\n");
}

static void
tell_service(struct filter *f, uint32_t id)
{
	const struct thing *t = &f->world.thing[id];
	struct span prints = service_prints(&f->world, id, &f->value);
	bool calls = t->what == THING_WEBHOOK;

	if (prints.n) {
		printf("  the pods that it %s run\n",
		    calls ? "calls" : "selects");
		tell_prints(prints);
	} else if (calls) {
		printf("  it calls no pods of a product that is known\n");
	} else {
		tell_selector(t);
	}
	tell_name(f, calls ? KEY_WEBHOOK : KEY_SERVICE,
	    thing_text(t, THING_NAME));
	for (const char *p = thing_text(t, THING_B); calls && *p;
	     p += strlen(p) + 1)
		tell_name(f, KEY_WEBHOOK, p);
}

static void
tell_other(struct filter *f, const struct record *r)
{
	uint32_t id = thing_find(&f->world, &r->id);
	struct api api = api_of(r);

	if (id == TABLE_NONE)
		tell_owner(f, r, api_link(f->shapes.catalog, &api), "read by");
	else if (f->world.thing[id].what == THING_SERVICE ||
	    f->world.thing[id].what == THING_WEBHOOK)
		tell_service(f, id);
	else
		tell_owner(f, r,
		    thing_link(f->shapes.catalog, &f->world.thing[id]),
		    f->world.thing[id].what == THING_CRD ? "an API of" :
							   "served by");
}

/* What an object was made by, or it itself: in the Infrastructure objects that
 * is what stands for its pods. WORLD_NONE: nothing is held of it. */
static uint32_t
root_of(const struct world *w, const struct record *r)
{
	uint32_t id = TABLE_NONE;

	if (span_eq(r->id.kind, "Pod")) {
		id = pod_find(w, &r->id);
		if (id == TABLE_NONE || w->pod[id].flags & WORLD_LONE)
			return WORLD_NONE;
		id = w->pod[id].home;
	} else {
		id = workload_find(w, &r->id);
	}
	return id == TABLE_NONE ? WORLD_NONE : workload_root(w, id);
}

/* The member "object" of evidence, as describe.c writes it. */
static void
put_member(const struct filter *f, const struct wanted *w,
    const struct record *r, struct json *out)
{
	uint32_t root = root_of(&f->world, r);

	if (root != WORLD_NONE)
		sight_put_object(&f->world, root, out);
	else
		sight_put_reference(w->kind, w->ns, span_of(w->name), out);
	json_raw(out, "", 1);
}

static void
tell_infrastructure(struct filter *f, const struct wanted *w,
    const struct record *r)
{
	struct json member = {0};

	put_member(f, w, r, &member);
	for (uint32_t k = 0; k < f->infras.n; k++) {
		const struct infra *i = &f->infras.infra[k];
		struct span object =
		    infra_is(i) ? infra_object(&f->infras, i) : span_of("");
		char *text = diag_strndup(object.p, object.n);

		if (strcasestr(text, member.p)) {
			const char *key = infra_key(&f->infras, i);
			const char *ns = key + strlen(key) + 1;

			printf("  evidence for Infrastructure %s/%s\n", ns,
			    ns + strlen(ns) + 1);
		}
		free(text);
	}
	json_release(&member);
}

/* What has ended when the pod's containers start, and is asked about often. */
static void
tell_inits(const struct filter *f, const struct record *r)
{
	struct span inits = r->at[f->paths.inits], c;
	struct scan_iter it;

	if (!inits.n)
		inits = r->at[f->paths.template_inits];
	scan_iter(&it, inits);
	while (scan_element(&it, &c)) {
		struct span name = scan_text(scan_get(c, "name"), NULL, 0),
			    image = scan_text(scan_get(c, "image"), NULL, 0);

		if (!scan_eq(scan_get(c, "restartPolicy"), "Always"))
			printf("  init container %.*s: %.*s\n"
			       "    ends before the others start, so it does "
			       "not count\n",
			    (int)name.n, name.n ? name.p : "", (int)image.n,
			    image.n ? image.p : "");
	}
}

static void
tell(struct filter *f, const struct wanted *w)
{
	struct json facts = {0}, why = {0};
	struct record r;
	struct match m;
	struct scan_error err;

	if (record_parse(&f->rs.plan, (struct span){w->line, w->n}, &r, &err) <
	    0)
		diag_die(EXIT_BUG, "a record is none any more: %s", err.what);
	printf("%.*s %s%s%s%s\n", (int)r.id.kind.n, r.id.kind.p, w->ns,
	    *w->ns ? "/" : "", w->name, w->deleted ? " (deleted)" : "");
	if (facts_read(&f->paths, f->shapes.catalog, &r, &facts)) {
		match_explain(f->shapes.catalog,
		    (struct span){facts.p, facts.len}, &m, &why);
		tell_inits(f, &r);
		printf("%.*s", (int)why.len, why.p);
		tell_verdicts(f->shapes.catalog, &m);
	} else {
		tell_other(f, &r);
	}
	tell_infrastructure(f, w, &r);
	json_release(&facts);
	json_release(&why);
}

int
explain(struct library *l, struct knowledge *k, const char *name, bool probes)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct record r;
	struct filter f;
	struct wanted w = {0};
	bool found;

	read_name(&w, name);
	if (nowhere < 0)
		diag_die(EXIT_TEMPORARY, "unable to open /dev/null: %m");
	fflush(stdout);
	sandbox_enter();
	filter_init(&f, l, k, 0, nowhere);
	if (probes)
		filter_probe(&f);
	while (records_next(&f.rs, &r)) {
		if (is_wanted(&w, &r))
			keep(&w, &r);
		else
			keep_near(&w, &r);
		filter_record(&f, &r);
	}
	filter_settle(&f);
	found = w.line;
	if (found)
		tell(&f, &w);
	else
		warn_absent(&w, name);
	filter_release(&f);
	free_wanted(&w);
	return fflush(stdout) != 0 ? EXIT_TEMPORARY :
	    found                  ? 0 :
				     EXIT_PERMANENT;
}
