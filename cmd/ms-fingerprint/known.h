/* known - the prints that an image's reference leads to.
 *
 * The longest known end of its path decides. Where no signature gives the
 * path, its last part may still say a lot: below a packager's name or in a
 * mirror as much as the path itself, elsewhere only together with more.
 */
#ifndef MS_KNOWN_H
#define MS_KNOWN_H

#include "catalog.h"

/* How an image was recognised. */
enum known {
	KNOWN_NOT,
	KNOWN_NAME, /* only by its last part: somebody's own build, maybe */
	KNOWN_COPY, /* a copy below a registry of one's own */
	KNOWN_PACKAGED, /* by its name and a packager's */
	KNOWN_RETAGGED, /* the same, and the tag counts the packager's releases */
	KNOWN_REPO, /* its owner and name are known */
	KNOWN_HELPER /* known to be no product */
};

/* What an image's name is worth that may well be a user's own. */
#define KNOWN_COMMON 0.45f
/* One word of an image's name (elk-kibana), or the first (metabase-duckdb), of
 * which container and label have to say that it is. */
#define KNOWN_WORD 0.4f
#define KNOWN_FIRST 0.35f

/* *first is NULL for KNOWN_NOT and KNOWN_HELPER; *weight is what the print is
 * worth here. */
enum known known_image(const struct catalog *c, const struct image *image,
    const struct catalog_link **first, float *weight);

/* Whether the image tells nothing: there is none (image.n is 0), or its
 * repository holds all that a platform is made of. */
bool known_is_opaque(const struct catalog *c, const struct image *image);

/* The prints of an image that is called so, or as the beginning of that, cut at
 * a dash: kube-rbac-proxy of kube-rbac-proxy-main. */
const struct catalog_link *known_by_name(const struct catalog *c,
    struct span name);

#endif
