/* world - the objects that evidence was seen on, as they are now.
 *
 * Workloads, their pods, Services and CRDs; of each only what a verdict may
 * rest upon. What the stream takes back is taken back here: deletions, objects
 * that a complete sync did not name, resources that are gone. So what is held
 * depends on the objects that there are, not on the way that led to them.
 */
#ifndef MS_WORLD_H
#define MS_WORLD_H

#include "pairs.h"
#include "shape.h"

#define WORLD_NONE UINT32_MAX
#define WORLD_UID 16 /* bytes of a uid, which is a UUID as a rule */

/* Equal shapes of a workload's running pods. */
struct use {
	uint32_t shape, pods;
	uint32_t green; /* of these pods, how many are greenfield */
	uint32_t waiting; /* and how many do not run yet */
};

enum world_flag {
	WORLD_ALIVE = 1,
	WORLD_SEEN = 2,
	WORLD_GREEN = 4,
	WORLD_BROWN = 8,
	WORLD_WAITING = 2, /* of a pod: it does not run yet */
	WORLD_MADE = 16, /* of a workload: owner is the name of what made it */
	WORLD_TAIL = 16, /* of a pod: the name is only its end */
	WORLD_READY = 32, /* of a pod, as far as anybody wants to know */
	WORLD_LONE = 64, /* of a pod: its workload is not held */
	WORLD_OWNED = 128 /* of a lone pod: its workload is not itself */
};

struct workload {
	union {
		struct use one_use; /* while there is one, as mostly */
		struct use *uses;
	};
	uint8_t uid[WORLD_UID]; /* all zero: not known */
	uint32_t name; /* in shapes.texts, as facts have it too */
	uint32_t place, type; /* in world; the type as it was seen last */
	uint32_t own; /* shape of its template, or SHAPE_NONE */
	uint32_t owner; /* workload, or the name (in shapes.texts) of the custom
			 * resource that made it; WORLD_NONE */
	uint32_t children; /* workloads that it owns */
	uint32_t next, before; /* of the same namespace; next: the free list */
	uint16_t serial; /* another one each time the number is used */
	uint16_t n_uses, sync;
	uint8_t epoch, flags;
};

/* It counts for its workload only if something is said of it that concerns
 * that; else it is a lone one. There may be as many workloads as pods, and
 * mostly it is the user's own that run.
 *
 * What shows the same and never counts is held as a lone one, too: pods of a
 * Job or that have come to their end, and what is no pod: Jobs, and ReplicaSets
 * and the like that something else owns, which may be old revisions. */
struct pod {
	uint8_t uid[WORLD_UID];
	uint32_t name; /* in pod_names, less its workload's if it begins so;
			* before it, if it is no pod: its type; and if it is
			* owned: the workload's type, and its name in
			* shapes.texts */
	uint32_t hash : 30; /* of its identity */
	uint32_t is_other : 1; /* no pod */
	uint32_t is_aside : 1; /* counts for nothing, whatever is said of it */
	uint32_t home; /* workload; or place, if it is a lone one */
	uint32_t shape;
	uint16_t sync;
	uint8_t epoch, flags;
};

/* Lone pods of one place of which the same is said, and no more than what was
 * put beside their own containers. */
struct guest {
	uint32_t place, outcome;
	uint32_t running, waiting; /* pods */
	uint32_t next, before; /* of the same namespace; next: the free list */
};

enum thing_part {
	THING_NAME,
	THING_UID,
	THING_API, /* apiVersion */
	THING_SAID, /* key=value each with a NUL: what may say a version; of a
		     * Service: its addresses outside the cluster */
	THING_A, /* selector: labels as facts, each with a NUL; or plural;
		  * controller;
		  * Services that a webhook calls: NS/NAME each with a NUL */
	THING_B, /* ports: "NAME PORT TARGET SCHEME NODE" each with a NUL; or
		  * group; names of webhooks, each with a NUL */
	THING_RESOURCE, /* as JSON */
	THING_PARTS
};

enum thing_what { THING_SERVICE, THING_CRD, THING_CLASS, THING_WEBHOOK };

/* A Service, or an object without a workload that speaks for a product: a CRD,
 * an IngressClass, a GatewayClass, the configuration of admission webhooks. */
struct thing {
	uint64_t told; /* hash of the prints that were told last */
	char *text; /* parts: below */
	uint32_t part[THING_PARTS]; /* where they begin in text */
	uint32_t cluster, ns, kind;
	uint32_t next, before; /* of its list; next: the free list */
	uint16_t sync;
	uint8_t epoch, flags, what;
};

/* Pods that look the same have the same workload. It is still the one that it
 * was if its serial, or the hash of its name, is. */
struct world_glance {
	uint64_t glance, check;
	uint32_t workload; /* or the name of that of lone ones, */
	uint32_t type; /* and its type; else WORLD_NONE */
};

