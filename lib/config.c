#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"

#define FILE_MAX (64u << 20)

static char *
read_all(int fd, size_t *n)
{
	size_t len = 0, size = 16384;
	char *text = diag_alloc(NULL, size + 1);
	ssize_t k;

	while ((k = read(fd, text + len, size - len)) != 0) {
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 || (len += (size_t)k) > FILE_MAX) {
			errno = k < 0 ? errno : EFBIG;
			free(text);
			return NULL;
		}
		if (len == size)
			text = diag_alloc(text, (size *= 2) + 1);
	}
	text[len] = '\0';
	if (n)
		*n = len;
	return text;
}

char *
config_read_file(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), keep;
	char *text;

	if (fd < 0)
		return NULL;
	text = read_all(fd, n);
	keep = errno;
	close(fd);
	errno = keep;
	return text;
}

int
config_load(struct config *c, const char *path, char err[CONFIG_ERROR])
{
	size_t n;
	char *text = config_read_file(path, &n);
	int status;

	if (!text) {
		snprintf(err, CONFIG_ERROR, "unable to read %s: %s", path,
		    strerror(errno));
		return -1;
	}
	status = config_parse(c, path, text, n, err);
	free(text);
	return status;
}

/* ---- parsing ---- */

/* What the parser says of the text that it could not decode has no mark. */
static void
count_to(const char *text, size_t n, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			++*column;
		}
}

/* Whether a line, counted from 0, is indented by a tab among others. */
static bool
has_tab(const char *text, size_t n, size_t line)
{
	const char *end = text + n;

	while (line > 0 && text < end)
		line -= *text++ == '\n';
	while (text < end && *text == ' ')
		text++;
	return text < end && *text == '\t';
}

static void
describe(const yaml_parser_t *parser, const char *name, const char *text,
    size_t n, char err[CONFIG_ERROR])
{
	size_t line = parser->problem_mark.line + 1;
	size_t column = parser->problem_mark.column + 1;
	char more[128] = "";

	if (parser->error == YAML_READER_ERROR)
		count_to(text,
		    parser->problem_offset < n ? parser->problem_offset : n,
		    &line, &column);
	else if (has_tab(text, n, parser->problem_mark.line))
		snprintf(more, sizeof(more),
		    "; lines are indented by blanks, not tabs");
	else if (parser->context &&
	    parser->context_mark.line != parser->problem_mark.line)
		snprintf(more, sizeof(more), ", %s that begins at %zu:%zu",
		    parser->context, parser->context_mark.line + 1,
		    parser->context_mark.column + 1);
	snprintf(err, CONFIG_ERROR, "%s:%zu:%zu: %s%s", name, line, column,
	    parser->problem ? parser->problem : "not readable as YAML", more);
}

/* A document that says nothing, as behind a last ---, is none. */
static size_t
line_of_next(yaml_parser_t *parser)
{
	yaml_document_t next;
	const yaml_node_t *root;
	size_t line = 0;

	if (!yaml_parser_load(parser, &next))
		return parser->problem_mark.line + 1;
	root = yaml_document_get_root_node(&next);
	if (root &&
	    (root->type != YAML_SCALAR_NODE || root->data.scalar.length))
		line = root->start_mark.line + 1;
	yaml_document_delete(&next);
	return line;
}

int
config_parse(struct config *c, const char *name, const char *text, size_t n,
    char err[CONFIG_ERROR])
{
	yaml_parser_t parser;
	int ok;

	if (!yaml_parser_initialize(&parser))
		diag_nomem();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
	ok = yaml_parser_load(&parser, &c->doc);
	if (!ok) {
		describe(&parser, name, text, n, err);
	} else {
		c->name = diag_strndup(name, strlen(name));
		c->more = line_of_next(&parser);
	}
	yaml_parser_delete(&parser);
	return ok ? 0 : -1;
}

void
config_free(struct config *c)
{
	yaml_document_delete(&c->doc);
	free(c->name);
	c->name = NULL;
}

config_node *
config_root(struct config *c)
{
	return yaml_document_get_root_node(&c->doc);
}

bool
config_is_map(const config_node *node)
{
	return node && node->type == YAML_MAPPING_NODE;
}

bool
config_is_list(const config_node *node)
{
	return node && node->type == YAML_SEQUENCE_NODE;
}

size_t
config_count(const config_node *node)
{
	if (config_is_map(node))
		return (size_t)(node->data.mapping.pairs.top -
		    node->data.mapping.pairs.start);
	if (config_is_list(node))
		return (size_t)(node->data.sequence.items.top -
		    node->data.sequence.items.start);
	return 0;
}

config_node *
config_at(struct config *c, config_node *list, size_t i)
{
	if (!config_is_list(list) || i >= config_count(list))
		return NULL;
	return yaml_document_get_node(&c->doc,
	    list->data.sequence.items.start[i]);
}

config_node *
config_key_at(struct config *c, config_node *map, size_t i)
{
	if (!config_is_map(map) || i >= config_count(map))
		return NULL;
	return yaml_document_get_node(&c->doc,
	    map->data.mapping.pairs.start[i].key);
}

config_node *
config_value_at(struct config *c, config_node *map, size_t i)
{
	if (!config_is_map(map) || i >= config_count(map))
		return NULL;
	return yaml_document_get_node(&c->doc,
	    map->data.mapping.pairs.start[i].value);
}

config_node *
config_get(struct config *c, config_node *map, const char *key)
{
	if (!config_is_map(map))
		return NULL;
	for (size_t i = config_count(map); i-- > 0;) {
		const char *text = config_text(config_key_at(c, map, i));

		if (text && strcmp(text, key) == 0)
			return config_value_at(c, map, i);
	}
	return NULL;
}

static bool
is_null(const config_node *node)
{
	const char *text = (const char *)node->data.scalar.value;

	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
		strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0);
}

const char *
config_text(const config_node *node)
{
	if (!node || node->type != YAML_SCALAR_NODE || is_null(node))
		return NULL;
	return (const char *)node->data.scalar.value;
}

const char *
config_get_text(struct config *c, config_node *map, const char *key)
{
	return config_text(config_get(c, map, key));
}

bool
config_get_bool(struct config *c, config_node *map, const char *key,
    bool fallback)
{
	const char *text = config_get_text(c, map, key);

	if (text && strcmp(text, "true") == 0)
		return true;
	if (text && strcmp(text, "false") == 0)
		return false;
	return fallback;
}

int
config_error(const struct config *c, const config_node *node,
    char err[CONFIG_ERROR], const char *fmt, ...)
{
	int n = snprintf(err, CONFIG_ERROR, "%s:%zu:%zu: ", c->name,
	    node ? node->start_mark.line + 1 : 1,
	    node ? node->start_mark.column + 1 : 1);
	va_list ap;

	va_start(ap, fmt);
	if (n < CONFIG_ERROR)
		vsnprintf(err + n, (size_t)(CONFIG_ERROR - n), fmt, ap);
	va_end(ap);
	return -1;
}

int
config_fail(char err[CONFIG_ERROR], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, CONFIG_ERROR, fmt, ap);
	va_end(ap);
	return -1;
}
