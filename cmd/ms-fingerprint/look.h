/* look - what there is to see on one object that runs containers.
 *
 * Facts become boxes (containers, and what their images say) and hits (prints
 * that something of the whole pod matches). What follows from them is said in
 * match.c, and in field.c where no signature knows an image.
 */
#ifndef MS_LOOK_H
#define MS_LOOK_H

#include "known.h"
#include "match.h"

#define LOOK_HITS 64
#define LOOK_SAID 8

/* A container, and what its image says. */
struct box {
	const char *name;
	struct span image_text;
	struct image image;
	const char *words, *end; /* its facts */
	enum known how;
	const struct catalog_link *first;
	const struct print *print;
	float weight;
};

/* A print that something of the whole pod matches. */
struct hit {
	const struct print *print;
	const char *value;
	float weight; /* the print's, or less where the label is like it */
};

struct look {
	const struct catalog *c;
	struct match *m;
	struct box box[MATCH_CONTAINERS];
	unsigned n_boxes;
	struct hit hit[LOOK_HITS];
	unsigned n_hits;
	struct span said[LOOK_SAID]; /* what its labels call the pod */
	unsigned n_said;
	struct span version_label;
	bool is_job;
	struct json *why; /* lines for a person, or NULL */
};

/* Begin to look: all of it is set but what box and hit hold. */
void look_init(struct look *l, const struct catalog *c, struct match *m,
    struct json *why_out);
/* Take in the containers, and choose the print of each one's image. */
void look_containers(struct look *l, struct facts_iter *it);
/* Then what is of the whole pod. */
void look_pod(struct look *l, struct facts_iter *it);

/* A line for a person, if somebody wants to know. */
__attribute__((format(printf, 2, 3))) void look_why(const struct look *l,
    const char *fmt, ...);

const struct product *look_product(const struct look *l, const struct print *p);
/* Whether a signature knows the image itself, and not only its last part. */
bool look_knows(const struct box *b);
/* Whether it is the label or chart by which objects name their product. */
bool hit_names_product(const struct hit *h);

#endif
