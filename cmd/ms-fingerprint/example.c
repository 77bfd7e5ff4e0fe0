#include "example.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "library.h"
#include "match.h"

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
	size_t n, flag;

	for (; text && *(text += strspn(text, " ")); text += n) {
		n = strcspn(text, " ");
		/* as facts_read does: a flag, and its value apart */
		flag =
		    fact == FACT_ARG && *text == '-' ? strcspn(text, "= ") : n;
		put_fact(j, fact, text, flag);
		if (flag < n)
			put_fact(j, FACT_VALUE, text + flag + 1, n - flag - 1);
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

/* What is wanted and not so; NULL: all is. */
static const char *
judge(const struct catalog *c, const struct product *p, const struct example *e,
    const struct match *m, const char **kind)
{
	const char *is = e->is ? e->is : p->id;
	const struct verdict *v = m->verdict;

	*kind = "";
	if (strcmp(is, "nothing") == 0)
		return m->n_verdicts ? is : NULL;
	if (!m->n_verdicts ||
	    strcmp(is, c->signatures->product[v->product].id) != 0)
		return is;
	*kind = "version ";
	if (differs(e->version, v->version))
		return e->version;
	*kind = "component ";
	if (differs(e->component, span_of(v->component)))
		return e->component;
	*kind = "role ";
	if (differs(e->role, span_of(role_name((enum role)v->role))))
		return e->role;
	return NULL;
}

static void
tell(const struct catalog *c, const struct product *p, const struct example *e,
    const struct match *m, const char *kind, const char *want)
{
	const struct verdict *v = m->verdict;

	if (m->n_verdicts)
		diag_warn("%s:%u:%u: example %s: %s%s is wanted, and it is %s, "
			  "version %.*s, component %s, role %s",
		    p->file, e->line, e->column, e->image, kind, want,
		    c->signatures->product[v->product].id,
		    v->version.n ? (int)v->version.n : 4,
		    v->version.n ? v->version.p : "none", v->component,
		    role_name((enum role)v->role));
	else
		diag_warn("%s:%u:%u: example %s: %s is wanted, and it is "
			  "nothing",
		    p->file, e->line, e->column, e->image, want);
}

static bool
run_example(const struct catalog *c, const struct product *p,
    const struct example *e, struct json *facts)
{
	const char *want, *kind;
	struct match m;

	put_example(facts, e);
	match_facts(c, (struct span){facts->p, facts->len}, &m);
	if ((want = judge(c, p, e, &m, &kind)))
		tell(c, p, e, &m, kind, want);
	return !want;
}

int
example_test(const struct catalog *c, const char *path)
{
	const struct signatures *s = c->signatures;
	struct json facts = {0};
	size_t products = 0, n = 0, failed = 0;

	for (size_t i = 0; i < s->n_products; i++) {
		const struct product *p = &s->product[i];

		if (!library_is_from(p, path))
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
