#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "tap.h"

static struct signatures signatures;
static struct catalog catalog;
static struct facts_paths paths;
static struct scan_plan plan;
static struct records rs; /* for the paths that each record has */

#define POD(meta, spec) \
	"{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":" \
	"\"Pod\",\"metadata\":{\"name\":\"x\",\"namespace\":\"n\"" meta "}," \
	"\"spec\":{" spec "}}}"
#define OWNER ",\"ownerReferences\":[{\"kind\":\"ReplicaSet\"}]"
#define BOX(token) \
	"\"containers\":[{\"name\":\"c\",\"image\":\"redis:7\"," \
	"\"volumeMounts\":[{\"name\":\"kube-api-access-" token "\"}]}]"

static void
parse(const char *line, struct record *r)
{
	struct scan_error err;

	if (record_parse(&plan, span_of(line), r, &err) < 0)
		diag_die(EXIT_BUG, "not a record: %s", err.what);
}

/* Facts with a blank for each NUL. */
static char *
facts_of(const char *line)
{
	static struct record r;
	struct json out = {0};
	char *text;

	parse(line, &r);
	if (!facts_read(&paths, &catalog, &r, &out))
		return diag_strndup("none", 4);
	for (size_t i = 0; i < out.len; i++)
		if (!out.p[i])
			out.p[i] = ' ';
	text = diag_strndup(out.p, out.len);
	json_release(&out);
	return text;
}

static void
is(const char *what, const char *line, const char *want)
{
	char *got = facts_of(line);

	ok(strcmp(got, want) == 0, "%s: %s (wanted %s)", what, got, want);
	free(got);
}

static uint64_t
glance(const char *line)
{
	static struct record r;

	parse(line, &r);
	return facts_glance(&paths, &r);
}

static void
what_counts(void)
{
	is("no containers", POD("", ""), "none");
	is("a container",
	    POD("",
		"\"containers\":[{\"name\":\"c\","
		"\"image\":\"redis:7\"}]"),
	    "Cc iredis:7 P ");
	is("a command line",
	    POD("",
		"\"containers\":[{\"name\":\"c\","
		"\"command\":[\"/bin/sh\",\"-c\",\"exec redis-server --port 1\"],"
		"\"args\":[\"--a=b\",\"/usr/bin/x\",\"plain\"]}]"),
	    "Cc csh w-c cexec credis-server w--port c1 w--a wx wplain P ");
	is("a command line without args",
	    POD("",
		"\"containers\":[{\"name\":\"c\","
		"\"command\":[\"/usr/bin/etcd\",\"--name\",\"e\",\"--a=b\"]}]"),
	    "Cc cetcd w--name ce w--a P ");
	is("environment and ports",
	    POD("",
		"\"containers\":[{\"name\":\"c\","
		"\"env\":[{\"name\":\"A\",\"value\":\"secret\"}],"
		"\"ports\":[{\"containerPort\":80}]}]"),
	    "Cc eA o80 P ");
	is("labels", POD(",\"labels\":{\"app\":\"a\"}", BOX("aaaaa")),
	    "Cc iredis:7 P lapp=a ");
	is("an escaped image",
	    POD("",
		"\"containers\":[{\"name\":\"c\","
		"\"image\":\"re\\u0064is:7\"}]"),
	    "Cc iredis:7 P ");
	is("an image with a NUL",
	    POD("",
		"\"containers\":[{\"name\":\"c\","
		"\"image\":\"redis:\\u0000\"}]"),
	    "Cc P ");
	is("of two images the last",
	    POD("",
		"\"containers\":[{\"name\":"
		"\"c\",\"image\":\"a\",\"image\":\"b\"}]"),
	    "Cc ib P ");
}

static void
what_does_not(void)
{
	is("init containers",
	    POD("",
		BOX("aaaaa") ",\"initContainers\":"
			     "[{\"name\":\"i\",\"image\":\"postgres:16\"}]"),
	    "Cc iredis:7 P ");
	is("but those that run on",
	    POD("",
		BOX("aaaaa") ",\"initContainers\":[{\"name\":\"i\",\"image\":\"p\","
			     "\"restartPolicy\":\"Always\"}]"),
	    "Cc iredis:7 Ci ip P ");
	is("the marks of controllers",
	    POD(",\"labels\":{"
		"\"pod-template-hash\":\"1\",\"controller-revision-hash\":\"2\","
		"\"statefulset.kubernetes.io/pod-name\":\"x-0\","
		"\"apps.kubernetes.io/pod-index\":\"0\"}",
		BOX("aaaaa")),
	    "Cc iredis:7 P ");
	is("annotations nobody asks for",
	    POD(",\"annotations\":{"
		"\"a\":\"b\",\"linkerd.io/proxy-version\":\"1\"}",
		BOX("aaaaa")),
	    "Cc iredis:7 P alinkerd.io/proxy-version ");
	is("the name of a pod that somebody named so", POD("", BOX("aaaaa")),
	    "Cc iredis:7 P ");
	is("that of what makes one pod for each run",
	    POD(",\"ownerReferences\":[{\"apiVersion\":\"tekton.dev/v1\","
		"\"kind\":\"TaskRun\",\"name\":\"t\",\"controller\":true}]",
		BOX("aaaaa")),
	    "Cc iredis:7 P ");
	is("but that of a StatefulSet",
	    POD(",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\","
		"\"kind\":\"StatefulSet\",\"name\":\"s\",\"controller\":true}]",
		BOX("aaaaa")),
	    "Cc iredis:7 P Ws ");
	is("a Job's pod says so",
	    POD(",\"ownerReferences\":[{\"kind\":"
		"\"Job\"}]",
		BOX("aaaaa")),
	    "J Cc iredis:7 P ");
}

static void
glances(void)
{
	uint64_t a = glance(POD(OWNER, BOX("aaaaa")));

	ok(a && a == glance(POD(OWNER, BOX("bbbbb"))),
	    "pods that differ in their token's volume look equal");
	ok(a !=
		glance(POD(OWNER,
		    "\"containers\":[{\"name\":\"c\","
		    "\"image\":\"redis:8\"}]")),
	    "other images do not");
	ok(a !=
		glance(POD(OWNER,
		    BOX("aaaaa") ",\"initContainers\":[{\"name\":\"i\"}]")),
	    "nor other init containers");
	ok(a != glance(POD(",\"labels\":{\"a\":\"b\"}" OWNER, BOX("aaaaa"))),
	    "nor other labels");
	ok(a !=
		glance(POD(",\"ownerReferences\":[{\"kind\":\"Job\"}]",
		    BOX("aaaaa"))),
	    "nor another owner");
	ok(!glance(POD("", BOX("aaaaa"))), "who has no owner is looked at");
	ok(glance(POD(OWNER, BOX("a"))) != 0, "a token cut short");
	ok(glance(POD(OWNER,
	       "\"containers\":[{\"name\":\"kube-api-access-"
	       "aaaaa\",\"image\":\"a\"}]")) !=
		glance(POD(OWNER,
		    "\"containers\":[{\"name\":\"kube-api-access-aaaaa\","
		    "\"image\":\"b\"}]")),
	    "what stands behind a token counts");
}

int
main(void)
{
	diag_prog = "facts_test";
	signatures_init(&signatures);
	signatures_embedded(&signatures);
	catalog_build(&catalog, &signatures);
	records_init(&rs, -1, -1, 1000);
	facts_plan(&paths, &rs.plan);
	plan = rs.plan;
	what_counts();
	what_does_not();
	glances();
	records_release(&rs);
	catalog_free(&catalog);
	signatures_free(&signatures);
	return tap_done();
}
