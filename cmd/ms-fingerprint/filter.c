#include "filter.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "status.h"
#include "version.h"

#define RESOURCE_TEXT 256

/* ---- clusters and their syncs ---- */

static struct cluster *
find_cluster(struct filter *f, struct span name)
{
	for (size_t i = 0; i < f->n_clusters; i++)
		if (span_eq(name, f->cluster[i].name))
			return &f->cluster[i];
	return NULL;
}

static struct cluster *
get_cluster(struct filter *f, struct span name)
{
	struct cluster *c = find_cluster(f, name);

	if (c)
		return c;
	f->cluster =
	    diag_alloc(f->cluster, (f->n_clusters + 1) * sizeof(*f->cluster));
	c = &f->cluster[f->n_clusters++];
	/* it announces itself, so a `ready` will come */
	*c = (struct cluster){diag_strndup(name.p, name.n), true};
	return c;
}

static bool
may_tell(void *context, const char *cluster)
{
	const struct cluster *c = find_cluster(context, span_of(cluster));

	return !c || !c->holds;
}

static void
put_line(void *context, struct span line)
{
	struct filter *f = context;

	lines_put(&f->rs.io, &line, 1);
}

/* ---- Services ---- */

/* The products that a Service's prints name already. */
struct told {
	uint32_t product[MATCH_VERDICTS];
	size_t n;
};

static bool
is_told(struct told *told, uint32_t product)
{
	for (size_t i = 0; i < told->n; i++)
		if (told->product[i] == product)
			return true;
	if (told->n == MATCH_VERDICTS)
		return true;
	told->product[told->n++] = product;
	return false;
}

/* What a shape makes run is behind the Service that selects it; what was only
 * put beside it is not. */
static void
add_service_prints(struct filter *f, uint32_t shape, struct told *told)
{
	const struct signatures *s = f->catalog->signatures;
	static struct match m; /* large; one thread */

	match_facts(f->catalog, shape_facts(&f->shapes, shape), &m);
	for (unsigned i = 0; i < m.n_verdicts; i++) {
		const struct verdict *v = &m.verdict[i];
		const struct product *p = &s->product[v->product];

		if ((!v->makes && v->role != ROLE_HELPER) ||
		    is_told(told, v->product))
			continue;
		match_print(p, v->component, (enum role)v->role,
		    (struct span){0}, evidence_confidence(&v->sum), &f->value);
	}
}

struct behind {
	uint32_t shape[64];
	size_t n;
};

static int
compare_shapes(const struct shapes *s, uint32_t a, uint32_t b)
{
	struct span x = shape_facts(s, a), y = shape_facts(s, b);
	size_t n = x.n < y.n ? x.n : y.n;
	int c = memcmp(x.p, y.p, n);

	return c ? c : x.n < y.n ? -1 : x.n > y.n;
}

/* Sorted by content, so that it does not matter who came first. */
static void
add_behind(struct filter *f, struct behind *b, const struct thing *t,
    uint32_t shape)
{
	size_t i = b->n;

	if (shape == SHAPE_NONE || !f->shapes.shape[shape].n_products ||
	    b->n == sizeof(b->shape) / sizeof(*b->shape) ||
	    !world_selects(&f->world, t, shape))
		return;
	for (size_t k = 0; k < b->n; k++)
		if (b->shape[k] == shape)
			return;
	while (
	    i > 0 && compare_shapes(&f->shapes, shape, b->shape[i - 1]) < 0) {
		b->shape[i] = b->shape[i - 1];
		i--;
	}
	b->shape[i] = shape;
	b->n++;
}

/* The prints of a Service into f->value. False: it has none. */
static bool
service_prints(struct filter *f, const struct thing *t)
{
	const struct world *w = &f->world;
	struct behind b = {.n = 0};
	struct told told = {.n = 0};

	for (uint32_t i = w->first[t->ns]; i != WORLD_NONE;
	     i = w->workload[i].next) {
		const struct workload *wl = &w->workload[i];

		if (wl->cluster != t->cluster)
			continue;
		add_behind(f, &b, t, wl->own);
		for (unsigned k = 0; k < wl->n_uses; k++)
			add_behind(f, &b, t, wl->use[k].shape);
	}
	json_reset(&f->value);
	json_open(&f->value, '[');
	for (size_t i = 0; i < b.n; i++)
		add_service_prints(f, b.shape[i], &told);
	json_close(&f->value, ']');
	return f->value.len > 2;
}

