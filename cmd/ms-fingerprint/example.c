#include "example.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "match.h"

static bool
is_from(const struct product *p, const char *path)
{
	size_t n = strlen(path);

	if (strcmp(path, "built-in") == 0)
		return !strchr(p->file, '/');
	return strncmp(p->file, path, n) == 0 &&
	    (p->file[n] == '\0' || p->file[n] == '/' || path[n - 1] == '/');
}

/* ---- check ---- */

static bool
is_name(const char *text)
{
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.")];
}

/* A name that says nothing of images says nothing of other things. */
static bool
is_common(const struct catalog *c, const char *text)
{
	return catalog_has(c, KEY_GENERIC, span_of(text)) ||
	    catalog_has(c, KEY_WORD, span_of(text));
}

static bool
is_common_port(const char *text)
{
	static const char *const common[] = {"http", "https", "grpc", "tcp",
	    "udp", "metrics", "prometheus", "health", "healthz", "probes",
	    "http-web", "http-metrics", "webhook-server", "https-webhook"};

	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (strcmp(text, common[i]) == 0)
			return true;
	return false;
}

/* Why no object can match it, or nothing follows if one does; else NULL. Facts are cut as facts.c does it:
 * a command without its folder, a flag without its value, word by word. */
static const char *
unreachable(const struct catalog *c, const struct print *print)
{
	const char *text = print->text;

	switch ((enum print_kind)print->kind) {
	case PRINT_IMAGE:
		return catalog_has(c, KEY_HELPER, span_of(text)) ?
		    "is a helper: of all products, or of none" :
		    NULL;
	case PRINT_COMMAND:
		return strchr(text, '/') ? "has a folder, which is cut off" :
		    *text == '-'         ? "is a flag: it belongs to args" :
					   NULL;
	case PRINT_ARG:
		return *text == '-' && strchr(text, '=') ?
		    "has a value, which is cut off" :
		    strpbrk(text, " \t") ? "has blanks: words are looked at" :
					   NULL;
	case PRINT_PORT:
		return !text[strspn(text, "0123456789")] ? NULL :
		    !is_name(text) ? "is neither a number nor a name" :
		    is_common(c, text) || is_common_port(text) ?
				     "is what anybody calls a port" :
				     NULL;
	case PRINT_WORKLOAD:
	case PRINT_SERVICE:
	case PRINT_WEBHOOK:
		return !is_name(text)  ? "is no object's name" :
		    is_common(c, text) ? "is what anybody calls one" :
					 NULL;
	case PRINT_CHART:
		return strpbrk(text, " =/") ? "is no chart's name" : NULL;
	default:
		return NULL;
	}
}

/* Whether an example says that it is the product, and one that it is not. */
static void
check_examples(const struct product *p)
{
	bool is = false, is_not = false;

	for (size_t i = 0; i < p->n_examples; i++) {
		const char *what = p->example[i].is;

		if (what && strcmp(what, p->id) != 0)
			is_not = true;
		else
			is = true;
	}
	if (!is)
		diag_warn("%s:1:1: no example of what it is", p->file);
	if (!is_not)
		diag_warn("%s:1:1: no example of what it is not", p->file);
}

static unsigned
check_reach(const struct catalog *c, const struct product *p,
    const struct print *print)
{
	const char *why = unreachable(c, print);

	if (!why)
		return 0;
	diag_warn("%s:%u:1: '%s' decides nothing: it %s", p->file, print->line,
	    print->text, why);
	return 1;
}

/* What one image is started as may tell several products apart. */
static bool
has_same_word(const struct print *a, const struct print *b)
{
	return a->with && b->with ? strcmp(a->with, b->with) == 0 :
				    a->with == b->with;
}

static unsigned
check_print(const struct catalog *c, const struct product *p,
    const struct print *print)
{
	const struct signatures *s = c->signatures;
	unsigned n = 0;

	for (size_t i = 0; i < s->n_products; i++)
		for (size_t k = 0; k < s->product[i].n_prints; k++) {
			const struct print *o = &s->product[i].print[k];

			if (o == print || o->kind != print->kind ||
			    strcmp(o->text, print->text) != 0)
				continue;
			if (!has_same_word(print, o) ||
			    (&s->product[i] == p ? o > print :
						   print->kind != PRINT_IMAGE))
				continue;
			diag_warn("%s:%u:1: '%s' is also in %s:%u", p->file,
			    print->line, print->text, s->product[i].file,
			    o->line);
			n++;
		}
	return n;
}

