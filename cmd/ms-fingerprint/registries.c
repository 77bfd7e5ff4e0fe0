/* What holds for all products: how registries name copies of images. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

static const char *const keys[REGISTRY_LISTS] = {[LIST_PACKAGERS] = "packagers",
    [LIST_RETAGGERS] = "retaggers",
    [LIST_PREFIXES] = "prefixes",
    [LIST_HOSTS] = "hosts",
    [LIST_BEFORE] = "before",
    [LIST_BEHIND] = "behind",
    [LIST_BUILDS] = "builds",
    [LIST_OPAQUE] = "opaque",
    [LIST_MIRRORS] = "mirrors",
    [LIST_GENERIC] = "generic",
    [LIST_WORDS] = "words",
    [LIST_BASES] = "bases",
    [LIST_NAMESAKES] = "namesakes",
    [LIST_HELPERS] = "helpers"};

/* Behind what other files say: who adds a mirror still knows the others. */
static int
read_words(struct reader *r, config_node *map, const char *key,
    struct word_list *w)
{
	config_node *node = config_get(&r->c, map, key), *at;
	size_t n = node ? reader_texts(node) : 0;

	w->word = diag_alloc(w->word, (w->n + n + 1) * sizeof(*w->word));
	/* a list that is wrong in its middle is as long as what is right */
	for (size_t i = 0; i < n; i++, w->n++)
		if (!(w->word[w->n] =
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
	const char *known[REGISTRY_LISTS + 2] = {"aliases"};
	struct word_list *list = r->s->registries.list;

	memcpy(known + 1, keys, sizeof(keys));
	if (!config_is_map(map))
		return reader_wrong(r, map, "registries is a map", NULL);
	if (reader_keys(r, map, known) < 0 ||
	    read_aliases(r, config_get(&r->c, map, "aliases")) < 0)
		return -1;
	for (size_t i = 0; i < REGISTRY_LISTS; i++)
		if (read_words(r, map, keys[i], &list[i]) < 0)
			return -1;
	return 0;
}

void
registries_free(struct registries *reg)
{
	free(reg->alias);
	for (size_t i = 0; i < REGISTRY_LISTS; i++)
		free(reg->list[i].word);
}
