/* direct - stdin to stdout, without a snapshot: each record as a message.
 *
 * Nothing is compared and nothing is kept: what comes in twice goes out twice,
 * and a deletion that came without its object is told without it.
 */
#ifndef MS_DIRECT_H
#define MS_DIRECT_H

#include "format.h"
#include "pulse.h"

/* Until the end of stdin. cluster: for records that name none, or NULL. pulse
 * gets to know what comes. */
void direct_run(struct format *f, const char *cluster, struct pulse *pulse);

#endif
