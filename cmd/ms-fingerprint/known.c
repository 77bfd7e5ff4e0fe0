#include "known.h"

#include <ctype.h>
#include <string.h>

#include "called.h"
#include "version.h"

#define PACKAGED 0.9f /* what a name is worth below a packager */

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
	*rest = span_after(*rest, end);
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

/* The same from anybody, and rancher/OWNER-NAME of older days. */
static const struct catalog_link *
by_joined_name(const struct catalog *c, const struct image *image)
{
	struct span name = image->part[image->n - 1];

	if (span_begins(name, "mirrored-"))
		return called_mirrored(c, span_after(name, 9));
	if (image->n < 2 || !span_eq(image->part[image->n - 2], "rancher"))
		return NULL;
	return called_so(c, KEY_JOINED, name);
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
		*weight = called_worth(c, name);
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
	bool is_official, is_copy;

	*weight = PACKAGED;
	if (packager != KNOWN_NOT && (*first = called_dressed(c, name)))
		return packager;
	owner =
	    image->n > 1 ? catalog_alias(c, image->part[image->n - 2]) : name;
	is_copy = is_copied(c, image);
	*first = called_anywhere(c, image, is_copy, weight);
	if (!*first)
		return KNOWN_NOT;
	is_official = strncmp((*first)->print->text, "library/", 8) == 0;
	if (span_eq(owner, "library") && !is_official && !called_dashes(name) &&
	    !may_be_local(c, image, *first, weight)) {
		*first = NULL;
		return KNOWN_NOT;
	}
	if (is_official && is_copy && !(image->n == 2 && image->has_host))
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
		if (span_ends(*name, machine[i])) {
			name->n -= strlen(machine[i]);
			if (span_ends(*name, "-linux"))
				name->n -= strlen("-linux");
			return true;
		}
	return false;
}

static enum known
by_any(const struct catalog *c, const struct image *image,
    const struct catalog_link **first, float *weight)
{
	struct span name = image->part[image->n - 1], rest = name;
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
	/* packagers mark their builds before the name, too */
	if ((*first = called_behind(c, LIST_PREFIXES, &rest))) {
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
	if (how == KNOWN_NOT &&
	    (*first = called_first(c, image->part[image->n - 1]))) {
		*weight = KNOWN_FIRST;
		how = KNOWN_NAME;
	}
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
		const struct catalog_link *link = called_packed(c, name);

		if (link)
			return link;
		do
			name.n--;
		while (name.n && name.p[name.n] != '-');
	}
	return NULL;
}
