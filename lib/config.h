/* config - a YAML or JSON document for reading, with the lines it came from.
 *
 * For cold data that people write: kubeconfigs, configuration, signatures. A
 * message can name file, line and column of whatever is wrong. Of duplicate
 * keys the last wins; aliases are followed.
 */
#ifndef MS_CONFIG_H
#define MS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#define CONFIG_ERROR 512 /* bytes of a message */

struct config {
	yaml_document_t doc;
	char *name; /* for messages */
	size_t more; /* the line where a second document begins; 0: none */
};

typedef yaml_node_t config_node;

/* Read a whole file, or text called name. 0; or -1 and err says
 * "name:line:column: what". An empty document has no root, and is no error;
 * of several documents only the first is read.
 * A file of more than 64 MiB is refused. */
int config_load(struct config *c, const char *path, char err[CONFIG_ERROR]);
int config_parse(struct config *c, const char *name, const char *text, size_t n,
    char err[CONFIG_ERROR]);
void config_free(struct config *c);

/* All nodes are borrowed from c, and NULL stands for what is absent: it may be
 * passed on to any of these. */
config_node *config_root(struct config *c);
config_node *config_get(struct config *c, config_node *map, const char *key);

bool config_is_map(const config_node *node);
bool config_is_list(const config_node *node);
/* Elements of a list, or members of a map. */
size_t config_count(const config_node *node);
config_node *config_at(struct config *c, config_node *list, size_t i);
config_node *config_key_at(struct config *c, config_node *map, size_t i);
config_node *config_value_at(struct config *c, config_node *map, size_t i);

/* A scalar's text, terminated; NULL if node is no scalar, or a plain null. */
const char *config_text(const config_node *node);
/* config_text(config_get(…)). */
const char *config_get_text(struct config *c, config_node *map,
    const char *key);
/* true or false as YAML 1.2 spells them; absent or anything else: fallback. */
bool config_get_bool(struct config *c, config_node *map, const char *key,
    bool fallback);

/* Put "name:line:column: " and the message into err; returns -1. */
int config_error(const struct config *c, const config_node *node,
    char err[CONFIG_ERROR], const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same without a place. */
int config_fail(char err[CONFIG_ERROR], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The whole of a file as text, terminated, the caller's to free; NULL: errno.
 * *n may be NULL. */
char *config_read_file(const char *path, size_t *n);

#endif
