#include "ration.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "clock.h"
#include "diag.h"

#define TOLD 10 /* warnings … */
#define WHILE 60000 /* … in so many ms */

/* The how manieth it is. */
static unsigned
count(struct ration *r)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int64_t now = clock_ms();
	unsigned n;

	pthread_mutex_lock(&lock);
	if (!r->n || now - r->since >= WHILE) {
		r->since = now;
		r->n = 0;
	}
	n = ++r->n;
	pthread_mutex_unlock(&lock);
	return n;
}

bool
ration_warn(struct ration *r, const char *fmt, ...)
{
	unsigned n = count(r);
	char text[1024];
	va_list ap;

	if (n == TOLD + 1)
		diag_warn("%s", r->more);
	if (n > TOLD)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_warn("%s", text);
	return true;
}
