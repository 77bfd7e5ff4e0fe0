/* reader - one file of signatures as it is read, and how it is found wrong. */
#ifndef MS_READER_H
#define MS_READER_H

#include "signature.h"

/* What one file is read with. */
struct reader {
	struct signatures *s;
	struct config c;
	struct product p;
	const char *const *tags; /* the product's */
	char *err; /* CONFIG_ERROR bytes */
};

/* Put file, line, column and what is wrong there into err; text is added in
 * quotes unless it is NULL. Returns -1. */
int reader_wrong(struct reader *r, config_node *node, const char *what,
    const char *text);
/* A text that lives as long as the signatures; NULL stays NULL. */
const char *reader_keep(struct reader *r, const char *text);
/* What a map has under a key: NULL if it has none. 0; or -1 if that is no
 * text. */
int reader_text(struct reader *r, config_node *map, const char *key,
    const char **text);
/* 0 if a map has each key at most once, and none but these (NULL at the end),
 * or else -1. */
int reader_keys(struct reader *r, config_node *map, const char *const *known);

/* How many texts there are in a node that is a text or a list of them, and the
 * i-th of them: NULL if it is none. *node is where it stands. */
size_t reader_texts(const config_node *list);
const char *reader_text_at(struct reader *r, config_node *list, size_t i,
    config_node **node);

/* A list of n texts that lives as long as the signatures. */
const char **reader_own_list(struct signatures *s, size_t n);
/* The rules of a node into *tags, which stay as they are if there is none.
 * 0 or -1. */
int reader_tags(struct reader *r, config_node *node, const char *const **tags);

/* besides.c: what a product's map has under probe and examples, into r->p.
 * 0 or -1. */
int probe_read(struct reader *r, config_node *root);
int examples_read(struct reader *r, config_node *root);

/* registries.c: read the map of a file that has one into r->s. 0 or -1. */
int registries_read(struct reader *r, config_node *map);
void registries_free(struct registries *reg);

#endif
