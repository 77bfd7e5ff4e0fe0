/* command_fuzz - any bytes as a line of the control FIFO: a command that asks
 * for no more than it may, or none. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fuzz/fuzz.h"

/* What curl and servers may take for a step up, in any spelling. */
static void
check_path(const char *path)
{
	char plain[COMMAND_MAX];
	size_t n = 0;

	MUST(path && *path == '/');
	for (const char *p = path; *p; p++) {
		char digits[3] = {p[0] == '%' ? p[1] : 0,
		    p[0] == '%' && p[1] ? p[2] : 0, 0};
		char *end = digits;
		long code = *digits ? strtol(digits, &end, 16) : 0;

		plain[n++] = end == digits + 2 ? (char)code : *p;
		p += end == digits + 2 ? 2 : 0;
	}
	plain[n] = '\0';
	for (char *step = strtok(plain, "/?#;\\"); step;
	     step = strtok(NULL, "/?#;\\"))
		MUST(strcmp(step, ".") != 0 && strcmp(step, "..") != 0);
}

static void
check_name(const char *name)
{
	MUST(name && *name && !strpbrk(name, "/%:?#\\ ") &&
	    strcmp(name, "..") != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command c;
	const char *why = NULL;

	if (command_read(&c, (const char *)data, size, &why) < 0) {
		MUST(why != NULL);
		MUST(!c.id || strlen(c.id) <= COMMAND_ID);
		return 0;
	}
	MUST(!why && c.name && size < COMMAND_MAX);
	if (c.verb == COMMAND_PROBE) {
		check_path(c.path);
		check_name(c.ns);
		check_name(c.service ? c.service : c.pod);
		check_name(c.port);
	}
	if (c.verb == COMMAND_WATCH)
		MUST(c.resource && c.by && c.depth > DEPTH_OFF);
	return 0;
}
