#define _GNU_SOURCE /* memmem */
#include "facts.h"

#include <string.h>

#include "owner.h"

#define WORD_MAX 80 /* longer words of a command line are data */
#define WORDS_MAX 64 /* of one container */

void
facts_plan(struct facts_paths *p, struct scan_plan *plan)
{
	p->containers = scan_plan_add(plan, "object.spec.containers");
	p->inits = scan_plan_add(plan, "object.spec.initContainers");
	p->template_labels =
	    scan_plan_add(plan, "object.spec.template.metadata.labels");
	p->template_annotations =
	    scan_plan_add(plan, "object.spec.template.metadata.annotations");
	p->template_containers =
	    scan_plan_add(plan, "object.spec.template.spec.containers");
	p->template_inits =
	    scan_plan_add(plan, "object.spec.template.spec.initContainers");
	p->job_labels = scan_plan_add(plan,
	    "object.spec.jobTemplate.spec.template.metadata.labels");
	p->job_annotations = scan_plan_add(plan,
	    "object.spec.jobTemplate.spec.template.metadata.annotations");
	p->job_containers = scan_plan_add(plan,
	    "object.spec.jobTemplate.spec.template.spec.containers");
	p->phase = scan_plan_add(plan, "object.status.phase");
}

/* ---- writing ---- */

static void
put_fact(struct json *out, enum fact fact, struct span text)
{
	char *to;

	if (out->len + text.n > FACTS_MAX)
		return;
	to = json_room(out, text.n + 2);
	*to++ = (char)fact;
	if (text.n)
		memcpy(to, text.p, text.n);
	to[text.n] = '\0';
	out->len += text.n + 2;
}

/* A string's text, into buf if it has escapes. Absent also when it holds a NUL,
 * which only an escape can make, and which would end a fact in its middle. */
static struct span
text_of(struct span value, char *buf, size_t cap)
{
	struct span s = scan_text(value, buf, cap);

	if (s.p == buf && memchr(s.p, '\0', s.n))
		return (struct span){0};
	return s;
}

static void
put_text(struct json *out, enum fact fact, struct span value)
{
	char buf[1024];
	struct span s = text_of(value, buf, sizeof(buf));

	if (s.n && s.n < sizeof(buf))
		put_fact(out, fact, s);
}

static const char *
last_slash(struct span s)
{
	const char *p = s.p + s.n;

	while (p > s.p && p[-1] != '/')
		p--;
	return p;
}

/* A flag without its value, if that tells no version; a plain word as it is:
 * "--storage.tsdb.path". Of a program's path the last part counts. A flag is an
 * argument wherever it stands: many put the whole line into command. */
static void
put_word(struct json *out, const struct catalog *c, struct span word,
    bool is_program)
{
	const char *equals, *end = word.p + word.n;
	struct span value = {0};

	is_program = is_program && (word.n < 2 || *word.p != '-');
	if (word.n > 1 && *word.p == '-' &&
	    (equals = memchr(word.p, '=', word.n))) {
		word.n = (size_t)(equals - word.p);
		if (catalog_has(c, KEY_TELLER, word))
			value = (struct span){equals + 1,
			    (size_t)(end - equals - 1)};
	}
	if (word.n && (is_program || *word.p == '/')) {
		const char *base = last_slash(word);

		word.n -= (size_t)(base - word.p);
		word.p = base;
	}
	if (word.n && word.n <= WORD_MAX)
		put_fact(out, is_program ? FACT_COMMAND : FACT_ARG, word);
	if (value.n)
		put_fact(out, FACT_VALUE, value);
}

/* One element of command or args. A shell's script is looked through word by
 * word, as many a product is started by one. */
static void
put_words(struct json *out, const struct catalog *c, struct span text,
    bool is_program, unsigned *left)
{
	size_t i = 0;

	while (i<text.n && * left> 0) {
		size_t n;

		while (i < text.n && (unsigned char)text.p[i] <= ' ')
			i++;
		for (n = i; n < text.n && (unsigned char)text.p[n] > ' '; n++)
			;
		if (n > i) {
			put_word(out, c, (struct span){text.p + i, n - i},
			    is_program);
			--*left;
		}
		i = n;
	}
}

