#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "discovery.h"
#include "query.h"
#include "refusal.h"

#define TIMEOUT 30L /* s */

/* A collection that is asked for one object. */
struct question {
	struct check *check;
	const struct resource *resource;
	const char *ns, *labels;
	struct failure failure;
	bool is_allowed;
};

struct check {
	const struct settings *settings;
	const struct kubeconfig *config;
	struct credentials credentials;
	struct http http;
	struct discovery *discovery;
	struct catalog catalog;
	struct wants wants;
	struct question *question;
	size_t n, pending;
	bool is_refused, is_asked;
};

static void
add_question(struct check *c, const struct resource *r, const char *ns,
    const char *labels)
{
	c->question =
	    diag_alloc(c->question, (c->n + 1) * sizeof(*c->question));
	c->question[c->n++] = (struct question){.check = c,
	    .resource = r,
	    .ns = ns,
	    .labels = labels};
}

static void
on_answer(void *context, struct http_request *r)
{
	struct question *q = context;

	q->check->pending--;
	q->is_allowed = r->result == CURLE_OK && r->status == 200;
	if (r->result != CURLE_OK)
		failure_set(&q->failure, IN_SERVER, "%s", http_why(r));
	else
		failure_of_answer(&q->failure, r->status,
		    (struct span){r->body.p, r->body.len}, NULL, false);
}

static void
ask(struct check *c, struct question *q)
{
	struct http_ask question = {.timeout = TIMEOUT,
	    .done = on_answer,
	    .context = q};
	struct scope scope = {q->ns, q->labels, NULL, false};
	struct json path = {0};

	query_path(&path, q->resource, &scope);
	query_page(&path, 1, NULL, NULL);
	json_raw(&path, "", 1);
	question.path = path.p;
	c->pending++;
	http_get(&c->http, &question);
	json_release(&path);
}

static void
refuse_name(void *context, const char *name, const char *why)
{
	(void)context;
	diag_die(EXIT_PERMANENT, "--resource %s: %s", name, why);
}

static void
add_questions(struct check *c, const struct wanted *w)
{
	const struct opts_list *ns = &w->want.namespaces;

	if (w->want.depth == DEPTH_OFF)
		return;
	if (!ns->n)
		add_question(c, w->resource, NULL, w->want.labels);
	for (size_t i = 0; i < ns->n; i++)
		add_question(c, w->resource, ns->item[i], w->want.labels);
}

static void
ask_all(struct check *c)
{
	const struct policy *p = &c->settings->policy;

	policy_unknown(p, &c->catalog, SOURCE_FLAGS, refuse_name, NULL);
	policy_decide(p, &c->catalog, &c->wants);
	for (size_t i = 0; i < c->wants.n; i++)
		add_questions(c, &c->wants.item[i]);
	for (size_t i = 0; i < c->n; i++)
		ask(c, &c->question[i]);
	c->is_asked = true;
}

static void
on_discovery(void *context, enum discovery_result result,
    struct catalog *catalog, const struct failure *f, struct http_request *r)
{
	struct check *c = context;

	if (result == DISCOVERY_FOUND) {
		c->catalog = *catalog;
		ask_all(c);
		return;
	}
	refusal_check(c->config, f, r, c->is_refused);
	if (f->class != IN_AUTH)
		diag_die(EXIT_TEMPORARY, "unable to reach %s: %s",
		    c->config->server, f->why);
	c->is_refused = true;
	credentials_refused(&c->credentials, r->started, clock_ms());
}

static void
wait_for_answers(struct check *c)
{
	while (!c->is_asked || c->pending) {
		if (!c->is_asked && !discovery_is_busy(c->discovery))
			discovery_start(c->discovery);
		http_turn(&c->http);
		if (!c->is_asked || c->pending)
			http_wait(&c->http, NULL, 0, 1000);
	}
}

static void
print_answer(const struct question *q)
{
	printf("%-6s %s", q->is_allowed ? "yes" : "no", q->resource->id);
	if (q->ns)
		printf(" in %s", q->ns);
	printf("%s%s\n", q->is_allowed ? "" : ": ",
	    q->is_allowed ? "" : q->failure.why);
}

static size_t
print_answers(const struct check *c)
{
	size_t allowed = 0;

	printf("server %s answers and accepts context '%s' of %s\n",
	    c->config->server, c->config->context, c->config->source);
	for (size_t i = 0; i < c->n; i++) {
		print_answer(&c->question[i]);
		allowed += c->question[i].is_allowed;
	}
	for (size_t i = 0; i < c->catalog.stale.n; i++)
		printf("?      %s: the server behind it does not answer\n",
		    c->catalog.stale.item[i]);
	printf("%zu of %zu kinds can be read\n", allowed, c->n);
	if (fflush(stdout) != 0)
		diag_die(EXIT_TEMPORARY, "unable to write to stdout: %m");
	return allowed;
}

int
check_run(const struct settings *settings, const struct kubeconfig *config)
{
	struct check c = {.settings = settings, .config = config};
	char err[CONFIG_ERROR];
	size_t allowed;

	if (credentials_init(&c.credentials, config, clock_ms(), err) < 0)
		diag_die(EXIT_PERMANENT, "%s", err);
	http_init(&c.http, config, &c.credentials);
	c.discovery = discovery_new(&c.http, on_discovery, &c);
	wait_for_answers(&c);
	allowed = print_answers(&c);
	discovery_free(c.discovery);
	wants_free(&c.wants);
	catalog_free(&c.catalog);
	free(c.question);
	http_free(&c.http);
	credentials_free(&c.credentials);
	return allowed ? 0 : EXIT_PERMANENT;
}
