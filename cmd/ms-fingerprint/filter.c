#include "filter.h"

#include <string.h>

#include "api.h"
#include "learn.h"
#include "pod.h"
#include "probe.h"
#include "selected.h"
#include "service.h"
#include "status.h"
#include "sync.h"
#include "thing.h"
#include "tidy.h"
#include "workload.h"

static bool
may_tell(void *context, const char *cluster)
{
	return !clusters_holds(&((const struct filter *)context)->clusters,
	    cluster);
}

static void
put_line(void *context, struct span line)
{
	struct filter *f = context;

	lines_put(&f->rs.io, &line, 1);
}

static void
dirty_shape(struct world *w, uint32_t shape)
{
	const struct outcome *o = shape_outcome(w->shapes, shape);

	for (uint32_t p = 0; p < o->n_products; p++)
		w->dirty[o->product[p]] |= WORLD_DIRTY_NS;
}

/* Endpoints come from Services: in a namespace where one changed, all products
 * may have new ones. */
static void
spread_dirt(struct world *w)
{
	for (uint32_t ns = 0; ns < w->n_first; ns++) {
		if (!(w->dirty_ns[ns] & WORLD_LINKS))
			continue;
		for (uint32_t i = w->first[ns]; i != WORLD_NONE;
		     i = w->workload[i].next) {
			const struct workload *wl = &w->workload[i];

			dirty_shape(w, wl->own);
			for (unsigned k = 0; k < wl->n_uses; k++)
				dirty_shape(w, world_uses(wl)[k].shape);
		}
	}
}

static void
settle(struct filter *f, bool tell)
{
	struct selections selections = {.n = 0};
	struct world *w = &f->world;

	if (!w->any_dirty)
		return;
	w->any_dirty = false;
	w->selections = &selections;
	spread_dirt(w);
	f->amended += service_settle(w, &f->value, &f->out);
	infras_settle(&f->infras, w, &f->out, tell);
	tiers_settle(&f->tiers, w, &f->infras, &f->clusters, &f->out);
	w->selections = NULL;
	selections_free(&selections);
	/* a Service of a cluster that holds is looked at again later */
	if (clusters_holding(&f->clusters))
		w->any_dirty = true;
	else if (w->n_first)
		memset(w->dirty_ns, 0, w->n_first);
}

void
filter_settle(struct filter *f)
{
	size_t held = clusters_holding(&f->clusters);

	if (held && held == f->clusters.n)
		return;
	if (f->probing.answered) {
		f->probing.answered = 0;
		learn_again(f);
	}
	settle(f, true);
	probe_settle(f);
	tidy_names(f);
}

/* Settling may look at all that is held. So while there is more to read, as of
 * a file or after a start, it waits for a number of records that grows with
 * that; a change that stands alone is told at once. */
static bool
is_time(const struct filter *f)
{
	const struct world *w = &f->world;
	uint64_t held =
	    (uint64_t)w->workloads.used + w->guests.used + w->things.used;

	return f->rs.io.number - f->settled >= held / 8 ||
	    !lines_ready(&f->rs.io);
}

static void
before_read(void *context)
{
	struct filter *f = context;

	if (f->world.any_dirty && !is_time(f))
		return;
	filter_settle(f);
	f->settled = f->rs.io.number;
}

/* ---- objects ---- */

/* The first sync of a cluster is through: all that is known of it goes out in
 * front of the mark. */
static void
ready(struct filter *f, const struct record *r)
{
	struct record_member member = {.key = "resources"};
	struct cluster *c = clusters_announce(&f->clusters, r);
	struct json resources = {0};
	bool complete = cluster_ready(r, &resources);

	settle(f, true); /* of other clusters */
	c->holds = false;
	f->probing.is_due = true;
	settle(f, !complete);
	if (complete)
		infras_sync(&f->infras, c->name, &f->out);
	member.value = (struct span){resources.p, resources.len};
	record_put(&f->rs, r, &member, 1, NULL, 0);
	json_release(&resources);
}

