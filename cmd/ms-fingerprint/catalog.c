#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define KEY_MAX CATALOG_KEY_MAX

/* ---- look-ups ---- */

static bool
may_have(const struct catalog *c, enum catalog_key key, struct span text)
{
	uint64_t h, a, b;

	if (!c->filter)
		return true;
	h = table_hash(text.p, text.n, (uint64_t)key);
	a = h & c->filter_bits;
	b = h >> 32 & c->filter_bits;
	return c->filter[a / 64] >> a % 64 & c->filter[b / 64] >> b % 64 & 1;
}

static uint32_t
key_number(const struct catalog *c, enum catalog_key key, struct span text)
{
	char buf[KEY_MAX + 1];

	if (text.n > KEY_MAX || !may_have(c, key, text))
		return TABLE_NONE;
	buf[0] = (char)key;
	memcpy(buf + 1, text.p, text.n);
	return intern_find(&c->keys, (struct span){buf, text.n + 1});
}

bool
catalog_has(const struct catalog *c, enum catalog_key key, struct span text)
{
	return key_number(c, key, text) != TABLE_NONE;
}

const struct catalog_link *
catalog_find(const struct catalog *c, enum catalog_key key, struct span text)
{
	uint32_t k = key_number(c, key, text);

	return k == TABLE_NONE || !c->first[k] ? NULL :
						 &c->link[c->first[k] - 1];
}

const struct catalog_link *
catalog_next(const struct catalog *c, const struct catalog_link *link)
{
	return link->next ? &c->link[link->next - 1] : NULL;
}

/* ---- building ---- */

static uint32_t
put_key(struct catalog *c, enum catalog_key key, struct span text)
{
	char buf[KEY_MAX + 1];
	uint32_t k;

	if (text.n > KEY_MAX)
		text.n = KEY_MAX;
	buf[0] = (char)key;
	memcpy(buf + 1, text.p, text.n);
	k = intern_put(&c->keys, (struct span){buf, text.n + 1});
	if (k >= c->n_first) {
		size_t n = c->n_first ? c->n_first * 2 : 256;

		while (n <= k)
			n *= 2;
		c->first = diag_alloc(c->first, n * sizeof(*c->first));
		c->alias = diag_alloc(c->alias, n * sizeof(*c->alias));
		memset(c->first + c->n_first, 0,
		    (n - c->n_first) * sizeof(*c->first));
		c->n_first = n;
	}
	return k;
}

/* Behind what is there already: prints stand in the order of their file. */
static void
put_print(struct catalog *c, enum catalog_key key, struct span text,
    const struct print *p)
{
	uint32_t k = put_key(c, key, text), *at = &c->first[k];

	if ((c->n_links & (c->n_links - 1)) == 0) {
		size_t n = c->n_links ? c->n_links * 2 : 1;

		c->link = diag_alloc(c->link, n * sizeof(*c->link));
	}
	while (*at)
		at = &c->link[*at - 1].next;
	*at = (uint32_t)c->n_links + 1;
	c->link[c->n_links++] = (struct catalog_link){p, 0};
}

static void
put_words(struct catalog *c, enum catalog_key key, const struct word_list *w)
{
	for (size_t i = 0; i < w->n; i++)
		put_key(c, key, span_of(w->word[i]));
}

static void
put_registries(struct catalog *c, const struct registries *r)
{
	static const char key[REGISTRY_LISTS] = {[LIST_PACKAGERS] =
						     KEY_PACKAGER,
	    [LIST_RETAGGERS] = KEY_RETAGGER,
	    [LIST_OPAQUE] = KEY_OPAQUE,
	    [LIST_MIRRORS] = KEY_MIRROR,
	    [LIST_GENERIC] = KEY_GENERIC,
	    [LIST_WORDS] = KEY_WORD,
	    [LIST_BASES] = KEY_BASE,
	    [LIST_NAMESAKES] = KEY_NAMESAKE,
	    [LIST_HELPERS] = KEY_HELPER};

	/* the others are no whole parts, and are gone through */
	for (size_t i = 0; i < REGISTRY_LISTS; i++)
		if (key[i])
			put_words(c, (enum catalog_key)key[i], &r->list[i]);
	for (size_t i = 0; i < r->n_alias; i++) {
		uint32_t k = put_key(c, KEY_ALIAS, span_of(r->alias[2 * i]));

		c->alias[k] = r->alias[2 * i + 1];
	}
}

