#include "probe.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "filter.h"
#include "pod.h"
#include "version.h"

#define ID "probe/" /* before the key, in the id of a request */
#define BODY_MAX 8192 /* bytes of an answer that are looked at */
#define VERSION_MAX 64
#define OUT 8u /* questions at a time: ms-watch asks no more at once */
#define SILENT 16 /* turns after which no answer is waited for */
#define REFUSED 4 /* turns after which a namespace is tried again ... */
#define REFUSED_MOST 64 /* ... twice as many each time, up to these */

/* ---- refusals ---- */

static struct refusal *
refusal_of(const struct probing *p, uint32_t cluster, uint32_t ns)
{
	for (size_t i = 0; i < p->n_refusals; i++)
		if (p->refusal[i].cluster == cluster && p->refusal[i].ns == ns)
			return &p->refusal[i];
	return NULL;
}

static bool
is_refused(const struct probing *p, struct pair place)
{
	const struct refusal *r = refusal_of(p, place.a, place.b);

	return r && r->turn > p->turn;
}

static void
refuse(struct probing *p, uint32_t cluster, uint32_t ns)
{
	struct refusal *r = refusal_of(p, cluster, ns);

	if (!r) {
		p->refusal = diag_alloc(p->refusal,
		    (p->n_refusals + 1) * sizeof(*p->refusal));
		r = &p->refusal[p->n_refusals++];
		*r = (struct refusal){.cluster = cluster,
		    .ns = ns,
		    .wait = REFUSED / 2};
	}
	if (r->turn > p->turn)
		return; /* by the answer to another one that was out */
	r->wait = r->wait < REFUSED_MOST ? r->wait * 2 : r->wait;
	r->turn = p->turn + r->wait;
}

void
probing_free(struct probing *p)
{
	free(p->refusal);
}

/* ---- asking ---- */

/* NAMESPACE/NAME of a pod, terminated. */
static const char *
put_pod(const struct world *w, const struct pod *p, struct json *out)
{
	json_reset(out);
	json_puts(out, world_name(w, world_ns_at(w, pod_place(w, p))));
	json_puts(out, "/");
	pod_name(w, p, out);
	json_raw(out, "", 1);
	return out->p;
}

/* Of two pods the one that comes first behind the last one asked; all are
 * before it at the end. */
static bool
is_before(const char *a, const char *b, const char *last)
{
	bool a_over = last && strcmp(a, last) <= 0;
	bool b_over = last && strcmp(b, last) <= 0;

	return a_over != b_over ? b_over : strcmp(a, b) < 0;
}

static bool
may_ask(const struct filter *f, const struct pod *p)
{
	const struct world *w = &f->world;
	struct pair place = w->places.pair[pod_place(w, p)];

	return clusters_ready(&f->clusters, world_name(w, place.a)) &&
	    !is_refused(&f->probing, place);
}

/* A pod of this shape that is ready, in a cluster that listens: the next by
 * name, so that it does not matter who came first. WORLD_NONE: there is none. */
static uint32_t
find_pod(const struct filter *f, uint32_t shape, const char *last)
{
	const struct world *w = &f->world;
	struct json name = {0}, best_name = {0};
	uint32_t best = WORLD_NONE;

	for (uint32_t i = 0; i < w->n_pods; i++) {
		const struct pod *p = &w->pod[i];

		if (!(p->flags & WORLD_ALIVE) || !(p->flags & WORLD_READY) ||
		    p->shape != shape || !may_ask(f, p))
			continue;
		if (best == WORLD_NONE ||
		    is_before(put_pod(w, p, &name), best_name.p, last)) {
			best = i;
			put_pod(w, p, &best_name);
		}
	}
	json_release(&name);
	json_release(&best_name);
	return best;
}

/* The number of a port. The API server knows no names of a pod's ports. */
static struct span
port_of(struct span facts, const char *port)
{
	struct facts_iter it = {facts.p, facts.p + facts.n};
	struct span text, number = {0};
	enum fact fact;

	if (*port >= '0' && *port <= '9')
		return span_of(port);
	while (facts_next(&it, &fact, &text)) {
		if (fact == FACT_PORT)
			number = text;
		else if (fact == FACT_PORT_NAME && span_eq(text, port))
			return number;
	}
	return (struct span){0};
}

/* What speaks TLS tells nothing to who does not, and that is up to whoever
 * installed it: each second try is the other way. */
static const char *
scheme_of(const struct probe *p, unsigned tries)
{
	bool tls = p->scheme && strcmp(p->scheme, "https") == 0;

	return tls == (tries % 2 == 0) ? "https" : NULL;
}