static void
take_sync(struct filter *f, const struct record *r)
{
	if (scan_eq(r->at[AT_RESOURCE], INFRA_RESOURCE))
		return;
	if (scan_eq(r->at[AT_PHASE], "ready")) {
		ready(f, r);
		return;
	}
	clusters_announce(&f->clusters, r);
	sync_mark(&f->world, r);
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

/* A custom resource that runs containers is of whoever reads it, too. */
static void
put_workload(struct filter *f, const struct record *r, struct span prints)
{
	struct api api = api_of(r);

	put_prints(f, r,
	    api_reader(f->shapes.catalog, &api, prints, &f->value));
}

static void
workload(struct filter *f, const struct record *r)
{
	uint32_t shape = shapes_of(&f->shapes, &f->paths, r, 0);
	/* what runs to its end makes nothing run */
	bool is_job = shape != SHAPE_NONE && f->shapes.shape[shape].is_job;
	bool is_means = is_job || workload_is_means(r->id.kind);
	struct owner o;
	bool is_owned = is_means && owner_of(r, &o);

	/* pods know a Deployment without the ReplicaSet between them */
	if (is_job || (is_owned && span_eq(o.kind, "Deployment")))
		workload_drop(&f->world, &r->id);
	else
		/* what is owned may be an old one: its pods speak, not it */
		workload_take(&f->world, r, is_owned ? SHAPE_NONE : shape);
	if (shape != SHAPE_NONE && (is_job || is_owned))
		pod_take_other(&f->world, r, shape, is_owned ? &o : NULL);
	else
		pod_drop(&f->world, &r->id);
	put_workload(f, r, shape_prints(&f->shapes, shape));
	shapes_drop(&f->shapes, shape);
}

static void
pod(struct filter *f, const struct record *r)
{
	uint64_t glance = facts_glance(&f->paths, r);
	uint32_t shape = shapes_of(&f->shapes, &f->paths, r, glance);

	pod_take(&f->world, r, shape, glance);
	put_prints(f, r, shape_prints(&f->shapes, shape));
	shapes_drop(&f->shapes, shape);
}

static void
service(struct filter *f, const struct record *r)
{
	uint32_t id = thing_service(&f->world, r);

	put_prints(f, r,
	    id == WORLD_NONE ? (struct span){0} :
			       service_prints(&f->world, id, &f->value));
}

static bool
is_webhook(const struct record *r)
{
	return span_eq(r->id.kind, "MutatingWebhookConfiguration") ||
	    span_eq(r->id.kind, "ValidatingWebhookConfiguration");
}

static void
webhook(struct filter *f, const struct record *r)
{
	uint32_t id = thing_webhook(&f->world, r);

	put_prints(f, r, service_prints(&f->world, id, &f->value));
	if (r->type == RECORD_DELETED)
		thing_forget(&f->world, id);
}

/* A CRD, or a class. */
static void
api(struct filter *f, const struct record *r)
{
	uint32_t id = thing_api(&f->world, r);
	struct span prints =
	    api_thing(f->shapes.catalog, &f->world.thing[id], &f->value);

	thing_is_news(&f->world.thing[id], prints);
	put_prints(f, r, prints);
	if (r->type == RECORD_DELETED)
		thing_forget(&f->world, id);
}

static void
custom(struct filter *f, const struct record *r)
{
	struct api a = api_of(r);

	put_prints(f, r, api_custom(f->shapes.catalog, &a, &f->value));
}

static bool
is_class(const struct record *r)
{
	return span_eq(r->id.kind, "IngressClass") ||
	    span_eq(r->id.kind, "GatewayClass");
}

static bool
is_core(const struct record *r)
{
	return span_eq(r->id.api_version, "v1");
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
	pod_drop(&f->world, &r->id);
	if ((is_core(r) && span_eq(r->id.kind, "Service")) || is_class(r) ||
	    is_webhook(r) || is_group(r, "apiextensions.k8s.io/"))
		thing_drop(&f->world, r);
	else if (!is_core(r) || !span_eq(r->id.kind, "Pod"))
		workload_take(&f->world, r, SHAPE_NONE);
	put_prints(f, r, (struct span){0});
}

static void
object(struct filter *f, const struct record *r)
{
	bool core = is_core(r);
	uint32_t shape = SHAPE_NONE;

	/* most of what there is comes first */
	if (core && r->id.kind.n == 3 && r->at[f->paths.containers].n &&
	    memcmp(r->id.kind.p, "Pod", 3) == 0 && !is_bare(r)) {
		pod(f, r);
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
		put_workload(f, r, shape_prints(&f->shapes, shape));
	else if (core && span_eq(r->id.kind, "Pod") && !is_bare(r))
		pod(f, r);
	else if (core && span_eq(r->id.kind, "Service") && !is_bare(r))
		service(f, r);
	else if (has_containers(f, r) || (!is_bare(r) && is_workload_kind(r)))
		workload(f, r);
	else if (core)
		put_prints(f, r, (struct span){0});
	else if (is_group(r, "apiextensions.k8s.io/") ||
	    (is_class(r) && !is_bare(r)))
		api(f, r);
	else if (is_webhook(r) && !is_bare(r))
		webhook(f, r);
	else
		custom(f, r);
}

static void
put_status(struct filter *f, const struct record *r)
{
	const struct world *w = &f->world;
	const struct status_count own[] =
	    {{"objects", w->workloads.used + w->pods.used + w->things.used},
		{"infrastructures", f->infras.table.used},
		{"amended", f->amended}};

	status_put(&f->rs, r, own, sizeof(own) / sizeof(*own));
}

void
filter_record(struct filter *f, const struct record *r)
{
	if (record_has_state(r)) {
		object(f, r);
		return;
	}
	if (r->type == RECORD_SYNC) {
		take_sync(f, r);
		return;
	}
	if (r->type == RECORD_STATUS) {
		put_status(f, r);
		probe_turn(f);
		return;
	}
	if (r->type == RECORD_CONFIG)
		clusters_announce(&f->clusters, r);
	if (r->type == RECORD_AMEND)
		world_amend(&f->world, r);
	record_put(&f->rs, r, NULL, 0, NULL, 0);
	if (r->type == RECORD_SIGNATURES) {
		learn(f, r);
		answers_retry(&f->answers);
		f->probing.is_due = true;
	}
	if (r->type == RECORD_ANSWER) {
		/* in a file it may stand right behind what was asked for */
		filter_settle(f);
		probe_answer(f, r);
	}
}

void
filter_init(struct filter *f, struct library *l, struct knowledge *k, int in,
    int out)
{
	*f = (struct filter){.library = l, .knowledge = k};
	records_init(&f->rs, in, out, RECORD_MAX);
	facts_plan(&f->paths, &f->rs.plan);
	f->prints = scan_plan_add(&f->rs.plan, "ms.prints");
	shapes_init(&f->shapes, &k->catalog);
	answers_init(&f->answers);
	world_init(&f->world, &f->shapes, &f->rs.plan, f->paths.phase);
	infras_init(&f->infras);
	f->out = (struct infra_out){put_line, f, may_tell};
	f->rs.io.before_read = before_read;
	f->rs.io.context = f;
}

void
filter_probe(struct filter *f)
{
	f->probing.is_on = true;
	f->world.conditions =
	    scan_plan_add(&f->rs.plan, "object.status.conditions");
	f->knowledge->catalog.answers = &f->answers;
}

void
filter_release(struct filter *f)
{
	infras_free(&f->infras);
	world_free(&f->world);
	shapes_free(&f->shapes);
	knowledge_free(f->knowledge);
	records_release(&f->rs);
	clusters_free(&f->clusters);
	tiers_free(&f->tiers);
	answers_free(&f->answers);
	probing_free(&f->probing);
	json_release(&f->value);
}

void
filter_run(struct filter *f)
{
	struct record r;

	while (records_next(&f->rs, &r))
		filter_record(f, &r);
	filter_settle(f);
	settle(f, true); /* of who holds nothing, though all others still do */
	lines_flush(&f->rs.io);
}