struct span
catalog_alias(const struct catalog *c, struct span part)
{
	uint32_t k;

	/* each account and region has a registry of its own */
	if (span_ends(part, ".amazonaws.com") && part.n > 30)
		return span_of("ecr.amazonaws.com");
	k = key_number(c, KEY_ALIAS, part);
	return k == TABLE_NONE ? part : span_of(c->alias[k]);
}

size_t
catalog_join(const struct catalog *c, const struct image *image, unsigned from,
    char separator, char buf[KEY_MAX], size_t start[IMAGE_PARTS])
{
	size_t n = 0;

	for (unsigned i = from; i < image->n; i++) {
		struct span part = catalog_alias(c, image->part[i]);

		if (part.n + 1 > KEY_MAX - n)
			return 0;
		if (i > from)
			buf[n++] = separator;
		start[i] = n;
		memcpy(buf + n, part.p, part.n);
		n += part.n;
	}
	return n;
}

/* The last part of a path, and as some write it who build it anew: fluentbit,
 * nodeexporter. Short ones would be other words. */
static void
put_bare(struct catalog *c, struct span last, const struct print *p)
{
	char buf[KEY_MAX];
	size_t n = 0;

	put_print(c, KEY_BARE, last, p);
	for (size_t i = 0; i < last.n && n < sizeof(buf); i++)
		if (last.p[i] != '-' && last.p[i] != '_')
			buf[n++] = last.p[i];
	if (n < last.n && n > 8)
		put_print(c, KEY_BARE, (struct span){buf, n}, p);
}

/* A repository is known by the path that its signature gives, below whatever
 * registry; by its last part, where that says something; and by owner-name. */
static void
put_repo(struct catalog *c, const struct print *p)
{
	size_t start[IMAGE_PARTS], n;
	struct image image;
	char buf[KEY_MAX];
	struct span last;
	unsigned from;

	if (!image_parse(span_of(p->text), &image))
		return;
	n = catalog_join(c, &image, 0, '/', buf, start);
	put_print(c, KEY_REPO, (struct span){buf, n}, p);
	if (span_eq(image.part[image.n - 1], "*"))
		return;
	last = image.part[image.n - 1];
	if (catalog_has(c, KEY_GENERIC, last))
		put_print(c, KEY_GENERIC, last, p);
	else
		put_bare(c, last, p);
	from = image.has_host ? 1 : 0;
	if (image.n - from > 2)
		from = image.n - 2;
	n = catalog_join(c, &image, from, '-', buf, start);
	put_print(c, KEY_JOINED, (struct span){buf, n}, p);
	if (image.n - from == 2 && image.part[from].n == last.n &&
	    memcmp(image.part[from].p, last.p, last.n) == 0)
		put_print(c, KEY_JOINED, last, p);
}

static void
put_one(struct catalog *c, const struct print *p)
{
	static const char key[PRINT_KINDS] = {[PRINT_LABEL] = KEY_LABEL,
	    [PRINT_CHART] = KEY_CHART,
	    [PRINT_ANNOTATION] = KEY_ANNOTATION,
	    [PRINT_ARG] = KEY_ARG,
	    [PRINT_COMMAND] = KEY_COMMAND,
	    [PRINT_ENV] = KEY_ENV,
	    [PRINT_NAME] = KEY_NAME,
	    [PRINT_PART_OF] = KEY_LABEL,
	    [PRINT_CLASS] = KEY_CLASS,
	    [PRINT_WORKLOAD] = KEY_WORKLOAD,
	    [PRINT_SERVICE] = KEY_SERVICE,
	    [PRINT_WEBHOOK] = KEY_WEBHOOK};
	struct span text = span_of(p->text);

	if (p->kind == PRINT_IMAGE) {
		put_repo(c, p);
	} else if (p->kind == PRINT_PORT) {
		put_print(c,
		    p->text[strspn(p->text, "0123456789")] ? KEY_PORT_NAME :
							     KEY_PORT,
		    text, p);
	} else if (p->kind == PRINT_CRD) {
		put_print(c, KEY_CRD, text, p);
		put_print(c, KEY_GROUP, text, p);
	} else {
		const char *equals = strchr(p->text, '=');

		put_print(c, (enum catalog_key)key[p->kind], text, p);
		if (p->kind == PRINT_ARG && p->tells)
			put_key(c, KEY_TELLER, text);
		if (p->kind == PRINT_ANNOTATION)
			put_key(c, KEY_ANNOTATION_OF,
			    equals ? (struct span){p->text,
					 (size_t)(equals - p->text)} :
				     text);
	}
}

