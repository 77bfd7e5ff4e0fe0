/* tally - what a watch has seen and done, in numbers that only grow.
 *
 * Kept where things happen, read by report.c alone.
 */
#ifndef MS_TALLY_H
#define MS_TALLY_H

#include <stdint.h>

#include "machine.h"
#include "stream.h"

enum tally_form { TALLY_LIST, TALLY_WATCHLIST, TALLY_WATCH, TALLY_FORMS };

#define TALLY_CAUSES 8 /* of lists; see SYNC in ms-record.7 */

struct tally {
	uint64_t events[STREAM_UNKNOWN + 1]; /* as the server sent them */
	uint64_t synthesized, suppressed; /* records */
	uint32_t outcomes[TALLY_FORMS][IN_INPUTS]; /* of requests */
	struct {
		const char *cause; /* text that lasts */
		uint32_t n;
	} relists[TALLY_CAUSES];
	int64_t throttled; /* ms that the server made it wait */
	int64_t byte_at, event_at, bookmark_at; /* ms; 0: never */
};

void tally_relist(struct tally *t, const char *cause);
/* Bytes were decoded, so many events and bookmarks had been there before. */
void tally_note(struct tally *t, uint64_t events, uint64_t bookmarks,
    int64_t now);
/* All but bookmarks and errors. */
uint64_t tally_events(const struct tally *t);
/* Count what from has, too; of times the earlier ones stay. */
void tally_add(struct tally *t, const struct tally *from);

#endif
