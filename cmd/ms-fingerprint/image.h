/* image - a container image's reference, taken apart.
 *
 * "registry.corp.example:5000/mirror/library/redis:7.4@sha256:…" has the parts
 * registry.corp.example, mirror, library and redis, the tag 7.4 and a digest.
 * Docker Hub has no part of its own, and its official images are in library.
 */
#ifndef MS_IMAGE_H
#define MS_IMAGE_H

#include "scan.h"

#define IMAGE_PARTS 12 /* of deeper references the first and the last */

struct image {
	struct span part[IMAGE_PARTS]; /* borrowed from the reference */
	unsigned n;
	bool has_host; /* part[0] is a registry, its port cut off */
	struct span tag, digest; /* absent if there is none */
};

/* False if ref is none: empty, a template's placeholder, and the like. */
bool image_parse(struct span ref, struct image *image);

/* The reference less tag and digest. */
struct span image_repo(struct span ref);

#endif
