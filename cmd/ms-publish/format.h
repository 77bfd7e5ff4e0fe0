/* format - one change as what a consumer wants to read.
 *
 *   meshery  the message of Meshery Server (meshery.h)
 *   event    a line for a person
 *   record   the record that came, as far as the snapshot keeps it
 *   yaml     the object of that message, as upstream's file has it
 */
#ifndef MS_FORMAT_H
#define MS_FORMAT_H

#include "meshery.h"

enum format_kind { FORMAT_MESHERY, FORMAT_EVENT, FORMAT_RECORD, FORMAT_YAML };

/* A change of one object. Texts are plain, the rest is JSON; absent parts are
 * empty. */
struct change {
	enum record_type type; /* RECORD_ADDED, _MODIFIED or _DELETED */
	struct identity id;
	struct span resource, depth;
	struct span ms; /* what else ms had: members without braces */
	struct span object;
};

struct gate;

struct format {
	enum format_kind kind;
	bool has_colour; /* of events */
	bool enrich; /* tell Meshery what ms says of an object */
	struct gate *gate; /* what is told at all; NULL: everything */
	struct meshery meshery; /* its members are the caller's to set */
	struct tape tape;
	struct json out, more, text[2];
};

void format_release(struct format *f);

/* The kind of this name; -1 if there is none. */
int format_named(const char *name);

/* The change in that format, valid until the next call. False: ask again
 * later (meshery.h). */
bool format_change(struct format *f, const struct change *c,
    struct span *message);

/* The object inside of the message for Meshery, whatever the kind; with the same
 * rules. */
bool format_resource(struct format *f, const struct change *c,
    struct span *resource);

/* Whether a message tells the state of its object, so that an equal one is no
 * news: an event only tells that there was one. */
bool format_tells_state(const struct format *f);

/* The place in a message of the change after which nothing depends on its
 * type: two messages that are equal from there on tell the same state. */
size_t format_type_end(const struct format *f, const struct change *c);

#endif
