#include "tally.h"

#include <string.h>

static void
add_relists(struct tally *t, const char *cause, uint32_t n)
{
	for (size_t i = 0; i < TALLY_CAUSES; i++) {
		if (!t->relists[i].cause)
			t->relists[i].cause = cause;
		if (strcmp(t->relists[i].cause, cause) != 0)
			continue;
		t->relists[i].n += n;
		return;
	}
}

void
tally_relist(struct tally *t, const char *cause)
{
	add_relists(t, cause, 1);
}

uint64_t
tally_events(const struct tally *t)
{
	return t->events[STREAM_ADDED] + t->events[STREAM_MODIFIED] +
	    t->events[STREAM_DELETED];
}

void
tally_note(struct tally *t, uint64_t events, uint64_t bookmarks, int64_t now)
{
	t->byte_at = now;
	if (tally_events(t) != events)
		t->event_at = now;
	if (t->events[STREAM_BOOKMARK] != bookmarks)
		t->bookmark_at = now;
}

static void
keep_earlier(int64_t *at, int64_t other)
{
	if (!*at || other < *at)
		*at = other;
}

void
tally_add(struct tally *t, const struct tally *from)
{
	for (size_t i = 0; i <= STREAM_UNKNOWN; i++)
		t->events[i] += from->events[i];
	t->synthesized += from->synthesized;
	t->suppressed += from->suppressed;
	for (size_t i = 0; i < TALLY_FORMS; i++)
		for (size_t j = 0; j < IN_INPUTS; j++)
			t->outcomes[i][j] += from->outcomes[i][j];
	for (size_t i = 0; i < TALLY_CAUSES && from->relists[i].cause; i++)
		add_relists(t, from->relists[i].cause, from->relists[i].n);
	t->throttled += from->throttled;
	keep_earlier(&t->byte_at, from->byte_at);
	keep_earlier(&t->event_at, from->event_at);
	keep_earlier(&t->bookmark_at, from->bookmark_at);
}