/* Write the request for an answer that is out; name is the pod's. */
static void
request(struct filter *f, const struct probe *p, struct span key,
    const struct answer *a, struct span port)
{
	const struct world *w = &f->world;
	const char *cluster = world_name(w, a->cluster);
	const char *scheme = scheme_of(p, a->tries);
	char id[sizeof(ID) + ANSWERS_KEY] = ID;
	struct json j = {0};

	memcpy(id + sizeof(ID) - 1, key.p, key.n);
	record_open(&j, "REQUEST");
	if (*cluster)
		json_member_text(&j, "cluster", span_of(cluster));
	json_close(&j, '}');
	json_key(&j, "object");
	json_open(&j, '{');
	json_member_text(&j, "command", span_of("probe"));
	json_member_text(&j, "id", (struct span){id, sizeof(ID) - 1 + key.n});
	json_member_text(&j, "namespace", span_of(world_name(w, a->ns)));
	json_member_text(&j, "pod", span_of(strchr(a->pod, '/') + 1));
	json_member_text(&j, "port", port);
	json_member_text(&j, "path", span_of(p->path));
	if (scheme)
		json_member_text(&j, "scheme", span_of(scheme));
	json_close(&j, '}');
	json_close(&j, '}');
	f->out.put(f->out.context, (struct span){j.p, j.len});
	json_release(&j);
}

static void
ask_pod(struct filter *f, const struct probe *p, struct span key,
    struct answer *a, struct span port, uint32_t number)
{
	const struct world *w = &f->world;
	const struct pod *pod = &w->pod[number];
	uint32_t place = pod_place(w, pod);
	struct json name = {0};
	char digits[16];

	memcpy(digits, port.p, port.n);
	digits[port.n] = '\0';
	pod_name(w, pod, &name);
	json_raw(&name, "", 1);
	a->cluster = world_cluster_at(w, place);
	a->ns = world_ns_at(w, place);
	answers_note(a, world_name(w, a->ns), name.p, digits, p->path);
	answers_ask(&f->answers, a, f->probing.turn + SILENT);
	request(f, p, key, a, port);
	json_release(&name);
}

/* Whether it can be asked about, as far as it was before. */
static bool
is_due(struct filter *f, struct answer *a, bool fresh)
{
	uint32_t turn = f->probing.turn;

	if (a->is_out && a->turn <= turn)
		answers_fail(&f->answers, a, turn, false);
	return !a->version && !a->is_out && a->tries < ANSWERS_TRIES &&
	    (fresh || a->turn <= turn);
}

static void
ask(struct filter *f, uint32_t shape, struct span facts,
    const struct verdict *v, bool fresh)
{
	const struct product *p =
	    &f->shapes.catalog->signatures->product[v->product];
	char buf[ANSWERS_KEY];
	struct span key = answers_key(p->id, v->digest, buf), port;
	struct answer *a = answers_at(&f->answers, key);
	uint32_t pod;

	if (!outcome_wants(p, v) || !key.n || (a && !is_due(f, a, fresh)))
		return;
	port = port_of(facts, p->probe.port);
	if (!port.n || port.n > 15)
		return;
	pod = find_pod(f, shape, a ? a->pod : NULL);
	if (pod == WORLD_NONE)
		return;
	if (!a)
		a = answers_put(&f->answers, key);
	ask_pod(f, &p->probe, key, a, port, pod);
}

/* Ask what one shape lacks. */
static void
ask_shape(struct filter *f, uint32_t shape, struct json *facts)
{
	bool fresh = f->shapes.shape[shape].fresh;
	struct match m;

	f->shapes.shape[shape].fresh = false;
	shape_match(&f->shapes, shape, facts, &m);
	for (unsigned i = 0; i < m.n_verdicts; i++)
		ask(f, shape, (struct span){facts->p, facts->len},
		    &m.verdict[i], fresh);
}

void
probe_settle(struct filter *f)
{
	struct probing *p = &f->probing;
	struct json facts = {0};

	if (!p->is_on || !(p->is_due || f->world.any_fresh))
		return;
	p->is_due = f->world.any_fresh = false;
	/* when too many are out, the next answer makes it due again */
	for (uint32_t i = 0;
	     i < f->shapes.n && f->answers.out < (p->may_ask ? OUT : 1); i++)
		if (f->shapes.shape[i].refs &&
		    shape_outcome(&f->shapes, i)->wants)
			ask_shape(f, i, &facts);
	json_release(&facts);
}

void
probe_turn(struct filter *f)
{
	f->probing.turn++;
	f->probing.is_due = true;
}

/* ---- answers ---- */

static const struct product *
product_of_key(const struct filter *f, struct span key)
{
	const char *at = memchr(key.p, '@', key.n);

	return signatures_product(f->shapes.catalog->signatures,
	    (struct span){key.p, at ? (size_t)(at - key.p) : 0});
}

/* The text at a path of keys with dots between them, in a JSON document. */
static struct span
follow(struct span doc, const char *path)
{
	struct scan_error err;
	char key[64];

	if (scan_find(NULL, doc.p, doc.n, NULL, &err) < 0)
		return (struct span){0};
	for (; *path && doc.n; path += strcspn(path, ".")) {
		size_t n = strcspn(path += *path == '.', ".");

		if (n >= sizeof(key))
			return (struct span){0};
		memcpy(key, path, n);
		key[n] = '\0';
		doc = scan_get(doc, key);
	}
	return scan_text(doc, NULL, 0);
}

