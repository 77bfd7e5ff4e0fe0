/* sight - all that is seen of one product, put into its instances.
 *
 * A sighting is one verdict about one shape of one workload, or about guests at
 * one place. Sightings of one instance stand together in a group; what order the
 * objects came in does not show.
 */
#ifndef MS_SIGHT_H
#define MS_SIGHT_H

#include "world.h"

struct sighting {
	/* the root: what a person would name; of guests, which are no members,
	 * there are neither workload nor shape */
	uint32_t workload, shape;
	bool is_own; /* of the workload's template, not its pods */
	bool waits; /* of its pods none runs yet */
	struct span facts; /* those that the verdict is about */
	struct verdict v;
	struct evidence *evidence;
	unsigned n_evidence;
	/* whose: by these a group is told */
	uint32_t cluster, ns;
	struct span instance, part_name;
};

/* All zero: none. */
struct sightings {
	struct sighting *s;
	size_t n, size;
	char **chunk; /* memory for what is seen, a chunk at a time */
	size_t n_chunks, left; /* of the last one */
	struct json open; /* facts being opened */
};

/* All sightings of a product in a namespace, or in all (WORLD_NONE), sorted by
 * group. They name the world's things, so it must not change while they are
 * used. */
void sight_product(struct sightings *all, const struct world *w,
    uint32_t product, uint32_t ns);
void sight_free(struct sightings *all);

/* How many sightings from the first on are of its group. */
size_t sight_group(const struct world *w, const struct sighting *first,
    const struct sighting *end);

/* Whether a workload is part of the instance, and not only one that a sidecar
 * of the product was put into. */
bool sight_is_member(const struct sighting *s);

const struct product *sight_product_of(const struct world *w,
    const struct sighting *s);
/* Which of two texts comes first; absent is as empty. */
int sight_compare(struct span a, struct span b);

/* The member "object" of something said about an object: KIND/NS/NAME. */
void sight_put_object(const struct world *w, uint32_t workload,
    struct json *out);
void sight_put_reference(const char *kind, const char *ns, struct span name,
    struct json *out);

#endif
