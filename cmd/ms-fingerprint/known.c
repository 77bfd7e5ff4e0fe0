#include "known.h"

#include <ctype.h>
#include <string.h>

#include "evidence.h"
#include "version.h"

#define PACKAGED 0.9f
/* By its name alone, what an image is worth: nobody calls a program of their
 * own kube-state-metrics or grafana-loki-canary, and few elasticsearch; but
 * consul, calico-node and more so nginx may be anybody's. */
#define NAME_TELLING 0.8f
#define NAME_ALONE 0.7f
#define NAME_KNOWN EVIDENCE_CLAIM
#define NAME_SHARED 0.6f
#define NAME_MADE 0.5f
#define NAME_BASE 0.5f
#define NAME_COMMON KNOWN_COMMON

static bool
begins(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n > n && memcmp(s.p, prefix, n) == 0;
}

static bool
ends(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n > n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static struct span
skip(struct span s, size_t n)
{
	return (struct span){s.p + n, s.n - n};
}

/* ---- by path ---- */

/* What a signature writes as OWNER/... and a star: all below it. */
static const struct catalog_link *
by_folder(const struct catalog *c, const struct image *image, const char *path,
    const size_t start[IMAGE_PARTS], unsigned from)
{
	const struct catalog_link *link = NULL;
	char buf[CATALOG_KEY_MAX];

	if (catalog_has(c, KEY_HELPER, image->part[image->n - 1]))
		return NULL;
	for (unsigned i = image->n - 1; !link && i > from; i--) {
		size_t n = start[i] - start[from];

		memcpy(buf, path + start[from], n);
		buf[n] = '*';
		link = catalog_find(c, KEY_REPO, (struct span){buf, n + 1});
	}
	return link;
}

static enum known
by_path(const struct catalog *c, const struct image *image,
    const struct catalog_link **first)
{
	size_t start[IMAGE_PARTS];
	char buf[CATALOG_KEY_MAX];
	size_t n = catalog_join(c, image, 0, '/', buf, start);

	for (unsigned i = 0; n && i + 1 < image->n; i++) {
		struct span end = {buf + start[i], n - start[i]};

		if ((*first = catalog_find(c, KEY_REPO, end)))
			return KNOWN_REPO;
		if (catalog_has(c, KEY_HELPER, end))
			return KNOWN_HELPER;
		if ((*first = by_folder(c, image, buf, start, i)))
			return KNOWN_REPO;
	}
	return KNOWN_NOT;
}

/* The next part of a flat path, up to a separator or several; what is behind
 * stays in rest. */
static struct span
next_part(struct span *rest, const char *separator)
{
	size_t n = strlen(separator), i = 0, end;
	struct span part;

	while (i + n <= rest->n && memcmp(rest->p + i, separator, n) != 0)
		i++;
	end = i + n <= rest->n ? i : rest->n;
	part = (struct span){rest->p, end};
	while (end < rest->n && rest->p[end] == *separator)
		end++;
	*rest = skip(*rest, end);
	return part;
}

/* Mirrors that have no folders write the path into the name, with _, a dot or
 * two dashes between its parts: quay.io_jetstack_cert-manager-webhook. */
static enum known
by_flat_path(const struct catalog *c, const struct image *image,
    const struct catalog_link **first)
{
	static const char *const separator[] = {"_", "--", "."};

	for (size_t i = 0; i < sizeof(separator) / sizeof(*separator); i++) {
		struct span rest = image->part[image->n - 1];
		struct image flat = {.n = 0};
		enum known how;

		while (rest.n && flat.n < IMAGE_PARTS)
			flat.part[flat.n++] = next_part(&rest, separator[i]);
		how = flat.n > 1 ? by_path(c, &flat, first) : KNOWN_NOT;
		if (how != KNOWN_NOT)
			return how;
	}
	return KNOWN_NOT;
}

/* ---- by name ---- */

/* Of several products with images of this last name: the one that all agree
 * on, or whose own name it is, or whose official image. */
static const struct catalog_link *
one_product(const struct catalog *c, const struct catalog_link *link,
    struct span name)
{
	const struct catalog_link *named = NULL;
	bool agree = true;

	for (const struct catalog_link *l = link; l; l = catalog_next(c, l)) {
		const struct print *p = l->print;

		if (p->product != link->print->product)
			agree = false;
		if (!named &&
		    (strncmp(p->text, "library/", 8) == 0 ||
			span_eq(name, c->signatures->product[p->product].id)))
			named = l;
	}
	return agree ? link : named;
}

static const struct catalog_link *
by_name(const struct catalog *c, enum catalog_key key, struct span name)
{
	const struct catalog_link *link = catalog_find(c, key, name);

	return link ? one_product(c, link, name) : NULL;
}

/* mirrored-OWNER-NAME, of which the owner may be somebody else's still, or
 * absent. */
static const struct catalog_link *
by_mirrored_name(const struct catalog *c, struct span name)
{
	const struct catalog_link *link = by_name(c, KEY_JOINED, name);
	const char *dash;

	while (!link && (dash = memchr(name.p, '-', name.n))) {
		link = by_name(c, KEY_BARE, name);
		name = skip(name, (size_t)(dash + 1 - name.p));
	}
	return link;
}

/* The same from anybody, and rancher/OWNER-NAME of older days. */
static const struct catalog_link *
by_joined_name(const struct catalog *c, const struct image *image)
{
	struct span name = image->part[image->n - 1];

	if (begins(name, "mirrored-"))
		return by_mirrored_name(c, skip(name, 9));
	if (image->n < 2 || !span_eq(image->part[image->n - 2], "rancher"))
		return NULL;
	return by_name(c, KEY_JOINED, name);
}

/* Packagers mark their builds before the name, too. */
static const struct catalog_link *
by_prefixed_name(const struct catalog *c, struct span name)
{
	const struct word_list *l =
	    &c->signatures->registries.list[LIST_PREFIXES];
	const struct catalog_link *link = NULL;

	for (size_t i = 0; !link && i < l->n; i++)
		if (begins(name, l->word[i]))
			link = by_name(c, KEY_BARE,
			    skip(name, strlen(l->word[i])));
	return link;
}

/* A packager's name for it: as its maker's, OWNER-NAME, or the product's. */
static const struct catalog_link *
by_packed_name(const struct catalog *c, struct span name)
{
	const struct catalog_link *link = by_name(c, KEY_BARE, name);

	if (catalog_has(c, KEY_GENERIC, name))
		return NULL;
	if (!link)
		link = by_name(c, KEY_JOINED, name);
	return link ? link : catalog_find(c, KEY_PRODUCT, name);
}

/* name-16: the release that is packed, as postgresql-16, cassandra3. */
static struct span
less_number(struct span name)
{
	size_t n = name.n;

	while (n &&
	    (isdigit((unsigned char)name.p[n - 1]) || name.p[n - 1] == '.'))
		n--;
	if (n > 1 && n < name.n)
		name.n = n - (name.p[n - 1] == '-');
	return name;
}

/* The same, less what packagers put before and behind it. */
static const struct catalog_link *
by_dressed_name(const struct catalog *c, struct span name)
{
	const struct registries *r = &c->signatures->registries;
	const struct word_list *behind = &r->list[LIST_BEHIND],
			       *before = &r->list[LIST_BEFORE];
	const struct catalog_link *link = by_packed_name(c, name);

	for (size_t i = 0; !link && i < behind->n; i++)
		if (ends(name, behind->word[i])) {
			name.n -= strlen(behind->word[i]);
			link = by_packed_name(c, name);
			break;
		}
	if (!link && less_number(name).n < name.n) {
		name = less_number(name);
		link = by_packed_name(c, name);
	}
	for (size_t i = 0; !link && i < before->n; i++)
		if (begins(name, before->word[i]))
			link = by_packed_name(c,
			    skip(name, strlen(before->word[i])));
	return link;
}

/* Whether a part of a path says that below it are copies of others' images:
 * one of the listed words, or made with one of them (docker-remote). */
static bool
is_mirror(const struct catalog *c, struct span part)
{
	size_t from = 0;

	for (size_t i = 0; i <= part.n; i++) {
		if (i < part.n && isalnum((unsigned char)part.p[i]))
			continue;
		if (catalog_has(c, KEY_MIRROR,
			(struct span){part.p + from, i - from}))
			return true;
		from = i + 1;
	}
	return false;
}

/* Whether it lies right below such a part, or two that are one together
 * (dependency_proxy/containers). */
static bool
is_copied(const struct catalog *c, const struct image *image)
{
	const struct span *owner = image->part + image->n - 2;

	if (image->n < 2)
		return false;
	return is_mirror(c, catalog_alias(c, *owner)) ||
	    (image->n > 2 &&
		catalog_has(c, KEY_MIRROR,
		    (struct span){owner[-1].p,
			(size_t)(owner->p + owner->n - owner[-1].p)}));
}

/* Whether a tag is one that only a packager writes. A copy keeps it. */
static bool
is_packed_tag(const struct catalog *c, struct span tag)
{
	const struct word_list *l =
	    &c->signatures->registries.list[LIST_BUILDS];

	for (size_t i = 0; i < l->n; i++)
		if (version_by_rule(l->word[i], tag).n)
			return true;
	return false;
}

/* The packager that is named on the way to the last part, if any, or that the
 * tag tells. */
static enum known
packager_of(const struct catalog *c, const struct image *image)
{
	for (unsigned i = image->n - 1; i-- > 0;) {
		struct span part = catalog_alias(c, image->part[i]);

		if (catalog_has(c, KEY_RETAGGER, part))
			return KNOWN_RETAGGED;
		if (catalog_has(c, KEY_PACKAGER, part))
			return KNOWN_PACKAGED;
	}
	return is_packed_tag(c, image->tag) ? KNOWN_PACKAGED : KNOWN_NOT;
}

static unsigned
dashes(struct span s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '-' || s.p[i] == '_';
	return n;
}

/* Whether a name is, or begins with, an id: postgres_exporter, too. */
static bool
is_of(struct span name, const char *id)
{
	size_t i = 0;

	while (i < name.n && id[i] &&
	    (name.p[i] == id[i] || (name.p[i] == '_' && id[i] == '-')))
		i++;
	return !id[i];
}

static float
worth_anywhere(const struct catalog *c, struct span name)
{
	if (catalog_has(c, KEY_WORD, name))
		return NAME_COMMON;
	if (catalog_has(c, KEY_BASE, name))
		return NAME_BASE;
	return catalog_has(c, KEY_NAMESAKE, name) ? NAME_SHARED : NAME_KNOWN;
}

static float
worth_of_name(const struct catalog *c, const struct image *image,
    struct span name, const struct print *p)
{
	const char *id = c->signatures->product[p->product].id;
	float worth = worth_anywhere(c, name);

	if (is_copied(c, image))
		return NAME_TELLING;
	if (image->n == 2 && image->has_host)
		return worth < NAME_SHARED ? NAME_ALONE : NAME_TELLING;
	if (worth == NAME_KNOWN &&
	    (p->makes || p->role == ROLE_SIDECAR || p->role == ROLE_EXPORTER) &&
	    (dashes(name) > 1 || (dashes(name) && is_of(name, id))))
		return NAME_TELLING;
	return worth;
}

/* The registry that a flat path begins with: quay.io-prometheus-prometheus,
 * quay-io-prometheus-prometheus. */
static struct span
less_registry(const struct catalog *c, struct span name)
{
	const struct word_list *l = &c->signatures->registries.list[LIST_HOSTS];
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (begins(name, l->word[i]))
			return skip(name, strlen(l->word[i]));
	while (n < name.n && name.p[n] != '-' && name.p[n] != '_')
		n++;
	if (n == name.n || !memchr(name.p, '.', n))
		return name;
	while (n < name.n && (name.p[n] == '-' || name.p[n] == '_'))
		n++;
	return skip(name, n);
}

/* OWNER-NAME, where either may have dashes of its own: jetstack-cert-manager-
 * webhook, bitnami-redis. A name that says nothing by itself is left out: with
 * one dash it may still be a user's own (keptn-api). */
static const struct catalog_link *
by_owner_and_name(const struct catalog *c, struct span name, float *weight)
{
	const struct catalog_link *link = NULL;
	char path[CATALOG_KEY_MAX];

	if (name.n > sizeof(path))
		return NULL;
	memcpy(path, name.p, name.n);
	for (size_t i = 1; !link && i + 1 < name.n; i++) {
		struct span owner = {name.p, i}, rest = skip(name, i + 1);

		if (name.p[i] != '-' || catalog_has(c, KEY_GENERIC, rest))
			continue;
		path[i] = '/';
		link = catalog_find(c, KEY_REPO, (struct span){path, name.n});
		path[i] = '-';
		*weight = NAME_TELLING;
		if (!link &&
		    catalog_has(c, KEY_PACKAGER, catalog_alias(c, owner))) {
			*weight = NAME_MADE;
			link = by_dressed_name(c, rest);
		}
	}
	return link;
}

/* The maker's name in front of one that says nothing by itself. */
static const struct catalog_link *
by_maker_and_name(const struct catalog *c, struct span name, float *weight)
{
	const struct catalog_link *link = by_name(c, KEY_JOINED, name);
	const char *last = link ? strrchr(link->print->text, '/') : NULL;

	*weight = dashes(name) > 1 ? NAME_TELLING : NAME_MADE;
	return last && !catalog_has(c, KEY_GENERIC, name) &&
		catalog_has(c, KEY_GENERIC, span_of(last + 1)) ?
	    link :
	    NULL;
}

/* What is put before a name to say that it is one's own. */
static bool
is_ones_own(struct span name)
{
	static const char *const before[] = {"custom-", "demo-", "example-",
	    "fake-", "hello-", "mock-", "my-", "our-", "own-", "sample-",
	    "simple-", "test-"};

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++)
		if (begins(name, before[i]))
			return true;
	return false;
}

