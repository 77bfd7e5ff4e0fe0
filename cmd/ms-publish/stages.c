#include "stages.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "promtext.h"
#include "status.h"

enum { WATCH, CLASSIFY, FINGERPRINT, PUBLISH, STAGES };

static const char *const stage[STAGES] = {"ms-watch", "ms-classify",
    "ms-fingerprint", "ms-publish"};

/* ---- the names ---- */

/* A number of a stage, and what Prometheus calls it. */
struct metric {
	const char *member; /* in the stage's object, or a resource's */
	const char *name, *help;
	double unit; /* of the member, in that of the name; 0: 1 */
	const char *label, *label2; /* the member is a map, or one of maps */
	const char *of_watch; /* member of ms-watch that says the same */
};

/* Of every stage; label stage. ms-watch has names of its own for some, in the
 * unit of the metric. */
static const struct metric common[] = {
    {"in", "meshsync_stage_records_read_total", "Records that a stage read."},
    {"out", "meshsync_stage_records_written_total",
	"Records that a stage wrote; ms-publish: confirmed messages.", 0,
	.of_watch = "recordsTotal"},
    {"dropped", "meshsync_stage_records_dropped_total",
	"Lines that were no record."},
    {"bytesIn", "meshsync_stage_read_bytes_total",
	"Bytes that a stage read; ms-watch: of the API server's answers.", 0,
	.of_watch = "receivedBytesTotal"},
    {"bytesOut", "meshsync_stage_written_bytes_total",
	"Bytes that a stage wrote."},
    {"cpuMs", "meshsync_stage_cpu_seconds_total", "CPU time of a stage.", 0.001,
	.of_watch = "cpuSecondsTotal"},
    {"heap", "meshsync_stage_heap_bytes", "Memory that a stage has in use.", 0,
	.of_watch = "heapBytes"},
    {"objects", "meshsync_stage_objects", "Objects that a stage remembers."},
    {"amended", "meshsync_stage_amendments_total",
	"AMEND records that a stage made."},
};

static const struct metric of_classify[] = {
    {"redacted", "meshsync_classify_redacted_total",
	"Records that values were masked in."},
};

static const struct metric of_fingerprint[] = {
    {"infrastructures", "meshsync_fingerprint_infrastructures",
	"Infrastructure objects that were found."},
};

static const struct metric of_watch[] = {
    {"streams", "meshsync_watch_streams", "Requests that are under way."},
    {"connections", "meshsync_watch_connections",
	"Open connections to the API server.", 0, "protocol"},
    {"connectionsTotal", "meshsync_watch_connections_total",
	"Connections to the API server that were made."},
    {"goawaysTotal", "meshsync_watch_goaways_total",
	"Connections that the API server asked to leave."},
    {"queueBytes", "meshsync_watch_queue_bytes",
	"What the next stage has not taken yet."},
    {"queueBlockedSecondsTotal", "meshsync_watch_queue_blocked_seconds_total",
	"Time that nothing was read because of that."},
    {"discovery.ageSeconds", "meshsync_watch_discovery_age_seconds",
	"Age of what is known of the server's resources."},
    {"discovery.complete", "meshsync_watch_discovery_complete",
	"Whether all API groups are known."},
    {"credential.ageSeconds", "meshsync_watch_credential_age_seconds",
	"Age of the credential."},
    {"credential.expirySeconds", "meshsync_watch_credential_expiry_seconds",
	"Time until the credential ends."},
    {"credential.readsTotal", "meshsync_watch_credential_reads_total",
	"Times that the credential was read or made."},
    {"credential.failuresTotal", "meshsync_watch_credential_failures_total",
	"Times that this went wrong."},
    {"credential.refusedTotal", "meshsync_watch_credential_refused_total",
	"Answers 401 of the API server."},
};