#define WORLD_GLANCES 4096
#define WORLD_LATE 8 /* by some bits of a kind */

struct sync {
	uint32_t cluster, resource; /* in world.names */
	uint8_t epoch;
	bool open;
	bool is_used; /* something is held that may be of it */
	char *namespaces; /* each with a NUL, and one more; NULL: all */
};

/* Where verdicts about a product have to be looked at again. */
enum world_dirt {
	WORLD_DIRTY_NS = 1, /* in namespaces that are marked */
	WORLD_DIRTY_ALL = 2
};

/* What changed in a namespace. */
enum world_change {
	WORLD_SHAPES = 1, /* what runs there, of products that are dirty */
	WORLD_LINKS = 2 /* what leads to it: of any product */
};

struct world {
	struct shapes *shapes;
	struct intern names; /* clusters, namespaces, kinds … */
	struct pairs places; /* cluster and namespace */
	struct pairs types; /* apiVersion and kind */
	struct pile pod_names;
	struct workload *workload;
	struct pod *pod;
	struct guest *guest;
	struct thing *thing;
	/* places, some free */
	uint32_t n_workloads, n_pods, n_guests, n_things;
	uint32_t size_workloads, size_pods, size_guests, size_things;
	uint32_t free_workload, free_pod, free_guest, free_thing;
	struct table workloads, pods, guests, things;
	struct sync *sync;
	size_t n_syncs;
	uint32_t *first; /* by namespace's name: its first workload */
	uint32_t *first_guest; /* by the same: its first guest */
	uint32_t *first_service; /* and its first Service */
	uint32_t first_other; /* thing */
	uint8_t *dirty_ns; /* by the same: enum world_change */
	size_t n_first;
	uint8_t *dirty; /* by product: enum world_dirt */
	struct selections *selections; /* while all is settled */
	bool any_dirty;
	bool any_fresh; /* a shape of a pod that has become ready */
	uint64_t changes; /* how often a CRD or the catalog changed */
	struct world_glance *glance;
	size_t last_sync; /* that a record was of */
	uint32_t last_place; /* the same */
	uint32_t late_type[WORLD_LATE]; /* that came lately */
	uint32_t n_names; /* when those that nothing has were forgotten last */
	struct json buf;
	int phase; /* path of a pod's phase */
	int conditions; /* and of its conditions; 0: nobody wants to know */
	/* of other paths */
	int origin, controller, controller_name, webhooks;
	int spec, selector, ports, service_type, cluster_ip, external, balanced;
};

void world_init(struct world *w, struct shapes *s, struct scan_plan *plan,
    int phase);
void world_free(struct world *w);

/* Only remember that a complete sync has named it. Returns the shape that is
 * held of it, or SHAPE_NONE. */
uint32_t world_named(struct world *w, const struct record *r);
/* What is learnt late: an origin. */
void world_amend(struct world *w, const struct record *r);

/* The catalog has been replaced: all verdicts have to be looked at again. */
void world_learn(struct world *w);

/* ---- for workload, pod, guest, thing and sync ---- */

/* Room for one more in an array that doubles. */
void *world_grow(void *array, uint32_t n, uint32_t *size, size_t one);
/* Where an object is; WORLD_NONE: nothing was ever there. */
uint32_t world_place(struct world *w, struct span cluster, struct span ns);
uint32_t world_find_place(const struct world *w, struct span cluster,
    struct span ns);
/* The number of apiVersion and kind. */
uint32_t world_type(struct world *w, struct span api_version, struct span kind);
/* The number of a namespace's name, with a place for it in first. */
uint32_t world_ns(struct world *w, struct span name);
/* Verdicts of a namespace, or all that a shape has there, have to be looked at
 * again. */
void world_touch_ns(struct world *w, uint32_t ns);
void world_touch_shape(struct world *w, uint32_t shape, uint32_t ns);
/* WORLD_GREEN, WORLD_BROWN, or neither. */
uint8_t world_origin_of(const struct world *w, const struct record *r);

/* A uid as it is held: all zero if it is no UUID in the usual spelling. */
void world_read_uid(struct span uid, uint8_t out[WORLD_UID]);
#define WORLD_UID_TEXT 40
/* The text again; empty if it is not known. */
struct span world_uid_text(const uint8_t uid[WORLD_UID],
    char out[WORLD_UID_TEXT]);

/* Those of its pods, n_uses of them; gone when one more or less is used. */
static inline const struct use *
world_uses(const struct workload *wl)
{
	return wl->n_uses > 1 ? wl->uses : &wl->one_use;
}

static inline uint32_t
world_cluster_at(const struct world *w, uint32_t place)
{
	return w->places.pair[place].a;
}

static inline uint32_t
world_ns_at(const struct world *w, uint32_t place)
{
	return w->places.pair[place].b;
}

static inline const char *
world_name(const struct world *w, uint32_t number)
{
	return intern_text(&w->names, number).p;
}

#endif
