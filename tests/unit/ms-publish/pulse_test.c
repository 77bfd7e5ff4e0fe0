/* pulse: the age of the backlog, and what SYNC records say of resources. */
#include "pulse.h"

#include <string.h>
#include <time.h>

#include "tap.h"

static struct pulse p;
static struct records rs;

static void
wait_ms(long ms)
{
	struct timespec t = {0, ms * 1000000};

	nanosleep(&t, NULL);
}

/* It may be told too old by the gap between two steps, and never too young. */
static void
test_age(void)
{
	ok(pulse_backlog_age(&p) <= 0, "nothing waits");
	pulse_committed(&p, 10);
	wait_ms(120);
	pulse_committed(&p, 20);
	ok(pulse_backlog_age(&p) >= 0.12, "the oldest counts");
	pulse_confirmed(&p, 10);
	pulse_backlog_age(&p);
	ok(p.n_steps == 1 && p.step[0].change == 20, "and then the next");
	pulse_confirmed(&p, 19);
	wait_ms(5);
	ok(pulse_backlog_age(&p) > 0, "of which one is left");
	pulse_confirmed(&p, 20);
	ok(pulse_backlog_age(&p) <= 0, "and none");
	pulse_committed(&p, 20);
	ok(pulse_backlog_age(&p) <= 0, "what is confirmed does not wait again");
}

/* Long outages need more steps than there are: they become coarser. */
static void
test_steps(void)
{
	double age;

	p.gap = 0;
	pulse_committed(&p, 100);
	wait_ms(20);
	for (int i = 1; i <= 10 * PULSE_STEPS; i++) {
		pulse_committed(&p, 100 + i);
		p.gap = 0;
	}
	ok(p.n_steps <= PULSE_STEPS, "%zu steps", p.n_steps);
	age = pulse_backlog_age(&p);
	ok(age >= 0.02, "the first one's time stays");
	pulse_confirmed(&p, 100 + 10 * PULSE_STEPS - 1);
	wait_ms(5);
	ok(p.n_steps && pulse_backlog_age(&p) > 0, "the last change waits");
	pulse_confirmed(&p, 100 + 10 * PULSE_STEPS);
	ok(pulse_backlog_age(&p) <= 0 && p.n_steps == 0, "and then none");
	ok(p.gap > 0, "steps are fine again");
}

/* A coarser step reaches as far as the two that it is made of. */
static void
test_coarser(void)
{
	for (int i = 1; i <= PULSE_STEPS + 1; i++) {
		p.gap = 0;
		pulse_committed(&p, 10000 + i);
	}
	ok(p.n_steps == PULSE_STEPS / 2 + 1 && p.step[0].change == 10002 &&
		p.step[PULSE_STEPS / 2 - 1].change == 10000 + PULSE_STEPS,
	    "two steps become one");
	pulse_confirmed(&p, 10000 + PULSE_STEPS + 1);
	pulse_backlog_age(&p);
}

static const char *
state(const char *name)
{
	for (size_t i = 0; i < p.n_resources; i++)
		if (strcmp(p.resource[i].name, name) == 0)
			return p.resource[i].state;
	return "none";
}

static const char *
after(const char *ms, const char *name)
{
	char line[512];
	struct scan_error err;
	struct record r;

	snprintf(line, sizeof(line), "{\"type\":\"SYNC\",\"ms\":{%s}}", ms);
	if (record_parse(&rs.plan, span_of(line), &r, &err) < 0)
		return err.what;
	pulse_record(&p, &r);
	return state(name);
}

#define PODS(phase) "\"resource\":\"pods.v1.\",\"phase\":\"" phase "\""

static void
is_state(const char *ms, const char *want)
{
	const char *got = after(ms, "pods.v1.");

	ok(strcmp(got, want) == 0, "%s: %s", ms, got);
}

static void
test_states(void)
{
	is_state(PODS("begin") ",\"complete\":true", "syncing");
	is_state(PODS("end"), "synced");
	is_state(PODS("begin") ",\"complete\":false", "synced");
	is_state(PODS("begin") ",\"complete\":true", "syncing");
	is_state(PODS("aborted"), "aborted");
	is_state(PODS("denied"), "denied");
	is_state("\"phase\":\"ready\",\"complete\":true,\"resources\":"
		 "{\"pods.v1.\":\"pending\",\"a\":\"synced\",\"b\":\"later\"}",
	    "pending");
	ok(p.is_ready && p.is_discovered && strcmp(state("a"), "synced") == 0 &&
		strcmp(state("b"), "unknown") == 0,
	    "ready names them all");
	is_state("\"phase\":\"ready\",\"resources\":{\"pods.v1.\":\"off\"}",
	    "none");
	ok(!p.is_discovered, "and not all were discovered");
	is_state(PODS("end"), "synced");
	is_state(PODS("gone"), "none");
	is_state(PODS("gone"), "none");
}

int
main(void)
{
	records_init(&rs, -1, -1, RECORD_MAX);
	pulse_init(&p, true);
	test_age();
	test_steps();
	test_coarser();
	test_states();
	records_release(&rs);
	return tap_done();
}
