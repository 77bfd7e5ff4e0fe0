/* control - the FIFO by which ms-watch is told what else to read.
 *
 * It is opened for reading too, so that it opens without a reader and a write
 * never gets SIGPIPE, and it is never waited for: a request that does not fit
 * any more is dropped, and that is said.
 */
#ifndef MS_CONTROL_H
#define MS_CONTROL_H

#include "record.h"

/* Ends the program if that is no FIFO, or not ours to open. path NULL: -1. */
int control_open(const char *path);

/* Hand a REQUEST on; fd -1: nobody wants it. */
void control_forward(int fd, const struct record *request);

#endif
