/* document - what one source of configuration says: the command line, a
 * MeshSync custom resource, or a file. What it does not say is left open.
 */
#ifndef MS_DOCUMENT_H
#define MS_DOCUMENT_H

#include "config.h"
#include "scan.h"
#include "want.h"

/* What is said about the resources that a name stands for: kubectl's
 * spellings, "*.group", or "*". */
struct rule {
	char *name;
	enum depth depth;
	bool has_namespaces;
	struct opts_list namespaces;
	char *labels, *fields;
};

enum document_list {
	LIST_NONE,
	LIST_WHITE, /* only what is listed, and instances of CRDs */
	LIST_ONLY, /* only what is listed */
	LIST_BLACK /* not what is listed */
};

struct listed {
	char *name;
	unsigned events;
};

struct document {
	char *source; /* for people: where this comes from */
	char *profile;
	enum depth depth; /* of what is watched */
	bool has_namespaces;
	struct opts_list namespaces, fallback;
	char *labels;
	struct rule *rule;
	size_t n_rules;
	enum document_list list;
	struct listed *listed;
	size_t n_listed;
	char *signatures; /* a ConfigMap, NAMESPACE/NAME */
};

void document_free(struct document *d);

/* Add what a YAML text says; name is for messages. 0; or -1 and err says what
 * is wrong at which line, and d is as it was. */
int document_read(struct document *d, const char *name, const char *text,
    size_t n, char err[CONFIG_ERROR]);
/* The same of a file. */
int document_load(struct document *d, const char *path, char err[CONFIG_ERROR]);

/* Add what the spec of a MeshSync custom resource says: its watch-list, or the
 * older informer_config, of the shape of a ConfigMap: a whitelist or a blacklist
 * as MeshSync 1.0 reads them, and our own document under the key "config".
 * spec is valid JSON, or absent. 0; or -1 and err says what is wrong, and the
 * lists count for nothing (the rest is taken). */
int document_custom(struct document *d, struct span spec,
    char err[CONFIG_ERROR]);

/* Put a name into its list. */
void document_list(struct document *d, enum document_list list,
    const char *name, unsigned events);

bool document_is_profile(const char *name);

#endif