static void
put_command(struct json *out, const struct catalog *c, struct walk *w,
    bool is_program)
{
	unsigned left = WORDS_MAX;
	char buf[4096];

	if (!walk_enter(w, '[')) {
		walk_pass(w);
		return;
	}
	while (walk_element(w)) {
		struct span value = walk_pass(w);

		if (left)
			put_words(out, c, text_of(value, buf, sizeof(buf)),
			    is_program, &left);
	}
}

static void
put_env(struct json *out, struct walk *w)
{
	unsigned left = WORDS_MAX;
	struct span key, value;

	if (!walk_enter(w, '[')) {
		walk_pass(w);
		return;
	}
	while (walk_element(w)) {
		struct span name = {0};

		if (!left || !walk_enter(w, '{')) {
			walk_pass(w);
			continue;
		}
		left--;
		while (walk_member(w, &key)) {
			value = walk_pass(w);
			if (scan_key_eq(key, "name"))
				name = value;
		}
		put_text(out, FACT_ENV, name);
	}
}

static void
put_port(struct json *out, struct walk *w)
{
	struct span key, value, port = {0}, name = {0};

	while (walk_member(w, &key)) {
		value = walk_pass(w);
		if (scan_key_eq(key, "containerPort"))
			port = value;
		else if (scan_key_eq(key, "name"))
			name = value;
	}
	if (scan_type(port) != SCAN_NUMBER || port.n > 7)
		return;
	put_fact(out, FACT_PORT, port);
	put_text(out, FACT_PORT_NAME, name);
}

static void
put_ports(struct json *out, struct walk *w)
{
	if (!walk_enter(w, '[')) {
		walk_pass(w);
		return;
	}
	while (walk_element(w))
		if (walk_enter(w, '{'))
			put_port(out, w);
		else
			walk_pass(w);
}

/* The API server writes the name first, so this is not a walk of its own. */
static struct span
name_of(struct walk w)
{
	struct span key, value;

	if (walk_enter(&w, '{'))
		while (walk_member(&w, &key)) {
			value = walk_pass(&w);
			if (scan_key_eq(key, "name"))
				return value;
		}
	return (struct span){0};
}

/* One container, in one walk: its name, then what else it shows. An init
 * container runs on only if it is restarted always. */
static bool
put_container(struct json *out, const struct catalog *c, struct walk *w,
    bool only_sidecar)
{
	struct span key, image = {0}, restart = {0};
	size_t start = out->len;
	char buf[256];

	put_fact(out, FACT_CONTAINER, text_of(name_of(*w), buf, sizeof(buf)));
	if (!walk_enter(w, '{'))
		walk_pass(w);
	else
		while (walk_member(w, &key)) {
			if (scan_key_eq(key, "env"))
				put_env(out, w);
			else if (scan_key_eq(key, "command"))
				put_command(out, c, w, true);
			else if (scan_key_eq(key, "args"))
				put_command(out, c, w, false);
			else if (scan_key_eq(key, "ports"))
				put_ports(out, w);
			else if (scan_key_eq(key, "image"))
				image = walk_pass(w);
			else if (scan_key_eq(key, "restartPolicy"))
				restart = walk_pass(w);
			else
				walk_pass(w);
		}
	put_text(out, FACT_IMAGE, image);
	if (!only_sidecar || scan_eq(restart, "Always"))
		return true;
	out->len = start;
	return false;
}

static bool
put_containers(struct json *out, const struct catalog *c, struct walk w,
    bool only_sidecars)
{
	bool any = false;

	if (!walk_enter(&w, '['))
		return false;
	while (walk_element(&w))
		any |= put_container(out, c, &w, only_sidecars);
	return any;
}

