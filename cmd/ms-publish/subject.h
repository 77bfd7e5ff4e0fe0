/* subject - the names that messages are published under: tokens with dots
 * between them.
 */
#ifndef MS_SUBJECT_H
#define MS_SUBJECT_H

#include "scan.h"

/* Whether that can be one token: no dots, no blanks, no wildcards. */
bool subject_is_token(struct span text);

/* Whether one can publish there: only tokens, none of them empty. */
bool subject_is_good(const char *text);

/* Whether who subscribes to the pattern gets what is published on subject: in
 * a pattern a token * stands for any one, and > at the end for one or more. */
bool subject_matches(const char *pattern, const char *subject);

#endif
