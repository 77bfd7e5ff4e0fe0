/* policy_test - who decides what about which resource: sources in their order,
 * profiles, names, lists and claims, on a small catalog. */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "effective.h"
#include "tap.h"

static const char core[] =
    "{\"kind\":\"APIResourceList\",\"resources\":["
    "{\"name\":\"pods\",\"singularName\":\"pod\",\"namespaced\":true,"
    "\"kind\":\"Pod\",\"shortNames\":[\"po\"],\"verbs\":[\"list\",\"watch\"]},"
    "{\"name\":\"nodes\",\"singularName\":\"node\",\"namespaced\":false,"
    "\"kind\":\"Node\",\"verbs\":[\"list\",\"watch\"]},"
    "{\"name\":\"events\",\"singularName\":\"event\",\"namespaced\":true,"
    "\"kind\":\"Event\",\"verbs\":[\"list\",\"watch\"]},"
    "{\"name\":\"secrets\",\"singularName\":\"secret\",\"namespaced\":true,"
    "\"kind\":\"Secret\",\"verbs\":[\"list\",\"watch\"]},"
    "{\"name\":\"bindings\",\"singularName\":\"binding\",\"namespaced\":true,"
    "\"kind\":\"Binding\",\"verbs\":[\"create\"]}]}";
static const char batch[] =
    "{\"kind\":\"APIResourceList\",\"resources\":["
    "{\"name\":\"jobs\",\"singularName\":\"job\",\"namespaced\":true,"
    "\"kind\":\"Job\",\"verbs\":[\"list\",\"watch\"]},"
    "{\"name\":\"cronjobs\",\"singularName\":\"cronjob\",\"namespaced\":true,"
    "\"kind\":\"CronJob\",\"verbs\":[\"list\",\"watch\"]}]}";
static const char foos[] =
    "{\"kind\":\"APIResourceList\",\"resources\":["
    "{\"name\":\"foos\",\"singularName\":\"foo\",\"namespaced\":true,"
    "\"kind\":\"Foo\",\"verbs\":[\"list\",\"watch\"]}]}";
static const char metrics[] =
    "{\"kind\":\"APIResourceList\",\"resources\":["
    "{\"name\":\"pods\",\"singularName\":\"\",\"namespaced\":true,"
    "\"kind\":\"PodMetrics\",\"verbs\":[\"list\",\"watch\"]}]}";

static struct catalog catalog;

static void
make_catalog(void)
{
	catalog_add_legacy(&catalog, "", "v1", span_of(core));
	catalog_add_legacy(&catalog, "batch", "v1", span_of(batch));
	catalog_add_legacy(&catalog, "batch", "v1beta1", span_of(batch));
	catalog_add_legacy(&catalog, "example.com", "v1", span_of(foos));
	catalog_add_legacy(&catalog, "metrics.k8s.io", "v1", span_of(metrics));
	catalog_choose(&catalog);
	for (size_t i = 0; i < catalog.n; i++)
		catalog.resource[i]->is_custom =
		    strcmp(catalog.resource[i]->name, "foos") == 0;
}

/* A policy from texts: flags, the custom resource's config, the file. */
static struct policy
policy_of(const char *flags, const char *custom, const char *file)
{
	const char *const text[] = {flags, custom, file};
	struct policy p = {.has_custom = custom != NULL};
	char err[CONFIG_ERROR];

	for (int i = 0; i < SOURCES; i++)
		if (text[i] &&
		    document_read(&p.source[i], "text", text[i],
			strlen(text[i]), err) < 0)
			ok(0, "%s: %s", text[i], err);
	return p;
}

/* "pods full, nodes metadata@a,b l=x f=y": what of it is as it should be. */
static void
describe(const struct wants *w, const char *id, char *out, size_t size)
{
	snprintf(out, size, "absent");
	for (size_t i = 0; i < w->n; i++) {
		const struct want *one = &w->item[i].want;
		int n;

		if (strcmp(w->item[i].resource->id, id) != 0)
			continue;
		n = snprintf(out, size, "%s", depth_name(one->depth));
		for (size_t k = 0; k < one->namespaces.n; k++)
			n += snprintf(out + n, size - (size_t)n, "@%s",
			    one->namespaces.item[k]);
		if (one->labels)
			n += snprintf(out + n, size - (size_t)n, " l=%s",
			    one->labels);
		if (one->fields)
			snprintf(out + n, size - (size_t)n, " f=%s",
			    one->fields);
	}
}

struct expectation {
	const char *id, *want;
};

