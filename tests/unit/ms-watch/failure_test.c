#include "failure.h"

#include <string.h>
#include <time.h>

#include "tap.h"

static struct failure f;

static enum machine_input
answer(long status, const char *body)
{
	failure_of_answer(&f, status, span_of(body), NULL, false);
	return f.class;
}

static enum machine_input
stream(const char *object)
{
	failure_of_status(&f, span_of(object), true);
	return f.class;
}

static void
test_classes(void)
{
	static const struct {
		long status;
		enum machine_input class;
	} table[] = {{400, IN_BAD}, {401, IN_AUTH}, {403, IN_DENIED},
	    {404, IN_MISSING}, {405, IN_METHOD}, {406, IN_ACCEPT},
	    {410, IN_EXPIRED}, {415, IN_ACCEPT}, {422, IN_BAD},
	    {429, IN_THROTTLED}, {500, IN_SERVER}, {502, IN_SERVER},
	    {503, IN_SERVER}, {504, IN_SERVER}, {200, IN_GARBLED},
	    {302, IN_GARBLED}};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		ok(answer(table[i].status, "some text") == table[i].class,
		    "status %ld", table[i].status);
}

static void
test_status(void)
{
	ok(stream(
	       "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}") ==
		IN_EXPIRED,
	    "an ERROR event 410");
	ok(stream("{\"kind\":\"Status\",\"code\":500,\"reason\":\"Gone\"}") ==
		IN_EXPIRED,
	    "reason Gone");
	ok(answer(504,
	       "{\"code\":504,\"details\":{\"causes\":[{\"reason\":"
	       "\"ResourceVersionTooLarge\"}],\"retryAfterSeconds\":1}}\n") ==
		    IN_TOO_LARGE &&
		f.retry_after == 1000,
	    "too large, as a cause");
	ok(answer(504,
	       "{\"message\":\"Timeout: Too large resource version: "
	       "9, current: 8\"}") == IN_TOO_LARGE,
	    "too large, in words");
	ok(answer(504, "{\"message\":\"Timeout\"}") == IN_SERVER,
	    "any other 504");
	ok(stream(
	       "{\"code\":422,\"message\":\"sendInitialEvents: Forbidden\"}") ==
		IN_UNSUPPORTED,
	    "no streaming lists: 422");
	ok(stream(
	       "{\"code\":500,\"message\":\"a watch stream was requested by "
	       "the client but the required storage feature is disabled\"}") ==
		IN_UNSUPPORTED,
	    "no streaming lists: 500");
	ok(stream("{\"code\":422,\"message\":\"bad selector\"}") == IN_BAD,
	    "any other 422");
	ok(answer(422, "{\"message\":\"sendInitialEvents\"}") == IN_BAD,
	    "only when it was asked for");
	ok(answer(403, "{\"message\":\"pods is forbidden: no\"}") ==
		    IN_DENIED &&
		strcmp(f.why, "403: pods is forbidden: no") == 0,
	    "the message is kept: %s", f.why);
	ok(answer(500, "{\"message\":") == IN_SERVER, "a torn body");
	ok(answer(429, "Too many requests, please try again later.\n") ==
		    IN_THROTTLED &&
		f.is_by_flow_control,
	    "429 in plain text is flow control's");
	ok(answer(429, "{\"message\":\"storage is (re)initializing\"}") ==
		    IN_THROTTLED &&
		!f.is_by_flow_control,
	    "429 as a Status is the resource's own");
}

static void
test_retry_after(void)
{
	char date[64];
	time_t later = time(NULL) + 20;
	struct tm utc;

	failure_of_answer(&f, 429, span_of("Too many requests"), "5", false);
	ok(f.class == IN_THROTTLED && f.retry_after == 5000, "seconds");
	gmtime_r(&later, &utc);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
	failure_of_answer(&f, 503, span_of(""), date, false);
	ok(f.retry_after >= 15000 && f.retry_after <= 20000, "a date");
	failure_of_answer(&f, 503, span_of(""), "86400", false);
	ok(f.retry_after == 60000, "no more than a minute");
	failure_of_answer(&f, 503, span_of(""), "soon", false);
	ok(f.retry_after == 0, "nonsense");
	failure_of_answer(&f, 503, span_of(""), "-4", false);
	ok(f.retry_after == 0, "the past");
}

int
main(void)
{
	test_classes();
	test_status();
	test_retry_after();
	return tap_done();
}
