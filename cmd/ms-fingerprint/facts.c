#define _GNU_SOURCE /* memmem */
#include "facts.h"

#include <string.h>

#include "owner.h"
#include "spots.h"

#define WORD_MAX 80 /* longer words of a command line are data */
#define WORDS_MAX 64 /* of one element of it */

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
	char *to = json_room(out, text.n + 2);

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
    bool is_program)
{
	unsigned left = WORDS_MAX;
	size_t i = 0, n;

	while (i < text.n && left) {
		while (i < text.n && (unsigned char)text.p[i] <= ' ')
			i++;
		for (n = i; n < text.n && (unsigned char)text.p[n] > ' '; n++)
			;
		if (n > i) {
			put_word(out, c, (struct span){text.p + i, n - i},
			    is_program);
			left--;
		}
		i = n;
	}
}

/* A port's number, and its name. */
static void
put_port(struct json *out, const struct spot *spot)
{
	struct span port = spot->value.text;

	if (scan_type(port) != SCAN_NUMBER || port.n > 7)
		return;
	put_fact(out, FACT_PORT, port);
	put_text(out, FACT_PORT_NAME, spot->name.text);
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

void
facts_head(const struct spot *spot, struct json *out)
{
	char *to = json_room(out, spot->key.n + 2);

	*to++ = (char)spot->fact;
	out->len++;
	if (!spot->key.n)
		return;
	memcpy(to, spot->key.p, spot->key.n);
	to[spot->key.n] = '=';
	out->len += spot->key.n + 1;
}

bool
facts_text(const struct spot *spot, char buf[FACTS_PAIR], struct span *text)
{
	*text = text_of(spot->value.text, buf, FACTS_PAIR);
	if (spot->fact == FACT_CONTAINER)
		return true;
	return text->p && spot->key.n + 1 + text->n <= FACTS_PAIR;
}

/* A head, a text, and the end. */
static void
put_pair(struct json *out, const struct spot *spot)
{
	char buf[FACTS_PAIR];
	struct span text;

	if (!facts_text(spot, buf, &text))
		return;
	facts_head(spot, out);
	json_raw(out, text.p, text.n);
	json_raw(out, "", 1);
}

/* An annotation that a signature asks for by key=value has only that one. */
static void
put_annotation(struct json *out, const struct catalog *c,
    const struct spot *spot)
{
	size_t start = out->len;
	struct span pair;

	if (!spot->value.text.n) {
		put_fact(out, FACT_ANNOTATION, spot->key);
		return;
	}
	put_pair(out, spot);
	if (out->len == start)
		return;
	pair = (struct span){out->p + start + 1, out->len - start - 2};
	if (!catalog_has(c, KEY_ANNOTATION, pair))
		out->len = start;
}

/* The name of the workload as whoever installed it chose it: what owns one pod
 * each, and what is made for a run, is named by a program. */
void
facts_put_workload(const struct record *r, struct json *out)
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

void
facts_put(const struct catalog *c, const struct spot *spot, struct json *out)
{
	struct span value = spot->value.text;
	char buf[4096];

	switch (spot->fact) {
	case FACT_IMAGE:
	case FACT_ENV:
		put_text(out, spot->fact, value);
		break;
	case FACT_COMMAND:
	case FACT_ARG:
		put_words(out, c, text_of(value, buf, sizeof(buf)),
		    spot->fact == FACT_COMMAND);
		break;
	case FACT_PORT:
		put_port(out, spot);
		break;
	case FACT_CONTAINER:
	case FACT_LABEL:
	case FACT_OWN_LABEL:
		put_pair(out, spot);
		break;
	case FACT_ANNOTATION:
		put_annotation(out, c, spot);
		break;
	default:
		put_fact(out, spot->fact, (struct span){0});
		break;
	}
}

bool
facts_read(const struct facts_paths *p, const struct catalog *c,
    const struct record *r, struct json *out)
{
	struct spots spots = {0};
	size_t start = out->len, before;
	bool any = spots_find(&spots, p, c, r, NULL);

	for (size_t i = 0; any && i < spots.n; i++) {
		before = out->len;
		facts_put(c, &spots.spot[i], out);
		if (out->len - start > FACTS_MAX)
			out->len = before;
	}
	if (any)
		facts_put_workload(r, out);
	spots_free(&spots);
	return any;
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
