/* diag - what a stage tells a person, on stderr.
 *
 * One line a message, in one write(2), so that four stages can share a
 * terminal: "ms-watch: warning: unable to read x: No such file or directory".
 * Control bytes become '?'. %m in a format is strerror(errno).
 */
#ifndef MS_DIAG_H
#define MS_DIAG_H

#include <stddef.h>

/* Exit codes: a supervisor asks only "start it again or not?". */
enum diag_exit {
	EXIT_PERMANENT = 100, /* usage, bad configuration, refused */
	EXIT_BUG = 101, /* cannot happen */
	EXIT_TEMPORARY = 111 /* system call, network, server */
};

enum diag_level { DIAG_FATAL, DIAG_WARNING, DIAG_INFO };

extern const char *diag_prog; /* the name that begins each message */
/* NULL, or what takes an unfinished line off the terminal before a message. */
extern void (*diag_wipe)(void);

void diag_level(enum diag_level level); /* -q, default, -v */

void diag_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void diag_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What somebody has asked for; always told. */
void diag_tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Whether messages of this level are told. */
int diag_tells(enum diag_level level);
/* Say why and exit with code. */
void diag_die(enum diag_exit code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));
/* Out of memory: nothing sensible can follow. */
void diag_nomem(void) __attribute__((noreturn));

/* realloc and strndup that end the program instead of failing. */
void *diag_alloc(void *old, size_t n);
char *diag_strndup(const char *text, size_t n);

#endif