/* Remember what is told of a Service. True if that is something new. */
static bool
is_news(struct filter *f, struct thing *t, bool any)
{
	uint64_t hash = any ? table_hash(f->value.p, f->value.len, 1) : 0;
	bool news = hash != t->told;

	t->told = hash;
	return news;
}

static void
amend_service(struct filter *f, struct thing *t)
{
	const struct world *w = &f->world;
	struct identity id = {.api_version = span_of("v1"),
	    .kind = span_of("Service"),
	    .cluster = span_of(world_name(w, t->cluster)),
	    .ns = span_of(world_name(w, t->ns)),
	    .name = span_of(thing_text(t, THING_NAME)),
	    .uid = span_of(thing_text(t, THING_UID))};
	bool any = service_prints(f, t);
	struct json *j = &f->infras.line;

	if (!is_news(f, t, any))
		return;
	json_reset(j);
	record_open(j, "AMEND");
	record_identity(j, &id, span_of(thing_text(t, THING_C)));
	json_member_span(j, "prints",
	    any ? (struct span){f->value.p, f->value.len} : span_of("null"));
	json_close(j, '}');
	json_close(j, '}');
	put_line(f, (struct span){j->p, j->len});
	f->amended++;
}

static void
settle_services(struct filter *f)
{
	struct world *w = &f->world;
	uint32_t service = intern_find(&w->names, span_of("Service"));

	for (uint32_t i = 0; i < w->n_things; i++) {
		struct thing *t = &w->thing[i];

		if ((t->flags & WORLD_ALIVE) && t->kind == service &&
		    w->dirty_ns[t->ns] &&
		    may_tell(f, world_name(w, t->cluster)))
			amend_service(f, t);
	}
}

/* Endpoints come from Services: in a namespace where something changed, all
 * products may have new ones. */
static void
spread_dirt(struct world *w)
{
	for (uint32_t ns = 0; ns < w->n_first; ns++) {
		if (!w->dirty_ns[ns])
			continue;
		for (uint32_t i = w->first[ns]; i != WORLD_NONE;
		     i = w->workload[i].next) {
			const struct workload *wl = &w->workload[i];
			uint32_t shape = wl->own;

			for (unsigned k = 0;; k++) {
				const struct shape *s =
				    &w->shapes->shape[shape];

				for (uint32_t p = 0;
				     shape != SHAPE_NONE && p < s->n_products;
				     p++)
					w->dirty[s->product[p]] |=
					    WORLD_DIRTY_NS;
				if (k == wl->n_uses)
					break;
				shape = wl->use[k].shape;
			}
		}
	}
}

static bool
anybody_holds(const struct filter *f)
{
	for (size_t i = 0; i < f->n_clusters; i++)
		if (f->cluster[i].holds)
			return true;
	return false;
}

static void
settle(struct filter *f, bool tell)
{
	struct world *w = &f->world;

	if (!w->any_dirty)
		return;
	w->any_dirty = false;
	spread_dirt(w);
	settle_services(f);
	infras_settle(&f->infras, w, &f->out, tell);
	/* a Service of a cluster that holds is looked at again later */
	if (anybody_holds(f))
		w->any_dirty = true;
	else
		memset(w->dirty_ns, 0, w->n_first);
}

void
filter_settle(struct filter *f)
{
	size_t held = 0;

	for (size_t i = 0; i < f->n_clusters; i++)
		held += f->cluster[i].holds;
	if (held && held == f->n_clusters)
		return;
	settle(f, true);
}

static void
before_read(void *context)
{
	struct filter *f = context;

	filter_settle(f);
	lines_flush(&f->rs.io);
}

/* ---- the end of a first sync ---- */

/* Whether what is told of a resource can change a verdict. */
static bool
is_read(struct span resource)
{
	static const char *const read[] = {"pods.", "services.", "deployments.",
	    "statefulsets.", "daemonsets.", "replicationcontrollers.",
	    "customresourcedefinitions."};

	for (size_t i = 0; i < sizeof(read) / sizeof(*read); i++) {
		size_t n = strlen(read[i]);

		if (resource.n >= n && memcmp(resource.p, read[i], n) == 0)
			return true;
	}
	return false;
}

/* The resources of a `ready`, less our own, plus what ours is: into f->value.
 * Returns whether the set can be called complete. */