static void
decides(struct policy p, const char *name, const struct expectation *e,
    size_t n)
{
	struct wants wants;
	char got[256];

	policy_decide(&p, &catalog, &wants);
	for (size_t i = 0; i < n; i++) {
		describe(&wants, e[i].id, got, sizeof(got));
		ok(strcmp(got, e[i].want) == 0, "%s: %s is %s (wanted %s)",
		    name, e[i].id, got, e[i].want);
	}
	wants_free(&wants);
	policy_free(&p);
}

#define DECIDES(policy, name, ...) \
	do { \
		static const struct expectation e[] = {__VA_ARGS__}; \
		decides(policy, name, e, sizeof(e) / sizeof(*e)); \
	} while (0)

static void
test_profiles(void)
{
	DECIDES(policy_of(NULL, NULL, NULL), "default", {"pods.v1.", "full"},
	    {"events.v1.", "off"}, {"jobs.v1.batch", "metadata"},
	    {"cronjobs.v1.batch", "full"}, {"cronjobs.v1beta1.batch", "absent"},
	    {"foos.v1.example.com", "full"}, {"bindings.v1.", "absent"},
	    {"pods.v1.metrics.k8s.io", "metadata"});
	DECIDES(policy_of("profile: meshsync-1", NULL, NULL), "meshsync-1",
	    {"pods.v1.", "full"}, {"events.v1.", "off"},
	    {"jobs.v1.batch", "off"}, {"cronjobs.v1.batch", "full"},
	    {"cronjobs.v1beta1.batch", "absent"},
	    {"foos.v1.example.com", "off"});
	DECIDES(policy_of("profile: meshsync-1", "{}", NULL),
	    "meshsync-1 with a custom resource", {"pods.v1.", "full"},
	    {"foos.v1.example.com", "full"});
	DECIDES(policy_of("profile: default", NULL, "profile: meshsync-1"),
	    "the first profile counts", {"jobs.v1.batch", "metadata"});
}

static void
test_order(void)
{
	DECIDES(policy_of("resources: {pods: metadata}",
		    "resources: {pods: full, jobs: full}",
		    "resources: {jobs: off, nodes: off}"),
	    "each source before the next", {"pods.v1.", "metadata"},
	    {"jobs.v1.batch", "full"}, {"nodes.v1.", "off"});
	DECIDES(policy_of("depth: metadata", "resources: {pods: full}",
		    "resources: {jobs: off}"),
	    "a depth for all says nothing about what is watched",
	    {"pods.v1.", "metadata"}, {"jobs.v1.batch", "off"},
	    {"events.v1.", "off"}, {"nodes.v1.", "metadata"});
	DECIDES(policy_of(NULL, "{depth: off, resources: {po: full}}",
		    "resources: {nodes: full}"),
	    "off for all but what is named", {"pods.v1.", "full"},
	    {"nodes.v1.", "off"}, {"foos.v1.example.com", "off"});
	DECIDES(policy_of("namespaces: a",
		    "{namespaces: [b], labelSelector: x}",
		    "{labelSelector: y, resources: {pods: {namespaces: [c], "
		    "labelSelector: z, fieldSelector: f}}}"),
	    "each question on its own", {"pods.v1.", "full@a l=x f=f"},
	    {"nodes.v1.", "full l=x"}, {"jobs.v1.batch", "metadata@a l=x"});
	DECIDES(policy_of("namespaces: []", "namespaces: [b]", NULL),
	    "no namespaces at all is an answer: all", {"pods.v1.", "full"});
}

static void
test_names(void)
{
	DECIDES(policy_of(NULL, NULL,
		    "resources: {'*': off, '*.batch': metadata, "
		    "jobs.batch: full}"),
	    "the name that fits best", {"jobs.v1.batch", "full"},
	    {"cronjobs.v1.batch", "metadata"}, {"pods.v1.", "off"});
	DECIDES(policy_of(NULL, NULL,
		    "resources: {jobs.batch: full, '*.batch': metadata}"),
	    "wherever it stands", {"jobs.v1.batch", "full"});
	DECIDES(policy_of(NULL, NULL, "resources: {pods: off}"),
	    "a bare name is one resource", {"pods.v1.", "off"},
	    {"pods.v1.metrics.k8s.io", "metadata"});
	DECIDES(policy_of(NULL, NULL,
		    "resources: {cronjobs.v1beta1.batch: full}"),
	    "another version, asked for by name, replaces the chosen one",
	    {"cronjobs.v1beta1.batch", "full"}, {"cronjobs.v1.batch", "off"});
	DECIDES(policy_of(NULL, NULL, "resources: {pods: {depth: false}}"),
	    "what kubectl makes of off", {"pods.v1.", "off"});
}

static struct policy
listing(enum document_list list, const char *name, unsigned events,
    const char *profile)
{
	struct policy p = policy_of(profile, "{}", NULL);

	document_list(&p.source[SOURCE_CUSTOM], list, name, events);
	return p;
}

