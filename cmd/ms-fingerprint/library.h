/* library - the texts of all signatures that hold, and what is made of them.
 *
 * Those that are built in come first, then those of files, then those that
 * SIGNATURES records brought, sorted by source: a later text replaces a
 * product of an earlier one, whoever came first.
 */
#ifndef MS_LIBRARY_H
#define MS_LIBRARY_H

#include "catalog.h"

struct library_text {
	char *source; /* of a record; NULL: a file of the command line */
	char *name; /* for messages */
	char *text;
	size_t n;
};

struct library {
	struct library_text *text;
	size_t n;
	bool bare; /* without those that are built in */
};

/* What is made of a library. Nothing of it changes or moves. */
struct knowledge {
	struct signatures signatures;
	struct catalog catalog;
};

void library_free(struct library *l);

/* Put in a file, or all *.yaml and *.yml of a folder. 0; or -1 and err says
 * what is wrong. */
int library_load(struct library *l, const char *path, char err[CONFIG_ERROR]);

/* Whether a product was read from this file, or a file in this folder;
 * "built-in" is the program itself. */
bool library_is_from(const struct product *p, const char *path);

/* What the texts say. NULL: err says file, line, column and what is wrong. */
struct knowledge *library_build(const struct library *l,
    char err[CONFIG_ERROR]);
void knowledge_free(struct knowledge *k);

/* Put the texts of data, a ConfigMap's as JSON, in the place of all that came
 * from source, and return what the library says then. NULL: they are wrong as
 * err says, and the library is as it was. */
struct knowledge *library_replace(struct library *l, struct span source,
    struct span data, char err[CONFIG_ERROR]);

#endif
