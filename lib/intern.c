#include "intern.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define CHUNK (16u << 10)

static uint64_t
hash(const void *context, uint32_t id)
{
	const struct intern *in = context;

	return table_hash(in->text[id].p, in->text[id].n, 0);
}

static bool
equal(const void *context, uint32_t id, const void *key)
{
	return span_same(((const struct intern *)context)->text[id],
	    *(const struct span *)key);
}

static const struct table_ops ops = {hash, equal};

void
intern_init(struct intern *in)
{
	*in = (struct intern){.free = TABLE_NONE};
	table_init(&in->table, &ops, in);
	intern_put(in, span_of(""));
}

void
intern_free(struct intern *in)
{
	for (size_t i = 0; i < in->n_chunks; i++)
		free(in->chunks[i]);
	free(in->chunks);
	free(in->text);
	table_free(&in->table);
}

static char *
new_chunk(struct intern *in, size_t n)
{
	in->chunks =
	    diag_alloc(in->chunks, (in->n_chunks + 1) * sizeof(*in->chunks));
	return in->chunks[in->n_chunks++] = diag_alloc(NULL, n);
}

/* Room for n bytes that will not move. */
static char *
room(struct intern *in, size_t n)
{
	char *p;

	if (n > CHUNK / 4)
		return new_chunk(in, n);
	if (n > in->left) {
		in->chunk = new_chunk(in, CHUNK);
		in->left = CHUNK;
	}
	p = in->chunk;
	in->chunk += n;
	in->left -= n;
	return p;
}

uint32_t
intern_find(const struct intern *in, struct span text)
{
	return table_find(&in->table, table_hash(text.p, text.n, 0), &text);
}

static uint32_t
new_number(struct intern *in)
{
	uint32_t id = in->free;

	if (id != TABLE_NONE) {
		in->free = (uint32_t)in->text[id].n;
		return id;
	}
	if (in->n == in->size) {
		in->size = in->size ? in->size * 2 : 64;
		in->text = diag_alloc(in->text, in->size * sizeof(*in->text));
	}
	return in->n++;
}

static struct span
keep_text(struct intern *in, struct span text)
{
	char *copy = room(in, text.n + 1);

	if (text.n)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return (struct span){copy, text.n};
}

uint32_t
intern_put(struct intern *in, struct span text)
{
	uint32_t id = intern_find(in, text);

	if (id != TABLE_NONE)
		return id;
	id = new_number(in);
	in->text[id] = keep_text(in, text);
	table_insert(&in->table, id);
	return id;
}

static void
forget(struct intern *in, uint32_t id)
{
	table_remove(&in->table, id);
	in->text[id] = (struct span){NULL, in->free};
	in->free = id;
}

void
intern_keep(struct intern *in, const uint8_t *keep)
{
	char **old = in->chunks;
	size_t n_old = in->n_chunks;

	for (uint32_t id = in->n; id-- > 1;)
		if (in->text[id].p && !keep[id])
			forget(in, id);
	in->chunks = NULL;
	in->n_chunks = in->left = 0;
	for (uint32_t id = 0; id < in->n; id++)
		if (in->text[id].p)
			in->text[id] = keep_text(in, in->text[id]);
	for (size_t i = 0; i < n_old; i++)
		free(old[i]);
	free(old);
}

struct span
intern_text(const struct intern *in, uint32_t number)
{
	return in->text[number];
}
