#include "stanza.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "diag.h"
#include "pem.h"

int
stanza_wrong(const struct stanza *s, const char *key, const char *fmt, ...)
{
	config_node *node = key ? config_get(s->file, s->node, key) : NULL;
	char text[CONFIG_ERROR];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return config_error(s->file, node ? node : s->node, s->err,
	    "%s '%s': %s%s%s", s->what, s->name, key ? key : "", key ? " " : "",
	    text);
}

config_node *
stanza_get(const struct stanza *s, const char *key)
{
	return config_get(s->file, s->node, key);
}

/* One line that holds nothing invisible: a line break in a header would begin
 * another header. */
static bool
is_one_line(const config_node *node)
{
	const unsigned char *text = node->data.scalar.value;
	size_t n = node->data.scalar.length;

	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

static int
check_scalar(const struct stanza *s, const char *key, const config_node *node)
{
	if (node->type != YAML_SCALAR_NODE)
		return stanza_wrong(s, key, "must be text");
	if (!is_one_line(node))
		return stanza_wrong(s, key,
		    "must be a single line without control characters");
	return 0;
}

int
stanza_text(const struct stanza *s, const char *key, char **out)
{
	config_node *node = stanza_get(s, key);
	const char *text = config_text(node);

	*out = NULL;
	if (node && check_scalar(s, key, node) < 0)
		return -1;
	if (text && *text)
		*out = diag_strndup(text, strlen(text));
	return 0;
}

int
stanza_bool(const struct stanza *s, const char *key, bool *out)
{
	const char *text = config_text(stanza_get(s, key));

	*out = config_get_bool(s->file, s->node, key, false);
	if (!stanza_get(s, key) || (text && strcmp(text, "true") == 0) ||
	    (text && strcmp(text, "false") == 0))
		return 0;
	return stanza_wrong(s, key, "must be true or false");
}

int
stanza_list(const struct stanza *s, const char *key, struct opts_list *out)
{
	config_node *list = stanza_get(s, key);

	*out = (struct opts_list){0};
	if (list && !config_is_list(list) &&
	    (config_is_map(list) || config_text(list)))
		return stanza_wrong(s, key, "must be a list");
	for (size_t i = 0; i < config_count(list); i++) {
		config_node *one = config_at(s->file, list, i);

		if (!config_text(one) || !is_one_line(one))
			return stanza_wrong(s, key,
			    "must be a list of texts, each a single line "
			    "without control characters");
		list_append(out, config_text(one));
	}
	return 0;
}

char *
stanza_resolve(const struct stanza *s, const char *path)
{
	const char *file = s->file->name, *slash = strrchr(file, '/');
	char *folder, *out;

	if (*path == '/' || !slash)
		return diag_strndup(path, strlen(path));
	folder = diag_strndup(file, (size_t)(slash + 1 - file));
	out = text_join(folder, path, "");
	free(folder);
	return out;
}

int
stanza_path(const struct stanza *s, const char *key, char **out)
{
	char *text;

	*out = NULL;
	if (stanza_text(s, key, &text) < 0)
		return -1;
	if (text)
		*out = stanza_resolve(s, text);
	free(text);
	return 0;
}

/* base64 may be folded, so it is no single line. */
static int
decode_pem(const struct stanza *s, const char *key, const char *label,
    char **out)
{
	config_node *node = stanza_get(s, key);
	const char *text = config_text(node), *wrong;
	size_t n;

	if (node && node->type != YAML_SCALAR_NODE)
		return stanza_wrong(s, key, "must be text");
	if (!text || !*text)
		return 0;
	if (!(*out = base64_decode(text, &n)))
		return stanza_wrong(s, key, "is not base64");
	wrong = strlen(*out) == n ? pem_wrong(*out, label) : "it is binary";
	if (wrong)
		return stanza_wrong(s, key, "holds no PEM once decoded: %s",
		    wrong);
	return 0;
}

int
stanza_pem(const struct stanza *s, const char *key, const char *label,
    struct pem_source *out)
{
	char *data_key = text_join(key, "-data", "");
	char where[CONFIG_ERROR];
	int r;

	snprintf(where, sizeof(where), "%s '%s' of %s: %s", s->what, s->name,
	    s->file->name, key);
	out->field = diag_strndup(where, strlen(where));
	r = decode_pem(s, data_key, label, &out->data);
	if (r == 0)
		r = stanza_path(s, key, &out->path);
	if (r == 0 && out->data && out->path)
		r = stanza_wrong(s, key,
		    "and %s exclude each other: remove one", data_key);
	free(data_key);
	return r;
}
