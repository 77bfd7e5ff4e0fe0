#include "orders.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "signatures.h"

#define CLAIMS 4096 /* of all who ask, so that none can fill the memory */

/* What is to be said about a command that was carried out, or not. */
struct reply {
	const struct resource *resource; /* that it was about, or NULL */
	const char *error; /* NULL: it was carried out */
	bool is_later; /* or that is told by somebody else */
	bool is_usual; /* the error is nobody's mistake */
	char text[SIGNATURES_ERROR]; /* where an error may live */
};

static void
answer(struct orders *o, const struct command *c, const struct reply *r)
{
	struct json *j;

	if (!c->id || r->is_later)
		return;
	j = emit_answer_open(o->emit, c->id, c->name);
	if (r->resource)
		json_member_text(j, "resource", span_of(r->resource->id));
	if (r->error)
		json_member_text(j, "error", span_of(r->error));
	emit_answer_close(o->emit);
}

/* ---- resources ---- */

static void
resync(struct orders *o, const struct command *c, struct reply *r)
{
	struct resource *resource = NULL;

	if (c->resource)
		r->error =
		    catalog_find(&o->survey->catalog, c->resource, &resource);
	r->resource = resource;
	if (!r->error && !watches_resync(o->watches, resource))
		r->error = "it is not watched";
	if (!c->resource)
		survey_doubt(o->survey);
}

/* Whether the claim is in force, if the resource is there. */
static bool
is_granted(const struct orders *o, const struct command *c,
    const struct resource *resource)
{
	struct wants wants;
	bool is_granted = true;

	policy_decide(o->policy, &o->survey->catalog, &wants);
	for (size_t i = 0; i < wants.n; i++)
		if (wants.item[i].resource == resource)
			is_granted = wants.item[i].want.depth >= c->depth;
	wants_free(&wants);
	return is_granted;
}

static void
watch(struct orders *o, const struct command *c, struct reply *r)
{
	struct resource *resource = NULL;

	catalog_find(&o->survey->catalog, c->resource, &resource);
	r->resource = resource;
	if (o->policy->n_claims >= CLAIMS) {
		r->error = "too much is asked for already";
		return;
	}
	if (!policy_claim(o->policy, c->by, c->resource, c->depth))
		return;
	o->has_changed = true;
	/* The claim is kept: they may say something else later. */
	if (resource && !is_granted(o, c, resource)) {
		r->error = "flags, custom resource or file say otherwise";
		r->is_usual = true;
	}
}

static void
unwatch(struct orders *o, const struct command *c, struct reply *r)
{
	struct resource *resource = NULL;

	if (c->resource)
		catalog_find(&o->survey->catalog, c->resource, &resource);
	r->resource = resource;
	if (policy_release(o->policy, c->by, c->resource))
		o->has_changed = true;
	else
		r->error = "it was not asked for";
	r->is_usual = true;
}

/* ---- others ---- */

static void
probe(struct orders *o, const struct command *c, struct reply *r)
{
	r->is_later = inquiries_ask(&o->inquiries, c);
	if (!r->is_later)
		r->error = "64 probes are waiting already";
}

static void
mark(struct orders *o, const struct command *c, struct reply *r)
{
	emit_mark(o->emit, c->id, c->asked);
	r->is_later = true;
}

static void
read_signatures(struct orders *o, const struct command *c, struct reply *r)
{
	if (signatures_read(o->emit, c->path, r->text) < 0)
		r->error = r->text;
}

static void
carry_out(struct orders *o, const struct command *c, struct reply *r)
{
	switch (c->verb) {
	case COMMAND_RESYNC:
		resync(o, c, r);
		break;
	case COMMAND_WATCH:
		watch(o, c, r);
		break;
	case COMMAND_UNWATCH:
		unwatch(o, c, r);
		break;
	case COMMAND_PROBE:
		probe(o, c, r);
		break;
	case COMMAND_MARK:
		mark(o, c, r);
		break;
	case COMMAND_SIGNATURES:
		read_signatures(o, c, r);
		break;
	case COMMANDS:
		break;
	}
}

void
orders_take(void *orders, const char *line, size_t n)
{
	struct orders *o = orders;
	struct command c;
	struct reply r = {0};

	if (command_read(&c, line, n, &r.error) == 0)
		carry_out(o, &c, &r);
	if (r.error)
		(r.is_usual ? diag_info :
			      diag_warn)("a command%s%s is ignored: %s",
		    c.name ? " " : "", c.name ? c.name : "", r.error);
	answer(o, &c, &r);
}
