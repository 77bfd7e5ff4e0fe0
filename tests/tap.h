/* tap - results of a test program as the Test Anything Protocol, for prove.
 *
 * The plan is printed last, so that a crash shows as a missing plan.
 */
#ifndef MS_TAP_H
#define MS_TAP_H

#include <stdarg.h>
#include <stdio.h>

static int tap_run, tap_failed;

#define ok(is_true, ...) tap_ok(!!(is_true), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused)) static int
tap_ok(int is_true, const char *file, int line, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	for (char *p = what; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == '#')
			*p = '?'; /* a newline or "# skip" has a meaning */
	printf("%sok %d - %s\n", is_true ? "" : "not ", ++tap_run, what);
	if (!is_true && ++tap_failed)
		printf("# at %s:%d\n", file, line);
	fflush(stdout);
	return is_true;
}

__attribute__((unused)) static int
tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed > 0;
}

#endif
