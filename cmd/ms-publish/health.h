/* health - how we are, over HTTP, for kubelet, Prometheus and people.
 *
 *   /healthz          200 ok, as long as the process answers
 *   /readyz           503 not ready until the broker has let us in once, then
 *                     200 ok for ever, as upstream
 *   /readyz?verbose   in words; 200 only while all is well
 *   /metrics          in Prometheus text
 *
 * All else is 404; the method does not matter. One thread of its own serves
 * them.
 */
#ifndef MS_HEALTH_H
#define MS_HEALTH_H

#include "pulse.h"
#include "store.h"

/* Serve on ADDR:PORT; an empty ADDR is every address of this machine. Wrong
 * use ends the program (100); a port that is taken is warned about, and the
 * run goes on without. s may be NULL. Both stay the caller's, for ever. */
void health_listen(const char *where, struct pulse *p, struct store *s);

#endif