bool
facts_is_mark(struct span key)
{
	static const struct span marks[] = {{"job-name", 8},
	    {"controller-uid", 14}, {"pod-template-hash", 17},
	    {"pod-template-generation", 23}, {"controller-revision-hash", 24},
	    {"rollouts-pod-template-hash", 26},
	    {"apps.kubernetes.io/pod-index", 28},
	    {"batch.kubernetes.io/job-name", 28},
	    {"statefulset.kubernetes.io/pod-name", 34},
	    {"batch.kubernetes.io/controller-uid", 34},
	    {"batch.kubernetes.io/job-completion-index", 40}};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (key.n == marks[i].n &&
		    memcmp(key.p, marks[i].p, key.n) == 0)
			return true;
	return false;
}

#define PAIR_MAX 1024 /* bytes of a label with its key */

static void
put_pair(struct json *out, enum fact fact, struct span key, struct span value)
{
	char buf[PAIR_MAX], *to;
	struct span text = text_of(value, buf, sizeof(buf));
	size_t n = key.n + 1 + text.n;

	if (!text.p || n > PAIR_MAX || out->len + n > FACTS_MAX)
		return;
	to = json_room(out, n + 2);
	*to++ = (char)fact;
	memcpy(to, key.p, key.n);
	to[key.n] = '=';
	memcpy(to + key.n + 1, text.p, text.n);
	to[n] = '\0';
	out->len += n + 2;
}

static void
put_labels(struct json *out, struct walk w)
{
	struct span key, value;

	if (!walk_enter(&w, '{'))
		return;
	while (walk_member(&w, &key)) {
		value = walk_pass(&w);
		if (!facts_is_mark(key))
			put_pair(out, FACT_LABEL, key, value);
	}
}

/* Annotations may be long and differ from pod to pod, so only those count that
 * a signature asks for, by key or by key=value. */
static void
put_annotations(struct json *out, const struct catalog *c, struct walk w)
{
	struct span key, value, pair;
	size_t start;

	if (!walk_enter(&w, '{'))
		return;
	while (walk_member(&w, &key)) {
		value = walk_pass(&w);
		if (!catalog_has(c, KEY_ANNOTATION_OF, key))
			continue;
		if (catalog_has(c, KEY_ANNOTATION, key)) {
			put_fact(out, FACT_ANNOTATION, key);
			continue;
		}
		start = out->len;
		put_pair(out, FACT_ANNOTATION, key, value);
		if (out->len == start)
			continue;
		pair = (struct span){out->p + start + 1, out->len - start - 2};
		if (!catalog_has(c, KEY_ANNOTATION, pair))
			out->len = start;
	}
}

static void
put_own_labels(struct json *out, struct walk w)
{
	static const char *const own[] = {"app.kubernetes.io/version",
	    "helm.sh/chart"};
	struct span key, value, found[2] = {{0}, {0}};

	if (!walk_enter(&w, '{'))
		return;
	while (walk_member(&w, &key)) {
		value = walk_pass(&w);
		for (int i = 0; i < 2; i++)
			if (scan_key_eq(key, own[i]))
				found[i] = value;
	}
	for (int i = 0; i < 2; i++)
		put_pair(out, FACT_OWN_LABEL, span_of(own[i]), found[i]);
}

/* The name of the workload as whoever installed it chose it: what owns one pod
 * each, and what is made for a run, is named by a program. */
static void
put_workload(struct json *out, const struct record *r)
{
	static const char *const kinds[] = {"Deployment", "StatefulSet",
	    "DaemonSet"};
	struct owner o;
	bool is_owned = owner_of_pod(r, &o);

	if (!is_owned && span_eq(o.kind, "Pod") && o.name.n == r->id.name.n)
		return;
	if (is_owned && !span_eq(r->id.kind, "Pod") &&
	    !span_eq(r->id.kind, "ReplicaSet"))
		o = (struct owner){.kind = r->id.kind, .name = r->id.name};
	if (memchr(o.name.p, '\0', o.name.n))
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (span_eq(o.kind, kinds[i]) || span_eq(o.kind, "Pod")) {
			put_fact(out, FACT_WORKLOAD, o.name);
			return;
		}
}

/* ---- reading ---- */

static bool
is_of_job(const struct record *r)
{
	struct walk w = record_walk(r, AT_OWNERS);
	bool is_job = false;

	if (!walk_enter(&w, '['))
		return false;
	while (walk_element(&w))
		is_job |= scan_eq(scan_get(walk_pass(&w), "kind"), "Job");
	return is_job;
}

