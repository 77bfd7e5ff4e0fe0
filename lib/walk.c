#include "walk.h"

static void
skip_space(struct walk *w)
{
	while (w->p < w->end && scan_is_space(*w->p))
		w->p++;
}

struct walk
walk_text(struct span value)
{
	return (
	    struct walk){value.p, value.n ? value.p + value.n : value.p, NULL};
}

bool
walk_text_enter(struct walk *w, char bracket)
{
	if (w->p == w->end || *w->p != bracket)
		return false;
	w->p++;
	return true;
}

bool
walk_text_element(struct walk *w)
{
	skip_space(w);
	if (w->p < w->end && *w->p == ',') {
		w->p++;
		skip_space(w);
	}
	if (w->p < w->end && *w->p != '}' && *w->p != ']')
		return true;
	w->p += w->p < w->end;
	return false;
}

bool
walk_text_member(struct walk *w, struct span *key)
{
	if (!walk_text_element(w))
		return false;
	*key = walk_text_pass(w);
	key->p++;
	key->n -= 2;
	skip_space(w);
	w->p++; /* the colon */
	skip_space(w);
	return true;
}

struct span
walk_text_pass(struct walk *w)
{
	const char *p = w->p, *after = p;
	struct scan_error err;

	if (p < w->end)
		after = scan_value(p, w->end, &err);
	w->p = after ? after : w->end;
	return (struct span){p, (size_t)(w->p - p)};
}
