/* api - the prints of what runs nothing: CRDs, custom resources, classes of
 * ingresses and gateways. They follow from the object's own name and group. */
#ifndef MS_API_H
#define MS_API_H

#include "prints.h"
#include "world.h"

/* By what a custom resource is known. resource is JSON, and may be absent. */
struct api {
	struct span version, kind, resource;
};

struct api api_of(const struct record *r);

/* The prints that its group or kind matches; NULL: it is nobody's. */
const struct catalog_link *api_link(const struct catalog *c,
    const struct api *a);

/* What a CRD says of its product's version, in *said as KEY=VALUE; absent, as
 * *said is then, if it is silent. */
struct span api_version(const struct product *p, const struct thing *t,
    const char **said);

/* Each makes the value of ms.prints in out; absent: there are none. */
struct span api_thing(const struct catalog *c, const struct thing *t,
    struct json *out);
struct span api_custom(const struct catalog *c, const struct api *a,
    struct json *out);
/* prints with one more: a custom resource that runs containers (a Rollout) is
 * part of the product that reads it, too. */
struct span api_reader(const struct catalog *c, const struct api *a,
    struct span prints, struct json *out);

#endif
