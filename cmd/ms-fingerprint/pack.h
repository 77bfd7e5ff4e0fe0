/* pack - facts in a tenth of their bytes.
 *
 * Most of what objects show, others show too: keys of labels, names of
 * variables, repositories, and a workload's own name in five places. So facts
 * are cut into words where their parts differ from object to object, each
 * distinct word is held once, and what is left are the words' numbers.
 */
#ifndef MS_PACK_H
#define MS_PACK_H

#include "json.h"
#include "texts.h"

/* Append the packed form of facts, whose words are held from here on. */
void pack_facts(struct texts *words, struct span facts, struct json *out);
/* Append the facts again, to the byte. */
void pack_open(const struct texts *words, struct span packed, struct json *out);
/* Drop the words of a packed form that is not needed any more. */
void pack_drop(struct texts *words, struct span packed);

/* Whether a packed form is that of these facts. */
bool pack_is(const struct texts *words, struct span packed, struct span facts);
/* Whether there is this very fact in it: a letter and a text. */
bool pack_has(const struct texts *words, struct span packed, char letter,
    struct span text);

#endif
