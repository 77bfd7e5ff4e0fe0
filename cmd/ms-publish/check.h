/* check - whether ms-publish could do its work, in words.
 *
 * A line on stdout for each matter: yes, no or ? (not needed), and what to do
 * if it is no. Nothing is changed but for one empty message on our subject,
 * which no consumer can take for an object and no stream keeps.
 */
#ifndef MS_CHECK_H
#define MS_CHECK_H

#include "broker.h"

/* Broker, permissions and JetStream; store: file of the snapshot, or NULL;
 * control: FIFO of a pipe that runs, through which a mark is sent, or NULL.
 * has_broker is false when messages go to stdout or a file. The exit code: 0,
 * 100 when something is refused or wrong, 111 when something is not there. */
int check_run(struct broker_settings *set, bool has_broker, const char *store,
    const char *control);

#endif
