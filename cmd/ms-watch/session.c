#include "session.h"

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "control.h"
#include "custom.h"
#include "diag.h"
#include "effective.h"
#include "orders.h"
#include "report.h"
#include "signatures.h"
#include "stop.h"
#include "survey.h"
#include "watches.h"

#define READY_AFTER 60000 /* ms: then it names what is pending */
#define HOLD 10 /* ms that lines wait to fill a block */
#define PACE 3 /* ms after a turn that brought something ... */
#define PACE_BYTES (256u << 10) /* ... but less than this */
#define REPLIES (1u << 20) /* bytes of answers while stdout is blocked */
#define DRAIN 30000 /* ms for what stdout has not taken yet */

struct session {
	struct settings *settings;
	const struct kubeconfig *config;
	struct credentials credentials;
	struct http http;
	struct queue queue;
	struct emit emit;
	struct watch_env env;
	struct survey survey;
	struct custom custom;
	struct watches watches;
	struct control control;
	struct orders orders;
	struct signatures signatures;
	struct report report;
	int stop;

	struct json told; /* the configuration, as it was told last */
	bool must_configure; /* what decides what is watched has changed */
	const char *cause; /* of the lists that this begins */
	bool is_running; /* the first line is written */
	bool is_whole; /* discovery knew all groups */
	int64_t began;
	bool is_held; /* lines are not pushed yet */
	int64_t pushed_at;
	uint64_t bytes, stirred; /* that had come by the last turn */
	bool is_ready, was_pending;
	int exit_code; /* -1: go on */
};

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- what is watched ---- */

static void
refuse_name(void *context, const char *name, const char *why)
{
	const struct catalog *c = context;

	diag_die(c->stale.n ? EXIT_TEMPORARY : EXIT_PERMANENT,
	    "--resource %s: %s", name, why);
}

static void
warn_name(void *source, const char *name, const char *why)
{
	diag_warn("%s: %s: %s", (char *)source, name, why);
}

/* Before the first line: mistakes on the command line end the run, those in a
 * file may come true yet. */
static void
check_names(struct session *s, struct catalog *c)
{
	const struct policy *p = &s->settings->policy;

	policy_unknown(p, c, SOURCE_FLAGS, refuse_name, c);
	policy_unknown(p, c, SOURCE_FILE, warn_name,
	    p->source[SOURCE_FILE].source);
	for (size_t i = 0; i < c->stale.n; i++)
		diag_warn("%s: what it serves cannot be known now, as the "
			  "server behind it does not answer",
		    c->stale.item[i]);
}

static void
tell_config(struct session *s, const struct wants *wants)
{
	struct json text = {0};

	effective_write(&text, &s->settings->policy, wants);
	if (text.len == s->told.len &&
	    memcmp(text.p, s->told.p, text.len) == 0) {
		json_release(&text);
		return;
	}
	json_release(&s->told);
	s->told = text;
	emit_config(&s->emit, (struct span){text.p, text.len});
}

/* Something that decides what is watched has changed. */
static void
configure(struct session *s)
{
	struct catalog *c = &s->survey.catalog;
	struct wants wants;

	policy_decide(&s->settings->policy, c, &wants);
	if (!wants.n && !s->is_running)
		diag_die(EXIT_PERMANENT,
		    "%s serves nothing that can be watched", s->config->server);
	tell_config(s, &wants);
	watches_set(&s->watches, c, &wants, s->cause ? s->cause : "start");
	signatures_follow(&s->signatures, c,
	    policy_signatures(&s->settings->policy));
	wants_free(&wants);
	s->is_whole = c->stale.n == 0;
	s->must_configure = false;
	s->cause = NULL;
}

/* The first time it begins the run: the cluster's id is known, what it serves,
 * and what Meshery wants of it. */
static void
check_configuration(struct session *s)
{
	if (!s->must_configure ||
	    (!s->is_running && !custom_is_settled(&s->custom)))
		return;
	if (!s->is_running) {
		check_names(s, &s->survey.catalog);
		s->began = s->env.now;
		s->cause = NULL;
	}
	configure(s);
	s->is_running = true;
}

static void
on_survey(void *context, struct catalog *c)
{
	struct session *s = context;

	s->emit.cluster = s->survey.cluster.id;
	s->must_configure = true;
	report_discovered(&s->report, clock_ms());
	custom_follow(&s->custom, c);
}

static void
on_custom(void *context)
{
	struct session *s = context;
	struct policy *p = &s->settings->policy;

	p->has_custom = custom_read(&s->custom, &p->source[SOURCE_CUSTOM]);
	policy_unknown(p, &s->survey.catalog, SOURCE_CUSTOM, warn_name,
	    p->source[SOURCE_CUSTOM].source);
	s->must_configure = true;
	s->cause = "config";
}

