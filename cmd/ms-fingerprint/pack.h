/* pack - facts in a tenth of their bytes.
 *
 * Most of what objects show, others show too: keys of labels, names of
 * variables, repositories, and a workload's own name in five places. So facts
 * are cut into words where their parts differ from object to object, each
 * distinct word is held once, and what is left are the words' numbers. What
 * containers are started with is often the same word by word, so such a run can
 * be held once, too, as a phrase.
 */
#ifndef MS_PACK_H
#define MS_PACK_H

#include "json.h"
#include "texts.h"

/* Append the packed form of facts, whose words are held from here on. */
void pack_facts(struct texts *words, struct span facts, struct json *out);
/* The same of one fact in two parts: the word that it begins with, which is held
 * already, and the text behind that. */
void pack_behind(struct texts *words, uint32_t head, struct span text,
    struct json *out);
/* Words that know phrases from here on, which are to be held by the other. */
void pack_init(struct texts *words, struct texts *phrases);
/* Let what has been packed into out from a place on be a phrase, if it is not
 * too short for that. Of its words only those of fresh, which is packed too, are
 * held; what is packed then is held, and fresh is not. */
void pack_phrase(struct texts *words, size_t from, struct span fresh,
    struct json *out);
/* The same of a JSON value. Its keys, with all that stands between two strings,
 * are in many values; its strings are names in part. */
void pack_json(struct texts *words, struct span value, struct json *out);
/* Append again what was packed, to the byte. */
void pack_open(const struct texts *words, struct span packed, struct json *out);
/* Hold the words of a packed form once more, for another that has them. */
void pack_keep(struct texts *words, struct span packed);
/* Drop the words of a packed form that is not needed any more. */
void pack_drop(struct texts *words, struct span packed);

/* The packed form of one fact, a letter and a text, and nothing is held. False:
 * some word of it is in no facts at all, so neither is it. */
bool pack_find(const struct texts *words, struct span fact, struct json *out);
/* Whether such a fact is in a packed form. */
bool pack_has(struct span packed, struct span fact);

/* Append a number, in one byte if it is small. */
void pack_number(struct json *out, uint32_t number);
/* The number at the start of a text, which begins behind it then. */
uint32_t pack_take_number(struct span *text);

#endif
