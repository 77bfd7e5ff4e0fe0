#include "reader.h"

#include <string.h>

#include "diag.h"
#include "version.h"

int
reader_wrong(struct reader *r, config_node *node, const char *what,
    const char *text)
{
	if (text)
		return config_error(&r->c, node, r->err, "%s '%s'", what, text);
	return config_error(&r->c, node, r->err, "%s", what);
}

const char *
reader_keep(struct reader *r, const char *text)
{
	struct intern *in = &r->s->text;

	return text ? intern_text(in, intern_put(in, span_of(text))).p : NULL;
}

int
reader_text(struct reader *r, config_node *map, const char *key,
    const char **text)
{
	config_node *node = config_get(&r->c, map, key);

	if (config_is_map(node) || config_is_list(node))
		return reader_wrong(r, node, "not a text:", key);
	*text = reader_keep(r, config_text(node));
	return 0;
}

static bool
is_one_of(const char *key, const char *const *known)
{
	while (*known && strcmp(key, *known) != 0)
		known++;
	return *known;
}

/* A misspelt key that does nothing would be the worst message of all. */
int
reader_keys(struct reader *r, config_node *map, const char *const *known)
{
	for (size_t i = 0; i < config_count(map); i++) {
		config_node *key = config_key_at(&r->c, map, i);
		const char *text = config_text(key);

		if (!text || !is_one_of(text, known))
			return reader_wrong(r, key,
			    "ms-signatures(5) has no such key:",
			    text ? text : "");
		for (size_t k = 0; k < i; k++)
			if (strcmp(text,
				config_text(config_key_at(&r->c, map, k))) == 0)
				return reader_wrong(r, key, "a second", text);
	}
	return 0;
}

/* The i-th text of a node that is a text or a list of them; *node is it. */
const char *
reader_text_at(struct reader *r, config_node *list, size_t i,
    config_node **node)
{
	*node = config_is_list(list) ? config_at(&r->c, list, i) : list;
	return config_text(*node);
}

size_t
reader_texts(const config_node *list)
{
	return !list ? 0 : config_is_list(list) ? config_count(list) : 1;
}

const char **
reader_own_list(struct signatures *s, size_t n)
{
	s->rules = diag_alloc(s->rules, (s->n_rules + 1) * sizeof(*s->rules));
	return s->rules[s->n_rules++] =
		   diag_alloc(NULL, n * sizeof(**s->rules));
}

int
reader_tags(struct reader *r, config_node *node, const char *const **tags)
{
	size_t n = reader_texts(node);
	const char **list;

	if (!n)
		return 0;
	list = reader_own_list(r->s, n + 1);
	*tags = list;
	for (size_t i = 0; i < n; i++) {
		config_node *at;
		const char *rule = reader_text_at(r, node, i, &at), *why;

		list[i] = NULL;
		if (!rule)
			return reader_wrong(r, at, "a tag rule is a text",
			    NULL);
		if ((why = version_rule_wrong(rule)))
			return config_error(&r->c, at, r->err,
			    "tag rule '%s' %s", rule, why);
		list[i] = reader_keep(r, rule);
		list[i + 1] = NULL;
	}
	return 0;
}
