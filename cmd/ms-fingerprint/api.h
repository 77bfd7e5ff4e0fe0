/* api - the prints of what runs nothing: CRDs, custom resources, classes of
 * ingresses and gateways. They follow from the object's own name and group. */
#ifndef MS_API_H
#define MS_API_H

#include "prints.h"

/* Each makes the value of ms.prints in out; absent: there are none. */
struct span api_crd(const struct catalog *c, const struct record *r,
    struct json *out);
struct span api_custom(const struct catalog *c, const struct record *r,
    struct json *out);
/* controller: what the class names as such, as JSON. */
struct span api_class(const struct catalog *c, struct span controller,
    struct json *out);
/* prints with one more: a custom resource that runs containers (a Rollout) is
 * part of the product that reads it, too. */
struct span api_reader(const struct catalog *c, const struct record *r,
    struct span prints, struct json *out);

#endif
