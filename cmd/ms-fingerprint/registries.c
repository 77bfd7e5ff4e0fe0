/* What holds for all products: how registries name copies of images. */
#include "reader.h"

#include <stdlib.h>

#include "diag.h"

/* Behind what other files say: who adds a mirror still knows the others. */
static int
read_words(struct reader *r, config_node *map, const char *key,
    const char ***list, size_t *n)
{
	config_node *node = config_get(&r->c, map, key), *at;

	if (!node)
		return 0;
	*list =
	    diag_alloc(*list, (*n + reader_texts(node) + 1) * sizeof(**list));
	/* a list that is wrong in its middle is as long as what is right */
	for (size_t i = 0; i < reader_texts(node); i++, ++*n)
		if (!((*list)[*n] =
			    reader_keep(r, reader_text_at(r, node, i, &at))))
			return reader_wrong(r, at, "not a text in", key);
	return 0;
}

static int
read_aliases(struct reader *r, config_node *map)
{
	struct registries *reg = &r->s->registries;
	size_t n = config_count(map);

	if (!map)
		return 0;
	if (!config_is_map(map))
		return reader_wrong(r, map, "aliases is a map", NULL);
	reg->alias = diag_alloc(reg->alias,
	    2 * (reg->n_alias + n + 1) * sizeof(*reg->alias));
	for (size_t i = 0; i < n; i++) {
		const char **alias = reg->alias + 2 * reg->n_alias;
		const char *to = config_text(config_value_at(&r->c, map, i));

		if (!to || !config_text(config_key_at(&r->c, map, i)))
			return reader_wrong(r, config_key_at(&r->c, map, i),
			    "an alias is a text", NULL);
		alias[0] =
		    reader_keep(r, config_text(config_key_at(&r->c, map, i)));
		alias[1] = reader_keep(r, to);
		reg->n_alias++;
	}
	return 0;
}

int
registries_read(struct reader *r, config_node *map)
{
	static const char *const known[] = {"aliases", "packagers", "retaggers",
	    "prefixes", "hosts", "before", "behind", "builds", "opaque",
	    "words", "namesakes", "mirrors", "generic", "helpers", NULL};
	struct registries *reg = &r->s->registries;
	const struct {
		const char *key;
		const char ***list;
		size_t *n;
	} lists[] = {{"packagers", &reg->packager, &reg->n_packager},
	    {"retaggers", &reg->retagger, &reg->n_retagger},
	    {"prefixes", &reg->prefix, &reg->n_prefix},
	    {"hosts", &reg->host, &reg->n_host},
	    {"before", &reg->before, &reg->n_before},
	    {"behind", &reg->behind, &reg->n_behind},
	    {"builds", &reg->build, &reg->n_build},
	    {"opaque", &reg->opaque, &reg->n_opaque},
	    {"words", &reg->word, &reg->n_word},
	    {"namesakes", &reg->namesake, &reg->n_namesake},
	    {"mirrors", &reg->mirror, &reg->n_mirror},
	    {"generic", &reg->generic, &reg->n_generic},
	    {"helpers", &reg->helper, &reg->n_helper}};

	if (!config_is_map(map))
		return reader_wrong(r, map, "registries is a map", NULL);
	if (reader_keys(r, map, known) < 0 ||
	    read_aliases(r, config_get(&r->c, map, "aliases")) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (read_words(r, map, lists[i].key, lists[i].list,
			lists[i].n) < 0)
			return -1;
	return 0;
}

void
registries_free(struct registries *reg)
{
	const char **const lists[] = {reg->alias, reg->packager, reg->prefix,
	    reg->host, reg->mirror, reg->generic, reg->helper, reg->retagger,
	    reg->before, reg->behind, reg->build, reg->opaque, reg->word,
	    reg->namesake};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		free(lists[i]);
}
