/* walk - a way through a value that a scan has found valid.
 *
 * Values are entered or passed, and containers that were entered have to be
 * left by walking to their end. Where the document's tokens were written down,
 * nothing of it is read again but what is handed out; else it is read once.
 */
#ifndef MS_WALK_H
#define MS_WALK_H

#include "scan.h"

struct walk {
	const char *p, *end; /* what is left; with tokens p is the document */
	const struct scan_token *at; /* NULL: there are none */
};

/* Begin at a value, absent or not, whose tokens nobody has. */
struct walk walk_text(struct span value);

bool walk_text_enter(struct walk *w, char bracket);
bool walk_text_element(struct walk *w);
bool walk_text_member(struct walk *w, struct span *key);
struct span walk_text_pass(struct walk *w);

/* Into the container that the walk stands at, if it begins with bracket ('{'
 * or '['). False: it is something else, and the walk stays. */
static inline bool
walk_enter(struct walk *w, char bracket)
{
	if (!w->at)
		return walk_text_enter(w, bracket);
	if (w->p[w->at->from] != bracket)
		return false;
	w->at++;
	return true;
}

/* To the next element. False at the end of the container, which is left. */
static inline bool
walk_element(struct walk *w)
{
	char c;

	if (!w->at)
		return walk_text_element(w);
	c = w->p[w->at->from & SCAN_PLACE]; /* it may be a key */
	if (c != '}' && c != ']')
		return true;
	w->at++;
	return false;
}

/* To the next member's value; key as scan_member gives it. */
static inline bool
walk_member(struct walk *w, struct span *key)
{
	uint32_t from;

	if (!w->at)
		return walk_text_member(w, key);
	if (!walk_element(w))
		return false;
	from = w->at->from & SCAN_PLACE;
	*key = (struct span){w->p + from + 1, w->at->to - from - 2};
	w->at++;
	return true;
}

/* Past the value that the walk stands at. */
static inline struct span
walk_pass(struct walk *w)
{
	const struct scan_token *first = w->at, *last = first;

	if (!first)
		return walk_text_pass(w);
	if (first->to & SCAN_OPENS)
		last += first->to & SCAN_PLACE;
	w->at = last + 1;
	return (struct span){w->p + first->from, last->to - first->from};
}

#endif