/* Where the parts of a pod, or of what pods are made from, stand; 0: that part
 * is not looked at. */
struct places {
	int containers, inits, labels, annotations;
	bool is_job;
};

static struct places
places_of(const struct facts_paths *p, const struct record *r)
{
	if (span_eq(r->id.kind, "Pod"))
		return (struct places){p->containers, p->inits, AT_LABELS,
		    AT_ANNOTATIONS, is_of_job(r)};
	if (r->at[p->job_containers].n)
		return (struct places){p->job_containers, 0, p->job_labels,
		    p->job_annotations, true};
	return (struct places){p->template_containers, p->template_inits,
	    p->template_labels, p->template_annotations,
	    span_eq(r->id.kind, "Job")};
}

bool
facts_read(const struct facts_paths *p, const struct catalog *c,
    const struct record *r, struct json *out)
{
	struct places at = places_of(p, r);
	size_t start = out->len;
	bool any;

	if (at.is_job)
		put_fact(out, FACT_JOB, span_of(""));
	any = put_containers(out, c, record_walk(r, at.containers), false);
	if (at.inits)
		any |= put_containers(out, c, record_walk(r, at.inits), true);
	if (!any) {
		out->len = start;
		return false;
	}
	put_fact(out, FACT_POD, span_of(""));
	put_labels(out, record_walk(r, at.labels));
	put_annotations(out, c, record_walk(r, at.annotations));
	if (at.labels != AT_LABELS)
		put_own_labels(out, record_walk(r, AT_LABELS));
	put_workload(out, r);
	return true;
}

/* ---- a glance ---- */

/* The one name in a container that differs from pod to pod: of the volume with
 * its token, behind which stand five random letters. */
#define TOKEN "kube-api-access-"
#define TOKEN_RANDOM 5

/* Long texts are hashed faster without a seed. */
static uint64_t
mix(struct span s, uint64_t h)
{
	return (table_hash(s.p, s.n, 0) ^ h) * 0x9e3779b97f4a7c15u;
}

static uint64_t
glance_bytes(struct span s, uint64_t h)
{
	const char *mark;

	while (s.n && (mark = memmem(s.p, s.n, TOKEN, sizeof(TOKEN) - 1))) {
		size_t n = (size_t)(mark - s.p) + sizeof(TOKEN) - 1;

		h = mix((struct span){s.p, n}, h);
		n += s.n - n < TOKEN_RANDOM ? s.n - n : TOKEN_RANDOM;
		s.p += n;
		s.n -= n;
	}
	return mix(s, h);
}

/* Annotations are left out, as they differ from pod to pod; an injector that
 * sets them puts a container in too. */
uint64_t
facts_glance(const struct facts_paths *p, const struct record *r)
{
	const struct span *at = r->at;
	uint64_t h;

	if (!at[AT_OWNERS].n || !at[p->containers].n)
		return 0;
	h = mix(r->id.cluster, 1);
	h = mix(r->id.ns, h);
	h = mix(at[AT_LABELS], h);
	h = mix(at[AT_OWNERS], h);
	h = glance_bytes(at[p->containers], h);
	return glance_bytes(at[p->inits], h) | 1;
}

bool
facts_next(struct facts_iter *it, enum fact *fact, struct span *text)
{
	if (it->p >= it->end)
		return false;
	*fact = (enum fact)(unsigned char)*it->p++;
	text->p = it->p;
	text->n = strlen(it->p);
	it->p += text->n + 1;
	return true;
}

struct span
facts_label(struct span facts, const char *key)
{
	struct facts_iter it = {facts.p, facts.p + facts.n};
	size_t n = strlen(key);
	struct span text;
	enum fact fact;

	while (facts_next(&it, &fact, &text))
		if (fact == FACT_LABEL && text.n > n && text.p[n] == '=' &&
		    memcmp(text.p, key, n) == 0)
			return (struct span){text.p + n + 1, text.n - n - 1};
	return (struct span){0};
}
