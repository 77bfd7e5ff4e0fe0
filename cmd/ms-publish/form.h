/* form - how the consumer was told, from one run to the next.
 *
 * What is sent depends on options: what is fixed, added, masked or held back,
 * whether addresses are tried. A row that was told as they were is owed nothing
 * when they change, though the consumer then has what it would not be told any
 * more, or lacks what it would.
 */
#ifndef MS_FORM_H
#define MS_FORM_H

#include "format.h"
#include "store.h"

/* Have everything told again if the last run of this snapshot had other
 * options. Before the store's threads begin. False: an error of the disk, which
 * was told. */
bool form_keep(struct store *s, const struct format *f, bool redact,
    bool dials);

#endif
