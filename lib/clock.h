/* clock - the time that nobody sets back, for waits and deadlines. */
#ifndef MS_CLOCK_H
#define MS_CLOCK_H

#include <stdint.h>

/* Milliseconds since some start. */
int64_t clock_ms(void);

/* A number from 0 to n - 1 (n > 0), for jitter; not for secrets. */
uint32_t clock_jitter(uint32_t n);

#endif
