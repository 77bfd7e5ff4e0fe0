#include "prints.h"

#include <stdio.h>

void
prints_add(struct json *out, const struct product *p, const char *component,
    enum role role, struct span version, float confidence)
{
	char number[16];

	json_open(out, '{');
	json_member_text(out, "product", span_of(p->id));
	if (component)
		json_member_text(out, "component", span_of(component));
	json_member_text(out, "role", span_of(role_name(role)));
	if (version.n)
		json_member_text(out, "version", version);
	snprintf(number, sizeof(number), "%.2f", (double)confidence);
	json_member_span(out, "confidence", span_of(number));
	json_close(out, '}');
}

void
prints_of(struct json *out, const struct catalog *c, const struct match *m)
{
	json_open(out, '[');
	for (unsigned i = 0; i < m->n_verdicts; i++) {
		const struct verdict *v = &m->verdict[i];

		prints_add(out, &c->signatures->product[v->product],
		    v->component, (enum role)v->role, v->version,
		    evidence_confidence(&v->sum));
	}
	json_close(out, ']');
}

void
prints_behind(struct json *out, const struct catalog *c, const struct match *m)
{
	for (unsigned i = 0; i < m->n_verdicts; i++) {
		const struct verdict *v = &m->verdict[i];

		if (v->makes || v->role == ROLE_HELPER)
			prints_add(out, &c->signatures->product[v->product],
			    v->component, (enum role)v->role, (struct span){0},
			    evidence_confidence(&v->sum));
		json_puts(out, "\n");
	}
}
