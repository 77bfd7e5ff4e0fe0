/* pile - many short texts in one piece of memory, to the byte.
 *
 * A text is known by its place, four bytes that its owner keeps; the pile adds
 * one byte for its length, or more for a long one. What is dropped stays where
 * it is until there is enough of it; the owner then tells all places, and the
 * others close up. So the memory is that of what is held and a third at most,
 * whatever came and went.
 */
#ifndef MS_PILE_H
#define MS_PILE_H

#include "scan.h"

#define PILE_NONE UINT32_MAX

/* All zero: empty. */
struct pile {
	char *p;
	uint32_t used, size, idle;
};

void pile_free(struct pile *pile);

/* Put in a text. Returns its place. */
uint32_t pile_put(struct pile *pile, struct span text);
/* The text at a place, borrowed until one is put in or the pile is tidied. */
static inline struct span
pile_get(const struct pile *pile, uint32_t place)
{
	const unsigned char *p = (const unsigned char *)pile->p + place;
	size_t n = *p & 127;

	/* the length, seven bits a byte, the lowest first */
	for (unsigned shift = 7; *p++ & 128; shift += 7)
		n |= (size_t)(*p & 127) << shift;
	return (struct span){(const char *)p, n};
}

void pile_drop(struct pile *pile, uint32_t place);

/* Whether so much was dropped that it is time for pile_tidy. */
bool pile_is_loose(const struct pile *pile);
/* Close up. The places stand in an array of n things of that many bytes each,
 * the first one's at first; PILE_NONE: that thing has none. They change. */
void pile_tidy(struct pile *pile, uint32_t *first, size_t stride, size_t n);

#endif
