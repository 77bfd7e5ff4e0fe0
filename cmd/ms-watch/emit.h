/* emit - the records that ms-watch writes (ms-record.7).
 *
 * An object is copied once, from where it arrived into the queue, with what has
 * to change spliced in or out on the way.
 */
#ifndef MS_EMIT_H
#define MS_EMIT_H

#include "catalog.h"
#include "object.h"
#include "queue.h"
#include "settings.h"
#include "want.h"

struct emit {
	struct queue *queue;
	const struct settings *settings;
	char *cluster; /* the uid of namespace kube-system */
	char time[40]; /* what records say about when */
	struct json stamp; /* kept between objects */
};

/* Note the time for all records until the next call. */
void emit_tick(struct emit *e);

/* An object as it came, whole or in its metadata form: at has OBJECT_SLOTS
 * members. type is ADDED, MODIFIED or DELETED. is_metadata: all but metadata is
 * left out, whatever came. */
void emit_object(struct emit *e, const char *type, const struct resource *r,
    bool is_metadata, const struct span *at, struct span object);
/* A deletion that was found by comparing. */
void emit_deleted(struct emit *e, const struct resource *r, bool is_metadata,
    const struct index_key *key);

void emit_begin(struct emit *e, const struct resource *r, const char *cause,
    bool is_complete, const struct scope *scope);
void emit_end(struct emit *e, const struct resource *r, const char *rv,
    uint64_t count);
/* phase: aborted, denied, gone; message may be NULL. */
void emit_phase(struct emit *e, const struct resource *r, const char *phase,
    const char *message);
/* config is a JSON object. */
void emit_config(struct emit *e, struct span config);

/* data: a JSON object of names and texts. */
void emit_signatures(struct emit *e, const char *source, struct span data);
/* asked: when, as who asked says it, or NULL. */
void emit_mark(struct emit *e, const char *id, const char *asked);
/* What became of a command, with members between these two. */
struct json *emit_answer_open(struct emit *e, const char *id,
    const char *command);
void emit_answer_close(struct emit *e);

/* A STATUS record, whose object is open for members. */
struct json *emit_status_open(struct emit *e);
void emit_status_close(struct emit *e);

/* ready in three steps, with a member for each resource between. */
void emit_ready_open(struct emit *e, bool is_complete);
void emit_ready_resource(struct emit *e, const struct resource *r,
    const char *state);
void emit_ready_close(struct emit *e);

#endif
