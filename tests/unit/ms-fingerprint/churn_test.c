/* filter: any history that ends in the same objects ends in the same verdicts,
 * and in the same memory. */
#include "filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "tap.h"

#define OBJECTS 240
#define TURNS 12000

/* Members of a ConfigMap's data. */
static const char redis[] =
    "\"a.yaml\":\"product: redis\\nimages:\\n- {repo: library/redis}\\n\","
    "\"c.yaml\":\"product: mesh\\nscope: cluster\\nimages:\\n"
    "- {repo: library/other}\\n- {repo: corp/mesh, role: sidecar}\\n\"";
static const char both[] =
    "\"a.yaml\":\"product: redis\\nimages:\\n- {repo: library/redis}\\n\","
    "\"b.yaml\":\"product: shop\\nimages:\\n- {repo: corp/shop}\\n\","
    "\"c.yaml\":\"product: mesh\\nscope: cluster\\nimages:\\n"
    "- {repo: library/other}\\n- {repo: corp/mesh, role: agent}\\n\"";

/* What one object says now; 0: it is not there. */
static unsigned state[OBJECTS];
static unsigned first_ns; /* number of the namespaces that they are in */

static const char *const image[] = {"redis:7.2.%u", "corp/shop:%u",
    "docker.io/library/redis:%u", "other:%u"};

/* Its containers; few differ, so that shapes are shared. */
static void
put_spec(struct json *j, unsigned is)
{
	char text[256], ref[64], beside[64] = "";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(ref, sizeof(ref), image[is % 4], is / 4 % 3);
#pragma GCC diagnostic pop
	if (is % 13 < 6)
		snprintf(beside, sizeof(beside),
		    ",{\"name\":\"mesh\",\"image\":\"corp/mesh:%u\"}", is % 2);
	snprintf(text, sizeof(text),
	    "{\"containers\":[{\"name\":\"c%u\",\"image\":\"%s\"}%s]}",
	    is / 12 % 2, ref, beside);
	json_puts(j, text);
}

static void
put_meta(struct json *j, unsigned i, unsigned is)
{
	char text[512], owner[256] = "";

	/* pods: lone ones, of a ReplicaSet, of a Job, static ones */
	static const char *const of_pod[] = {"", "ReplicaSet", "Job", "Node"};
	static const char *const of_set[] = {"", "Deployment", "Rollout", ""};
	const char *kind = i % 3 ? of_pod[is / 24 % 4] :
	    i % 2                ? of_set[is / 24 % 4] :
				   "";

	if (*kind)
		snprintf(owner, sizeof(owner),
		    ",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\","
		    "\"kind\":\"%s\",\"name\":\"n%u\",\"controller\":true}]",
		    kind, i % 7);
	snprintf(text, sizeof(text),
	    "\"metadata\":{\"name\":\"n%u-%u\",\"namespace\":\"ns%u\","
	    "\"labels\":{\"app\":\"%s\",\"of\":\"n%u-%u\"},\"uid\":"
	    "\"00000000-0000-4000-8000-%012u\"%s}",
	    i % 7, i, first_ns + i % 5, is % 5 ? "shop" : "x", i % 7, i, i,
	    owner);
	json_puts(j, text);
}

/* Every third is a Deployment or a ReplicaSet, the others are pods, some of
 * which have come to their end. */
static void
put_object(struct json *j, const char *type, unsigned i, unsigned is)
{
	bool is_pod = i % 3;
	const char *kind = is_pod ? "v1\",\"kind\":\"Pod\"," :
	    i % 2                 ? "apps/v1\",\"kind\":\"ReplicaSet\"," :
				    "apps/v1\",\"kind\":\"Deployment\",";

	json_reset(j);
	json_puts(j, "{\"type\":\"");
	json_puts(j, type);
	json_puts(j, "\",\"ms\":{\"cluster\":\"k\",\"resource\":\"");
	json_puts(j,
	    is_pod    ? "pods.v1." :
		i % 2 ? "replicasets.v1.apps" :
			"deployments.v1.apps");
	json_puts(j, "\",\"depth\":\"full\"");
	if (is % 7 == 3)
		json_puts(j, ",\"origin\":{\"class\":\"greenfield\"}");
	json_puts(j, "},\"object\":{\"apiVersion\":\"");
	json_puts(j, kind);
	put_meta(j, i, is);
	json_puts(j,
	    is_pod ? ",\"spec\":" : ",\"spec\":{\"template\":{\"spec\":");
	put_spec(j, is);
	if (is_pod && is % 11 >= 4 && is % 11 < 6)
		json_puts(j,
		    is % 11 == 4 ? ",\"status\":{\"phase\":\"Failed\"}" :
				   ",\"status\":{\"phase\":\"Pending\"}");
	json_puts(j, is_pod ? "}}" : "}}}}");
}