static void
less_dashes(struct span s, char buf[CATALOG_KEY_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < CATALOG_KEY_MAX; i++)
		if (s.p[i] != '-')
			buf[n++] = s.p[i];
	buf[n] = '\0';
}

/* Whether a part of an image's name is the product's own name, or within it, or
 * around it: postgres, fluentbit, clickhouse-server; but not cluster-manager,
 * whatever product has a part of that name. */
static const struct catalog_link *
by_part_of_name(const struct catalog *c, struct span part)
{
	const struct catalog_link *link = by_name(c, KEY_BARE, part);
	char a[CATALOG_KEY_MAX], b[CATALOG_KEY_MAX];
	uint32_t product;

	if (!link)
		return NULL;
	product = link->print->product;
	less_dashes(part, a);
	less_dashes(span_of(c->signatures->product[product].id), b);
	return strstr(a, b) || strstr(b, a) ? link : NULL;
}

/* One word of several: elk-kibana, jenkins-master. It may as well be a user's
 * own (redis-worker), so nearly all else has to agree. */
static const struct catalog_link *
by_word_of_name(const struct catalog *c, struct span name, float *weight)
{
	static const char *const part[] = {"-master", "-slave", "-primary",
	    "-replica", "-server", "-broker", "-standalone", "-ha", "-oss"};
	const struct catalog_link *link = NULL;
	struct span tail = name;
	const char *dash;

	*weight = KNOWN_WORD;
	if (is_ones_own(name))
		return NULL;
	while (!link && (dash = memchr(tail.p, '-', tail.n))) {
		tail = skip(tail, (size_t)(dash + 1 - tail.p));
		if (!catalog_has(c, KEY_WORD, tail) &&
		    !catalog_has(c, KEY_BASE, tail))
			link = by_part_of_name(c, tail);
	}
	for (size_t i = 0; !link && i < sizeof(part) / sizeof(*part); i++)
		if (ends(name, part[i]))
			link = by_part_of_name(c,
			    (struct span){name.p, name.n - strlen(part[i])});
	return link;
}

