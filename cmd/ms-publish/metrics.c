#include "metrics.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "census.h"
#include "status.h"

/* ---- writing ---- */

static void put(struct json *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
put(struct json *out, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_raw(out, text,
	    (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void
head(struct json *out, const char *name, const char *help)
{
	size_t n = strlen(name);
	bool is_counter = n > 6 && strcmp(name + n - 6, "_total") == 0;

	put(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    is_counter ? "counter" : "gauge");
}

/* A number as short as it can be without a loss that matters. */
static void
put_number(struct json *out, double v)
{
	if (v == (double)(int64_t)v)
		put(out, "%lld\n", (long long)v);
	else
		put(out, "%.6f\n", v);
}

static void
simple(struct json *out, const char *name, const char *help, double v)
{
	head(out, name, help);
	put(out, "%s ", name);
	put_number(out, v);
}

/* The value of a label: backslashes, quotes and newlines are escaped. */
static void
put_label(struct json *out, const char *name, struct span text)
{
	put(out, "%s=\"", name);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n')
			json_puts(out, "\\n");
		else if (text.p[i] == '\\' || text.p[i] == '"')
			put(out, "\\%c", text.p[i]);
		else
			json_raw(out, text.p + i, 1);
	json_puts(out, "\"");
}

/* The same for a key as it stands in JSON. */
static void
put_key_label(struct json *out, const char *name, struct span key)
{
	struct json plain = {0};

	json_room(&plain, key.n + 1);
	plain.len = scan_decode(key.p, key.n, plain.p);
	put_label(out, name, (struct span){plain.p, plain.len});
	json_release(&plain);
}

/* ---- what this stage knows itself ---- */

static void
put_objects(void *context, const char *resource, int64_t n)
{
	struct json *out = context;

	json_puts(out, "meshsync_objects{");
	put_label(out, "resource", span_of(resource));
	put(out, "} %lld\n", (long long)n);
}

static void
put_store(struct json *out, struct store *s)
{
	size_t before = out->len;
	struct census c;

	head(out, "meshsync_objects", "Objects in the snapshot.");
	c = census_take(s, put_objects, out);
	if (!c.is_known) { /* what is not known is not told */
		out->len = before;
		return;
	}
	simple(out, "meshsync_backlog_changes",
	    "Changes that the consumer has not confirmed.", (double)c.waiting);
	simple(out, "meshsync_oversized_objects",
	    "Objects whose message is larger than the broker takes.",
	    (double)c.oversized);
	simple(out, "meshsync_dialing_objects",
	    "Services whose external address is being tried.",
	    (double)c.dialing);
	simple(out, "meshsync_snapshot_size_bytes",
	    "Size of the snapshot's file and its log.", (double)c.bytes);
}

static void
put_outbox(struct json *out, struct pulse *p)
{
	simple(out, "meshsync_backlog_age_seconds",
	    "Age of the oldest change that is not confirmed; 0: none waits.",
	    pulse_backlog_age(p));
	simple(out, "meshsync_committed_change",
	    "Number of the last change in the snapshot.", (double)p->committed);
	simple(out, "meshsync_confirmed_change",
	    "Number of the last change that the consumer has confirmed.",
	    (double)p->confirmed);
	simple(out, "meshsync_confirmed_timestamp_seconds",
	    "When the consumer last confirmed a change; 0: not yet.",
	    (double)p->confirmed_at);
	simple(out, "meshsync_unchanged_total",
	    "Changes that were not published, as their message is the same.",
	    (double)pulse_number(p, PULSE_EQUAL));
}

static void
put_messages(struct json *out, struct pulse *p)
{
	static const char *const type[] = {"ADDED", "MODIFIED", "DELETED"};

	head(out, "meshsync_messages_published_total",
	    "Messages about objects that the consumer has confirmed.");
	for (int i = 0; i < 3; i++)
		put(out,
		    "meshsync_messages_published_total{event=\"%s\"} %llu\n",
		    type[i],
		    (unsigned long long)pulse_number(p, PULSE_ADDED + i));
	simple(out, "meshsync_published_bytes_total",
	    "Bytes of these messages.",
	    (double)pulse_number(p, PULSE_BYTES_OUT));
	simple(out, "meshsync_marks_published_total",
	    "End-to-end marks that were announced.",
	    (double)pulse_number(p, PULSE_MARKS));
	simple(out, "meshsync_requests_total",
	    "Requests that came over the broker.",
	    (double)pulse_number(p, PULSE_REQUESTS));
}

static void
put_broker(struct json *out, struct pulse *p)
{
	bool is_up;

	pthread_mutex_lock(&p->lock);
	is_up = p->is_up;
	pthread_mutex_unlock(&p->lock);
	simple(out, "meshsync_broker_up",
	    "Whether the broker is there and lets us publish.", is_up);
	simple(out, "meshsync_broker_connections_total",
	    "Connections to the broker that were made.",
	    (double)pulse_number(p, PULSE_CONNECTED));
	simple(out, "meshsync_broker_failures_total",
	    "Times that the broker was lost, or not reached.",
	    (double)pulse_number(p, PULSE_FAILED));
}

static void
put_sync(struct json *out, struct pulse *p)
{
	pthread_mutex_lock(&p->lock);
	head(out, "meshsync_ready",
	    "Whether the first sync of the cluster is through.");
	put(out, "meshsync_ready %d\n", p->is_ready);
	head(out, "meshsync_resource_state",
	    "1 for the state that the last sync of a resource has left.");
	for (size_t i = 0; i < p->n_resources; i++) {
		json_puts(out, "meshsync_resource_state{");
		put_label(out, "resource", span_of(p->resource[i].name));
		put(out, ",state=\"%s\"} 1\n", p->resource[i].state);
	}
	pthread_mutex_unlock(&p->lock);
}

/* Resident memory in bytes; 0: unknown. */
static double
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	char text[128], *second = NULL;

	if (!f)
		return 0;
	if (fgets(text, sizeof(text), f))
		second = strchr(text, ' ');
	fclose(f);
	return second ? strtod(second, NULL) * (double)sysconf(_SC_PAGESIZE) :
			0;
}

/* What this process takes, and since when. */
static void
put_process(struct json *out, struct pulse *p)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	simple(out, "process_cpu_seconds_total",
	    "CPU time of ms-publish, in user and system mode.",
	    (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	simple(out, "process_resident_memory_bytes",
	    "Resident memory of ms-publish.", resident());
	simple(out, "process_start_time_seconds",
	    "When ms-publish started, since 1970.", (double)p->started);
}

/* ---- what the stages before say ---- */

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
	put_number(out, v * (m->unit > 0 ? m->unit : 1));
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
		put_key_label(&more, label, key);
		samples(out, m, label2, NULL, (struct span){more.p, more.len},
		    v);
	}
	json_release(&more);
}

/* Heads without samples say nothing: take such a one back. */
static void
put_table(struct json *out, const struct metric *m, size_t n,
    void (*put_samples)(struct json *, const struct metric *, struct span),
    struct span status)
{
	for (; n > 0; n--, m++) {
		size_t before = out->len, after;

		head(out, m->name, m->help);
		after = out->len;
		put_samples(out, m, status);
		if (out->len == after)
			out->len = before;
	}
}

static void
of_each_stage(struct json *out, const struct metric *m, struct span status)
{
	static const char *const stage[] = {"ms-classify", "ms-fingerprint",
	    "ms-publish"};
	struct metric watch = *m;
	char labels[64];

	watch.unit = 0;
	if (m->of_watch)
		sample(out, &watch, span_of("stage=\"ms-watch\""),
		    get(get(status, "ms-watch"), m->of_watch));
	for (size_t i = 0; i < sizeof(stage) / sizeof(*stage); i++) {
		snprintf(labels, sizeof(labels), "stage=\"%s\"", stage[i]);
		sample(out, m, span_of(labels),
		    get(get(status, stage[i]), m->member));
	}
}

static void
of_one(struct json *out, const struct metric *m, struct span stage)
{
	samples(out, m, m->label, m->label2, (struct span){0},
	    get(stage, m->member));
}

static void
of_each_resource(struct json *out, const struct metric *m, struct span watch)
{
	struct span all = get(watch, "resources"), key, one;
	struct json labels = {0};
	struct scan_iter it;

	if (scan_type(all) != SCAN_OBJECT)
		return;
	scan_iter(&it, all);
	while (scan_member(&it, &key, &one)) {
		json_reset(&labels);
		put_key_label(&labels, "resource", key);
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
		put(out, "%c", tolower((unsigned char)*key));
	}
	return true;
}

static void
put_other(struct json *out, const char *stage, const char *key,
    struct span value)
{
	struct json name = {0};
	char help[128];
	double v;

	put(&name, "meshsync_%s_", stage + sizeof("ms-") - 1);
	if (number(value, &v) && put_snake(&name, key)) {
		json_raw(&name, "", 1); /* its NUL */
		snprintf(help, sizeof(help), "%s of %s in STATUS records.", key,
		    stage);
		simple(out, name.p, help, v);
	}
	json_release(&name);
}

static void
put_others(struct json *out, struct span all, const char *stage,
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
			put_other(out, stage, text, value);
	}
}

/* ---- all of it ---- */

/* The last STATUS with our own member, as the other stages write theirs. */
static void
read_status(struct pulse *p, struct json *j)
{
	pthread_mutex_lock(&p->lock);
	if (p->status.len > 2) {
		json_raw(j, p->status.p, p->status.len - 1);
		json_puts(j, ",");
	} else {
		json_puts(j, "{");
	}
	pthread_mutex_unlock(&p->lock);
	json_puts(j, "\"ms-publish\":{");
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
	json_puts(j, "}}");
}

static void
put_stages(struct json *out, struct pulse *p)
{
	struct json j = {0};
	struct span all, watch, classify, fingerprint;

	read_status(p, &j);
	all = (struct span){j.p, j.len};
	watch = get(all, "ms-watch");
	classify = get(all, "ms-classify");
	fingerprint = get(all, "ms-fingerprint");
	put_table(out, SOME(common), of_each_stage, all);
	put_table(out, SOME(of_watch), of_one, watch);
	put_table(out, SOME(of_resource), of_each_resource, watch);
	put_table(out, SOME(of_classify), of_one, classify);
	put_table(out, SOME(of_fingerprint), of_one, fingerprint);
	put_others(out, classify, "ms-classify", SOME(of_classify));
	put_others(out, fingerprint, "ms-fingerprint", SOME(of_fingerprint));
	json_release(&j);
}

static void
put_status_age(struct json *out, struct pulse *p)
{
	time_t at;
	double lag;

	pthread_mutex_lock(&p->lock);
	at = p->status_at;
	lag = p->status_lag;
	pthread_mutex_unlock(&p->lock);
	simple(out, "meshsync_status_timestamp_seconds",
	    "When the last STATUS record came; 0: none has.", (double)at);
	if (at && lag >= 0)
		simple(out, "meshsync_pipe_latency_seconds",
		    "Time that the last STATUS record took through all stages.",
		    lag);
}

void
metrics_write(struct json *out, struct pulse *p, struct store *s)
{
	head(out, "meshsync_build_info", "What runs; always 1.");
	put(out, "meshsync_build_info{version=\"%s\"} 1\n", MS_VERSION);
	put_broker(out, p);
	put_messages(out, p);
	if (s) {
		put_outbox(out, p);
		put_store(out, s);
	}
	put_sync(out, p);
	put_status_age(out, p);
	put_stages(out, p);
	put_process(out, p);
}