static bool
read_ready(struct filter *f, const struct record *r)
{
	struct span list = scan_get(r->at[AT_MS], "resources"), key, value;
	bool complete = scan_type(r->at[AT_COMPLETE]) != SCAN_FALSE;
	struct scan_iter it;

	json_reset(&f->value);
	json_open(&f->value, '{');
	scan_iter(&it, list);
	while (scan_member(&it, &key, &value)) {
		if (span_eq(key, INFRA_RESOURCE))
			continue;
		if (is_read(key) && !scan_eq(value, "synced") &&
		    !scan_eq(value, "off"))
			complete = false;
		json_comma(&f->value);
		json_raw(&f->value, key.p - 1, key.n + 2);
		json_puts(&f->value, ":");
		json_span(&f->value, value);
	}
	json_member_text(&f->value, INFRA_RESOURCE,
	    span_of(complete ? "synced" : "pending"));
	json_close(&f->value, '}');
	return complete;
}

static struct span
cluster_of(const struct record *r, char *buf, size_t cap)
{
	struct span name = scan_text(r->at[AT_CLUSTER], buf, cap);

	return name.p ? name : span_of("");
}

static void
ready(struct filter *f, const struct record *r)
{
	struct record_member member = {.key = "resources"};
	char buf[512];
	struct cluster *c = get_cluster(f, cluster_of(r, buf, sizeof(buf)));
	bool complete;

	filter_settle(f); /* of other clusters */
	c->holds = false;
	complete = read_ready(f, r);
	settle(f, !complete);
	if (complete)
		infras_sync(&f->infras, c->name, &f->out);
	read_ready(f, r); /* settling used the buffer */
	member.value = (struct span){f->value.p, f->value.len};
	record_put(&f->rs, r, &member, 1, NULL, 0);
}

static void
sync_mark(struct filter *f, const struct record *r)
{
	char buf[512];

	if (scan_eq(r->at[AT_RESOURCE], INFRA_RESOURCE))
		return;
	if (scan_eq(r->at[AT_PHASE], "ready")) {
		ready(f, r);
		return;
	}
	get_cluster(f, cluster_of(r, buf, sizeof(buf)));
	world_sync(&f->world, r);
	record_put(&f->rs, r, NULL, 0, NULL, 0);
}

/* ---- objects ---- */

static void
put_prints(struct filter *f, const struct record *r, struct span prints)
{
	struct record_member member = {"prints", prints};
	bool change = prints.n || r->at[f->prints].n;

	record_put(&f->rs, r, &member, change ? 1 : 0, NULL, 0);
}

/* Whether the record says of its object no more than its name. */
static bool
is_bare(const struct record *r)
{
	return scan_eq(r->at[AT_DEPTH], "metadata") || r->at[AT_TRUNCATED].n ||
	    r->at[AT_SYNTHETIC].n;
}

/* The plural of a kind is never guessed; but whether a plural that a signature
 * names may be that of this kind can be asked. */
static struct span
plural_of(const struct record *r, char *buf, size_t cap)
{
	struct span s = scan_text(r->at[AT_RESOURCE], buf, cap);
	const char *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
	size_t n;

	if (dot)
		return (struct span){s.p, (size_t)(dot - s.p)};
	if (r->id.kind.n + 3 > cap)
		return (struct span){0};
	for (n = 0; n < r->id.kind.n; n++)
		buf[n] = (char)(r->id.kind.p[n] | 0x20);
	if (n && buf[n - 1] == 'y' && (n < 2 || !strchr("aeiou", buf[n - 2]))) {
		memcpy(buf + n - 1, "ies", 3);
		return (struct span){buf, n + 2};
	}
	if (n && (strchr("sx", buf[n - 1]) || (n > 1 && buf[n - 1] == 'h')))
		buf[n++] = 'e';
	buf[n++] = 's';
	return (struct span){buf, n};
}

/* The prints of a custom resource; NULL: its API is nobody's. */
static const struct catalog_link *
custom_link(const struct filter *f, const struct record *r)
{
	struct span api = r->id.api_version;
	const char *slash = memchr(api.p, '/', api.n);
	char buf[RESOURCE_TEXT];

	if (!slash || !memchr(api.p, '.', (size_t)(slash - api.p)))
		return NULL;
	return catalog_crd(f->catalog, plural_of(r, buf, sizeof(buf)),
	    (struct span){api.p, (size_t)(slash - api.p)});
}

/* A custom resource that runs containers (a Rollout) is part of the product
 * that reads it, too. */
static struct span
with_reader(struct filter *f, const struct record *r, struct span prints)
{
	const struct catalog_link *k = custom_link(f, r);

	if (!k)
		return prints;
	json_reset(&f->value);
	if (prints.n)
		json_raw(&f->value, prints.p, prints.n - 1);
	else
		json_open(&f->value, '[');
	match_print(&f->catalog->signatures->product[k->print->product], NULL,
	    ROLE_RESOURCE, (struct span){0}, EVIDENCE_MOST, &f->value);
	json_close(&f->value, ']');
	return (struct span){f->value.p, f->value.len};
}

