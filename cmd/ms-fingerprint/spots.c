#include "spots.h"

#include <stdlib.h>

#include "diag.h"

#define ELEMENTS_MAX 64 /* of a container's list; further ones are not seen */

void
spots_free(struct spots *s)
{
	free(s->spot);
	free(s->pivot);
	*s = (struct spots){0};
}

/* What one search carries along. */
struct search {
	struct spots *spots;
	const struct catalog *catalog;
	const struct record *r;
	const struct like *kept; /* NULL: the record's own document */
};

static struct walk
walk_at(const struct search *f, int slot)
{
	return f->kept ? like_walk_kept(f->kept, slot, f->r->at[slot]) :
			 walk_text(f->r->at[slot]);
}

static struct spot_value
take(const struct search *f, struct walk *w)
{
	struct spot_value v = {.token = SPOT_NO_TOKEN};
	uint32_t token = f->kept ? like_number(f->kept, w) : SPOT_NO_TOKEN;

	v.text = walk_pass(w);
	/* an array or an object says nothing, whatever is in it */
	if (scan_type(v.text) < SCAN_ARRAY)
		v.token = token;
	return v;
}

/* The next member of an object that the walk is in. */
static bool
member(const struct search *f, struct walk *w, struct span *key,
    struct spot_value *value)
{
	if (!walk_member(w, key))
		return false;
	*value = take(f, w);
	return true;
}

/* Into a container, or past what is none. */
static bool
enter(struct walk *w, char bracket)
{
	bool entered = walk_enter(w, bracket);

	if (!entered)
		walk_pass(w);
	return entered;
}

static const struct spot_value nothing = {.token = SPOT_NO_TOKEN};

/* Put in a spot, which is borrowed until the next one is. */
static struct spot *
put(const struct search *f, enum fact fact, struct spot_value value)
{
	struct spots *s = f->spots;

	if (s->n == s->size) {
		s->size = s->size ? s->size * 2 : 64;
		s->spot = diag_alloc(s->spot, s->size * sizeof(*s->spot));
	}
	s->spot[s->n] =
	    (struct spot){.fact = fact, .value = value, .name = nothing};
	return &s->spot[s->n++];
}

static bool
decide(const struct search *f, struct spot_value value, const char *text)
{
	struct spots *s = f->spots;
	bool is = scan_eq(value.text, text);

	if (s->n_pivots == s->size_pivots) {
		s->size_pivots = s->size_pivots ? s->size_pivots * 2 : 16;
		s->pivot =
		    diag_alloc(s->pivot, s->size_pivots * sizeof(*s->pivot));
	}
	s->pivot[s->n_pivots++] = (struct spot_pivot){value, text, is};
	return is;
}

/* ---- containers ---- */

static void
find_words(const struct search *f, struct walk *w, enum fact fact)
{
	unsigned left = ELEMENTS_MAX;

	if (!enter(w, '['))
		return;
	while (walk_element(w))
		if (left) {
			put(f, fact, take(f, w));
			left--;
		} else {
			walk_pass(w);
		}
}

static void
find_env(const struct search *f, struct walk *w)
{
	unsigned left = ELEMENTS_MAX;
	struct span key;

	if (!enter(w, '['))
		return;
	while (walk_element(w)) {
		struct spot_value name = nothing, value;

		if (!left || !walk_enter(w, '{')) {
			walk_pass(w);
			continue;
		}
		left--;
		while (member(f, w, &key, &value))
			if (scan_key_eq(key, "name"))
				name = value;
		if (name.text.n)
			put(f, FACT_ENV, name);
	}
}

static void
find_port(const struct search *f, struct walk *w)
{
	struct spot_value port = nothing, name = nothing, value;
	struct span key;

	while (member(f, w, &key, &value)) {
		if (scan_key_eq(key, "containerPort"))
			port = value;
		else if (scan_key_eq(key, "name"))
			name = value;
	}
	if (port.text.n)
		put(f, FACT_PORT, port)->name = name;
}

static void
find_ports(const struct search *f, struct walk *w)
{
	if (!enter(w, '['))
		return;
	while (walk_element(w))
		if (enter(w, '{'))
			find_port(f, w);
}

/* The API server writes the name first, so this is not a walk of its own. */
static struct spot_value
name_of(const struct search *f, struct walk w)
{
	struct spot_value value;
	struct span key;

	if (walk_enter(&w, '{'))
		while (member(f, &w, &key, &value))
			if (scan_key_eq(key, "name"))
				return value;
	return nothing;
}

/* One container, in one walk: its name, then what else it shows. An init
 * container runs on only if it is restarted always. */
static bool
find_container(const struct search *f, struct walk *w, bool only_sidecar)
{
	struct spot_value image = nothing, restart = nothing;
	size_t start = f->spots->n;
	struct span key;

	put(f, FACT_CONTAINER, name_of(f, *w));
	if (!walk_enter(w, '{'))
		walk_pass(w);
	else
		while (walk_member(w, &key)) {
			if (scan_key_eq(key, "env"))
				find_env(f, w);
			else if (scan_key_eq(key, "command"))
				find_words(f, w, FACT_COMMAND);
			else if (scan_key_eq(key, "args"))
				find_words(f, w, FACT_ARG);
			else if (scan_key_eq(key, "ports"))
				find_ports(f, w);
			else if (scan_key_eq(key, "image"))
				image = take(f, w);
			else if (scan_key_eq(key, "restartPolicy"))
				restart = take(f, w);
			else
				walk_pass(w);
		}
	if (image.text.n)
		put(f, FACT_IMAGE, image);
	if (!only_sidecar || (restart.text.n && decide(f, restart, "Always")))
		return true;
	f->spots->n = start;
	return false;
}