/* The id of a product stands for the first image that makes it run: packagers
 * call theirs so. */
static void
put_product(struct catalog *c, const struct product *product)
{
	for (size_t i = 0; i < product->n_prints; i++)
		if (product->print[i].kind == PRINT_IMAGE &&
		    product->print[i].makes && !product->print[i].with) {
			put_print(c, KEY_PRODUCT, span_of(product->id),
			    &product->print[i]);
			return;
		}
}

/* Once all keys are in; 16 bits for each leave one false answer in 70. */
static void
build_filter(struct catalog *c)
{
	uint64_t bits = 1024;

	while (bits < 16ull * c->keys.n)
		bits *= 2;
	c->filter = diag_alloc(NULL, bits / 8);
	memset(c->filter, 0, bits / 8);
	c->filter_bits = bits - 1;
	for (uint32_t i = 1; i < c->keys.n; i++) {
		struct span key = intern_text(&c->keys, i);
		uint64_t h =
		    table_hash(key.p + 1, key.n - 1, (unsigned char)*key.p);

		for (int k = 0; k < 2; k++, h >>= 32)
			c->filter[(h & c->filter_bits) / 64] |= 1ull
			    << (h & c->filter_bits) % 64;
	}
}

void
catalog_build(struct catalog *c, const struct signatures *s)
{
	*c = (struct catalog){.signatures = s};
	intern_init(&c->keys);
	put_registries(c, &s->registries);
	for (size_t i = 0; i < s->n_products; i++)
		for (size_t k = 0; k < s->product[i].n_prints; k++) {
			s->product[i].print[k].product = (uint32_t)i;
			put_one(c, &s->product[i].print[k]);
		}
	for (size_t i = 0; i < s->n_products; i++)
		put_product(c, &s->product[i]);
	build_filter(c);
}

void
catalog_free(struct catalog *c)
{
	intern_free(&c->keys);
	free(c->first);
	free(c->link);
	free(c->alias);
	free(c->filter);
}

void
catalog_remember(struct catalog *c, const struct catalog *before)
{
	for (uint32_t i = 1; i < before->keys.n; i++) {
		struct span key = intern_text(&before->keys, i);

		if (*key.p == KEY_ANNOTATION || *key.p == KEY_ANNOTATION_OF ||
		    *key.p == KEY_TELLER)
			put_key(c, (enum catalog_key) * key.p,
			    (struct span){key.p + 1, key.n - 1});
	}
	free(c->filter);
	build_filter(c);
}

/* ---- CRDs ---- */

const struct catalog_link *
catalog_crd(const struct catalog *c, struct span plural, struct span group)
{
	const struct catalog_link *link;
	char name[KEY_MAX];

	if (plural.n && plural.n + group.n < KEY_MAX) {
		memcpy(name, plural.p, plural.n);
		name[plural.n] = '.';
		memcpy(name + plural.n + 1, group.p, group.n);
		link = catalog_find(c, KEY_CRD,
		    (struct span){name, plural.n + 1 + group.n});
		if (link)
			return link;
	}
	while (group.n) {
		const char *dot = memchr(group.p, '.', group.n);

		if (!dot)
			return NULL;
		if ((link = catalog_find(c, KEY_GROUP, group)))
			return link;
		group.n -= (size_t)(dot + 1 - group.p);
		group.p = dot + 1;
	}
	return NULL;
}
