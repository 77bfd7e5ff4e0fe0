/* sync - SYNC records: what a complete list did not name has gone.
 *
 * A sweep is the one place where this program deletes what nobody said was
 * deleted, so it happens only between a begin with complete:true and its end,
 * within its cluster and scope, and never after aborted or denied.
 */
#ifndef MS_SYNC_H
#define MS_SYNC_H

#include "record.h"
#include "rows.h"

struct sync_state;

/* For records whose cluster is unnamed: cluster, or NULL. */
struct sync_state *sync_new(struct rows *rows, const char *cluster);

/* Take a SYNC record in, inside a transaction. False: an error of the disk, and
 * all records of the transaction are to be given again. */
bool sync_take(struct sync_state *s, const struct record *r);

/* What the transaction did is on disk. */
void sync_committed(struct sync_state *s);

/* Whether the record needs a transaction of its own: it changes how others are
 * taken in, so that given again they would come out otherwise. */
bool sync_is_alone(const struct sync_state *s, const struct record *r);

#endif
