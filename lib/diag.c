#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *diag_prog = "ms";
void (*diag_wipe)(void);

#define ASKED (DIAG_INFO + 1)

static enum diag_level limit = DIAG_WARNING;

int
diag_tells(enum diag_level level)
{
	return level <= limit;
}

void
diag_level(enum diag_level level)
{
	limit = level;
}

/* Keeps errno, so that a caller may print and then look at it. */
__attribute__((format(printf, 2, 0))) static void
tell(int level, const char *fmt, va_list ap)
{
	static const char *const name[] = {"fatal: ", "warning: ", "info: "};
	int keep = errno;
	char line[2048];
	size_t n, room = sizeof(line) - 1;
	int k;

	if (diag_wipe)
		diag_wipe();
	n = (size_t)snprintf(line, room, "%s: %s", diag_prog,
	    level == ASKED ? "" : name[level]);
	errno = keep;
	k = vsnprintf(line + n, room - n, fmt, ap);
	n += k < 0 ? 0 : (size_t)k < room - n ? (size_t)k : room - n - 1;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	n = (size_t)write(2, line, n); /* failing, there is nobody to tell */
	errno = keep;
}

void
diag_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (diag_tells(DIAG_INFO))
		tell(DIAG_INFO, fmt, ap);
	va_end(ap);
}

void
diag_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (diag_tells(DIAG_WARNING))
		tell(DIAG_WARNING, fmt, ap);
	va_end(ap);
}

void
diag_tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(ASKED, fmt, ap);
	va_end(ap);
}

void
diag_die(enum diag_exit code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(DIAG_FATAL, fmt, ap);
	va_end(ap);
	exit(code);
}

void
diag_nomem(void)
{
	diag_die(EXIT_TEMPORARY, "out of memory");
}

void *
diag_alloc(void *old, size_t n)
{
	void *p = realloc(old, n ? n : 1);

	if (!p)
		diag_nomem();
	return p;
}

char *
diag_strndup(const char *text, size_t n)
{
	char *p = diag_alloc(NULL, n + 1);

	if (n)
		memcpy(p, text, n);
	p[n] = '\0';
	return p;
}
