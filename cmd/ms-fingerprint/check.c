#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "evidence.h"
#include "library.h"

#define PORT_NAME 15 /* bytes, as Kubernetes has it */

static unsigned
warn(const struct product *p, const struct print *print, const char *why)
{
	diag_warn("%s:%u:%u: '%s' decides nothing: it %s", p->file, print->line,
	    print->column, print->text, why);
	return 1;
}

/* ---- what no object can have ---- */

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
is_of(const char *text, const char *bytes)
{
	return !text[strspn(text, bytes)];
}

static bool
is_name(const char *text)
{
	return is_of(text, LOWER DIGITS "-.");
}

/* KEY, or KEY=VALUE; a label's value has no other bytes than its key. */
static bool
is_pair(const char *text, bool any_value)
{
	size_t n = strspn(text, LOWER UPPER DIGITS "-._/");

	return n > 0 &&
	    (!text[n] ||
		(text[n] == '=' &&
		    (any_value ||
			is_of(text + n + 1, LOWER UPPER DIGITS "-._"))));
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

static const char *
port_wrong(const struct catalog *c, const char *text)
{
	if (is_of(text, DIGITS))
		return scan_is_port(span_of(text)) ?
		    NULL :
		    "is no port: those are 1 to 65535";
	if (!is_of(text, LOWER DIGITS "-") || is_of(text, DIGITS "-"))
		return "is neither a number nor a name";
	if (strlen(text) > PORT_NAME)
		return "is longer than the name of a port";
	return is_common(c, text) || is_common_port(text) ?
	    "is what anybody calls a port" :
	    NULL;
}

static const char *
word_wrong(const struct print *print)
{
	const char *text = print->text;

	if (print->kind == PRINT_ENV)
		return strchr(text, '=') ? "has a value, which is cut off" :
		    !is_of(text, LOWER UPPER DIGITS "-._") ?
					   "is no variable's name" :
					   NULL;
	if (strpbrk(text, " \t"))
		return print->kind == PRINT_COMMAND ?
		    "has blanks: what follows the program belongs to args" :
		    "has blanks: words are looked at";
	if (print->kind == PRINT_COMMAND)
		return strchr(text, '/') ? "has a folder, which is cut off" :
		    *text == '-'         ? "is a flag: it belongs to args" :
					   NULL;
	return *text == '-' && strchr(text, '=') ?
	    "has a value, which is cut off" :
	    NULL;
}

/* Why no object can match it, or nothing follows if one does; else NULL. Facts
 * are cut as facts.c does it: a command without its folder, a flag without its
 * value, word by word. */
static const char *
unreachable(const struct catalog *c, const struct print *print)
{
	const char *text = print->text;

	switch ((enum print_kind)print->kind) {
	case PRINT_IMAGE:
		if (print->with && strpbrk(print->with, " \t"))
			return "is with what has blanks: words are looked at";
		return catalog_has(c, KEY_HELPER, span_of(text)) ?
		    "is a helper: of all products, or of none" :
		    NULL;
	case PRINT_COMMAND:
	case PRINT_ARG:
	case PRINT_ENV:
		return word_wrong(print);
	case PRINT_PORT:
		return port_wrong(c, text);
	case PRINT_NAME:
		return is_name(text) ? NULL : "is no container's name";
	case PRINT_WORKLOAD:
	case PRINT_SERVICE:
	case PRINT_WEBHOOK:
		return !is_name(text)  ? "is no object's name" :
		    is_common(c, text) ? "is what anybody calls one" :
					 NULL;
	case PRINT_CHART:
		return strpbrk(text, " =/") ? "is no chart's name" : NULL;
	case PRINT_CRD:
		return is_name(text) && strchr(text, '.') ?
		    NULL :
		    "is neither a group (acme.example) nor a CRD "
		    "(widgets.acme.example)";
	case PRINT_CLASS:
		return strchr(text, '/') && !strpbrk(text, " \t") ?
		    NULL :
		    "is no controller (acme.example/widgets)";
	default:
		return is_pair(text, print->kind == PRINT_ANNOTATION) ?
		    NULL :
		    "is neither KEY nor KEY=VALUE";
	}
}

/* ---- what is there twice ---- */

/* All prints, sorted so that those of one kind and text are neighbours. Texts
 * are interned: the same text is the same pointer. */
struct prints_by_text {
	const struct print **print;
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	const struct print *x = *(const struct print *const *)a;
	const struct print *y = *(const struct print *const *)b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->text != y->text)
		return (uintptr_t)x->text < (uintptr_t)y->text ? -1 : 1;
	if (x->product != y->product)
		return x->product < y->product ? -1 : 1;
	return (uintptr_t)x < (uintptr_t)y ? -1 : x != y;
}

