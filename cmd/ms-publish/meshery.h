/* meshery - the message that Meshery Server expects about one object.
 *
 * Byte for byte what the Go MeshSync publishes, its oddities included: spec,
 * status and data travel as text of sorted JSON, keys of the envelope match in
 * any case, annotation values keep their escapes. What Server does with each
 * field is the reason for none of this; that the bytes are equal is.
 *
 * Steady state: no allocation. All memory is in the struct and is reused.
 */
#ifndef MS_MESHERY_H
#define MS_MESHERY_H

#include "json.h"
#include "record.h"
#include "service.h"
#include "tape.h"

/* A message's text up to the type of event. */
#define MESHERY_HEAD "{\"ObjectType\":\"meshsync-data\",\"EventType\":\""

struct meshery {
	struct tape tape;
	struct json out;
	unsigned fix; /* of enum fix: defects to have without */
	struct span enrich; /* members for component_metadata.meshsync */
	service_dial *dial; /* asked about Services; NULL: none answers */
	void *dial_context;
};

/* All zero, then what is above set, is ready for use. */
void meshery_release(struct meshery *m);

/* The message about object, which must be valid JSON and an object. type is
 * RECORD_ADDED, RECORD_MODIFIED or RECORD_DELETED. True: *message is set and
 * valid until the next call. False: it depends on an address that is still
 * being dialled; ask again later. */
bool meshery_message(struct meshery *m, enum record_type type,
    struct span object, struct span cluster, struct span *message);

#endif
