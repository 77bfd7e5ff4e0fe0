/* clock - the time that nobody sets back, for waits and deadlines. */
#ifndef MS_CLOCK_H
#define MS_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds since some start. */
int64_t clock_ms(void);

/* Let that time pass faster: times is a number as text; NULL, or what is no
 * number from 1 to 1000, is 1. So tests need not wait for half an hour. To be
 * called before any other. */
void clock_hurry(const char *times);
/* How many milliseconds of the world are ms of clock_ms(), rounded up. */
int64_t clock_real(int64_t ms);

/* When ms of clock_ms() will have passed, on CLOCK_MONOTONIC. */
struct timespec clock_after(int64_t ms);
/* A condition whose timed waits end by clock_after(). */
void clock_cond_init(pthread_cond_t *cond);

/* A number from 0 to n - 1 (n > 0), for jitter; not for secrets. */
uint32_t clock_jitter(uint32_t n);

#endif