int
example_check(const struct catalog *c, const char *path)
{
	const struct signatures *s = c->signatures;
	size_t products = 0, prints = 0;
	unsigned doubtful = 0;

	for (size_t i = 0; i < s->n_products; i++) {
		const struct product *p = &s->product[i];

		if (!is_from(p, path))
			continue;
		products++;
		prints += p->n_prints;
		for (size_t k = 0; k < p->n_prints; k++)
			doubtful += check_print(c, p, &p->print[k]) +
			    check_reach(c, p, &p->print[k]);
		check_examples(p);
	}
	printf("%s: valid, %zu products, %zu prints, %u doubtful\n", path,
	    products, prints, doubtful);
	return fflush(stdout) == 0 ? 0 : EXIT_TEMPORARY;
}

/* ---- test ---- */

static void
put_fact(struct json *j, enum fact fact, const char *text, size_t n)
{
	char letter = (char)fact;

	json_raw(j, &letter, 1);
	json_raw(j, text, n);
	json_raw(j, "", 1);
}

static void
put_words(struct json *j, enum fact fact, const char *text)
{
	size_t n;

	for (; text && *(text += strspn(text, " ")); text += n) {
		n = strcspn(text, " ");
		/* as facts_read does: a flag without its value */
		put_fact(j, fact, text,
		    fact == FACT_ARG && *text == '-' ? strcspn(text, "= ") : n);
	}
}

/* Numbers, and behind each the port's name if it has one. */
static void
put_ports(struct json *j, const char *text)
{
	size_t n;

	for (; text && *(text += strspn(text, " ")); text += n) {
		n = strcspn(text, " ");
		put_fact(j,
		    *text >= '0' && *text <= '9' ? FACT_PORT : FACT_PORT_NAME,
		    text, n);
	}
}

/* The facts of an object with one container, as the example says. */
static void
put_example(struct json *j, const struct example *e)
{
	json_reset(j);
	if (e->kind && strcmp(e->kind, "Job") == 0)
		put_fact(j, FACT_JOB, "", 0);
	put_fact(j, FACT_CONTAINER, "main", 4);
	put_fact(j, FACT_IMAGE, e->image, strlen(e->image));
	put_words(j, FACT_ARG, e->args);
	put_ports(j, e->ports);
	put_fact(j, FACT_POD, "", 0);
	put_words(j, FACT_LABEL, e->labels);
	put_words(j, FACT_WORKLOAD, e->workload);
}

static bool
differs(const char *want, struct span got)
{
	if (!want)
		return false;
	if (strcmp(want, "none") == 0)
		return got.n > 0;
	return !span_eq(got, want);
}

static const char *
judge(const struct catalog *c, const struct product *p, const struct example *e,
    const struct match *m)
{
	const char *is = e->is ? e->is : p->id;
	const struct verdict *v = m->verdict;

	if (strcmp(is, "nothing") == 0)
		return m->n_verdicts ? "is something" : NULL;
	if (!m->n_verdicts)
		return "is nothing";
	if (strcmp(is, c->signatures->product[v->product].id) != 0)
		return c->signatures->product[v->product].id;
	if (differs(e->version, v->version))
		return "has another version";
	if (differs(e->component, span_of(v->component)))
		return "is another component";
	if (differs(e->role, span_of(role_name((enum role)v->role))))
		return "has another role";
	return NULL;
}

static bool
run_example(const struct catalog *c, const struct product *p,
    const struct example *e, struct json *facts)
{
	struct match m;
	const char *wrong;

	put_example(facts, e);
	match_facts(c, (struct span){facts->p, facts->len}, &m);
	if (!(wrong = judge(c, p, e, &m)))
		return true;
	if (m.n_verdicts)
		diag_warn("%s:%u:%u: example %s: %s (%s, %s, %.*s)", p->file,
		    e->line, e->column, e->image, wrong, m.verdict[0].component,
		    role_name((enum role)m.verdict[0].role),
		    (int)m.verdict[0].version.n,
		    m.verdict[0].version.n ? m.verdict[0].version.p : "");
	else
		diag_warn("%s:%u:%u: example %s: %s", p->file, e->line,
		    e->column, e->image, wrong);
	return false;
}

int
example_test(const struct catalog *c, const char *path)
{
	const struct signatures *s = c->signatures;
	struct json facts = {0};
	size_t products = 0, n = 0, failed = 0;

	for (size_t i = 0; i < s->n_products; i++) {
		const struct product *p = &s->product[i];

		if (!is_from(p, path))
			continue;
		products++;
		for (size_t k = 0; k < p->n_examples; k++, n++)
			failed += !run_example(c, p, &p->example[k], &facts);
	}
	json_release(&facts);
	printf("%s: %zu products, %zu examples, %zu failed\n", path, products,
	    n, failed);
	if (fflush(stdout) != 0)
		return EXIT_TEMPORARY;
	return failed ? EXIT_PERMANENT : 0;
}
