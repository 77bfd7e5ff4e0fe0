#include "session.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "stop.h"
#include "survey.h"
#include "watches.h"

#define READY_AFTER 60000 /* ms: then it names what is pending */
#define HOLD 10 /* ms that lines wait to fill a block */
#define PACE 3 /* ms after a turn that brought something ... */
#define PACE_BYTES (256u << 10) /* ... but less than this */
#define DRAIN 30000 /* ms for what stdout has not taken yet */

struct session {
	const struct settings *settings;
	const struct kubeconfig *config;
	struct credentials credentials;
	struct http http;
	struct queue queue;
	struct emit emit;
	struct watch_env env;
	struct survey survey;
	struct watches watches;
	int stop;

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
warn_stale(const struct catalog *c)
{
	for (size_t i = 0; i < c->stale.n; i++)
		diag_warn("%s: what it serves cannot be known now, as the "
			  "server behind it does not answer",
		    c->stale.item[i]);
}

static void
select_resources(struct session *s, struct catalog *c)
{
	char err[CATALOG_ERROR];
	struct resource **list;
	size_t n;

	if (catalog_select(c, &s->settings->resources, s->settings->profile,
		s->is_running, &list, &n, err) < 0)
		diag_die(c->stale.n ? EXIT_TEMPORARY : EXIT_PERMANENT, "%s",
		    err);
	if (!n && !s->is_running)
		diag_die(EXIT_PERMANENT,
		    "%s serves nothing that can be watched", s->config->server);
	watches_set(&s->watches, c, list, n);
	free(list);
	s->is_whole = c->stale.n == 0;
}

/* The first time it begins the run: both the cluster's id and what it serves
 * are known. */
static void
on_survey(void *context, struct catalog *c)
{
	struct session *s = context;

	s->emit.cluster = s->survey.cluster.id;
	select_resources(s, c);
	if (s->is_running)
		return;
	warn_stale(c);
	s->is_running = true;
	s->began = s->env.now;
	emit_tick(&s->emit);
	emit_config(&s->emit);
}

/* ---- turns ---- */

static void
write_ready(struct session *s)
{
	watches_write_ready(&s->watches, s->is_whole);
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

static void
turn(struct session *s)
{
	emit_tick(&s->emit);
	http_turn(&s->http);
	s->env.now = clock_ms();
	watch_settle_all(&s->env);
	if (s->env.discover)
		survey_doubt(&s->survey);
	s->env.discover = false;
	survey_tick(&s->survey, s->env.now);
	if (s->is_running)
		watches_tick(&s->watches);
	check_ready(s);
	check_once(s);
	push(s);
}

static int
time_left(const struct session *s)
{
	int64_t due = survey_due(&s->survey), left;

	if (s->is_held)
		due = earlier(due, s->pushed_at + HOLD);
	if (s->is_running && !s->is_ready)
		due = earlier(due, s->began + READY_AFTER);
	if (s->is_running)
		due = earlier(due, watches_due(&s->watches));
	left = due - clock_ms();
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* A signal that came ends the run; whole lines still go out. */
static void
check_stop(struct session *s, bool has_come)
{
	if (has_come && stop_read(s->stop))
		s->exit_code = 0;
}

static void
wait_for_room(struct session *s)
{
	struct pollfd fd[2] = {{.fd = s->stop, .events = POLLIN},
	    {.fd = s->queue.wake, .events = POLLIN}};

	poll(fd, 2, 1000);
	s->env.reading_since = clock_ms();
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
	struct pollfd fd[2] = {{.fd = s->stop, .events = POLLIN},
	    {.fd = s->queue.wake, .events = POLLIN}};

	http_wait(&s->http, fd, 2, time_left(s));
	check_stop(s, fd[0].revents);
}

/* ---- the whole ---- */

static void
open_session(struct session *s)
{
	char err[CONFIG_ERROR];

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
	s->env.credentials = &s->credentials;
	s->env.emit = &s->emit;
	watch_env_init(&s->env);
	s->watches.env = &s->env;
	s->survey.settings = s->settings;
	s->survey.config = s->config;
	s->survey.credentials = &s->credentials;
	s->survey.http = &s->http;
	s->survey.found = on_survey;
	s->survey.context = s;
	s->exit_code = -1;
}

/* What is in the queue are whole lines: they go out, if anybody reads. */
static void
drain(struct session *s)
{
	int64_t until = clock_ms() + DRAIN;

	while (!queue_close(&s->queue, 100))
		if (stop_read(s->stop) || clock_ms() >= until)
			diag_die(EXIT_TEMPORARY,
			    "stopped before all was "
			    "written, as stdout is not read");
}

static void
close_session(struct session *s)
{
	watches_free(&s->watches);
	survey_free(&s->survey);
	http_free(&s->http);
	drain(s);
	intern_free(&s->env.names);
	credentials_free(&s->credentials);
	json_release(&s->emit.stamp);
}

int
session_run(const struct settings *settings, const struct kubeconfig *config)
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
