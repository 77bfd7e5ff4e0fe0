/* control - lines from the control FIFO.
 *
 * It is opened for reading and writing, so that a writer that goes away is no
 * end, and is never waited for.
 */
#ifndef MS_CONTROL_H
#define MS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"

struct control {
	int fd; /* -1: there is none */
	char buf[COMMAND_MAX];
	size_t n;
	bool is_skipping; /* the rest of a line that is too long */
};

/* path may be NULL. Dies (100) if it is no FIFO. */
void control_open(struct control *c, const char *path);
void control_close(struct control *c);

/* Give each line that is there to take, some at most. */
void control_read(struct control *c,
    void (*take)(void *context, const char *line, size_t n), void *context);

#endif