static void
feed(struct filter *f, struct span line)
{
	static struct record r;
	struct scan_error err;

	if (record_parse(&f->rs.plan, line, &r, &err) < 0)
		diag_die(EXIT_BUG, "%s at %zu of %.*s", err.what, err.at,
		    (int)line.n, line.p);
	filter_record(f, &r);
}

static void
say(struct filter *f, const char *type, unsigned i, unsigned is)
{
	struct json j = {0};

	put_object(&j, type, i, is);
	feed(f, (struct span){j.p, j.len});
	json_release(&j);
}

static void
teach(struct filter *f, const char *signatures)
{
	struct json j = {0};

	json_puts(&j,
	    "{\"type\":\"SIGNATURES\",\"ms\":{\"source\":\"s\"},"
	    "\"object\":{\"data\":{");
	json_puts(&j, signatures);
	json_puts(&j, "}}}");
	feed(f, (struct span){j.p, j.len});
	json_release(&j);
}

struct run {
	struct library library;
	struct filter filter;
};

static struct run *
start(int out)
{
	struct run *r = diag_alloc(NULL, sizeof(*r));
	char err[CONFIG_ERROR];

	r->library = (struct library){.bare = true};
	filter_init(&r->filter, &r->library,
	    library_replace(&r->library, span_of("s"), span_of("{}"), err), -1,
	    out);
	return r;
}

static void
stop(struct run *r)
{
	filter_release(&r->filter);
	library_free(&r->library);
	free(r);
}

/* ---- what is held ---- */

static uint32_t
held(const struct pile *p)
{
	return p->used - p->idle;
}

static bool
same_number(const char *what, size_t a, size_t b)
{
	if (a != b)
		printf("# %s: %zu, but %zu from the start\n", what, a, b);
	return a == b;
}

/* A word's number has as many bytes as there were words when it came. */
static bool
same_about(const char *what, uint32_t a, uint32_t b)
{
	bool same = a < b + b / 10 + 64 && b < a + a / 10 + 64;

	if (!same)
		printf("# %s: %u, but %u from the start\n", what, a, b);
	return same;
}

static bool
same_memory(const struct filter *a, const struct filter *b)
{
	const struct world *x = &a->world, *y = &b->world;
	const struct shapes *s = &a->shapes, *t = &b->shapes;

	return same_about("facts", held(&s->pile), held(&t->pile)) &
	    same_number("pods", x->pods.used, y->pods.used) &
	    same_number("workloads", x->workloads.used, y->workloads.used) &
	    same_number("guests", x->guests.used, y->guests.used) &
	    same_about("names", held(&x->pod_names), held(&y->pod_names)) &
	    same_about("specs", held(&a->infras.specs),
		held(&b->infras.specs)) &
	    same_number("keys", held(&a->infras.keys), held(&b->infras.keys)) &
	    same_number("words of specs", a->infras.words.table.used,
		b->infras.words.table.used) &
	    same_number("shapes", s->table.used, t->table.used) &
	    same_number("words", s->texts.table.used, t->texts.table.used) &
	    same_number("outcomes", s->outcomes.table.used,
		t->outcomes.table.used);
}

/* What is found, object by object; those of a are all in b. */
static bool
same_verdicts(struct filter *a, struct filter *b)
{
	struct infras *f = &a->infras, *g = &b->infras;
	bool same = same_number("found", f->table.used, g->table.used);

	for (uint32_t k = 0; same && k < f->n; k++) {
		struct span key, x, y = {0};
		uint32_t id;

		if (!infra_is(&f->infra[k]))
			continue;
		key = pile_get(&f->keys, f->infra[k].key);
		id = table_find(&g->table, table_hash(key.p, key.n, 0), &key);
		x = infra_object(f, &f->infra[k]);
		if (id != TABLE_NONE)
			y = infra_object(g, &g->infra[id]);
		same = y.n == x.n && memcmp(x.p, y.p, x.n) == 0;
		if (!same)
			printf("# %.*s\n# %.*s\n", (int)x.n, x.p, (int)y.n,
			    y.n ? y.p : "");
	}
	return same;
}

