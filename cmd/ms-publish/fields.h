/* fields - what upstream's struct takes from an object.
 *
 * Go's decoder fills it from JSON whose keys are sorted: a key matches in any
 * case, the last one wins, and a value of another type is skipped. On top of
 * that upstream looks some members up by their exact names. Both are kept, as
 * nodes of the tape.
 */
#ifndef MS_FIELDS_H
#define MS_FIELDS_H

#include "tape.h"

enum top {
	TOP_ID,
	TOP_API_VERSION,
	TOP_KIND,
	TOP_MODEL,
	TOP_METADATA,
	TOP_SPEC,
	TOP_STATUS,
	TOP_DESIGN,
	TOP_COMPONENT,
	TOP_IMMUTABLE,
	TOP_DATA,
	TOP_BINARY_DATA,
	TOP_STRING_DATA,
	TOP_TYPE,
	TOP_COUNT
};

enum meta {
	META_ID,
	META_NAME,
	META_GENERATE_NAME,
	META_NAMESPACE,
	META_SELF_LINK,
	META_UID,
	META_RV,
	META_GENERATION,
	META_CREATED,
	META_DELETED,
	META_GRACE,
	META_LABELS,
	META_ANNOTATIONS,
	META_OWNERS,
	META_FINALIZERS,
	META_CLUSTER_NAME,
	META_MANAGED,
	META_CLUSTER_ID,
	META_COUNT
};

/* `exact` are the members found under the very name; `text` are strings that
 * the decoder assigns. TAPE_NONE: there is none. */
struct fields {
	uint32_t exact[TOP_COUNT], text[TOP_COUNT];
	uint32_t meta_exact[META_COUNT], meta_text[META_COUNT];
	int64_t generation, grace;
	bool has_grace, has_spec, has_status;
	uint32_t spec_id, status_id;
	uint32_t design, component; /* brought along by a custom resource */
};

void fields_read(struct tape *t, struct fields *f);

/* The names that they have in JSON. */
const char *fields_top_name(enum top k);
const char *fields_meta_name(enum meta k);

/* Whether a member of the object is none that upstream carries. */
bool fields_is_other(const struct tape *t, uint32_t node);

#endif
