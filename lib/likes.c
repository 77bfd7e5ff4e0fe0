#include "likes.h"

void
likes_init(struct likes *s)
{
	*s = (struct likes){0};
	for (size_t i = 0; i < LIKES; i++)
		s->recent[i] = &s->like[i];
}

void
likes_release(struct likes *s)
{
	for (size_t i = 0; i < LIKES; i++)
		like_release(&s->like[i]);
}

static struct like *
use(struct likes *s, size_t i)
{
	struct like *l = s->recent[i];

	for (; i > 0; i--)
		s->recent[i] = s->recent[i - 1];
	return s->recent[0] = l;
}

int
likes_find(struct likes *s, const struct scan_plan *plan, struct span doc,
    struct span *slots, struct like **by, struct scan_error *err)
{
	*by = NULL;
	if (doc.n > LIKE_MAX)
		return scan_find(plan, doc.p, doc.n, slots, err);
	for (size_t i = 0; i < LIKES; i++)
		if (like_find(s->recent[i], plan, doc, slots)) {
			*by = use(s, i);
			return 0;
		}
	*by = use(s, LIKES - 1);
	return like_scan(*by, plan, doc, slots, err);
}
