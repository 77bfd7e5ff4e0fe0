/* record - the lines that the stages exchange: ms-record.7 is the reference.
 *
 * A record is a line of JSON: a Kubernetes watch event with one more key, "ms".
 * This module reads one as spans into the line, and writes it again with
 * members of ms set and the object edited, every other byte as it was.
 */
#ifndef MS_RECORD_H
#define MS_RECORD_H

#include "json.h"
#include "likes.h"
#include "lines.h"
#include "scan.h"

#define RECORD_MAX (32u << 20) /* bytes of a line, by default */

enum record_type {
	RECORD_ADDED,
	RECORD_MODIFIED,
	RECORD_DELETED,
	RECORD_AMEND,
	RECORD_SYNC,
	RECORD_CONFIG,
	RECORD_SIGNATURES,
	RECORD_REQUEST,
	RECORD_ANSWER,
	RECORD_MARK,
	RECORD_STATUS,
	RECORD_BOOKMARK,
	RECORD_ERROR,
	RECORD_UNKNOWN
};

/* What every stage looks at; a stage adds paths of its own behind these. */
enum record_slot {
	AT_TYPE,
	AT_MS,
	AT_OBJECT,
	AT_CLUSTER,
	AT_RESOURCE,
	AT_DEPTH,
	AT_PHASE,
	AT_COMPLETE,
	AT_SYNTHETIC,
	AT_TRUNCATED,
	/* identity of an AMEND, which has no object */
	AT_MS_API_VERSION,
	AT_MS_KIND,
	AT_MS_NAMESPACE,
	AT_MS_NAME,
	AT_MS_UID,
	AT_API_VERSION,
	AT_KIND,
	AT_NAMESPACE,
	AT_NAME,
	AT_UID,
	AT_RV,
	AT_LABELS,
	AT_ANNOTATIONS,
	AT_OWNERS,
	AT_MANAGED_FIELDS,
	RECORD_SLOTS
};

/* Who an object is, as plain text (escapes decoded). Absent parts are empty:
 * the namespace of a cluster-scoped object, the cluster of foreign input. */
struct identity {
	struct span cluster, api_version, kind, ns, name, uid, rv;
};

struct record {
	enum record_type type;
	struct span line;
	struct span at[SCAN_SLOTS]; /* values as they stand in the line */
	struct identity id; /* of object types and AMEND */
	char text[2048]; /* where decoded identities live */
	struct like
	    *like; /* by which it was found; NULL: by a scan of its own */
};

/* Records from a descriptor, with what is wrong with lines told and counted. */
struct records {
	struct lines io;
	struct scan_plan plan;
	struct likes likes; /* lines that were scanned */
	uint64_t refused; /* lines that are no record */
	struct json ms, edited; /* kept between calls of record_put */
};

/* Begin to read in and write out (-1: none); cap in bytes. Paths of the
 * stage's own are added to rs->plan after this: scan_plan_add(&rs->plan, …)
 * returns the index in record.at. */
void records_init(struct records *rs, int in, int out, size_t cap);
void records_release(struct records *rs);

/* The next record; lines that are none are warned about by number and dropped.
 * False at the end of the input. *r is valid until the next call. */
bool records_next(struct records *rs, struct record *r);

/* Count what was no record, and warn of it, unless many have been warned of. */
void records_refuse(struct records *rs, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of the current line. For stages that read lines themselves. */
void records_refuse_line(struct records *rs, const struct scan_error *err);

/* Read one line as a record. -1: it is none, and err says why. */
int record_parse(const struct scan_plan *plan, struct span line,
    struct record *r, struct scan_error *err);

/* A walk through the value at[slot], which may be absent. Values that were
 * found by then are not read again. */
struct walk record_walk(const struct record *r, int slot);

/* Whether the type says what an object is: ADDED, MODIFIED or DELETED. */
bool record_has_state(const struct record *r);

/* The name of a type as it stands in records; NULL for RECORD_UNKNOWN. */
const char *record_type_name(enum record_type type);

/* A member of ms to write: value is JSON; absent: the member is removed. */
struct record_member {
	const char *key;
	struct span value;
};

/* Write the record with members of ms set and the bytes of its object edited
 * (places within r->at[AT_OBJECT], sorted). Members that are set go behind the
 * others of ms; if there are any, the record's keys come out as type, ms, object
 * and the rest. Otherwise the line passes as it is but for the edits. */
void record_put(struct records *rs, const struct record *r,
    const struct record_member *set, size_t n_set, const struct scan_edit *edit,
    size_t n_edit);

/* The start of a new record that has no object, up to its open ms:
 * {"type":"SYNC","ms":{ */
void record_open(struct json *j, const char *type);
/* The members of ms that name an object: cluster, resource, apiVersion, kind,
 * namespace, name, uid; those that are empty are left out. resource is JSON. */
void record_identity(struct json *j, const struct identity *id,
    struct span resource);

#endif
