/* process - run a program and take what it prints, without waiting for it.
 *
 * It gets no stdin, our stderr, and a pipe for stdout; it never sees our own
 * stdout, or any other descriptor. Over its time it is killed with all that it
 * has started.
 */
#ifndef MS_PROCESS_H
#define MS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "json.h"
#include "opts.h"

#define PROCESS_OUTPUT (16u << 20) /* bytes; more than that is a mistake */

struct process {
	pid_t pid; /* 0: none */
	int fd; /* its stdout; -1: it has ended */
	struct json out; /* all that it has printed */
	int64_t until; /* ms: when to kill it */
	int64_t exited_at; /* ms, or 0 */
	bool is_late, is_long; /* why it was killed */
	int status; /* as waitpid() tells it */
};

/* Start command (a path, or a name in PATH) with our environment and these
 * NAME=VALUE on top. 0, or an errno. */
int process_start(struct process *p, const char *command,
    const struct opts_list *args, const struct opts_list *env, int64_t until);
/* Take what it has printed. True: it has ended; out and status hold. */
bool process_turn(struct process *p, int64_t now);
/* When process_turn() is due, beside whenever fd is readable. */
int64_t process_due(const struct process *p, int64_t now);
/* Kill it if it runs, and forget it. */
void process_end(struct process *p);

#endif
