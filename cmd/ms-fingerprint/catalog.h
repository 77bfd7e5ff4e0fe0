/* catalog - all signatures, compiled so that one look-up finds a print.
 *
 * Every text that a print can match stands in one hash table, behind a letter
 * for what it is compared with, so the cost of a look does not grow with the
 * number of signatures.
 */
#ifndef MS_CATALOG_H
#define MS_CATALOG_H

#include "image.h"
#include "answers.h"
#include "signature.h"

/* What a key of the table is compared with. */
enum catalog_key {
	KEY_REPO = 'I', /* a repository's path from its owner on */
	KEY_BARE = 'B', /* the last part of one */
	KEY_JOINED = 'J', /* owner-name, as rancher/mirrored-… spells it */
	KEY_ALIAS = 'A',
	KEY_PACKAGER = 'P',
	KEY_MIRROR = 'M',
	KEY_GENERIC = 'G', /* a last part that says nothing by itself */
	KEY_HELPER = 'H',
	KEY_RETAGGER = 'R',
	KEY_OPAQUE = 'O',
	KEY_WORD = 'D', /* of everyday language */
	KEY_BASE = 'S', /* what users build images from */
	KEY_NAMESAKE = 'N', /* anybody's, but not any day */
	KEY_PRODUCT = 'Q', /* a product's own id */
	KEY_LABEL = 'l',
	KEY_CHART = 'h',
	KEY_ANNOTATION = 'a',
	KEY_ANNOTATION_OF = 'f', /* its key, whether it has a value or not */
	KEY_ARG = 'w',
	KEY_TELLER = 'u', /* a flag whose value tells a version */
	KEY_COMMAND = 'c',
	KEY_ENV = 'e',
	KEY_NAME = 'n',
	KEY_PORT = 'o',
	KEY_PORT_NAME = 'q',
	KEY_WORKLOAD = 'W',
	KEY_SERVICE = 's',
	KEY_WEBHOOK = 'v',
	KEY_CRD = 'd',
	KEY_GROUP = 'g',
	KEY_CLASS = 'k'
};

/* One of the prints under a key. */
struct catalog_link {
	const struct print *print;
	uint32_t next; /* index + 1 of the next one, 0: the last */
};

struct catalog {
	const struct signatures *signatures;
	struct intern keys;
	uint32_t *first; /* by key: index + 1 into link */
	size_t n_first;
	struct catalog_link *link;
	size_t n_links;
	const char **alias; /* by key of KEY_ALIAS */
	const struct answers *answers; /* NULL: nobody is asked */
	/* two bits a key: most of what is looked up is nobody's, and this says
	 * so without a look at the table */
	uint64_t *filter;
	uint64_t filter_bits; /* their number less one; it is a power of 2 */
};

/* The signatures must outlive the catalog, and neither may move. */
void catalog_build(struct catalog *c, const struct signatures *s);
void catalog_free(struct catalog *c);
/* Know the annotations too that an earlier catalog asked for, so that they are
 * still seen when its signatures come back. */
void catalog_remember(struct catalog *c, const struct catalog *before);

/* The first print under key and text, or NULL; catalog_next for the others. */
const struct catalog_link *catalog_find(const struct catalog *c,
    enum catalog_key key, struct span text);
const struct catalog_link *catalog_next(const struct catalog *c,
    const struct catalog_link *link);
/* Whether there is such a key, with prints or without. */
bool catalog_has(const struct catalog *c, enum catalog_key key,
    struct span text);

#define CATALOG_KEY_MAX 512 /* longer texts match nothing */

/* A part of an image's path as it is to be read. */
struct span catalog_alias(const struct catalog *c, struct span part);
/* The parts of an image from one on, so read, with a separator between them;
 * start[i] is where part i begins in buf. Returns the length; 0: too long. */
size_t catalog_join(const struct catalog *c, const struct image *image,
    unsigned from, char separator, char buf[CATALOG_KEY_MAX],
    size_t start[IMAGE_PARTS]);

/* The prints of a CRD: by its own name (plural.group), else by its group or
 * the longest known end of that. */
const struct catalog_link *catalog_crd(const struct catalog *c,
    struct span plural, struct span group);

#endif
