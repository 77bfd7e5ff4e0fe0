/* called - products by the last part of an image's path alone.
 *
 * Whoever copies an image or builds it anew seldom calls it something else: as
 * its maker does, as packagers do, with its old path in the name, or with a
 * word before or behind. How much that is worth depends on what else may be
 * called so.
 */
#ifndef MS_CALLED_H
#define MS_CALLED_H

#include "catalog.h"

/* Under a key the prints of this text, if those of several products are told
 * apart by it: the one that all agree on, or whose own name it is. */
const struct catalog_link *called_so(const struct catalog *c,
    enum catalog_key key, struct span name);
/* Behind mirrored-: OWNER-NAME, of which the owner may be unknown or absent. */
const struct catalog_link *called_mirrored(const struct catalog *c,
    struct span name);
/* As its maker calls it, behind one of the words of a list, which are then left
 * out of the name, even if nothing is called so. */
const struct catalog_link *called_behind(const struct catalog *c,
    enum registry_list list, struct span *name);
/* By a packager: as its maker does, OWNER-NAME, or the product's id. */
const struct catalog_link *called_packed(const struct catalog *c,
    struct span name);
/* The same, less what packagers put before and behind it. */
const struct catalog_link *called_dressed(const struct catalog *c,
    struct span name);
/* By anybody; is_copied: it lies below a mirror. *weight is what the name is
 * worth, and set only where there is a print. */
const struct catalog_link *called_anywhere(const struct catalog *c,
    const struct image *image, bool is_copied, float *weight);
/* By the first word: the product, and what was added to it (metabase-duckdb),
 * if that is not what uses it (kafka-consumer). */
const struct catalog_link *called_first(const struct catalog *c,
    struct span name);
/* What a name alone is worth under any owner. */
float called_worth(const struct catalog *c, struct span name);
/* Whether a name is the product's own, or within it, or around it: postgres,
 * fluentbit, clickhouse-server. */
bool called_after(const struct catalog *c, struct span name, uint32_t product);
/* Less what says which one of several it is: redis of redis-master. */
struct span called_less_part(struct span name);
/* How many dashes a name has; _ is one, too. */
unsigned called_dashes(struct span name);

#endif
