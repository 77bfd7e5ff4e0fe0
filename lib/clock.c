#include "clock.h"

#include <stdlib.h>
#include <unistd.h>

static int64_t speed = 1;

int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 * speed +
	    (int64_t)t.tv_nsec * speed / 1000000;
}

void
clock_hurry(const char *times)
{
	long n = times ? strtol(times, NULL, 10) : 1;

	speed = n >= 1 && n <= 1000 ? n : 1;
}

int64_t
clock_real(int64_t ms)
{
	return (ms + speed - 1) / speed;
}

struct timespec
clock_after(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += (long)(clock_real(ms) % 1000) * 1000000;
	t.tv_sec += (time_t)(clock_real(ms) / 1000) + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

void
clock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

uint32_t
clock_jitter(uint32_t n)
{
	static unsigned short seed[3];
	struct timespec t;

	if (!seed[0] && !seed[1] && !seed[2]) {
		clock_gettime(CLOCK_REALTIME, &t);
		seed[0] = (unsigned short)t.tv_nsec;
		seed[1] = (unsigned short)(t.tv_nsec >> 16);
		seed[2] = (unsigned short)(getpid() | 1);
	}
	return (uint32_t)((uint64_t)nrand48(seed) * n >> 31);
}
