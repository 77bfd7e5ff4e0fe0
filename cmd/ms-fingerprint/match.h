/* match - which products an object with containers is part of.
 *
 * A pure function of facts and catalog. The image decides; where it is not
 * known, what else points to a product has to be enough together.
 */
#ifndef MS_MATCH_H
#define MS_MATCH_H

#include "evidence.h"
#include "facts.h"

#define MATCH_VERDICTS 16 /* products of one object */
#define MATCH_EVIDENCE 96
#define MATCH_CONTAINERS 48

/* One thing seen. Texts are places in the facts. */
struct evidence {
	const struct print *print;
	const char *container; /* NULL: of the whole pod */
	const char *value;
	float weight; /* 0: speaks against it */
	uint8_t verdict; /* which it belongs to */
};

struct verdict {
	uint32_t product;
	uint8_t role;
	bool makes; /* this object makes the product run */
	bool told; /* its version, by a running instance */
	const char *component;
	struct span version; /* absent: cannot be known */
	struct span digest; /* of its image; absent: not known by one */
	struct span tag; /* that told no version, though it could have */
	struct span release; /* the product's, if it is not its parts' */
	struct span stated; /* version, by a flag or chart */
	struct evidence_sum sum;
};

struct match {
	struct verdict verdict[MATCH_VERDICTS];
	struct evidence evidence[MATCH_EVIDENCE];
	unsigned n_verdicts, n_evidence;
	/* whether a container points to any product: if not, then whatever its
	 * image's tag and the whole pod say there is no verdict */
	bool is_open;
};

/* The facts must stay where they are as long as the match is used. */
void match_facts(const struct catalog *c, struct span facts, struct match *m);

/* The same, and why it is so appended to out: lines for a person. */
void match_explain(const struct catalog *c, struct span facts, struct match *m,
    struct json *out);

#endif
