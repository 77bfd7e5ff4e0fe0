/* check - say in words what a run would be able to read (--check). */
#ifndef MS_CHECK_H
#define MS_CHECK_H

#include "kubeconfig.h"
#include "settings.h"

/* A line for the server and one for each kind, on stdout. Returns the exit
 * code: 0, or 100 when nothing can be read; dies when there is no server. */
int check_run(const struct settings *settings, const struct kubeconfig *config);

#endif