/* As its maker calls it; or with what packagers put before that, which is
 * then left out of the name. */
static const struct catalog_link *
by_bare_name(const struct catalog *c, struct span *name)
{
	const struct word_list *l =
	    &c->signatures->registries.list[LIST_BEFORE];
	const struct catalog_link *link = by_name(c, KEY_BARE, *name);
	struct span whole = *name;

	for (size_t i = 0; !link && i < l->n; i++)
		if (begins(whole, l->word[i])) {
			*name = skip(whole, strlen(l->word[i]));
			link = by_name(c, KEY_BARE, *name);
		}
	return link;
}

/* What anybody calls a build of their own: as its maker does; or with what
 * packagers put before it; or with the maker's name. Behind that of a registry
 * it is a copy. */
static const struct catalog_link *
by_common_name(const struct catalog *c, const struct image *image,
    float *weight)
{
	struct span name = image->part[image->n - 1],
		    whole = less_registry(c, name), rest = whole;
	bool is_copy = whole.p != name.p;
	const struct catalog_link *link = by_bare_name(c, &rest);

	if (link) {
		*weight = is_copy ? NAME_TELLING :
				    worth_of_name(c, image, rest, link->print);
		return link;
	}
	if ((link = by_owner_and_name(c, whole, weight)) ||
	    (link = by_owner_and_name(c, rest, weight)))
		return link;
	*weight = NAME_TELLING;
	/* nobody's own: nfs-subdir-provisioner */
	if (dashes(whole) > 1 && (link = catalog_find(c, KEY_PRODUCT, whole)))
		return link;
	if (is_copy && (link = by_mirrored_name(c, less_number(whole))))
		return link;
	if ((link = by_maker_and_name(c, whole, weight)))
		return link;
	return by_word_of_name(c, whole, weight);
}