static struct prints_by_text
sort_prints(const struct signatures *s)
{
	struct prints_by_text all = {.n = 0};

	for (size_t i = 0; i < s->n_products; i++)
		all.n += s->product[i].n_prints;
	all.print = diag_alloc(NULL, (all.n + 1) * sizeof(*all.print));
	all.n = 0;
	for (size_t i = 0; i < s->n_products; i++)
		for (size_t k = 0; k < s->product[i].n_prints; k++)
			all.print[all.n++] = &s->product[i].print[k];
	qsort(all.print, all.n, sizeof(*all.print), compare);
	return all;
}

/* What one image is started as may tell several products apart. Other prints
 * of two products may be the same: it is their sum that decides. */
static bool
is_same(const struct print *a, const struct print *b)
{
	return a != b && a->with == b->with &&
	    (a->product == b->product ? b < a : a->kind == PRINT_IMAGE);
}

static unsigned
check_twice(const struct prints_by_text *all, const struct signatures *s,
    const struct product *p, const struct print *print)
{
	const struct print **at =
	    bsearch(&print, all->print, all->n, sizeof(print), compare);
	const struct print **end = all->print + all->n;
	unsigned n = 0;

	while (at > all->print && at[-1]->kind == print->kind &&
	    at[-1]->text == print->text)
		at--;
	for (; at < end && (*at)->kind == print->kind &&
	     (*at)->text == print->text;
	     at++) {
		if (!is_same(print, *at))
			continue;
		diag_warn("%s:%u:%u: '%s' is also in %s:%u", p->file,
		    print->line, print->column, print->text,
		    s->product[(*at)->product].file, (*at)->line);
		n++;
	}
	return n;
}

/* ---- whole signatures ---- */

/* Two files of one folder; to replace what is built in is what a file is for. */
static void
check_product_twice(const struct product *p, const char *path)
{
	struct product before = {.file = p->replaced};

	if (p->replaced && library_is_from(&before, path))
		diag_warn("%s:1:1: it takes the place of %s, which is of '%s' "
			  "too",
		    p->file, p->replaced, p->id);
}

/* All together are too little to name it, however many are seen. */
static void
check_sum(const struct product *p)
{
	struct evidence_sum sum = {.conflict = false};

	for (size_t i = 0; i < p->n_prints; i++) {
		const struct print *print = &p->print[i];

		if (print->kind == PRINT_CRD || print->kind == PRINT_CLASS)
			return; /* an API alone is named, too */
		evidence_add(&sum, (enum print_kind)print->kind, print->weight);
	}
	if (evidence_confidence(&sum) < EVIDENCE_CLAIM)
		diag_warn("%s:1:1: it is never found: all its prints together "
			  "are worth %.2f, and less than %.2f names nothing",
		    p->file, (double)evidence_confidence(&sum),
		    (double)EVIDENCE_CLAIM);
}

/* Whether an example says that it is the product, and one that it is not. */
static void
check_examples(const struct signatures *s, const struct product *p)
{
	bool is = false, is_not = false;

	for (size_t i = 0; i < p->n_examples; i++) {
		const struct example *e = &p->example[i];

		if (!e->is || strcmp(e->is, p->id) == 0) {
			is = true;
			continue;
		}
		is_not = true;
		if (strcmp(e->is, "nothing") != 0 &&
		    !signatures_product(s, span_of(e->is)))
			diag_warn("%s:%u:%u: no product is called '%s'",
			    p->file, e->line, e->column, e->is);
	}
	if (!is)
		diag_warn("%s:1:1: no example of what it is", p->file);
	if (!is_not)
		diag_warn("%s:1:1: no example of what it is not", p->file);
}

int
check(const struct catalog *c, const char *path)
{
	const struct signatures *s = c->signatures;
	struct prints_by_text all = sort_prints(s);
	size_t products = 0, prints = 0;
	unsigned doubtful = 0;
	const char *why;

	for (size_t i = 0; i < s->n_products; i++) {
		const struct product *p = &s->product[i];

		if (!library_is_from(p, path))
			continue;
		products++;
		prints += p->n_prints;
		check_product_twice(p, path);
		for (size_t k = 0; k < p->n_prints; k++) {
			doubtful += check_twice(&all, s, p, &p->print[k]);
			if ((why = unreachable(c, &p->print[k])))
				doubtful += warn(p, &p->print[k], why);
		}
		check_sum(p);
		check_examples(s, p);
	}
	free(all.print);
	printf("%s: valid, %zu products, %zu prints, %u doubtful\n", path,
	    products, prints, doubtful);
	return fflush(stdout) == 0 ? 0 : EXIT_TEMPORARY;
}
