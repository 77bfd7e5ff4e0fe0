#include "failure.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RETRY_AFTER_MAX 60u /* s: more is a mistake of someone's */

struct status {
	int64_t code;
	struct span reason, message, details;
};

static struct status
read_status(struct span object)
{
	struct status s = {.reason = scan_get(object, "reason"),
	    .message = scan_get(object, "message"),
	    .details = scan_get(object, "details")};

	scan_int(scan_get(object, "code"), &s.code);
	return s;
}

static bool
mentions(struct span text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.n; i++)
		if (memcmp(text.p + i, word, n) == 0)
			return true;
	return false;
}

/* The cause is told as such by newer servers, in words by older ones. */
static bool
is_too_large(const struct status *s)
{
	return mentions(s->details, "ResourceVersionTooLarge") ||
	    mentions(s->details, "Too large resource version") ||
	    mentions(s->message, "Too large resource version");
}

/* What servers without streaming lists say about being asked for one. */
static bool
is_unsupported(const struct status *s)
{
	if (s->code == 400 || s->code == 422)
		return mentions(s->message, "sendInitialEvents") ||
		    mentions(s->message, "resourceVersionMatch");
	return s->code == 500 && mentions(s->message, "storage feature");
}

static enum machine_input
class_of(const struct status *s, bool was_streaming)
{
	if (was_streaming && is_unsupported(s))
		return IN_UNSUPPORTED;
	if (s->code == 410 || scan_eq(s->reason, "Expired") ||
	    scan_eq(s->reason, "Gone"))
		return IN_EXPIRED;
	if (is_too_large(s))
		return IN_TOO_LARGE;
	switch (s->code) {
	case 401:
		return IN_AUTH;
	case 403:
		return IN_DENIED;
	case 404:
		return IN_MISSING;
	case 405:
		return IN_METHOD;
	case 406:
	case 415:
		return IN_ACCEPT;
	case 400:
	case 422:
		return IN_BAD;
	case 429:
		return IN_THROTTLED;
	default:
		/* 200: not what was asked for; 3xx: not followed */
		return s->code >= 500 ? IN_SERVER : IN_GARBLED;
	}
}

void
failure_set(struct failure *f, enum machine_input class, const char *fmt, ...)
{
	va_list ap;

	f->class = class;
	f->retry_after = 0;
	f->is_by_flow_control = false;
	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
}

static unsigned
milliseconds(int64_t seconds)
{
	if (seconds <= 0)
		return 0;
	return (seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX :
					    (unsigned)seconds) *
	    1000;
}

/* Seconds, or a date as load balancers send it. */
static unsigned
parse_retry_after(const char *text)
{
	int64_t seconds;
	time_t date;

	if (!text)
		return 0;
	if (scan_int(span_of(text), &seconds))
		return milliseconds(seconds);
	date = curl_getdate(text, NULL);
	return date > 0 ? milliseconds(date - time(NULL)) : 0;
}

static void
fill(struct failure *f, const struct status *s, bool was_streaming)
{
	char buf[4096];
	struct span message = scan_text(s->message, buf, sizeof(buf));
	int64_t seconds = 0;

	failure_set(f, class_of(s, was_streaming), "%lld%s%.*s",
	    (long long)s->code, message.n ? ": " : "", (int)message.n,
	    message.n ? message.p : "");
	if (scan_type(s->details) == SCAN_OBJECT &&
	    scan_int(scan_get(s->details, "retryAfterSeconds"), &seconds))
		f->retry_after = milliseconds(seconds);
}

void
failure_of_status(struct failure *f, struct span object, bool was_streaming)
{
	struct status s = read_status(object);

	fill(f, &s, was_streaming);
}

void
failure_of_answer(struct failure *f, long status, struct span body,
    const char *retry_after, bool was_streaming)
{
	struct scan_error err;
	struct status s = {0};
	unsigned asked = parse_retry_after(retry_after);
	bool is_status = false;

	/* Proxies answer in HTML, flow control in plain text. */
	if (body.n && *body.p == '{' &&
	    scan_find(NULL, body.p, body.n, NULL, &err) == 0) {
		while (body.n && strchr(" \t\r\n", body.p[body.n - 1]))
			body.n--;
		s = read_status(body);
		is_status = true;
	}
	s.code = status;
	fill(f, &s, was_streaming);
	/* The storage of one resource says in a Status that it is not ready. */
	f->is_by_flow_control = status == 429 && !is_status;
	if (asked > f->retry_after)
		f->retry_after = asked;
}
