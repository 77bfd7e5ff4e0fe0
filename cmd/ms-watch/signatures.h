/* signatures - SIGNATURES records, from files and from a ConfigMap.
 *
 * ms-watch does not look into them: it is the one stage that may read at run
 * time, and hands on what it read.
 */
#ifndef MS_SIGNATURES_H
#define MS_SIGNATURES_H

#include "catalog.h"
#include "emit.h"
#include "follow.h"

struct signatures {
	struct http *http;
	struct emit *emit;
	struct follow *follow; /* of the ConfigMap, or NULL */
	char *source; /* NAMESPACE/NAME */
	struct json told; /* the data that was told last */
};

/* Write what a file holds, or each .yaml and .yml in a folder. 0; or -1, and
 * nothing is written, and err says why. */
#define SIGNATURES_ERROR 512
int signatures_read(struct emit *e, const char *path,
    char err[SIGNATURES_ERROR]);

/* Follow this ConfigMap (NAMESPACE/NAME, or NULL for none) from now on. All but
 * the first two members of s are zero at first. */
void signatures_follow(struct signatures *s, const struct catalog *c,
    const char *source);
void signatures_free(struct signatures *s);
void signatures_tick(struct signatures *s, int64_t now);
int64_t signatures_due(const struct signatures *s);

#endif
