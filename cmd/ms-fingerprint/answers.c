#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "json.h"

#define WAIT_MOST 64u /* turns */

void
answers_init(struct answers *a)
{
	*a = (struct answers){.size = 0};
	intern_init(&a->keys);
}

void
answers_free(struct answers *a)
{
	for (uint32_t i = 0; i < a->size; i++) {
		free(a->answer[i].version);
		free(a->answer[i].pod);
		free(a->answer[i].at);
	}
	free(a->answer);
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

struct answer *
answers_at(const struct answers *a, struct span key)
{
	uint32_t id = key.n ? intern_find(&a->keys, key) : TABLE_NONE;

	return id != TABLE_NONE ? &a->answer[id] : NULL;
}

struct answer *
answers_find(const struct answers *a, const char *product, struct span digest)
{
	char buf[ANSWERS_KEY];

	return a ? answers_at(a, answers_key(product, digest, buf)) : NULL;
}

struct answer *
answers_put(struct answers *a, struct span key)
{
	uint32_t id = intern_put(&a->keys, key);

	if (id >= a->size) {
		uint32_t size = id * 2;

		a->answer = diag_alloc(a->answer, size * sizeof(*a->answer));
		memset(a->answer + a->size, 0,
		    (size - a->size) * sizeof(*a->answer));
		a->size = size;
	}
	return &a->answer[id];
}

static char *
join(const char *before, const char *a, const char *between, const char *b)
{
	struct json j = {0};

	json_puts(&j, before);
	json_puts(&j, a);
	json_puts(&j, between);
	json_puts(&j, b);
	json_raw(&j, "", 1);
	return j.p;
}

void
answers_note(struct answer *at, const char *ns, const char *pod,
    const char *port, const char *path)
{
	free(at->pod);
	free(at->at);
	at->pod = join("", ns, "/", pod);
	at->at = join(":", port, "", path);
}

void
answers_ask(struct answers *a, struct answer *at, uint32_t turn)
{
	at->turn = turn;
	at->is_out = true;
	a->out++;
}

void
answers_end(struct answers *a, struct answer *at)
{
	a->out -= at->is_out;
	at->is_out = false;
}

void
answers_fail(struct answers *a, struct answer *at, uint32_t turn,
    bool other_way)
{
	bool is_first = at->tries % 2 == 0;
	uint32_t wait;

	if (!at->is_out)
		return; /* it came too late, and counts already */
	wait = 1u << (at->tries / 2);
	answers_end(a, at);
	if (is_first && other_way) {
		at->turn = turn;
		at->tries++;
		return;
	}
	at->turn = turn + (wait < WAIT_MOST ? wait : WAIT_MOST);
	at->tries = (uint8_t)(at->tries + (is_first ? 2 : 1));
}

void
answers_retry(struct answers *a)
{
	for (uint32_t i = 0; i < a->size; i++) {
		a->answer[i].tries = 0;
		if (!a->answer[i].is_out)
			a->answer[i].turn = 0;
	}
}

void
answers_take(struct answers *a, struct answer *at, struct span version)
{
	answers_end(a, at);
	at->version = diag_strndup(version.p, version.n);
}
