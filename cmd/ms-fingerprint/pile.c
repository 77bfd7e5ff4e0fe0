#include "pile.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define LEAST (32u << 10) /* bytes that may be idle, however little is held */

void
pile_free(struct pile *pile)
{
	free(pile->p);
	*pile = (struct pile){0};
}

/* ---- a length, seven bits a byte, the lowest first ---- */

#define LENGTH_MAX 5

static size_t
put_length(char out[LENGTH_MAX], size_t n)
{
	size_t i = 0;

	for (; n > 127; n >>= 7)
		out[i++] = (char)(n | 128);
	out[i++] = (char)n;
	return i;
}

/* All bytes of a text and its length. */
static struct span
whole(const struct pile *pile, uint32_t place)
{
	struct span text = pile_get(pile, place);
	const char *begin = pile->p + place;

	return (struct span){begin, (size_t)(text.p + text.n - begin)};
}

/* ---- texts come and go ---- */

static void
make_room(struct pile *pile, size_t n)
{
	size_t size = pile->size;

	if (n > UINT32_MAX - 1 - pile->used)
		diag_nomem(); /* places have no more bits */
	while (size < pile->used + n)
		size = size / 2 * 3 + 256;
	if (size > UINT32_MAX)
		size = UINT32_MAX;
	if (size == pile->size)
		return;
	pile->p = diag_alloc(pile->p, size);
	pile->size = (uint32_t)size;
}

uint32_t
pile_put(struct pile *pile, struct span text)
{
	char length[LENGTH_MAX];
	size_t n = put_length(length, text.n);
	uint32_t place = pile->used;

	make_room(pile, n + text.n);
	memcpy(pile->p + place, length, n);
	if (text.n)
		memcpy(pile->p + place + n, text.p, text.n);
	pile->used += (uint32_t)(n + text.n);
	return place;
}

void
pile_drop(struct pile *pile, uint32_t place)
{
	pile->idle += (uint32_t)whole(pile, place).n;
}

bool
pile_is_loose(const struct pile *pile)
{
	return pile->idle > LEAST && pile->idle > pile->used / 4;
}

/* ---- closing up ---- */

static int
compare(const void *a, const void *b)
{
	const uint32_t *x = *(uint32_t *const *)a, *y = *(uint32_t *const *)b;

	return *x < *y ? -1 : *x > *y;
}

void
pile_tidy(struct pile *pile, uint32_t *first, size_t stride, size_t n)
{
	uint32_t **place = diag_alloc(NULL, (n + 1) * sizeof(*place));
	size_t held = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t *p = (uint32_t *)(void *)((char *)first + i * stride);

		if (*p != PILE_NONE)
			place[held++] = p;
	}
	qsort(place, held, sizeof(*place), compare);
	pile->used = pile->idle = 0;
	for (size_t i = 0; i < held; i++) {
		struct span text = whole(pile, *place[i]);

		memmove(pile->p + pile->used, text.p, text.n);
		*place[i] = pile->used;
		pile->used += (uint32_t)text.n;
	}
	free(place);
	pile->size = pile->used + 1; /* so that it is never nothing */
	pile->p = diag_alloc(pile->p, pile->size);
}
