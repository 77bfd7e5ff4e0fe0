/* facts - what can be seen on an object that runs containers, and no more.
 *
 * A short text made from the bytes of a workload or a pod: its containers with
 * image and command line, its labels, the annotations that some signature
 * asks for, the name of the workload. Names that differ from pod to pod are left out, so that all pods
 * of one ReplicaSet have the same facts. Everything that is said about a
 * product follows from facts alone.
 *
 * Facts stand one behind the other: a letter, the text, a NUL.
 */
#ifndef MS_FACTS_H
#define MS_FACTS_H

#include "catalog.h"
#include "json.h"
#include "record.h"

#define FACTS_MAX 60000 /* bytes; what does not fit in is not seen */

enum fact {
	FACT_JOB = 'J', /* runs to an end: first, if at all */
	FACT_CONTAINER = 'C', /* its name; what follows is of it */
	FACT_IMAGE = 'i',
	FACT_COMMAND = 'c',
	FACT_ARG = 'w',
	FACT_VALUE =
	    'u', /* of the flag before it, where that tells a version */
	FACT_ENV = 'e',
	FACT_PORT = 'o',
	FACT_PORT_NAME = 'q', /* of the port before it */
	FACT_POD = 'P', /* what follows is of the whole pod */
	FACT_LABEL = 'l',
	FACT_ANNOTATION = 'a', /* key=value */
	FACT_OWN_LABEL = 'L', /* of the workload itself: version and chart */
	FACT_WORKLOAD = 'W' /* its name */
};

/* The paths of a record that facts are made from. */
struct facts_paths {
	int containers, inits; /* of a pod */
	int template_labels, template_annotations;
	int template_containers, template_inits;
	int job_labels, job_annotations, job_containers;
	int phase;
};

void facts_plan(struct facts_paths *paths, struct scan_plan *plan);

/* What stands at one spot (spots.h), appended to out: mostly one fact. */
struct spot;
void facts_put(const struct catalog *c, const struct spot *spot,
    struct json *out);
/* The same in two parts, for spots of a container's name and of labels: what all
 * at this spot have in common, and the text behind it. */
static inline bool
facts_has_head(enum fact fact)
{
	return fact == FACT_LABEL || fact == FACT_OWN_LABEL ||
	    fact == FACT_CONTAINER;
}

/* What a container is started with: they stand together, behind its name. */
static inline bool
facts_is_start(enum fact fact)
{
	return fact == FACT_COMMAND || fact == FACT_ARG || fact == FACT_ENV ||
	    fact == FACT_PORT;
}

#define FACTS_PAIR 1024 /* bytes of a label with its key */

void facts_head(const struct spot *spot, struct json *out);
/* False: there is no fact. Otherwise *text may be in buf. */
bool facts_text(const struct spot *spot, char buf[FACTS_PAIR],
    struct span *text);
/* Of a record, the name of the workload: the last of its facts. */
void facts_put_workload(const struct record *r, struct json *out);

/* The facts of a record, appended to out. False: it has no containers. */
bool facts_read(const struct facts_paths *paths, const struct catalog *c,
    const struct record *r, struct json *out);

/* A number that two pods share only if they have the same owner and the same
 * facts (annotations apart), without a look at what is in their containers.
 * 0: there is none. */
uint64_t facts_glance(const struct facts_paths *paths, const struct record *r);

/* Walk through facts: true, and *text is the next one's. */
struct facts_iter {
	const char *p, *end;
};
bool facts_next(struct facts_iter *it, enum fact *fact, struct span *text);

/* The value of the whole pod's label, absent if there is none of this key. */
struct span facts_label(struct span facts, const char *key);

/* Whether a label is only a controller's mark on one pod or revision. */
bool facts_is_mark(struct span key);

#endif
