/* stages - what the stages say of themselves, as metrics.
 *
 * The stages before this one put their numbers into STATUS records
 * (ms-record.7), of which the last is kept; our own are made up as theirs are.
 * What a table here names gets a name and help of its own; further numbers of
 * the stages in the middle are told under the name that they have there.
 */
#ifndef MS_STAGES_H
#define MS_STAGES_H

#include "pulse.h"

/* Append them to out, in Prometheus' text. */
void stages_write(struct json *out, struct pulse *p);

#endif
