/* version - what a tag or a label says about a version, if anything.
 *
 * Every product has its own habits, so a signature lists rules; the first that
 * gives a version decides. A rule is a word or a pattern:
 *
 *   plain    1.2.3, v1.2.3-rc.1: all of it, less a leading v and what only
 *            names a platform or a build (-amd64, -distroless, -debian-12-r4)
 *   flavor   as plain, but of what follows the numbers only alpha, beta, rc
 *            and pre are the version's (1.2.3-anything is 1.2.3)
 *   whole    the tag as it is
 *   none     the tag counts something else
 *   stable-<version>, <edge-version>, *-kafka-<version>, <RELEASE.*>
 *            what stands between < and >; * is any text, version a version,
 *            number a whole number
 *
 * No version is an answer: latest, main, 3 and a bare digest say none.
 */
#ifndef MS_VERSION_H
#define MS_VERSION_H

#include "scan.h"

/* The version in text by one rule; absent if there is none. Borrowed. */
struct span version_by_rule(const char *rule, struct span text);

/* Whether rule is a word or pattern as above. NULL: it is; else what is wrong
 * with it. */
const char *version_rule_wrong(const char *rule);

/* Order of versions: numbers by value, a pre-release before its release.
 * <0, 0, >0 as strcmp. */
int version_compare(struct span a, struct span b);

#endif