/* Commands are served as soon as there is somebody to tell about them: the
 * first line is written. */
static void
take_commands(struct session *s)
{
	if (!s->is_running)
		return;
	control_read(&s->control, orders_take, &s->orders);
	if (s->orders.has_changed) {
		s->must_configure = true;
		s->cause = s->cause ? s->cause : "request";
	}
	s->orders.has_changed = false;
}

/* ---- turns ---- */

static void
write_ready(struct session *s)
{
	watches_write_ready(&s->watches, s->is_whole);
	report_ready(&s->report, s->env.now);
	/* What the first sync needed is needed no longer. */
	malloc_trim(0);
}

/* ready is written when all is settled, or after a time; and once more when
 * what was pending then has settled, too. */
static void
check_ready(struct session *s)
{
	bool is_late = s->env.now - s->began >= READY_AFTER;
	bool pending, is_hopeless;

	if (!s->is_running || (s->is_ready && !s->was_pending))
		return;
	pending = watches_are_pending(&s->watches, &is_hopeless);
	if (pending && (s->is_ready || !is_late))
		return;
	write_ready(s);
	s->is_ready = true;
	s->was_pending = pending;
}

/* --once ends when nothing is under way, failed kinds being given up. */
static void
check_once(struct session *s)
{
	bool is_pending, is_hopeless;

	if (!s->settings->is_once || !s->is_running)
		return;
	is_pending = watches_are_pending(&s->watches, &is_hopeless);
	if (is_pending && !is_hopeless)
		return;
	if (!s->is_ready)
		write_ready(s);
	s->exit_code = is_pending ? EXIT_TEMPORARY : 0;
}

/* During a snapshot the writer gets blocks, not lines: waking it for each turn
 * would cost more than all the decoding. */
static void
push(struct session *s)
{
	s->is_held = s->watches.is_busy && s->env.now - s->pushed_at < HOLD &&
	    s->queue.line.len;
	if (s->is_held)
		return;
	queue_push(&s->queue);
	s->pushed_at = s->env.now;
}

/* What a new connection leads to is taken for the old cluster only once that
 * is known: a comparison with another one would delete all there is. */
static void
check_cluster(struct session *s)
{
	if (!s->is_running || s->settings->is_once)
		return;
	if (s->env.is_cut)
		cluster_doubt(&s->survey.cluster);
	s->env.is_cut = false;
	s->env.is_doubtful = cluster_tick(&s->survey.cluster, s->env.now);
}

static void
turn(struct session *s)
{
	emit_tick(&s->emit);
	/* Answers count from when they came, which may be long after the last
	 * turn; and what is due from when all of them are taken. */
	s->env.now = clock_ms();
	http_turn(&s->http);
	s->env.now = clock_ms();
	watch_settle_all(&s->env);
	check_cluster(s);
	if (s->env.discover)
		survey_doubt(&s->survey);
	s->env.discover = false;
	survey_tick(&s->survey, s->env.now);
	custom_tick(&s->custom, s->env.now);
	signatures_tick(&s->signatures, s->env.now);
	take_commands(s);
	inquiries_tick(&s->orders.inquiries);
	check_configuration(s);
	if (s->is_running)
		watches_tick(&s->watches);
	check_ready(s);
	check_once(s);
	if (s->is_running)
		report_tick(&s->report, s->env.now);
	push(s);
}