static void
running(struct filter *f, const struct record *r, bool is_pod)
{
	uint64_t glance = is_pod ? facts_glance(&f->paths, r) : 0;
	uint32_t shape = shapes_of(&f->shapes, &f->paths, r, glance);
	/* what runs to its end makes nothing run */
	bool counts =
	    shape == SHAPE_NONE || *f->shapes.shape[shape].facts != FACT_JOB;

	if (counts && is_pod)
		world_pod(&f->world, r, shape, glance);
	else if (counts)
		world_workload(&f->world, r, shape);
	put_prints(f, r,
	    is_pod ? shape_prints(&f->shapes, shape) :
		     with_reader(f, r, shape_prints(&f->shapes, shape)));
	shapes_drop(&f->shapes, shape);
}

static void
service(struct filter *f, const struct record *r)
{
	uint32_t id = world_service(&f->world, r);
	bool any = false;

	if (id != WORLD_NONE) {
		any = service_prints(f, &f->world.thing[id]);
		is_news(f, &f->world.thing[id], any);
	}
	put_prints(f, r,
	    any ? (struct span){f->value.p, f->value.len} : (struct span){0});
}

/* Prints of what runs nothing: CRDs, custom resources, classes. */
static struct span
api_prints(struct filter *f, const struct catalog_link *k, enum role role,
    struct span version)
{
	const struct product *last = NULL;

	json_reset(&f->value);
	json_open(&f->value, '[');
	for (; k; k = catalog_next(f->catalog, k)) {
		const struct product *p =
		    &f->catalog->signatures->product[k->print->product];

		if (p != last)
			match_print(p, NULL, role, version, EVIDENCE_MOST,
			    &f->value);
		last = p;
	}
	json_close(&f->value, ']');
	return (struct span){f->value.p, f->value.len};
}

/* A CRD's version is its product's only where that says so. */
static struct span
crd_version(const struct filter *f, const struct record *r,
    const struct catalog_link *k, char *buf, size_t cap)
{
	const struct product *p =
	    &f->catalog->signatures->product[k->print->product];
	struct span text = {0};

	if (p->crd_version)
		text =
		    scan_text(scan_get(r->at[AT_ANNOTATIONS], p->crd_version),
			buf, cap);
	else if (p->version_label)
		text = scan_text(scan_get(r->at[AT_LABELS],
				     "app.kubernetes.io/version"),
		    buf, cap);
	return version_by_rule("plain", text);
}

static void
crd(struct filter *f, const struct record *r)
{
	const char *dot = memchr(r->id.name.p, '.', r->id.name.n);
	struct span name = r->id.name, plural = name, group = {0};
	const struct catalog_link *k = NULL;
	char buf[256];

	world_api(&f->world, r);
	if (dot) {
		plural.n = (size_t)(dot - name.p);
		group = (struct span){dot + 1, name.n - plural.n - 1};
		k = catalog_crd(f->catalog, plural, group);
	}
	put_prints(f, r,
	    !k ? (struct span){0} :
		 api_prints(f, k, ROLE_API,
		     crd_version(f, r, k, buf, sizeof(buf))));
}

static void class(struct filter *f, const struct record *r)
{
	const struct world *w = &f->world;
	struct span name =
	    scan_text(r->at[r->at[w->controller].n ? w->controller :
						     w->controller_name],
		NULL, 0);
	const struct catalog_link *k =
	    name.n ? catalog_find(f->catalog, KEY_CLASS, name) : NULL;

	world_api(&f->world, r);
	put_prints(f, r,
	    !k ? (struct span){0} :
		 api_prints(f, k, ROLE_RESOURCE, (struct span){0}));
}

static void
custom(struct filter *f, const struct record *r)
{
	const struct catalog_link *k = custom_link(f, r);

	put_prints(f, r,
	    !k ? (struct span){0} :
		 api_prints(f, k, ROLE_RESOURCE, (struct span){0}));
}

static bool
has_containers(const struct filter *f, const struct record *r)
{
	return r->at[f->paths.template_containers].n ||
	    r->at[f->paths.job_containers].n;
}

