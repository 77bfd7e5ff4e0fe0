/* reading - the facts of a record, packed.
 *
 * What a list holds is alike: of an object's facts most are those of the object
 * that all before it were like. So each of that one's is kept with its words,
 * and only what stands elsewhere in another is read and cut again.
 */
#ifndef MS_READING_H
#define MS_READING_H

#include "pack.h"
#include "spots.h"

/* What the facts at one spot begin with, if all do with the same. */
struct reading_head {
	uint64_t hash;
	uint32_t word, bytes;
};

/* What stands at one spot. */
struct reading_said {
	uint64_t hash; /* of the facts */
	uint64_t product; /* of what of them tells a product, not a version */
	uint32_t bytes; /* of the facts */
	uint32_t from, n; /* where their packed form is */
};

/* Part of a packed form. */
struct reading_part {
	uint32_t from, n;
};

/* A document that others are like. All zero: none. */
struct reading_kept {
	const struct like *like; /* which has it */
	uint64_t number; /* of it, there */
	const struct catalog *catalog;
	bool is_pod, is_job, any;
	struct spots spots;
	/* by spot */
	struct reading_said *said;
	struct reading_head *head;
	struct reading_part *run; /* by its first: what a container is started
				   * with, as a phrase */
	size_t size;
	struct json packed; /* of them all, and the heads; its words are held */
};

struct reading {
	struct texts *words;
	struct reading_kept kept[LIKES];
	struct spots own; /* of a record that has to be read alone */
	struct json text; /* of one spot */
	struct json fresh; /* of a run: words that no other reading holds */

	/* what was read last */
	struct json packed; /* its words are held */
	uint64_t hash; /* of all facts */
	uint64_t containers; /* of containers' facts, tags of images apart */
	uint32_t bytes; /* of all facts */
	bool ends; /* it is of a job */
	bool is_of_pod; /* what is read now is no container's */
};

/* The words must outlive it, unless it is told to forget and to drop. */
void reading_init(struct reading *rd, struct texts *words);
void reading_free(struct reading *rd);
/* Forget the documents that others are like, and let go of their words. */
void reading_forget(struct reading *rd);

/* Read a record. False: it has no containers. Else the words of rd->packed are
 * held, until they are dropped or somebody else takes them over. */
bool reading_take(struct reading *rd, const struct facts_paths *paths,
    const struct catalog *c, const struct record *r);
void reading_drop(struct reading *rd);
void reading_hand_over(struct reading *rd);

#endif
