/* promtext - numbers in the text format of Prometheus.
 *
 * Of each name first a head, then its samples, one a line; a name comes once.
 */
#ifndef MS_PROMTEXT_H
#define MS_PROMTEXT_H

#include "json.h"

/* HELP and TYPE: a counter, if the name ends in _total, or else a gauge. */
void promtext_head(struct json *out, const char *name, const char *help);

/* The value of a sample, and the end of its line. */
void promtext_number(struct json *out, double v);

/* The head of a name that has no labels, and its sample. */
void promtext_simple(struct json *out, const char *name, const char *help,
    double v);

/* name="text", escaped; of plain text, and of a key as it stands in JSON. */
void promtext_label(struct json *out, const char *name, struct span text);
void promtext_key_label(struct json *out, const char *name, struct span key);

#endif