/* Of a resource in ms-watch's member; label resource. */
static const struct metric of_resource[] = {
    {"objects", "meshsync_watch_objects", "Objects that exist."},
    {"synced", "meshsync_watch_synced", "Whether there was a complete list."},
    {"lastByteSeconds", "meshsync_watch_last_byte_seconds",
	"Time since the API server sent a byte about it."},
    {"lastEventSeconds", "meshsync_watch_last_event_seconds",
	"Time since the last event."},
    {"lastBookmarkSeconds", "meshsync_watch_last_bookmark_seconds",
	"Time since the last bookmark."},
    {"eventsTotal", "meshsync_watch_events_total",
	"Events that the API server sent.", 0, "event"},
    {"synthesizedTotal", "meshsync_watch_synthesized_total",
	"Deletions that were found by comparison."},
    {"suppressedTotal", "meshsync_watch_suppressed_total",
	"Objects that were as known already."},
    {"requestsTotal", "meshsync_watch_requests_total",
	"Requests to the API server by their outcome.", 0, "request",
	"outcome"},
    {"relistsTotal", "meshsync_watch_relists_total",
	"Lists that were not the first, by their cause.", 0, "cause"},
    {"throttledSecondsTotal", "meshsync_watch_throttled_seconds_total",
	"Time waited because the API server asked for patience."},
    {"backoffLevel", "meshsync_watch_backoff_level", "Failures in a row."},
    {"decodeErrorsTotal", "meshsync_watch_decode_errors_total",
	"Answers that were not what was asked for."},
};

#define SOME(table) table, sizeof(table) / sizeof(*(table))

/* The member that a path of at most two keys leads to. */
static struct span
get(struct span object, const char *path)
{
	const char *dot = strchr(path, '.');
	char key[64];

	if (scan_type(object) != SCAN_OBJECT)
		return (struct span){0};
	if (!dot)
		return scan_get(object, path);
	snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
	return get(scan_get(object, key), dot + 1);
}

static bool
number(struct span value, double *v)
{
	char text[64];
	enum scan_type t = scan_type(value);

	if (t == SCAN_TRUE || t == SCAN_FALSE) {
		*v = t == SCAN_TRUE;
		return true;
	}
	if (t != SCAN_NUMBER || value.n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)value.n, value.p);
	*v = strtod(text, NULL);
	return true;
}

/* One sample; labels: what stands between the braces, "" for none. */
static void
sample(struct json *out, const struct metric *m, struct span labels,
    struct span value)
{
	double v;

	if (!number(value, &v))
		return;
	json_puts(out, m->name);
	if (labels.n) {
		json_puts(out, "{");
		json_span(out, labels);
		json_puts(out, "}");
	}
	json_puts(out, " ");
	promtext_number(out, v * (m->unit > 0 ? m->unit : 1));
}

/* The member of a stage or a resource, which may be a map, or maps in one: a
 * sample for each number in it. */
static void
samples(struct json *out, const struct metric *m, const char *label,
    const char *label2, struct span labels, struct span value)
{
	struct json more = {0};
	struct scan_iter it;
	struct span key, v;

	if (!label) {
		sample(out, m, labels, value);
		return;
	}
	if (scan_type(value) != SCAN_OBJECT)
		return;
	scan_iter(&it, value);
	while (scan_member(&it, &key, &v)) {
		json_reset(&more);
		json_span(&more, labels);
		if (labels.n)
			json_puts(&more, ",");
		promtext_key_label(&more, label, key);
		samples(out, m, label2, NULL, (struct span){more.p, more.len},
		    v);
	}
	json_release(&more);
}

/* Heads without samples say nothing: take such a one back. of: the objects that
 * the members are in, one a stage, or a single one. */
static void
put_table(struct json *out, const struct metric *m, size_t n,
    void (*put_samples)(struct json *, const struct metric *,
	const struct span *),
    const struct span *of)
{
	for (; n > 0; n--, m++) {
		size_t before = out->len, after;

		promtext_head(out, m->name, m->help);
		after = out->len;
		put_samples(out, m, of);
		if (out->len == after)
			out->len = before;
	}
}

static void
of_each_stage(struct json *out, const struct metric *m, const struct span *of)
{
	struct metric watch = *m;
	char labels[64];

	watch.unit = 0;
	if (m->of_watch)
		sample(out, &watch, span_of("stage=\"ms-watch\""),
		    get(of[WATCH], m->of_watch));
	for (int i = CLASSIFY; i < STAGES; i++) {
		snprintf(labels, sizeof(labels), "stage=\"%s\"", stage[i]);
		sample(out, m, span_of(labels), get(of[i], m->member));
	}
}

static void
of_one(struct json *out, const struct metric *m, const struct span *of)
{
	samples(out, m, m->label, m->label2, (struct span){0},
	    get(*of, m->member));
}