/* An official image is known by its path, or is another's of that name. What is
 * called as the product is may have been built here all the same, or lie in the
 * project that each Harbor has. */
static bool
may_be_local(const struct catalog *c, const struct image *image,
    const struct catalog_link *link, float *weight)
{
	struct span name = image->part[image->n - 1];
	const char *id = c->signatures->product[link->print->product].id;

	if (!image->has_host || catalog_has(c, KEY_WORD, name))
		*weight = worth_anywhere(c, name);
	return span_eq(name, id);
}

/* How much a name is worth depends on what is before: a packager, a mirror, a
 * bare registry, or just anybody. */
static enum known
by_last_part(const struct catalog *c, const struct image *image,
    const struct catalog_link **first, float *weight)
{
	struct span name = image->part[image->n - 1], owner;
	enum known packager = packager_of(c, image);
	bool is_official;

	*weight = PACKAGED;
	if (packager != KNOWN_NOT && (*first = by_dressed_name(c, name)))
		return packager;
	owner =
	    image->n > 1 ? catalog_alias(c, image->part[image->n - 2]) : name;
	*first = by_common_name(c, image, weight);
	if (!*first)
		return KNOWN_NOT;
	is_official = strncmp((*first)->print->text, "library/", 8) == 0;
	if (span_eq(owner, "library") && !is_official && !dashes(name) &&
	    !may_be_local(c, image, *first, weight)) {
		*first = NULL;
		return KNOWN_NOT;
	}
	if (is_official && is_copied(c, image) &&
	    !(image->n == 2 && image->has_host))
		return KNOWN_COPY;
	return KNOWN_NAME;
}

