#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

void
answers_init(struct answers *a)
{
	*a = (struct answers){.size = 0};
	intern_init(&a->keys);
}

void
answers_free(struct answers *a)
{
	for (uint32_t i = 0; i < a->size; i++)
		free(a->version[i]);
	free(a->version);
	intern_free(&a->keys);
}

struct span
answers_key(const char *product, struct span digest, char buf[ANSWERS_KEY])
{
	size_t n = strlen(product);

	if (!digest.n || n + 1 + digest.n > ANSWERS_KEY)
		return (struct span){0};
	memcpy(buf, product, n);
	buf[n] = '@';
	memcpy(buf + n + 1, digest.p, digest.n);
	return (struct span){buf, n + 1 + digest.n};
}

struct span
answers_version(const struct answers *a, const char *product,
    struct span digest)
{
	char buf[ANSWERS_KEY];
	struct span key = {0};
	uint32_t id = TABLE_NONE;

	if (a)
		key = answers_key(product, digest, buf);
	if (key.n)
		id = intern_find(&a->keys, key);
	return id != TABLE_NONE && a->version[id] ? span_of(a->version[id]) :
						    (struct span){0};
}

bool
answers_ask(struct answers *a, struct span key)
{
	uint32_t id;

	if (intern_find(&a->keys, key) != TABLE_NONE)
		return false;
	id = intern_put(&a->keys, key);
	if (id >= a->size) {
		uint32_t size = id * 2;

		a->version = diag_alloc(a->version, size * sizeof(*a->version));
		memset(a->version + a->size, 0,
		    (size - a->size) * sizeof(*a->version));
		a->size = size;
	}
	return true;
}

bool
answers_take(struct answers *a, struct span key, struct span version)
{
	uint32_t id = intern_find(&a->keys, key);

	if (id == TABLE_NONE || a->version[id])
		return false;
	a->version[id] = diag_strndup(version.p, version.n);
	return true;
}