static bool
is_workload_kind(const struct record *r)
{
	static const char *const kinds[] = {"Deployment", "StatefulSet",
	    "DaemonSet", "ReplicaSet", "ReplicationController"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (span_eq(r->id.kind, kinds[i]))
			return true;
	return false;
}

static bool
is_class(const struct record *r)
{
	return span_eq(r->id.kind, "IngressClass") ||
	    span_eq(r->id.kind, "GatewayClass");
}

static bool
is_group(const struct record *r, const char *group)
{
	size_t n = strlen(group);

	return r->id.api_version.n > n &&
	    memcmp(r->id.api_version.p, group, n) == 0;
}

/* A deletion that only names its object. */
static void
deleted(struct filter *f, const struct record *r)
{
	if (span_eq(r->id.kind, "Pod"))
		world_pod(&f->world, r, SHAPE_NONE, 0);
	else if (span_eq(r->id.kind, "Service"))
		world_service(&f->world, r);
	else if (is_class(r) || is_group(r, "apiextensions.k8s.io/"))
		world_api(&f->world, r);
	else
		world_workload(&f->world, r, SHAPE_NONE);
	put_prints(f, r, (struct span){0});
}

static void
object(struct filter *f, const struct record *r)
{
	bool is_core = r->id.api_version.n == 2 &&
	    memcmp(r->id.api_version.p, "v1", 2) == 0;
	uint32_t shape = SHAPE_NONE;

	/* most of what there is comes first */
	if (is_core && r->id.kind.n == 3 && r->at[f->paths.containers].n &&
	    memcmp(r->id.kind.p, "Pod", 3) == 0 && !is_bare(r)) {
		running(f, r, true);
		return;
	}
	if (is_group(r, "meshsync.meshery.io/") &&
	    span_eq(r->id.kind, INFRA_KIND))
		return; /* of an earlier run: found anew, or gone */
	if (is_bare(r) && r->type == RECORD_DELETED) {
		deleted(f, r);
		return;
	}
	if (is_bare(r))
		shape = world_named(&f->world, r);
	if (shape != SHAPE_NONE)
		put_prints(f, r, shape_prints(&f->shapes, shape));
	else if (is_core && span_eq(r->id.kind, "Pod") && !is_bare(r))
		running(f, r, true);
	else if (is_core && span_eq(r->id.kind, "Service") && !is_bare(r))
		service(f, r);
	else if (has_containers(f, r) || (!is_bare(r) && is_workload_kind(r)))
		running(f, r, false);
	else if (is_core)
		put_prints(f, r, (struct span){0});
	else if (is_group(r, "apiextensions.k8s.io/"))
		crd(f, r);
	else if (is_class(r) && !is_bare(r))
		class(f, r);
	else
		custom(f, r);
}

static void
put_status(struct filter *f, const struct record *r)
{
	const struct world *w = &f->world;
	const struct status_count own[] =
	    {{"objects", w->workloads.used + w->pods.used + w->things.used},
		{"infrastructures", f->infras.n}, {"amended", f->amended}};

	status_put(&f->rs, r, own, sizeof(own) / sizeof(*own));
}

void
filter_record(struct filter *f, const struct record *r)
{
	char buf[512];

	if (record_has_state(r)) {
		object(f, r);
		return;
	}
	if (r->type == RECORD_SYNC) {
		sync_mark(f, r);
		return;
	}
	if (r->type == RECORD_STATUS) {
		put_status(f, r);
		return;
	}
	if (r->type == RECORD_CONFIG)
		get_cluster(f, cluster_of(r, buf, sizeof(buf)));
	if (r->type == RECORD_AMEND)
		world_amend(&f->world, r);
	record_put(&f->rs, r, NULL, 0, NULL, 0);
}

void
filter_init(struct filter *f, const struct catalog *c, int in, int out)
{
	*f = (struct filter){.catalog = c};
	records_init(&f->rs, in, out, RECORD_MAX);
	facts_plan(&f->paths, &f->rs.plan);
	f->prints = scan_plan_add(&f->rs.plan, "ms.prints");
	shapes_init(&f->shapes, c);
	world_init(&f->world, &f->shapes, &f->rs.plan, f->paths.phase);
	f->out = (struct infra_out){put_line, f, may_tell};
	f->rs.io.before_read = before_read;
	f->rs.io.context = f;
}

void
filter_release(struct filter *f)
{
	infras_free(&f->infras);
	world_free(&f->world);
	shapes_free(&f->shapes);
	records_release(&f->rs);
	for (size_t i = 0; i < f->n_clusters; i++)
		free(f->cluster[i].name);
	free(f->cluster);
	json_release(&f->value);
}

void
filter_run(struct filter *f)
{
	static struct record r; /* 3 KB, and the stack is for others */

	while (records_next(&f->rs, &r))
		filter_record(f, &r);
	filter_settle(f);
	lines_flush(&f->rs.io);
}
