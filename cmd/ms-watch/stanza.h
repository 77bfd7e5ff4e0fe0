/* stanza - one cluster, user or context of a kubeconfig, field by field.
 *
 * What is wrong with a field is told with file, line, stanza and field. All
 * that is read is a copy, the caller's to free.
 */
#ifndef MS_STANZA_H
#define MS_STANZA_H

#include <stdbool.h>

#include "config.h"
#include "text.h"

struct stanza {
	struct config *file;
	config_node *node; /* NULL: it is empty */
	const char *what; /* user, cluster, context */
	const char *name;
	char *err; /* CONFIG_ERROR bytes */
};

/* PEM that stands in the kubeconfig, or the path of the file that has it. */
struct pem_source {
	char *data, *path; /* one of them, or none */
	char *field; /* for messages: user 'me' of FILE: client-key */
};

/* err becomes "FILE:LINE:COLUMN: user 'me': KEY " and the message; -1. KEY is
 * left out when it is NULL. */
int stanza_wrong(const struct stanza *s, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

config_node *stanza_get(const struct stanza *s, const char *key);
/* These set *out to NULL or false when the field is not there. Control
 * characters are refused, as most of it goes into requests. */
int stanza_text(const struct stanza *s, const char *key, char **out);
int stanza_bool(const struct stanza *s, const char *key, bool *out);
/* The texts of a list. */
int stanza_list(const struct stanza *s, const char *key, struct opts_list *out);
/* A path counts from the folder of the kubeconfig. */
int stanza_path(const struct stanza *s, const char *key, char **out);
char *stanza_resolve(const struct stanza *s, const char *path);
/* KEY-data, which is base64, or the path in KEY. */
int stanza_pem(const struct stanza *s, const char *key, const char *label,
    struct pem_source *out);

#endif