static void
of_each_resource(struct json *out, const struct metric *m,
    const struct span *watch)
{
	struct span all = get(*watch, "resources"), key, one;
	struct json labels = {0};
	struct scan_iter it;

	if (scan_type(all) != SCAN_OBJECT)
		return;
	scan_iter(&it, all);
	while (scan_member(&it, &key, &one)) {
		json_reset(&labels);
		promtext_key_label(&labels, "resource", key);
		samples(out, m, m->label, m->label2,
		    (struct span){labels.p, labels.len}, get(one, m->member));
	}
	json_release(&labels);
}

/* ---- counters that the tables do not know ---- */

static bool
is_among(const char *key, const struct metric *m, size_t n)
{
	for (; n > 0; n--, m++)
		if (strcmp(key, m->member) == 0)
			return true;
	return false;
}

/* camelCase of letters and digits becomes camel_case; false: it is not. */
static bool
put_snake(struct json *out, const char *key)
{
	if (!islower((unsigned char)*key))
		return false;
	for (; *key; key++) {
		if (!isalnum((unsigned char)*key))
			return false;
		if (isupper((unsigned char)*key))
			json_puts(out, "_");
		json_printf(out, "%c", tolower((unsigned char)*key));
	}
	return true;
}

static void
put_other(struct json *out, const char *of, const char *key, struct span value)
{
	struct json name = {0};
	char help[128];
	double v;

	json_printf(&name, "meshsync_%s_", of + sizeof("ms-") - 1);
	if (number(value, &v) && put_snake(&name, key)) {
		json_raw(&name, "", 1); /* its NUL */
		snprintf(help, sizeof(help), "%s of %s in STATUS records.", key,
		    of);
		promtext_simple(out, name.p, help, v);
	}
	json_release(&name);
}

static void
put_others(struct json *out, struct span all, const char *of,
    const struct metric *known, size_t n)
{
	struct span key, value;
	struct scan_iter it;
	char text[64];

	if (scan_type(all) != SCAN_OBJECT)
		return;
	scan_iter(&it, all);
	while (scan_member(&it, &key, &value)) {
		if (key.n >= sizeof(text))
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)key.n, key.p);
		/* a name must not come twice: the last of equal keys counts */
		if (!is_among(text, SOME(common)) &&
		    !is_among(text, known, n) &&
		    scan_get(all, text).p == value.p)
			put_other(out, of, text, value);
	}
}

/* ---- all of it ---- */

/* Our own numbers, as the other stages write theirs. */
static void
put_own(struct json *j, struct pulse *p)
{
	json_open(j, '{');
	json_member_int(j, "in", (int64_t)pulse_number(p, PULSE_IN));
	json_member_int(j, "out",
	    (int64_t)(pulse_number(p, PULSE_ADDED) +
		pulse_number(p, PULSE_MODIFIED) +
		pulse_number(p, PULSE_DELETED)));
	json_member_int(j, "dropped", (int64_t)pulse_number(p, PULSE_DROPPED));
	json_member_int(j, "bytesIn", (int64_t)pulse_number(p, PULSE_BYTES_IN));
	json_member_int(j, "bytesOut",
	    (int64_t)pulse_number(p, PULSE_BYTES_OUT));
	json_member_int(j, "cpuMs", status_cpu_ms());
	json_member_int(j, "heap", status_heap());
	json_close(j, '}');
}

void
stages_write(struct json *out, struct pulse *p)
{
	struct json status = {0}, own = {0};
	struct span of[STAGES] = {{0}};

	pthread_mutex_lock(&p->lock);
	json_raw(&status, p->status.p, p->status.len);
	pthread_mutex_unlock(&p->lock);
	if (status.len)
		for (int i = WATCH; i < PUBLISH; i++)
			of[i] =
			    get((struct span){status.p, status.len}, stage[i]);
	put_own(&own, p);
	of[PUBLISH] = (struct span){own.p, own.len};
	put_table(out, SOME(common), of_each_stage, of);
	put_table(out, SOME(of_watch), of_one, &of[WATCH]);
	put_table(out, SOME(of_resource), of_each_resource, &of[WATCH]);
	put_table(out, SOME(of_classify), of_one, &of[CLASSIFY]);
	put_table(out, SOME(of_fingerprint), of_one, &of[FINGERPRINT]);
	put_others(out, of[CLASSIFY], stage[CLASSIFY], SOME(of_classify));
	put_others(out, of[FINGERPRINT], stage[FINGERPRINT],
	    SOME(of_fingerprint));
	json_release(&status);
	json_release(&own);
}
