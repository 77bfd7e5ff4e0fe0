/* session - the run of ms-watch: find out what there is, watch all of it.
 *
 * One thread does everything but writing. It reads from the network only while
 * the queue has room, so that a slow reader of stdout slows the server down.
 */
#ifndef MS_SESSION_H
#define MS_SESSION_H

#include "kubeconfig.h"
#include "settings.h"

/* Until a signal comes, or all is listed (settings->is_once). settings->policy is
 * what it begins with, and changes. Returns the exit code; what cannot be
 * survived dies within. */
int session_run(struct settings *settings, const struct kubeconfig *config);

#endif
