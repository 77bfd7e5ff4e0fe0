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
#define WATCH 1 /* s that a watch lasts that is only tried */

enum step {
	STEP_LIST,
	STEP_WATCH, /* listing is allowed */
	STEP_HERE, /* listing all is not: in the context's namespace? */
	STEP_DONE
};

/* Whether a kind can be listed and watched. */
struct question {
	struct check *check;
	const struct resource *resource;
	const char *ns, *labels;
	enum step step;
	struct http_request *request;
	bool is_open; /* the watch is, which is all that is asked */
	struct failure failure;
	bool is_allowed; /* all of it */
	bool may_list, may_here; /* in the context's namespace */
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
	bool is_asked, is_known; /* the cluster by its id */
	char version[64]; /* of the server, or empty */
};

/* ---- questions ---- */

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

static struct span
body_of(const struct http_request *r)
{
	return (struct span){r->body.p, r->body.len};
}

/* The value of this path in a body that is one object; empty: it is none. */
static struct span
look_up(const struct http_request *r, const char *outer, const char *inner)
{
	struct span doc = http_object(r);

	if (!doc.n)
		return doc;
	doc = scan_get(doc, outer);
	return inner && scan_type(doc) == SCAN_OBJECT ? scan_get(doc, inner) :
							doc;
}

static void ask(struct question *q, const char *rv);

/* The answer to a step, and what to ask next. */
static void
take_step(struct question *q, bool is_good, const char *rv)
{
	switch (q->step) {
	case STEP_LIST:
		q->may_list = is_good;
		q->step = is_good ? STEP_WATCH : STEP_HERE;
		if (is_good ||
		    (q->resource->is_namespaced && !q->ns &&
			q->failure.class == IN_DENIED))
			ask(q, rv);
		return;
	case STEP_WATCH:
		q->is_allowed = is_good;
		break;
	case STEP_HERE:
		q->may_here = is_good;
		break;
	default:
		break;
	}
	q->step = STEP_DONE;
}

static void
on_answer(void *context, struct http_request *r)
{
	struct question *q = context;
	bool is_good = r->result == CURLE_OK && r->status == 200;
	char rv[128];
	struct span text = {0};

	q->check->pending--;
	q->request = NULL;
	if (is_good && q->step == STEP_LIST)
		text = scan_text(look_up(r, "metadata", "resourceVersion"), rv,
		    sizeof(rv) - 1);
	if (text.n && text.n < sizeof(rv)) {
		memmove(rv, text.p, text.n);
		rv[text.n] = '\0';
	} else {
		rv[0] = '\0';
	}
	/* the first failure is the one to tell */
	if (!is_good && q->step != STEP_HERE && r->result != CURLE_OK)
		failure_set(&q->failure, IN_SERVER, "%s", http_why(r));
	else if (!is_good && q->step != STEP_HERE)
		failure_of_answer(&q->failure, r->status, body_of(r), NULL,
		    false);
	take_step(q, is_good, rv);
}

static void
on_open(void *context)
{
	struct question *q = context;

	q->is_open = true;
}

static void
end_watches(struct check *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct question *q = &c->question[i];

		if (!q->is_open || !q->request)
			continue;
		http_cancel(q->request);
		q->request = NULL;
		c->pending--;
		take_step(q, true, NULL);
	}
}

