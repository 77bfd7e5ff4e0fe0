/* intern - each distinct text once, under a small number.
 *
 * Numbers count from 0 in the order of arrival; 0 is the empty text. Texts
 * live until intern_free() and never move, but for intern_keep(); the struct
 * must not move either.
 */
#ifndef MS_INTERN_H
#define MS_INTERN_H

#include "scan.h"
#include "table.h"

struct intern {
	struct table table;
	struct span *text;
	uint32_t n, size; /* numbers, some of them free */
	uint32_t free;
	char *chunk; /* memory for texts, a chunk at a time */
	size_t left;
	char **chunks;
	size_t n_chunks;
};

void intern_init(struct intern *in);
void intern_free(struct intern *in);

/* The number of text, which is new if need be. */
uint32_t intern_put(struct intern *in, struct span text);
/* The number of text, or TABLE_NONE. */
uint32_t intern_find(const struct intern *in, struct span text);
/* The text of a number; terminated by a NUL that n does not count. */
struct span intern_text(const struct intern *in, uint32_t number);
/* Forget all but the texts whose numbers are marked in keep, which has n of
 * them, and the empty one. They move; numbers of others will be given again. */
void intern_keep(struct intern *in, const uint8_t *keep);

#endif
