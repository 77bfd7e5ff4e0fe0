/* account - the fields of a kubeconfig's cluster and user.
 *
 * What contradicts itself is refused, as is what would be ignored in silence
 * and then fail as a mysterious 401.
 */
#ifndef MS_ACCOUNT_H
#define MS_ACCOUNT_H

#include "kubeconfig.h"

/* -1: the stanza's err. The cluster is to be read before the user. */
int account_read_cluster(struct kubeconfig *k, const struct stanza *s);
int account_read_user(struct kubeconfig *k, const struct stanza *s,
    const struct stanza *cluster);

#endif