static int
time_left(const struct session *s)
{
	int64_t due = survey_due(&s->survey), left;

	due = earlier(due, custom_due(&s->custom));
	due = earlier(due, signatures_due(&s->signatures));
	if (s->is_held)
		due = earlier(due, s->pushed_at + HOLD);
	if (s->is_running && !s->is_ready)
		due = earlier(due, s->began + READY_AFTER);
	if (s->is_running)
		due = earlier(due, watches_due(&s->watches));
	if (s->is_running)
		due = earlier(due, report_due(&s->report));
	if (s->env.is_doubtful && !s->survey.cluster.request)
		due = earlier(due, s->survey.cluster.again_at);
	left = clock_real(due - clock_ms());
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* A signal that came asks how it goes, or ends the run; whole lines still go
 * out. */
static void
check_stop(struct session *s, bool has_come)
{
	int number = has_come ? stop_read(s->stop) : 0;

	if (number == SIGUSR1)
		report_tell(&s->report, clock_ms());
	else if (number)
		s->exit_code = 0;
}

static void
wait_for_room(struct session *s)
{
	struct pollfd fd[3] = {{.fd = s->stop, .events = POLLIN},
	    {.fd = s->queue.wake, .events = POLLIN},
	    {.fd = s->control.fd, .events = POLLIN}};
	bool has_place = s->queue.line.len < REPLIES;
	int64_t since = clock_ms();

	poll(fd, has_place ? 3 : 2, 1000);
	s->env.reading_since = clock_ms();
	s->report.blocked += s->env.reading_since - since;
	if (has_place) {
		emit_tick(&s->emit);
		take_commands(s);
	}
	check_stop(s, fd[0].revents);
}

/* A turn of libcurl costs as much with little data as with a lot: it looks at
 * every request. What comes alone is told at once, but after that some more may
 * gather in the socket. */
static bool
wait_for_gathering(struct session *s)
{
	struct pollfd fd = {.fd = s->stop, .events = POLLIN};
	uint64_t came = s->env.bytes - s->bytes;
	bool has_stirred = s->http.stirred != s->stirred;

	s->bytes = s->env.bytes;
	s->stirred = s->http.stirred;
	if (!has_stirred)
		return false;
	if (came < PACE_BYTES) {
		poll(&fd, 1, PACE);
		check_stop(s, fd.revents);
	}
	return true;
}

static void
wait_for_more(struct session *s)
{
	struct pollfd fd[3] = {{.fd = s->stop, .events = POLLIN},
	    {.fd = s->queue.wake, .events = POLLIN},
	    {.fd = s->control.fd, .events = POLLIN}};

	http_wait(&s->http, fd, s->is_running && s->control.fd >= 0 ? 3 : 2,
	    time_left(s));
	check_stop(s, fd[0].revents);
}

/* ---- the whole ---- */

static void
open_session(struct session *s)
{
	char err[CONFIG_ERROR];

	clock_hurry(getenv("MS_WATCH_HURRY"));
	s->env.now = clock_ms();
	if (credentials_init(&s->credentials, s->config, s->env.now, err) < 0)
		diag_die(EXIT_PERMANENT, "%s", err);
	s->stop = stop_open();
	queue_open(&s->queue, 1);
	http_init(&s->http, s->config, &s->credentials);
	s->emit.queue = &s->queue;
	s->emit.settings = s->settings;
	s->env.settings = s->settings;
	s->env.http = &s->http;
	s->env.emit = &s->emit;
	watch_env_init(&s->env);
	s->watches.env = &s->env;
	s->survey.settings = s->settings;
	s->survey.config = s->config;
	s->survey.http = &s->http;
	s->survey.found = on_survey;
	s->survey.context = s;
	control_open(&s->control, s->settings->control);
	s->orders.emit = s->orders.inquiries.emit = s->signatures.emit =
	    &s->emit;
	s->orders.inquiries.http = s->signatures.http = &s->http;
	s->orders.policy = &s->settings->policy;
	s->orders.survey = &s->survey;
	s->orders.watches = &s->watches;
	s->custom.http = &s->http;
	s->custom.ns_name = s->settings->custom;
	s->custom.changed = on_custom;
	s->custom.context = s;
	s->report = (struct report){.config = s->config,
	    .credentials = &s->credentials,
	    .http = &s->http,
	    .queue = &s->queue,
	    .emit = &s->emit,
	    .watches = &s->watches,
	    .survey = &s->survey,
	    .every = (int64_t)s->settings->status * 1000};
	report_start(&s->report, s->env.now);
	s->exit_code = -1;
}

/* What is in the queue are whole lines: they go out, if anybody reads. */
static void
drain(struct session *s)
{
	int64_t until = clock_ms() + DRAIN;

	while (!queue_close(&s->queue, 100)) {
		int number = stop_read(s->stop);

		if ((number && number != SIGUSR1) || clock_ms() >= until)
			diag_die(EXIT_TEMPORARY,
			    "stopped before all was "
			    "written, as stdout is not read");
	}
}

static void
close_session(struct session *s)
{
	report_stop(&s->report);
	watches_free(&s->watches);
	custom_free(&s->custom);
	signatures_free(&s->signatures);
	inquiries_free(&s->orders.inquiries);
	control_close(&s->control);
	survey_free(&s->survey);
	http_free(&s->http);
	drain(s);
	watch_env_free(&s->env);
	credentials_free(&s->credentials);
	json_release(&s->emit.stamp);
	json_release(&s->told);
}

int
session_run(struct settings *settings, const struct kubeconfig *config)
{
	struct session s = {.settings = settings, .config = config};

	open_session(&s);
	survey_start(&s.survey);
	while (s.exit_code < 0) {
		if (queue_is_full(&s.queue)) {
			wait_for_room(&s);
			continue;
		}
		turn(&s);
		if (s.exit_code < 0 && !wait_for_gathering(&s))
			wait_for_more(&s);
	}
	close_session(&s);
	return s.exit_code;
}
