#include "texts.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

static uint64_t
hash_of(struct span text)
{
	return table_hash(text.p, text.n, 0);
}

/* Made anew each time, as what is held of a text is held a hundred thousand
 * times. */
static uint64_t
hash(const void *context, uint32_t number)
{
	return hash_of(texts_get(context, number));
}

static bool
equal(const void *context, uint32_t number, const void *key)
{
	return span_same(texts_get(context, number), *(const struct span *)key);
}

static const struct table_ops ops = {hash, equal};

void
texts_init(struct texts *t)
{
	*t = (struct texts){.free = TABLE_NONE};
	table_init(&t->table, &ops, t);
	t->late = diag_alloc(NULL, TEXTS_LATE * sizeof(*t->late));
	memset(t->late, 0, TEXTS_LATE * sizeof(*t->late));
}

void
texts_free(struct texts *t)
{
	table_free(&t->table);
	pile_free(&t->pile);
	free(t->text);
	free(t->late);
}

static uint32_t
new_number(struct texts *t)
{
	uint32_t number = t->free;

	if (number != TABLE_NONE) {
		t->free = t->text[number].holds;
		return number;
	}
	if (t->n == t->size) {
		t->size = t->size ? t->size * 2 : 64;
		t->text = diag_alloc(t->text, t->size * sizeof(*t->text));
	}
	return t->n++;
}

/* A number that most texts have for themselves: of their ends and length. */
static uint64_t
glance(struct span text)
{
	uint64_t first = 0, last = 0;

	if (text.n >= 8) {
		memcpy(&first, text.p, 8);
		memcpy(&last, text.p + text.n - 8, 8);
	} else if (text.n >= 4) {
		memcpy(&first, text.p, 4);
		memcpy(&last, text.p + text.n - 4, 4);
	} else if (text.n) {
		first = (unsigned char)text.p[0];
		last = (unsigned char)text.p[text.n - 1] << 8 |
		    (unsigned char)text.p[text.n / 2];
	}
	return (first * 0x9e3779b97f4a7c15u ^ last ^ text.n) *
	    0x9e3779b97f4a7c15u;
}

static uint32_t
find_or_add(struct texts *t, struct span text)
{
	uint32_t number = table_find(&t->table, hash_of(text), &text);

	if (number != TABLE_NONE)
		return number;
	number = new_number(t);
	t->text[number] = (struct text){pile_put(&t->pile, text), 0};
	table_insert(&t->table, number);
	return number;
}

/* The same texts come over and over: those that came lately are found without
 * a search. */
uint32_t
texts_hold(struct texts *t, struct span text)
{
	uint32_t *late = &t->late[glance(text) >> 52];

	if (*late >= t->n || t->text[*late].place == PILE_NONE ||
	    !span_same(texts_get(t, *late), text))
		*late = find_or_add(t, text);
	t->text[*late].holds++;
	return *late;
}

void
texts_drop(struct texts *t, uint32_t number)
{
	struct text *text = &t->text[number];

	if (--text->holds)
		return;
	table_remove(&t->table, number); /* while it can be read */
	pile_drop(&t->pile, text->place);
	*text = (struct text){.place = PILE_NONE, .holds = t->free};
	t->free = number;
	if (pile_is_loose(&t->pile))
		pile_tidy(&t->pile, &t->text->place, sizeof(*t->text), t->n);
}

uint32_t
texts_find(const struct texts *t, struct span text)
{
	return table_find(&t->table, hash_of(text), &text);
}
