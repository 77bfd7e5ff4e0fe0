/* report - how the run is doing: STATUS records, lines for SIGUSR1, and a line
 * on a terminal until all is synced.
 */
#ifndef MS_REPORT_H
#define MS_REPORT_H

#include "survey.h"
#include "watches.h"

struct report {
	/* borrowed, set by the owner */
	const struct kubeconfig *config;
	const struct credentials *credentials;
	struct http *http;
	struct queue *queue;
	struct emit *emit;
	const struct watches *watches;
	const struct survey *survey;
	int64_t every; /* ms between STATUS records; 0: none */

	char started[32]; /* RFC 3339 */
	int64_t began; /* ms */
	int64_t blocked; /* ms that stdout kept us from reading */
	unsigned generation; /* different answers of discovery */
	int64_t generation_at; /* ms */
	int64_t next; /* ms: the next STATUS; 0: now */
	bool shows_progress;
	int64_t shown_at; /* ms */
};

/* The first members are set. */
void report_start(struct report *r, int64_t now);
/* Discovery has brought something new. */
void report_discovered(struct report *r, int64_t now);

/* A STATUS record and the line on the terminal, if they are due; now: because
 * ready was written. */
void report_tick(struct report *r, int64_t now);
void report_ready(struct report *r, int64_t now);
/* The run ends; perhaps before ready. */
void report_stop(struct report *r);
int64_t report_due(const struct report *r);

/* For a person, on stderr: a line for the whole and one for each resource. */
void report_tell(const struct report *r, int64_t now);

#endif
