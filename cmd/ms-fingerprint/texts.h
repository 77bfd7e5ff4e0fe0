/* texts - each distinct text once, for as long as something holds it.
 *
 * As lib/intern, but counted: what nobody holds any more is gone, and its
 * number may be given to another text.
 */
#ifndef MS_TEXTS_H
#define MS_TEXTS_H

#include "pile.h"
#include "table.h"

struct text {
	uint32_t place; /* in the pile; PILE_NONE: a free number */
	uint32_t holds; /* or the next free number */
};

#define TEXTS_LATE 4096 /* twelve bits of a number */

struct texts {
	struct table table;
	struct text *text;
	uint32_t *late; /* numbers of those that came lately */
	struct pile pile;
	uint32_t n, size, free;
	/* runs of numbers of this that are held as one (pack.h); NULL: none are,
	 * else the number 0 is no text's */
	struct texts *phrases;
};

/* The struct must not move after this. */
void texts_init(struct texts *t);
void texts_free(struct texts *t);

/* The number of a text, which is held once more. */
uint32_t texts_hold(struct texts *t, struct span text);
void texts_drop(struct texts *t, uint32_t number);
/* The number of a text, or TABLE_NONE. */
uint32_t texts_find(const struct texts *t, struct span text);
/* The text of a number that is held; borrowed until texts come or go. */
static inline struct span
texts_get(const struct texts *t, uint32_t number)
{
	return pile_get(&t->pile, t->text[number].place);
}

/* Hold it once more. */
static inline void
texts_keep(struct texts *t, uint32_t number)
{
	t->text[number].holds++;
}

/* Whether a number that was given once still is, to whatever text. */
static inline bool
texts_is(const struct texts *t, uint32_t number)
{
	return t->text[number].place != PILE_NONE;
}

#endif