static bool
find_containers(const struct search *f, int slot, bool only_sidecars)
{
	struct walk w = walk_at(f, slot);
	bool any = false;

	if (!walk_enter(&w, '['))
		return false;
	while (walk_element(&w))
		any |= find_container(f, &w, only_sidecars);
	return any;
}

/* ---- the whole pod ---- */

static void
find_labels(const struct search *f, int slot)
{
	struct walk w = walk_at(f, slot);
	struct spot_value value;
	struct span key;

	if (!walk_enter(&w, '{'))
		return;
	while (member(f, &w, &key, &value))
		if (!facts_is_mark(key))
			put(f, FACT_LABEL, value)->key = key;
}

/* Annotations may be long and differ from pod to pod, so only those count that
 * a signature asks for, by key or by key=value. */
static void
find_annotations(const struct search *f, int slot)
{
	struct walk w = walk_at(f, slot);
	struct spot_value value;
	struct span key;

	if (!walk_enter(&w, '{'))
		return;
	while (member(f, &w, &key, &value)) {
		if (!catalog_has(f->catalog, KEY_ANNOTATION_OF, key))
			continue;
		if (catalog_has(f->catalog, KEY_ANNOTATION, key))
			value = nothing;
		put(f, FACT_ANNOTATION, value)->key = key;
	}
}

static void
find_own_labels(const struct search *f)
{
	static const char *const own[] = {"app.kubernetes.io/version",
	    "helm.sh/chart"};
	struct spot_value found[2] = {nothing, nothing}, value;
	struct walk w = walk_at(f, AT_LABELS);
	struct span key;

	if (!walk_enter(&w, '{'))
		return;
	while (member(f, &w, &key, &value))
		for (int i = 0; i < 2; i++)
			if (scan_key_eq(key, own[i]))
				found[i] = value;
	for (int i = 0; i < 2; i++)
		if (found[i].text.n)
			put(f, FACT_OWN_LABEL, found[i])->key = span_of(own[i]);
}

/* ---- all ---- */

static bool
is_of_job(const struct search *f)
{
	struct walk w = walk_at(f, AT_OWNERS);
	bool is_job = false;
	struct spot_value value;
	struct span key;

	if (!walk_enter(&w, '['))
		return false;
	while (walk_element(&w)) {
		if (!enter(&w, '{'))
			continue;
		while (member(f, &w, &key, &value))
			if (scan_key_eq(key, "kind"))
				is_job |= decide(f, value, "Job");
	}
	return is_job;
}

/* Where the parts of a pod, or of what pods are made from, stand; 0: that part
 * is not looked at. */
struct places {
	int containers, inits, labels, annotations;
	bool is_job;
};

static struct places
places_of(const struct search *f, const struct facts_paths *p)
{
	const struct record *r = f->r;

	if (span_eq(r->id.kind, "Pod"))
		return (struct places){p->containers, p->inits, AT_LABELS,
		    AT_ANNOTATIONS, is_of_job(f)};
	if (r->at[p->job_containers].n)
		return (struct places){p->job_containers, 0, p->job_labels,
		    p->job_annotations, true};
	return (struct places){p->template_containers, p->template_inits,
	    p->template_labels, p->template_annotations,
	    span_eq(r->id.kind, "Job")};
}

bool
spots_find(struct spots *s, const struct facts_paths *paths,
    const struct catalog *c, const struct record *r, const struct like *kept)
{
	struct search f = {s, c, r, kept};
	struct places at;
	bool any;

	s->n = s->n_pivots = 0;
	at = places_of(&f, paths);
	if (at.is_job)
		put(&f, FACT_JOB, nothing);
	any = find_containers(&f, at.containers, false);
	if (at.inits)
		any |= find_containers(&f, at.inits, true);
	put(&f, FACT_POD, nothing);
	find_labels(&f, at.labels);
	find_annotations(&f, at.annotations);
	if (at.labels != AT_LABELS)
		find_own_labels(&f);
	return any;
}

/* ---- in a document that is like it ---- */

static bool
differs(const struct like *kept, struct spot_value *v)
{
	return v->token != SPOT_NO_TOKEN &&
	    like_differs(kept, v->token, &v->guess, &v->text);
}

bool
spots_hold(struct spots *s, const struct like *kept)
{
	for (size_t i = 0; i < s->n_pivots; i++) {
		struct spot_pivot *p = &s->pivot[i];

		if (differs(kept, &p->value) &&
		    scan_eq(p->value.text, p->text) != p->is)
			return false;
	}
	return true;
}

bool
spots_differ(struct spots *s, size_t i, const struct like *kept)
{
	bool value = differs(kept, &s->spot[i].value);
	bool name = differs(kept, &s->spot[i].name);

	return value || name;
}
