/* command - one line of the control FIFO (ms-record.7), read and judged.
 *
 * Pure: what a line may make us do is decided here. A probe's path cannot leave
 * the application that is probed, whatever curl or the API server make of it.
 */
#ifndef MS_COMMAND_H
#define MS_COMMAND_H

#include <stddef.h>

#include "want.h"

#define COMMAND_MAX 4096 /* bytes of a line, with its newline */
#define COMMAND_ID 128

enum command_verb {
	COMMAND_RESYNC,
	COMMAND_WATCH,
	COMMAND_UNWATCH,
	COMMAND_PROBE,
	COMMAND_MARK,
	COMMAND_SIGNATURES,
	COMMANDS
};

/* Texts are plain and terminated; those that are absent are NULL. */
struct command {
	enum command_verb verb;
	const char *name; /* of the verb */
	const char *id;
	const char *resource, *by;
	enum depth depth;
	const char *ns, *service, *pod, *port, *scheme, *path;
	const char *asked;
	char text[COMMAND_MAX + 32]; /* where they live */
};

/* Read a line, without its newline. 0; or -1 and *why says what is wrong with
 * it: then id and name are set if they could be read. */
int command_read(struct command *c, const char *line, size_t n,
    const char **why);

#endif