/* The value of a label in one line of the Prometheus format, less its name. */
static struct span
label_of(struct span line, const char *label)
{
	size_t n = strlen(label);

	for (size_t i = 0; i + n + 2 < line.n; i++) {
		const char *p = line.p + i + 1, *end;

		if ((line.p[i] != '{' && line.p[i] != ',') ||
		    memcmp(p, label, n) != 0 || memcmp(p + n, "=\"", 2) != 0)
			continue;
		p += n + 2;
		end = memchr(p, '"', (size_t)(line.p + line.n - p));
		return (struct span){p, end ? (size_t)(end - p) : 0};
	}
	return (struct span){0};
}

/* Of the first metric that is called so. */
static struct span
label_of_metric(struct span body, const char *metric, const char *label)
{
	size_t n = strlen(metric);

	while (body.n > n) {
		const char *end = memchr(body.p, '\n', body.n);
		size_t len = end ? (size_t)(end - body.p) + 1 : body.n;

		if (len > n && memcmp(body.p, metric, n) == 0 &&
		    body.p[n] == '{')
			return label_of((struct span){body.p + n, len - n},
			    label ? label : "version");
		body.p += len;
		body.n -= len;
	}
	return (struct span){0};
}

static struct span
version_of(const struct probe *p, struct span body)
{
	struct span version = {0};

	if (p->json)
		body = follow(body, p->json);
	else if (p->metric)
		body = label_of_metric(body, p->metric, p->label);
	else if (body.n > BODY_MAX)
		body.n = BODY_MAX;
	while (body.n && (unsigned char)body.p[body.n - 1] <= ' ')
		body.n--;
	for (const char *const *rule = p->tags; !version.n && *rule; rule++)
		version = version_by_rule(*rule, body);
	return version.n <= VERSION_MAX ? version : (struct span){0};
}

/* Whether somebody may answer who was asked the other way: one who does not
 * speak it says nothing that makes sense, or that it is moved, or 400. */
static bool
is_other_way(int64_t status)
{
	return !status || status / 100 == 3 || status == 400;
}

/* The API server itself does not let us. */
static void
refused(struct filter *f, struct answer *a, struct span why)
{
	struct probing *p = &f->probing;
	char buf[300];

	answers_end(&f->answers, a);
	a->turn = p->turn;
	p->may_ask = false;
	refuse(p, a->cluster, a->ns);
	why = scan_text(why, buf, sizeof(buf));
	if (!p->has_warned)
		diag_warn("pods cannot be asked for their versions (%.*s): "
			  "--probe needs get on pods/proxy",
		    (int)why.n, why.n ? why.p : "");
	p->has_warned = true;
}

/* Who has answered, if the record says so: NAMESPACE/NAME, :PORT/PATH. */
static void
note_teller(struct answer *a, struct span object)
{
	static const char *const members[] = {"namespace", "pod", "port",
	    "path"};
	char text[4][300];

	for (int i = 0; i < 4; i++) {
		struct span s = scan_text(scan_get(object, members[i]), text[i],
		    sizeof(text[i]) - 1);

		if (!s.n || s.n >= sizeof(text[i]))
			return;
		memmove(text[i], s.p, s.n);
		text[i][s.n] = '\0';
	}
	answers_note(a, text[0], text[1], text[2], text[3]);
}

/* A version is taken from whoever tells it: a stream that is replayed has
 * answers in front of the questions that come of it. */
static void
take_body(struct filter *f, struct answer *a, struct span key,
    const struct probe *p, struct span object)
{
	struct span body = scan_get(object, "body");
	char *buf = malloc(body.n + 1);
	struct span version = version_of(p,
	    buf ? scan_text(body, buf, body.n) : (struct span){0});

	if (version.n) {
		if (!a)
			a = answers_put(&f->answers, key);
		note_teller(a, object);
		answers_take(&f->answers, a, version);
		f->probing.answered++;
	} else if (a) {
		answers_fail(&f->answers, a, f->probing.turn, false);
	}
	free(buf);
}

void
probe_answer(struct filter *f, const struct record *r)
{
	char id[sizeof(ID) + ANSWERS_KEY];
	struct span key =
	    scan_text(scan_get(r->at[AT_MS], "id"), id, sizeof(id));
	struct span object = r->at[AT_OBJECT];
	const struct product *p;
	struct answer *a;
	int64_t status = 0, code = 0;

	if (!f->probing.is_on || key.n < sizeof(ID) ||
	    memcmp(key.p, ID, sizeof(ID) - 1) != 0)
		return;
	key.p += sizeof(ID) - 1;
	key.n -= sizeof(ID) - 1;
	p = product_of_key(f, key);
	a = answers_at(&f->answers, key);
	if ((a && a->version) || !p || !p->probe.path)
		return;
	f->probing.is_due = true;
	f->probing.may_ask = true;
	scan_int(scan_get(object, "status"), &status);
	scan_int(scan_get(object, "code"), &code);
	if (status == 200)
		take_body(f, a, key, &p->probe, object);
	else if (a && code == 403)
		refused(f, a, scan_get(object, "error"));
	else if (a)
		answers_fail(&f->answers, a, f->probing.turn,
		    is_other_way(status));
}
