#include "part.h"

/* Data planes and proxies that are put beside an application make no product
 * of it; standing alone (a gateway, a node's proxy) they do. */
bool
part_is_beside(const struct look *l, const struct box *b)
{
	for (unsigned i = 0; i < l->n_boxes; i++) {
		const struct box *o = &l->box[i];

		if (o == b || o->how == KNOWN_HELPER ||
		    (look_knows(o) &&
			(o->print->role == ROLE_SIDECAR ||
			    (b->print &&
				o->print->product == b->print->product))))
			continue;
		return true;
	}
	return false;
}

/* Whether what the pod is there for stands before this container, and is
 * nothing that is known. */
static bool
is_behind_stranger(const struct look *l, const struct box *b)
{
	for (const struct box *o = l->box; o < b; o++) {
		if (look_knows(o) && o->print->role != ROLE_SIDECAR)
			return false;
		if (o->how == KNOWN_HELPER || look_knows(o))
			continue;
		/* what only all its prints together have told is in there */
		for (unsigned i = 0; i < l->m->n_verdicts; i++)
			if (l->m->verdict[i].makes)
				return false;
		return true;
	}
	return false;
}

static bool
is_labelled(const struct look *l, uint32_t product)
{
	for (unsigned i = 0; i < l->n_hits; i++)
		if (l->hit[i].print->product == product &&
		    l->hit[i].print->kind != PRINT_ANNOTATION)
			return true;
	return false;
}

static bool
is_shell(struct span word)
{
	return span_eq(word, "sh") || span_eq(word, "bash") ||
	    span_eq(word, "ash") || *word.p == '-';
}

/* What sleep and tail are given to wait for ever, or for a long time. */
static bool
is_patience(struct span word)
{
	static const char *const words[] = {"infinity", "inf", "null", "-f",
	    "-F", "d", "h"};

	while (word.n && *word.p >= '0' && *word.p <= '9') {
		word.p++;
		word.n--;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_eq(word, words[i]))
			return true;
	return !word.n;
}

/* Whether a container only waits until somebody comes in and uses what is
 * there: sleep infinity, tail -f /dev/null. */
static bool
is_idle(const struct box *b)
{
	struct facts_iter it = {b->words, b->end};
	bool waits = false;
	struct span text;
	enum fact fact;

	while (facts_next(&it, &fact, &text)) {
		if ((fact != FACT_COMMAND && fact != FACT_ARG) || !text.n)
			continue;
		if (waits && !is_patience(text))
			return false;
		if (!waits && !is_shell(text) && !span_eq(text, "sleep") &&
		    !span_eq(text, "tail"))
			return false;
		waits |= !is_shell(text);
	}
	return waits;
}

/* Who only waits is a client. A Job is the product's own if its labels say so,
 * else it only uses the product's image, as a client of it. An agent or a proxy
 * behind a stranger is there for its sake, unless the labels are about the
 * former. */
enum role
part_role(const struct look *l, const struct box *b, const struct print *p)
{
	enum role role = (enum role)p->role;

	if (is_idle(b))
		return ROLE_CLIENT;
	if (!l->is_job &&
	    (role == ROLE_AGENT || role == ROLE_NODE_AGENT ||
		role == ROLE_PROXY) &&
	    is_behind_stranger(l, b) && !is_labelled(l, p->product))
		return ROLE_SIDECAR;
	if (!l->is_job || role == ROLE_JOB || role == ROLE_TEST ||
	    role == ROLE_HELPER)
		return role;
	for (unsigned i = 0; i < l->n_hits; i++)
		if (l->hit[i].print->product == p->product)
			return ROLE_JOB;
	return role == ROLE_INIT ? ROLE_JOB : ROLE_CLIENT;
}