static void
compare(struct filter *f, const char *signatures, const char *what)
{
	struct run *fresh = start(f->rs.io.out);

	teach(&fresh->filter, signatures);
	for (unsigned i = 0; i < OBJECTS; i++)
		if (state[i])
			say(&fresh->filter, "ADDED", i, state[i]);
	filter_settle(&fresh->filter);
	ok(f->infras.table.used > 4 && same_verdicts(f, &fresh->filter),
	    "%s: the same verdicts (%u)", what, f->infras.table.used);
	ok(same_memory(f, &fresh->filter), "%s: the same memory", what);
	stop(fresh);
}

static void
churn(struct filter *f, int turns)
{
	while (turns--) {
		unsigned i = (unsigned)random() % OBJECTS;

		if (state[i] && random() % 2) {
			say(f, "DELETED", i, state[i]);
			state[i] = 0;
		} else {
			unsigned is = 1 + (unsigned)random() % 300;

			say(f, state[i] ? "MODIFIED" : "ADDED", i, is);
			state[i] = is;
		}
		if (random() % 16 == 0)
			filter_settle(f);
	}
	filter_settle(f);
}

/* It calls a Service of a namespace of which nothing else is known. */
static void
say_webhook(struct filter *f, const char *type)
{
	struct json j = {0};

	json_printf(&j,
	    "{\"type\":\"%s\",\"ms\":{\"cluster\":\"k\"},\"object\":{"
	    "\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":"
	    "\"ValidatingWebhookConfiguration\",\"metadata\":{\"name\":\"h\"},"
	    "\"webhooks\":[{\"name\":\"h\",\"clientConfig\":{\"service\":{"
	    "\"namespace\":\"nowhere\",\"name\":\"h\"}}}]}}",
	    type);
	feed(f, (struct span){j.p, j.len});
	json_release(&j);
}

/* Namespaces that are there for a while, each with a name of its own. */
static void
pass_namespaces(struct filter *f)
{
	uint32_t most = 0;

	say_webhook(f, "ADDED");
	for (first_ns = 10; first_ns < 20000; first_ns += 5) {
		for (unsigned i = 0; i < 5; i++)
			say(f, "ADDED", i, first_ns % 300);
		filter_settle(f);
		for (unsigned i = 0; i < 5; i++)
			say(f, "DELETED", i, first_ns % 300);
		filter_settle(f);
		if (f->world.names.table.used > most)
			most = f->world.names.table.used;
	}
	first_ns = 0;
	say_webhook(f, "DELETED");
	ok(most < 2000 && f->world.places.n < 2000 && f->world.n_first < 4000,
	    "of 20,000 namespaces that were there %u names are held at most",
	    most);
}

int
main(void)
{
	int out = fileno(tmpfile());
	struct run *r = start(out);

	srandom(11);
	teach(&r->filter, redis);
	churn(&r->filter, TURNS);
	compare(&r->filter, redis, "churn");
	pass_namespaces(&r->filter);
	compare(&r->filter, redis, "namespaces that came and went");
	teach(&r->filter, both);
	filter_settle(&r->filter);
	compare(&r->filter, both, "more signatures");
	churn(&r->filter, TURNS);
	compare(&r->filter, both, "churn with these");
	teach(&r->filter, redis);
	filter_settle(&r->filter);
	compare(&r->filter, redis, "fewer signatures");
	for (unsigned i = 0; i < OBJECTS; i++)
		if (state[i])
			say(&r->filter, "DELETED", i, state[i]);
	filter_settle(&r->filter);
	ok(!r->filter.infras.table.used && !r->filter.world.pods.used &&
		!r->filter.world.workloads.used &&
		!r->filter.world.guests.used && !r->filter.shapes.table.used &&
		r->filter.shapes.texts.table.used == 1 && /* it is empty */
		!r->filter.shapes.phrases.table.used &&
		!held(&r->filter.shapes.pile) &&
		!held(&r->filter.infras.keys) &&
		!held(&r->filter.infras.specs) &&
		!r->filter.infras.words.table.used &&
		!held(&r->filter.world.pod_names),
	    "when all is gone nothing is held");
	stop(r);
	return tap_done();
}
