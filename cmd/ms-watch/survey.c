#include "survey.h"

#include "clock.h"
#include "diag.h"
#include "refusal.h"

#define TRIES 3 /* of --once, to reach the server */
#define BACKOFF 800 /* ms, doubled up to ... */
#define BACKOFF_CAP 30000
#define WARN_EVERY 30000
#define LOOK_EVERY 45000 /* ms between looks at what is served */
#define LOOK_SPREAD 30000
#define DEBOUNCE 1000 /* ms of rest after a doubt ... */
#define PATIENCE 10000 /* ... but if doubts go on, no longer than that */

/* After a CRD changed: it is served some seconds later, by one server of
 * several first. */
static const int follow_up[] = {DEBOUNCE, 2000, 7000, 10000};
#define FOLLOW_UPS (int)(sizeof(follow_up) / sizeof(*follow_up))

static void
ask(struct survey *s)
{
	s->retry_at = s->look_at = s->doubted_at = 0;
	if (!s->cluster.request && (!s->cluster.id || s->is_told))
		cluster_ask(&s->cluster);
	discovery_start(s->discovery);
}

/* Whether what is served is being looked at. */
static bool
is_looking(const struct survey *s)
{
	return discovery_is_busy(s->discovery) || s->definitions.request;
}

/* ---- the start ---- */

static void
warn_unreachable(struct survey *s, const struct failure *f, const char *hint)
{
	if (s->last_warning && clock_ms() - s->last_warning < WARN_EVERY)
		return;
	diag_warn("unable to reach %s: %s%s; trying again", s->config->server,
	    f->why, hint);
	s->last_warning = clock_ms();
}

/* The server does not answer as it should: later, or never. */
static void
fail(struct survey *s, const struct failure *f, const struct http_request *r)
{
	unsigned level = s->failures < 6 ? s->failures : 6;
	int delay = BACKOFF << level;

	if (s->retry_at)
		return;
	refusal_check(s->config, f, r);
	s->failures++;
	if (s->settings->is_once && s->failures >= TRIES)
		diag_die(EXIT_TEMPORARY, "unable to reach %s: %s%s",
		    s->config->server, f->why, refusal_hint(r));
	warn_unreachable(s, f, refusal_hint(r));
	if (delay > BACKOFF_CAP)
		delay = BACKOFF_CAP;
	if (f->retry_after > (unsigned)delay)
		delay = (int)f->retry_after;
	s->retry_at =
	    clock_ms() + delay / 2 + clock_jitter((uint32_t)delay + 1);
}

/* ---- what is found ---- */

static void
plan_look(struct survey *s)
{
	int delay = LOOK_EVERY + (int)clock_jitter(LOOK_SPREAD);

	if (s->next_follow_up < FOLLOW_UPS)
		delay = follow_up[s->next_follow_up++];
	s->look_at = clock_ms() + delay;
	if (s->doubted_at && s->look_at > s->doubted_at + PATIENCE)
		s->look_at = s->doubted_at + PATIENCE;
}

static void
tell(struct survey *s)
{
	if (!s->is_found || !s->cluster.id)
		return;
	s->is_told = true;
	s->found(s->context, &s->catalog);
	plan_look(s);
}

static void
on_cluster(void *context, const struct failure *f, const struct http_request *r)
{
	struct survey *s = context;

	if (f)
		fail(s, f, r);
	else if (!s->is_told)
		tell(s);
}

static void
on_definitions(void *context)
{
	struct survey *s = context;

	s->is_found = true;
	tell(s);
}

static void
on_discovery(void *context, enum discovery_result result, struct catalog *c,
    const struct failure *f, struct http_request *r)
{
	struct survey *s = context;
	bool is_stale = s->definitions.request || !s->definitions.is_fresh;

	if (result == DISCOVERY_FOUND) {
		catalog_free(&s->catalog);
		s->catalog = *c;
	}
	if (result == DISCOVERY_FAILED && !s->is_told) {
		fail(s, f, r);
	} else if (result == DISCOVERY_FOUND ||
	    (result == DISCOVERY_UNCHANGED && is_stale)) {
		definitions_ask(&s->definitions, &s->catalog);
	} else if (!s->is_told) {
		tell(s);
	} else {
		if (result == DISCOVERY_FAILED)
			diag_info("discovery: %s", f->why);
		plan_look(s);
	}
}

/* ---- the interface ---- */

void
survey_start(struct survey *s)
{
	s->cluster.http = s->http;
	s->cluster.config = s->config;
	s->cluster.done = on_cluster;
	s->cluster.context = s;
	s->definitions.http = s->http;
	s->definitions.done = on_definitions;
	s->definitions.context = s;
	s->discovery = discovery_new(s->http, on_discovery, s);
	s->next_follow_up = FOLLOW_UPS;
	ask(s);
}

void
survey_free(struct survey *s)
{
	discovery_free(s->discovery);
	definitions_free(&s->definitions);
	cluster_free(&s->cluster);
	catalog_free(&s->catalog);
}

void
survey_doubt(struct survey *s)
{
	s->next_follow_up = 0;
	if (!s->doubted_at)
		s->doubted_at = clock_ms();
	if (s->is_told && !is_looking(s))
		plan_look(s);
}

void
survey_tick(struct survey *s, int64_t now)
{
	bool is_retry =
	    s->retry_at && now >= s->retry_at && !s->cluster.request;
	bool is_look = s->look_at && now >= s->look_at && !s->settings->is_once;

	if ((is_retry || is_look) && !is_looking(s))
		ask(s);
}

int64_t
survey_due(const struct survey *s)
{
	if (s->retry_at)
		return s->retry_at;
	return s->look_at && !s->settings->is_once ? s->look_at : INT64_MAX;
}
