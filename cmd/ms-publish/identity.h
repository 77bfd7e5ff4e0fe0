/* identity - who we are to the broker.
 *
 * What is in a file is read when it is asked for, so that what was rotated
 * counts from the next connection on. No part of a secret is ever told.
 */
#ifndef MS_IDENTITY_H
#define MS_IDENTITY_H

#include <nats/nats.h>

#include "broker.h"

/* Set it in the options of a connection: of the files that the settings name,
 * or else of the URL. False: they are no use, and why says what is wrong. */
bool identity_set(natsOptions *o, const struct broker_settings *set,
    char why[SINK_WHY]);

#endif
