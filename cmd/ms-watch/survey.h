/* survey - what one has to know of a server before anything is watched: which
 * cluster it is and what it serves. Asked until it is known, and then looked
 * at again from time to time, and when a watch says that it may have changed.
 */
#ifndef MS_SURVEY_H
#define MS_SURVEY_H

#include "catalog.h"
#include "cluster.h"
#include "definitions.h"
#include "discovery.h"
#include "settings.h"

/* What is served, new or changed: the first time when the cluster is known as
 * well. The catalog is the survey's. */
typedef void survey_found(void *context, struct catalog *catalog);

struct survey {
	const struct settings *settings;
	const struct kubeconfig *config;
	struct http *http;
	survey_found *found;
	void *context;

	struct cluster cluster;
	struct discovery *discovery;
	struct definitions definitions;
	struct catalog catalog; /* what was found last */
	bool is_found, is_told; /* once; found() was called */
	unsigned failures; /* of the start, in a row */
	int64_t retry_at; /* ms: when to start again; 0: not waiting */
	int64_t look_at; /* ms: when to look again; 0: looking */
	int64_t
	    doubted_at; /* ms: since when that has to be; 0: nobody doubts */
	int next_follow_up;
	int64_t last_warning;
};

/* All but the first five members zero. */
void survey_start(struct survey *s);
void survey_free(struct survey *s);

/* What is served may have changed. */
void survey_doubt(struct survey *s);
/* Do what is due; now: ms. */
void survey_tick(struct survey *s, int64_t now);
int64_t survey_due(const struct survey *s);

#endif