static void
test_lists(void)
{
	DECIDES(listing(LIST_WHITE, "pods.v1.", EVENTS_ALL, NULL),
	    "a whitelist", {"pods.v1.", "full"}, {"nodes.v1.", "off"},
	    {"foos.v1.example.com", "full"});
	DECIDES(listing(LIST_WHITE, "jobs.v1.batch", EVENTS_ALL, NULL),
	    "of what MeshSync 1.0 would not watch", {"jobs.v1.batch", "full"});
	DECIDES(listing(LIST_WHITE, "jobs.v1.batch", EVENTS_ALL,
		    "profile: meshsync-1"),
	    "which it passes over", {"jobs.v1.batch", "off"},
	    {"pods.v1.", "off"}, {"foos.v1.example.com", "full"});
	DECIDES(listing(LIST_BLACK, "pods.v1.", EVENTS_ALL, NULL),
	    "a blacklist", {"pods.v1.", "off"}, {"nodes.v1.", "full"},
	    {"jobs.v1.batch", "metadata"}, {"events.v1.", "off"});
	DECIDES(listing(LIST_BLACK, "foos.v1.example.com", EVENTS_ALL,
		    "profile: meshsync-1"),
	    "which does not know of CRDs", {"foos.v1.example.com", "full"});
	DECIDES(listing(LIST_ONLY, "pods", EVENTS_ALL, NULL),
	    "a list that is closed", {"pods.v1.", "full"},
	    {"foos.v1.example.com", "off"});
	DECIDES(listing(LIST_WHITE, "pods.v1.", EVENTS_ALL, "depth: metadata"),
	    "how deep, somebody else may say", {"pods.v1.", "metadata"},
	    {"nodes.v1.", "off"});
}

static void
test_claims(void)
{
	struct policy p = policy_of(NULL, NULL, "resources: {secrets: off}");

	ok(policy_claim(&p, "a", "jobs", DEPTH_FULL) &&
		policy_claim(&p, "b", "jobs", DEPTH_FULL) &&
		policy_claim(&p, "b", "events", DEPTH_METADATA) &&
		policy_claim(&p, "b", "secrets", DEPTH_FULL) &&
		policy_claim(&p, "b", "widgets", DEPTH_FULL),
	    "claims are taken");
	ok(!policy_claim(&p, "a", "jobs", DEPTH_FULL), "once each");
	ok(policy_release(&p, "a", "jobs"), "and released");
	ok(!policy_release(&p, "a", "jobs"), "once");
	DECIDES(p, "claims", {"jobs.v1.batch", "full"},
	    {"events.v1.", "metadata"}, {"secrets.v1.", "off"},
	    {"pods.v1.", "full"});
	p = policy_of(NULL, NULL, NULL);
	policy_claim(&p, "b", "jobs", DEPTH_FULL);
	policy_claim(&p, "b", "events", DEPTH_FULL);
	policy_claim(&p, "c", "pods", DEPTH_METADATA);
	ok(policy_release(&p, "b", NULL), "all of one at once");
	DECIDES(p, "released", {"jobs.v1.batch", "metadata"},
	    {"events.v1.", "off"}, {"pods.v1.", "full"});
	p = policy_of("profile: meshsync-1", NULL, NULL);
	policy_claim(&p, "b", "jobs", DEPTH_FULL);
	DECIDES(p, "claims on meshsync-1", {"jobs.v1.batch", "off"});
}

static void
count(void *context, const char *name, const char *why)
{
	(void)name;
	(void)why;
	++*(int *)context;
}

static void
test_order_of_starting(void)
{
	struct policy p = policy_of(NULL, NULL,
	    "resources: {widgets: off, bindings: full, '*.none': off, po: off}");
	struct json text = {0};
	struct wants w;
	int unknown = 0;

	policy_unknown(&p, &catalog, SOURCE_FILE, count, &unknown);
	ok(unknown == 2, "names that mean nothing here: %d", unknown);
	policy_decide(&p, &catalog, &w);
	ok(strcmp(w.item[0].resource->id, "nodes.v1.") == 0 &&
		strcmp(w.item[1].resource->name, "cronjobs") == 0,
	    "owners come first");
	for (int i = 0; i < SOURCES; i++)
		p.source[i].source = text_copy("s");
	effective_write(&text, &p, &w);
	ok(scan_find(NULL, text.p, text.len, NULL, &(struct scan_error){0}) ==
		0,
	    "and can be written: %.*s", (int)text.len, text.p);
	json_release(&text);
	wants_free(&w);
	policy_free(&p);
}

int
main(void)
{
	make_catalog();
	test_profiles();
	test_order();
	test_names();
	test_lists();
	test_claims();
	test_order_of_starting();
	catalog_free(&catalog);
	return tap_done();
}