/* name-amd64 is name, built for one kind of machine; so is name-linux-amd64. */
static bool
drop_machine(struct image *image)
{
	static const char *const machine[] = {"-amd64", "-arm64", "-arm",
	    "-armhf", "-armv7", "-arm32v7", "-arm64v8", "-aarch64", "-x86_64",
	    "-ppc64le", "-s390x"};
	struct span *name = &image->part[image->n - 1];

	for (size_t i = 0; i < sizeof(machine) / sizeof(*machine); i++)
		if (ends(*name, machine[i])) {
			name->n -= strlen(machine[i]);
			if (ends(*name, "-linux"))
				name->n -= strlen("-linux");
			return true;
		}
	return false;
}

static enum known
by_any(const struct catalog *c, const struct image *image,
    const struct catalog_link **first, float *weight)
{
	struct span name = image->part[image->n - 1];
	enum known how = by_path(c, image, first);

	if (how == KNOWN_NOT)
		how = by_flat_path(c, image, first);
	if (how != KNOWN_NOT) {
		*weight = *first ? (*first)->print->weight : 0;
		return how;
	}
	if ((*first = by_joined_name(c, image))) {
		*weight = (*first)->print->weight;
		return KNOWN_REPO;
	}
	if ((*first = by_prefixed_name(c, name))) {
		*weight = PACKAGED;
		return KNOWN_PACKAGED;
	}
	if (catalog_has(c, KEY_HELPER, name))
		return KNOWN_HELPER;
	return by_last_part(c, image, first, weight);
}

/* blackbox_exporter is blackbox-exporter. The buffer outlives the image. */
static bool
with_dashes(struct image *image, char buf[CATALOG_KEY_MAX])
{
	struct span *name = &image->part[image->n - 1];
	bool any = false;

	if (name->n > CATALOG_KEY_MAX)
		return false;
	for (size_t i = 0; i < name->n; i++) {
		any |= name->p[i] == '_';
		buf[i] = name->p[i] == '_' ? '-' : name->p[i];
	}
	name->p = buf;
	return any;
}

enum known
known_image(const struct catalog *c, const struct image *image,
    const struct catalog_link **first, float *weight)
{
	struct image again = *image;
	char buf[CATALOG_KEY_MAX];
	enum known how;

	*first = NULL;
	*weight = 0;
	how = by_any(c, image, first, weight);
	if (how == KNOWN_NOT && drop_machine(&again))
		how = by_any(c, &again, first, weight);
	if (how == KNOWN_NOT && with_dashes(&again, buf))
		how = by_any(c, &again, first, weight);
	return how;
}

bool
known_is_opaque(const struct catalog *c, const struct image *image)
{
	return !image->n ||
	    catalog_has(c, KEY_OPAQUE, image->part[image->n - 1]);
}

const struct catalog_link *
known_by_name(const struct catalog *c, struct span name)
{
	while (name.n) {
		const struct catalog_link *link = by_packed_name(c, name);

		if (link)
			return link;
		do
			name.n--;
		while (name.n && name.p[name.n] != '-');
	}
	return NULL;
}
