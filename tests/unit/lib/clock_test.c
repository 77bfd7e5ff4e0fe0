/* clock: chance is spread evenly, and a fast clock is fast everywhere. */
#include "clock.h"

#include "tap.h"

#define DRAWS 100000u
#define BUCKETS 300u

/* The time limits of watches are drawn so: 300 seconds and up to 300 more. */
static void
spread(void)
{
	unsigned bucket[BUCKETS] = {0}, most = 0, least = DRAWS, beyond = 0;

	for (unsigned i = 0; i < DRAWS; i++) {
		uint32_t drawn = clock_jitter(BUCKETS);

		if (drawn < BUCKETS)
			bucket[drawn]++;
		else
			beyond++;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		most = bucket[i] > most ? bucket[i] : most;
		least = bucket[i] < least ? bucket[i] : least;
	}
	ok(beyond == 0, "never as much as asked for");
	ok(most <= 2 * DRAWS / BUCKETS,
	    "61. no second is drawn twice as often as the mean (%u of %u)",
	    most, DRAWS / BUCKETS);
	ok(least >= DRAWS / BUCKETS / 2, "61. nor half as often (%u)", least);
	ok(clock_jitter(1) == 0, "of one there is no choice");
}

static void
hurry(void)
{
	ok(clock_real(1500) == 1500, "the clock is the real one at first");
	clock_hurry("100");
	ok(clock_real(1500) == 15 && clock_real(1) == 1,
	    "a fast one: waits are shorter, but never none");
	clock_hurry("1001");
	ok(clock_real(7) == 7, "a speed that makes no sense is none");
}

int
main(void)
{
	spread();
	hurry();
	return tap_done();
}
