#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "census.h"
#include "promtext.h"
#include "stages.h"

static void
put_objects(void *context, const char *resource, int64_t n)
{
	struct json *out = context;

	json_puts(out, "meshsync_objects{");
	promtext_label(out, "resource", span_of(resource));
	json_printf(out, "} %lld\n", (long long)n);
}

static void
put_store(struct json *out, struct store *s)
{
	size_t before = out->len;
	struct census c;

	promtext_head(out, "meshsync_objects", "Objects in the snapshot.");
	c = census_take(s, put_objects, out);
	if (!c.is_known) { /* what is not known is not told */
		out->len = before;
		return;
	}
	promtext_simple(out, "meshsync_backlog_changes",
	    "Changes that the consumer has not confirmed.", (double)c.waiting);
	promtext_simple(out, "meshsync_oversized_objects",
	    "Objects whose message is larger than the broker takes.",
	    (double)c.oversized);
	promtext_simple(out, "meshsync_dialing_objects",
	    "Services whose external address is being tried.",
	    (double)c.dialing);
	promtext_simple(out, "meshsync_snapshot_size_bytes",
	    "Size of the snapshot's file and its log.", (double)c.bytes);
}

static void
put_outbox(struct json *out, struct pulse *p)
{
	promtext_simple(out, "meshsync_backlog_age_seconds",
	    "Age of the oldest change that is not confirmed; 0: none waits.",
	    pulse_backlog_age(p));
	promtext_simple(out, "meshsync_committed_change",
	    "Number of the last change in the snapshot.", (double)p->committed);
	promtext_simple(out, "meshsync_confirmed_change",
	    "Number of the last change that the consumer has confirmed.",
	    (double)p->confirmed);
	promtext_simple(out, "meshsync_confirmed_timestamp_seconds",
	    "When the consumer last confirmed a change; 0: not yet.",
	    (double)p->confirmed_at);
	promtext_simple(out, "meshsync_unchanged_total",
	    "Changes that were not published, as their message is the same.",
	    (double)pulse_number(p, PULSE_EQUAL));
}

static void
put_messages(struct json *out, struct pulse *p)
{
	static const char *const type[] = {"ADDED", "MODIFIED", "DELETED"};

	promtext_head(out, "meshsync_messages_published_total",
	    "Messages about objects that the consumer has confirmed.");
	for (int i = 0; i < 3; i++)
		json_printf(out,
		    "meshsync_messages_published_total{event=\"%s\"} %llu\n",
		    type[i],
		    (unsigned long long)pulse_number(p, PULSE_ADDED + i));
	promtext_simple(out, "meshsync_published_bytes_total",
	    "Bytes of these messages.",
	    (double)pulse_number(p, PULSE_BYTES_OUT));
	promtext_simple(out, "meshsync_marks_published_total",
	    "End-to-end marks that were announced.",
	    (double)pulse_number(p, PULSE_MARKS));
	promtext_simple(out, "meshsync_requests_total",
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
	promtext_simple(out, "meshsync_broker_up",
	    "Whether the broker is there and lets us publish.", is_up);
	promtext_simple(out, "meshsync_broker_connections_total",
	    "Connections to the broker that were made.",
	    (double)pulse_number(p, PULSE_CONNECTED));
	promtext_simple(out, "meshsync_broker_failures_total",
	    "Times that the broker was lost, or not reached.",
	    (double)pulse_number(p, PULSE_FAILED));
}

static void
put_sync(struct json *out, struct pulse *p)
{
	pthread_mutex_lock(&p->lock);
	promtext_head(out, "meshsync_ready",
	    "Whether the first sync of the cluster is through.");
	json_printf(out, "meshsync_ready %d\n", p->is_ready);
	promtext_head(out, "meshsync_resource_state",
	    "1 for the state that the last sync of a resource has left.");
	for (size_t i = 0; i < p->n_resources; i++) {
		json_puts(out, "meshsync_resource_state{");
		promtext_label(out, "resource", span_of(p->resource[i].name));
		json_printf(out, ",state=\"%s\"} 1\n", p->resource[i].state);
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
	promtext_simple(out, "process_cpu_seconds_total",
	    "CPU time of ms-publish, in user and system mode.",
	    (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	promtext_simple(out, "process_resident_memory_bytes",
	    "Resident memory of ms-publish.", resident());
	promtext_simple(out, "process_start_time_seconds",
	    "When ms-publish started, since 1970.", (double)p->started);
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
	promtext_simple(out, "meshsync_status_timestamp_seconds",
	    "When the last STATUS record came; 0: none has.", (double)at);
	if (at && lag >= 0)
		promtext_simple(out, "meshsync_pipe_latency_seconds",
		    "Time that the last STATUS record took through all stages.",
		    lag);
}

void
metrics_write(struct json *out, struct pulse *p, struct store *s)
{
	promtext_head(out, "meshsync_build_info", "What runs; always 1.");
	json_printf(out, "meshsync_build_info{version=\"%s\"} 1\n", MS_VERSION);
	put_broker(out, p);
	put_messages(out, p);
	if (s) {
		put_outbox(out, p);
		put_store(out, s);
	}
	put_sync(out, p);
	put_status_age(out, p);
	stages_write(out, p);
	put_process(out, p);
}
