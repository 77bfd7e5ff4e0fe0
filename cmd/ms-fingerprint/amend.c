#include "amend.h"

#include <stdio.h>
#include <string.h>

#include "pod.h"
#include "thing.h"
#include "workload.h"

/* resource is JSON. */
static void
put(const struct identity *id, struct span resource, struct span prints,
    const struct infra_out *out)
{
	struct json line = {0};

	record_open(&line, "AMEND");
	record_identity(&line, id, resource);
	json_member_span(&line, "prints", prints.n ? prints : span_of("null"));
	json_close(&line, '}');
	json_close(&line, '}');
	out->put(out->context, (struct span){line.p, line.len});
	json_release(&line);
}

static struct span
name_of(const struct world *w, uint32_t number)
{
	return intern_text(&w->names, number);
}

void
amend_thing(const struct world *w, const struct thing *t, struct span prints,
    const struct infra_out *out)
{
	struct identity id = {.api_version = span_of(thing_text(t, THING_API)),
	    .kind = name_of(w, t->kind),
	    .cluster = name_of(w, t->cluster),
	    .ns = name_of(w, t->ns),
	    .name = span_of(thing_text(t, THING_NAME)),
	    .uid = span_of(thing_text(t, THING_UID))};

	put(&id, span_of(thing_text(t, THING_RESOURCE)), prints, out);
}

/* The resource of a sync as JSON, as a record has it. */
static struct span
put_resource(const struct world *w, uint16_t sync, struct json *out)
{
	struct span s = name_of(w, w->sync[sync].resource);

	if (s.n)
		json_string(out, s.p, s.n);
	return (struct span){out->p, out->len};
}

void
amend_workload(const struct world *w, uint32_t number, struct span prints,
    const struct infra_out *out)
{
	const struct workload *wl = &w->workload[number];
	char uid[WORLD_UID_TEXT];
	struct identity id = {.api_version = workload_api(w, wl),
	    .kind = workload_kind(w, wl),
	    .cluster = name_of(w, world_cluster_at(w, wl->place)),
	    .ns = name_of(w, world_ns_at(w, wl->place)),
	    .name = workload_name(w, wl),
	    .uid = world_uid_text(wl->uid, uid)};
	struct json resource = {0};

	put(&id, put_resource(w, wl->sync, &resource), prints, out);
	json_release(&resource);
}

void
amend_pod(const struct world *w, uint32_t number, struct span prints,
    const struct infra_out *out)
{
	const struct pod *p = &w->pod[number];
	uint32_t place = pod_place(w, p);
	char uid[WORLD_UID_TEXT];
	struct json name = {0}, resource = {0};
	struct identity id = {.cluster = name_of(w, world_cluster_at(w, place)),
	    .ns = name_of(w, world_ns_at(w, place)),
	    .uid = world_uid_text(p->uid, uid)};

	pod_type(w, p, &id.api_version, &id.kind);
	id.name = pod_name(w, p, &name);
	put(&id, put_resource(w, p->sync, &resource), prints, out);
	json_release(&name);
	json_release(&resource);
}
