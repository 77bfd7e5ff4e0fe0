#include "probe.h"

#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "pod.h"
#include "version.h"

#define ID "probe/" /* before the key, in the id of a request */
#define BODY_MAX 8192 /* bytes of an answer that are looked at */
#define VERSION_MAX 64

/* ---- asking ---- */

/* A pod of this shape in a cluster that listens: the first by name, so that it
 * does not matter who came first. WORLD_NONE: there is none. */
static uint32_t
find_pod(const struct filter *f, uint32_t shape)
{
	const struct world *w = &f->world;
	struct json name = {0}, best_name = {0};
	uint32_t best = WORLD_NONE;

	for (uint32_t i = 0; i < w->n_pods; i++) {
		const struct pod *p = &w->pod[i];
		uint32_t cluster;

		if (!(p->flags & WORLD_ALIVE) || p->shape != shape)
			continue;
		cluster = w->workload[p->workload].cluster;
		if (!clusters_ready(&f->clusters, world_name(w, cluster)))
			continue;
		json_reset(&name);
		pod_name(w, p, &name);
		json_raw(&name, "", 1);
		if (best == WORLD_NONE || strcmp(name.p, best_name.p) < 0) {
			struct json old = best_name;

			best = i;
			best_name = name;
			name = old;
		}
	}
	json_release(&name);
	json_release(&best_name);
	return best;
}

static void
request(struct filter *f, const struct product *p, struct span key,
    uint32_t number)
{
	const struct world *w = &f->world;
	const struct pod *pod = &w->pod[number];
	const struct workload *wl = &w->workload[pod->workload];
	const char *cluster = world_name(w, wl->cluster);
	char id[sizeof(ID) + ANSWERS_KEY] = ID;
	struct json j = {0}, name = {0};

	memcpy(id + sizeof(ID) - 1, key.p, key.n);
	record_open(&j, "REQUEST");
	if (*cluster)
		json_member_text(&j, "cluster", span_of(cluster));
	json_close(&j, '}');
	json_key(&j, "object");
	json_open(&j, '{');
	json_member_text(&j, "command", span_of("probe"));
	json_member_text(&j, "id", (struct span){id, sizeof(ID) - 1 + key.n});
	json_member_text(&j, "namespace", span_of(world_name(w, wl->ns)));
	json_member_text(&j, "pod", pod_name(w, pod, &name));
	json_member_text(&j, "port", span_of(p->probe.port));
	json_member_text(&j, "path", span_of(p->probe.path));
	if (p->probe.scheme)
		json_member_text(&j, "scheme", span_of(p->probe.scheme));
	json_close(&j, '}');
	json_close(&j, '}');
	f->out.put(f->out.context, (struct span){j.p, j.len});
	json_release(&j);
	json_release(&name);
}

static void
ask(struct filter *f, uint32_t shape, const struct verdict *v)
{
	const struct product *p =
	    &f->shapes.catalog->signatures->product[v->product];
	char buf[ANSWERS_KEY];
	struct span key = answers_key(p->id, v->digest, buf);
	uint32_t pod;

	if (!outcome_wants(p, v) || !key.n ||
	    intern_find(&f->answers.keys, key) != TABLE_NONE)
		return;
	pod = find_pod(f, shape);
	if (pod != WORLD_NONE && answers_ask(&f->answers, key))
		request(f, p, key, pod);
}

void
probe_settle(struct filter *f)
{
	struct json facts = {0};
	struct match m;

	for (uint32_t i = 0; f->probes && i < f->shapes.n; i++) {
		if (!f->shapes.shape[i].refs ||
		    !shape_outcome(&f->shapes, i)->wants)
			continue;
		shape_match(&f->shapes, i, &facts, &m);
		for (unsigned k = 0; k < m.n_verdicts; k++)
			ask(f, i, &m.verdict[k]);
	}
	json_release(&facts);
}

/* ---- answers ---- */

static const struct product *
product_of_key(const struct filter *f, struct span key)
{
	const struct signatures *s = f->shapes.catalog->signatures;
	const char *at = memchr(key.p, '@', key.n);
	struct span id = {key.p, at ? (size_t)(at - key.p) : 0};

	for (size_t i = 0; i < s->n_products; i++)
		if (span_eq(id, s->product[i].id))
			return &s->product[i];
	return NULL;
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

static struct span
version_of(const struct probe *p, struct span body)
{
	struct span version = {0};

	if (p->json)
		body = follow(body, p->json);
	else if (body.n > BODY_MAX)
		body.n = BODY_MAX;
	while (body.n && (unsigned char)body.p[body.n - 1] <= ' ')
		body.n--;
	for (const char *const *rule = p->tags; !version.n && *rule; rule++)
		version = version_by_rule(*rule, body);
	return version.n <= VERSION_MAX ? version : (struct span){0};
}

void
probe_answer(struct filter *f, const struct record *r)
{
	char id[sizeof(ID) + ANSWERS_KEY], *buf;
	struct span key =
	    scan_text(scan_get(r->at[AT_MS], "id"), id, sizeof(id));
	struct span body = scan_get(r->at[AT_OBJECT], "body"), version;
	const struct product *p;
	int64_t status = 0;

	if (!f->probes || key.n < sizeof(ID) ||
	    memcmp(key.p, ID, sizeof(ID) - 1) != 0 ||
	    !scan_int(scan_get(r->at[AT_OBJECT], "status"), &status) ||
	    status != 200)
		return;
	key.p += sizeof(ID) - 1;
	key.n -= sizeof(ID) - 1;
	p = product_of_key(f, key);
	if (!p || !p->probe.path)
		return;
	buf = malloc(body.n + 1);
	version = version_of(&p->probe,
	    buf ? scan_text(body, buf, body.n) : (struct span){0});
	if (version.n && answers_take(&f->answers, key, version))
		learn_again(f);
	free(buf);
}