static void
ask(struct question *q, const char *rv)
{
	struct check *c = q->check;
	const char *ns = q->step == STEP_HERE ? c->config->ns : q->ns;
	struct http_ask question = {.timeout = TIMEOUT,
	    .done = on_answer,
	    .context = q};
	struct scope scope = {ns, q->labels, NULL, false};
	struct json path = {0};

	query_path(&path, q->resource, &scope);
	if (q->step == STEP_WATCH) {
		query_watch(&path, WATCH, rv);
		question.open = on_open;
	} else {
		query_page(&path, 1, NULL, NULL);
	}
	json_raw(&path, "", 1);
	question.path = path.p;
	c->pending++;
	q->request = http_get(&c->http, &question);
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
on_version(void *context, struct http_request *r)
{
	struct check *c = context;
	char buf[sizeof(c->version)];
	struct span text =
	    scan_text(look_up(r, "gitVersion", NULL), buf, sizeof(buf));

	c->pending--;
	if (r->result == CURLE_OK && r->status == 200 && text.n)
		snprintf(c->version, sizeof(c->version), "%.*s", (int)text.n,
		    text.p);
}

static void
on_cluster(void *context, struct http_request *r)
{
	struct check *c = context;

	c->pending--;
	c->is_known = r->result == CURLE_OK && r->status == 200;
}

static void
ask_about_server(struct check *c)
{
	struct http_ask version = {.path = "/version",
	    .timeout = TIMEOUT,
	    .done = on_version,
	    .context = c};
	struct http_ask cluster = {.path = "/api/v1/namespaces/kube-system",
	    .timeout = TIMEOUT,
	    .done = on_cluster,
	    .context = c};

	c->pending += 2;
	http_get(&c->http, &version);
	http_get(&c->http, &cluster);
}

static void
ask_all(struct check *c)
{
	const struct policy *p = &c->settings->policy;

	policy_unknown(p, &c->catalog, SOURCE_FLAGS, refuse_name, NULL);
	policy_decide(p, &c->catalog, &c->wants);
	for (size_t i = 0; i < c->wants.n; i++)
		add_questions(c, &c->wants.item[i]);
	ask_about_server(c);
	for (size_t i = 0; i < c->n; i++)
		ask(&c->question[i], NULL);
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
	refusal_check(c->config, f, r);
	diag_die(EXIT_TEMPORARY, "unable to reach %s: %s%s", c->config->server,
	    f->why, refusal_hint(r));
}

static void
wait_for_answers(struct check *c)
{
	while (!c->is_asked || c->pending) {
		if (!c->is_asked && !discovery_is_busy(c->discovery))
			discovery_start(c->discovery);
		http_turn(&c->http);
		end_watches(c);
		if (!c->is_asked || c->pending)
			http_wait(&c->http, NULL, 0, 1000);
	}
}

/* ---- answers ---- */

static void
print_server(const struct check *c)
{
	const struct kubeconfig *k = c->config;
	const char *source = credentials_source(&c->credentials);

	printf("server %s answers%s%s%s\n", k->server, *c->version ? " (" : "",
	    c->version, *c->version ? ")" : "");
	printf("credentials of %s are accepted: %s%s%s, namespace %s\n",
	    k->source, source, *k->context ? ", context " : "", k->context,
	    k->ns);
	if (k->headers.n)
		printf("requests act as another user\n");
}

static void
print_answer(const struct question *q)
{
	printf("%-6s %s", q->is_allowed ? "yes" : "no", q->resource->id);
	if (q->ns)
		printf(" in %s", q->ns);
	if (!q->is_allowed)
		printf(": %s%s",
		    q->may_list ? "it can be listed, not watched: " : "",
		    q->failure.why);
	printf("\n");
}

/* What is denied, as a rule that would allow it. */
static void
print_rule(const struct question *q)
{
	printf("  - apiGroups: [\"%s\"]\n    resources: [\"%s\"]\n"
	       "    verbs: [\"list\", \"watch\"]\n",
	    q->resource->group, q->resource->name);
}

static bool
is_denied(const struct question *q)
{
	return !q->is_allowed && q->failure.class == IN_DENIED;
}

static void
print_advice(const struct check *c)
{
	size_t denied = 0, here = 0;

	for (size_t i = 0; i < c->n; i++) {
		denied += is_denied(&c->question[i]);
		here += c->question[i].may_here;
	}
	if (!c->is_known)
		printf("the id of the cluster cannot be read, one made from "
		       "the server's address will stand for it: allow get on "
		       "namespace kube-system\n");
	if (here)
		printf("%zu of the denied kinds can be listed in namespace %s: "
		       "give -n %s\n",
		    here, c->config->ns, c->config->ns);
	if (!denied)
		return;
	printf("to read what is denied, add to a ClusterRole of this user:\n");
	for (size_t i = 0; i < c->n; i++)
		if (is_denied(&c->question[i]) &&
		    (i == 0 ||
			c->question[i].resource != c->question[i - 1].resource))
			print_rule(&c->question[i]);
}

static size_t
print_answers(const struct check *c)
{
	size_t allowed = 0;

	print_server(c);
	for (size_t i = 0; i < c->n; i++) {
		print_answer(&c->question[i]);
		allowed += c->question[i].is_allowed;
	}
	for (size_t i = 0; i < c->catalog.stale.n; i++)
		printf("?      %s: the server behind it does not answer\n",
		    c->catalog.stale.item[i]);
	print_advice(c);
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
