/* image_fuzz - any text as an image's reference, and its tag by any rule.
 *
 * What is taken from a reference lies within it; a version is a part of its
 * tag, and whoever is found has a print and a weight.
 */

#include "fuzz/fuzz.h"
#include "known.h"
#include "library.h"
#include "version.h"

static bool
is_within(struct span part, struct span whole)
{
	return !part.n ||
	    (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void
check_tag(struct span tag)
{
	static const char *const rules[] = {"plain", "flavor", "whole", "none",
	    "stable-<version>", "<RELEASE.*>", "*-kafka-<version>",
	    "<version>-<version>", "*-<number>", "**<version>*"};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		MUST(is_within(version_by_rule(rules[i], tag), tag));
	MUST(version_compare(tag, tag) == 0);
}

static void
check_catalog(const struct catalog *c, const struct image *image)
{
	const struct catalog_link *first;
	enum known how;
	float weight;

	how = known_image(c, image, &first, &weight);
	MUST(!first == (how == KNOWN_NOT || how == KNOWN_HELPER));
	MUST(!first || (weight > 0 && weight < 1));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span ref = {(const char *)data, size};
	static struct knowledge *k;
	struct library l = {.bare = false};
	char err[CONFIG_ERROR];
	struct image image;

	if (!k)
		MUST(k = library_build(&l, err));
	check_tag(ref);
	if (!image_parse(ref, &image))
		return 0;
	MUST(image.n > 0 && image.n <= IMAGE_PARTS);
	for (unsigned i = 0; i < image.n; i++)
		MUST(image.part[i].n > 0);
	MUST(is_within(image.part[image.n - 1], ref));
	MUST(is_within(image.tag, ref) && is_within(image.digest, ref));
	check_tag(image.tag);
	check_catalog(&k->catalog, &image);
	return 0;
}
