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

/* Take a SYNC record in, inside a transaction that holds nothing else. False:
 * an error of the disk; the same record can be given again. */
bool sync_take(struct sync_state *s, const struct record *r);

/* The transaction of sync_take(r) is on disk: a sync that r ends is over. */
void sync_close(struct sync_state *s, const struct record *r);

#endif
