/* The wire format: the contract's worked examples, and its compatibility tests
 * 1 to 18 by their numbers. */
#include "meshery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples.h"
#include "fixes.h"
#include "secrets.h"
#include "tap.h"

#define CLUSTER "3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10"

static struct meshery m;
static enum service_answer answer;
static char asked[300];

static enum service_answer
dial(void *context, const char *host, int port)
{
	(void)context;
	snprintf(asked, sizeof(asked), "%s:%d", host, port);
	return answer;
}

/* The message; in exactly as much memory as the object has, so that a
 * sanitizer sees a look beyond it. */
static const char *
convert(enum record_type type, const char *object)
{
	size_t n = strlen(object);
	char *copy = malloc(n);
	struct span message;
	bool is_done;

	memcpy(copy, object, n);
	is_done = meshery_message(&m, type, (struct span){copy, n},
	    span_of(CLUSTER), &message);
	free(copy);
	if (!is_done)
		return NULL;
	json_room(&m.out, message.n + 1);
	m.out.p[message.n] = '\0';
	return m.out.p;
}

static void
is(enum record_type type, const char *object, const char *want,
    const char *name)
{
	const char *got = convert(type, object);

	if (!ok(got && strcmp(got, want) == 0, "%s", name))
		printf("# got  %s\n# want %s\n", got ? got : "(wait)", want);
}

/* The message about object holds this text. */
static void
has(const char *object, const char *want, const char *name)
{
	const char *got = convert(RECORD_ADDED, object);

	if (!ok(got && strstr(got, want), "%s", name))
		printf("# got  %s\n# lacks %s\n", got ? got : "(wait)", want);
}

static void
lacks(const char *object, const char *text, const char *name)
{
	const char *got = convert(RECORD_ADDED, object);

	if (!ok(got && !strstr(got, text), "%s", name))
		printf("# got %s\n", got ? got : "(wait)");
}

/* The object as it is kept when Secrets are redacted. */
static const char *
masked(const char *text)
{
	static struct secrets secrets = {.is_on = true};
	static char copy[65536];
	struct record r = {0};
	struct change c = {.object = span_of(text)};

	r.at[AT_OBJECT] = c.object;
	r.id.kind = span_of(strstr(text, "\"Secret\"") ? "Secret" : "Other");
	secrets_mask(&secrets, &r, &c);
	snprintf(copy, sizeof(copy), "%.*s", (int)c.object.n, c.object.p);
	return copy;
}

/* An object with metadata's and its own further members. */
static const char *
object(const char *kind, const char *meta, const char *rest)
{
	static char text[65536];

	snprintf(text, sizeof(text),
	    "{\"apiVersion\":\"v1\",\"kind\":\"%s\","
	    "\"metadata\":{\"name\":\"x\",\"uid\":\"u\"%s}%s}",
	    kind, meta, rest);
	return text;
}

static const char *
with_meta(const char *meta)
{
	return object("Pod", meta, "");
}

static const char *
with_rest(const char *rest)
{
	return object("Pod", "", rest);
}

static void
examples(void)
{
	char deleted[4096];

	is(RECORD_ADDED, pod, pod_message, "1: pod A");
	answer = SERVICE_YES;
	is(RECORD_ADDED, service, service_message, "2: service B, reachable");
	ok(strcmp(asked, "203.0.113.7:3000") == 0, "2: its address is dialled");
	answer = SERVICE_NO;
	has(service, "\"component_metadata\":null}}", "2: B, unreachable");
	*asked = '\0';
	snprintf(deleted, sizeof(deleted), "%s",
	    convert(RECORD_DELETED, service));
	ok(strstr(deleted,
	       "\"pattern_resource\":null,"
	       "\"component_metadata\":null}}"),
	    "2: B, deleted");
	ok(!*asked, "2: nothing is dialled for a deletion");
	answer = SERVICE_WAIT;
	ok(!convert(RECORD_ADDED, service), "2: B waits for its dial");
	is(RECORD_MODIFIED, secret, secret_message, "3: secret C");
	is(RECORD_MODIFIED, masked(secret), secret_hidden_message,
	    "3: secret C, redacted");
	is(RECORD_DELETED, widget, widget_message, "4: custom resource D");
}

static void
order_and_labels(void)
{
	char first[4096];

	snprintf(first, sizeof(first), "%s",
	    convert(RECORD_ADDED,
		"{\"spec\":{\"b\":[{\"y\":1,\"x\":2}],\"a\":{}},\"kind\":\"Pod\","
		"\"metadata\":{\"labels\":{\"b\":\"1\",\"a\":\"2\"},\"uid\":\"u\","
		"\"name\":\"n\"},\"apiVersion\":\"v1\"}"));
	is(RECORD_ADDED,
	    " { \"apiVersion\" : \"v1\",\n\"metadata\":{\"name\":"
	    "\"n\",\"uid\":\"u\",\"labels\":{\"a\":\"2\", \"b\":\"1\"}},"
	    "\"kind\":\"Pod\",\"spec\":{\"a\":{ },\"b\":[ {\"x\":2,\"y\":1}]}}",
	    first, "5: the order of keys and spaces make no difference");
	has(with_rest(",\"spec\":{\"a\":1,\"b\":2,\"a\":3}"),
	    "\"attribute\":\"{\\\"a\\\":3,\\\"b\\\":2}\"",
	    "5: of duplicate keys the last wins");
	has(with_rest(",\"spec\":{\"\\u0062\":1,\"a\":2,\"\\u00e9\":3,"
		      "\"z\":4}"),
	    "{\\\"a\\\":2,\\\"b\\\":1,\\\"z\\\":4,\\\"é\\\":3}",
	    "5: keys with escapes are sorted by what they mean");
	has(with_meta(",\"labels\":{\"e\":\"\",\"\":\"v\"}"),
	    "[{\"id\":\"\",\"unique_id\":\"\",\"kind\":\"label\","
	    "\"value\":\"v\"},{\"id\":\"\",\"unique_id\":\"\",\"kind\":"
	    "\"label\",\"key\":\"e\"}]",
	    "6: empty key and value are left out");
	lacks(with_meta(",\"labels\":{}"), "labels", "6: labels {} are absent");
	lacks(with_meta(",\"labels\":null"), "labels",
	    "6: labels null are absent");
	has(with_meta(
		",\"annotations\":{\"z\":\"\",\"kubectl.kubernetes.io/"
		"last-applied-configuration\":\"{\\\"a\\\":\\\"<\\\"}\\n\"}"),
	    "\"key\":\"kubectl.kubernetes.io/last-applied-configuration\","
	    "\"value\":\"{\\\\\\\"a\\\\\\\":\\\\\\\"\\\\u003c\\\\\\\"}\\\\n\"}"
	    ",{\"id\":\"\",\"unique_id\":\"\",\"kind\":\"annotation\","
	    "\"key\":\"z\"}]",
	    "7: annotations are sorted, escapes kept");
	has(with_meta(",\"labels\":{\"a<\\\"b\":\"1\"}"),
	    "\"key\":\"a\\u003c\\\"b\"", "7: keys are unescaped");
}

static void
escapes(void)
{
	has(with_meta(",\"namespace\":\"<>&\\u2028\\u2029\xe2\x80\xa8/\""),
	    "\"namespace\":\"\\u003c\\u003e\\u0026\\u2028\\u2029\\u2028/\"",
	    "8: once in a name");
	has(with_rest(",\"spec\":{\"a\":\"<>&\\u2028\xe2\x80\xa9\\/\"}"),
	    "\\\"a\\\":\\\"\\\\u003c\\\\u003e\\\\u0026\\\\u2028\\\\u2029/\\\"",
	    "8: twice in a spec");
	has(with_meta(",\"namespace\":\"\\u0000\\u0001\\b\\f\\n\\r\\t\\u001f"
		      "\x7f\""),
	    "\"\\u0000\\u0001\\b\\f\\n\\r\\t\\u001f\x7f\"",
	    "9: control characters, once");
	has(with_rest(",\"spec\":{\"a\":\"\\u0000\\u000b\\b\\f\\n\\r\\t\\u001F"
		      "\x7f\"}"),
	    "\\\"\\\\u0000\\\\u000b\\\\b\\\\f\\\\n\\\\r\\\\t"
	    "\\\\u001f\x7f\\\"",
	    "9: control characters, twice");
	has(with_rest(",\"spec\":\"\\ud83d\\ude00 \xf0\x9f\x98\x80\""),
	    "\"\xf0\x9f\x98\x80 \xf0\x9f\x98\x80\"", "9: emoji");
	/* Go replaces what is not UTF-8 when it reads, and writes that raw */
	has(with_rest(",\"spec\":\"a\xff\xc3 \\ud800\""),
	    "\"a\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\"",
	    "9: invalid UTF-8 and half a surrogate pair");
}

static void
numbers(void)
{
	has(with_rest(",\"spec\":[2.50,1e3,1e-7,1e21,1e20,-0.0,"
		      "9007199254740993,9223372036854775808]"),
	    "\"[2.5,1000,1e-7,1e+21,100000000000000000000,-0,"
	    "9007199254740993,9223372036854776000]\"",
	    "10: numbers");
	has(with_rest(
		",\"spec\":[-0,0,-9223372036854775808,"
		"9223372036854775807,0.000001,1.5E-9,0.1,1e23,5e-324,"
		"5.684341886080802e-14,1.7976931348623157e308,123456.789]"),
	    "\"[0,0,-9223372036854775808,9223372036854775807,0.000001,"
	    "1.5e-9,0.1,1e+23,5e-324,5.684341886080802e-14,"
	    "1.7976931348623157e+308,123456.789]\"",
	    "10: more numbers");
	lacks(with_meta(",\"generation\":0"), "generation",
	    "11: generation 0 is absent");
	lacks(with_meta(",\"generation\":1.5"), "generation",
	    "11: a generation that is no integer is skipped");
	has(with_meta(",\"deletionGracePeriodSeconds\":0"),
	    "\"deletionGracePeriodSeconds\":0", "11: grace period 0 is told");
	lacks(with_meta(",\"deletionGracePeriodSeconds\":null"),
	    "deletionGracePeriodSeconds", "11: a null is not");
}

static void
sections(void)
{
	lacks(with_meta(",\"managedFields\":[{\"manager\":\"x\"}]"),
	    "managedFields", "12: managedFields are never told");
	has(with_meta(""), "\"cluster_id\":\"\"}",
	    "12: metadata.cluster_id is empty");
	has(with_meta(",\"cluster_id\":\"x\",\"managedFields\":\"y\""),
	    "\"managedFields\":\"y\",\"cluster_id\":\"x\"}",
	    "12: unless the object has texts of that name");
	has(object("ConfigMap", "",
		",\"immutable\":true,\"data\":{\"b\":\"1\""
		",\"a\":\"<\"},\"binaryData\":{\"c\":\"aGk=\"}"),
	    ",\"immutable\":\"true\",\"data\":\"{\\\"a\\\":\\\"\\\\u003c\\\","
	    "\\\"b\\\":\\\"1\\\"}\",\"binaryData\":\"{\\\"c\\\":\\\"aGk="
	    "\\\"}\"}}",
	    "13: a ConfigMap's parts are texts");
	has(with_rest(",\"data\":null"), "\"data\":\"null\"}}",
	    "13: data null is a text");
	has(with_rest(",\"spec\":{}"),
	    "\"spec\":{\"id\":\"\",\"attribute\":\"{}\"}", "14: spec {}");
	lacks(with_rest(""), "\"spec\"", "14: no spec");
	has(with_rest(",\"spec\":null,\"status\":null"),
	    "\"spec\":{\"id\":\"\"},\"status\":{\"id\":\"\"}",
	    "14: spec null is survived");
	has("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}",
	    "\"metadata\":{\"id\":"
	    "\"\",\"uid\":\"\",\"cluster_id\":\"\"}",
	    "14: missing metadata is survived");
	has(with_rest(",\"spec\":\"a\\\"b\""), "\"attribute\":\"a\\\\\\\"b\"}",
	    "14: a spec that is a string");
	lacks(object("ClusterRole", "", ",\"rules\":[{\"verbs\":[]}]"), "verbs",
	    "15: rules are not told");
	lacks(object("Endpoints", "", ",\"subsets\":[{\"ports\":[]}]"), "ports",
	    "15: subsets are not told");
}

static void
designs(void)
{
	has(with_meta(",\"labels\":{\"design.meshery.io/id\":"
		      "\"7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d10\"}"),
	    "\"pattern_resource\":\"00000000-0000-0000-0000-000000000000\"",
	    "16: a design's UUID becomes zero");
	has(with_meta(",\"labels\":{\"design.meshery.io/id\":"
		      "\"0123456789abcdef\"}"),
	    "\"pattern_resource\":\"30313233-3435-3637-3839-616263646566\"",
	    "16: 16 characters become a UUID");
	has(with_meta(",\"labels\":{\"design.meshery.io/id\":\"\"}"),
	    "\"pattern_resource\":\"00000000-0000-0000-0000-000000000000\"",
	    "16: an empty label");
	has(with_rest(""), "\"pattern_resource\":null", "16: no label");
}

static void
leaks(void)
{
	has("{\"Kind\":\"Odd\",\"apiversion\":\"v9\",\"apiVersion\":\"v1\","
	    "\"kind\":\"Pod\",\"metadata\":{\"Name\":\"A\",\"name\":\"x\"}}",
	    "\"apiVersion\":\"v9\",\"kind\":\"Pod\",\"model\":\"\",\"metadata\""
	    ":{\"id\":\"\",\"name\":\"x\"",
	    "keys in another case count, the last in order wins");
	has("{\"kind\":5,\"Kind\":\"Odd\",\"model\":\"m\",\"id\":\"i\","
	    "\"status\":{\"ID\":\"s\",\"id\":7}}",
	    "{\"id\":\"i\",\"apiVersion\":\"\",\"kind\":\"Odd\","
	    "\"model\":\"m\"",
	    "types that do not match are skipped");
	has("{\"status\":{\"ID\":\"s\",\"id\":7}}", "\"status\":{\"id\":\"s\"",
	    "the id of a status leaks");
}

/* What a custom resource brings along under the names of what upstream makes,
 * as an API server lets it, goes out. */
static void
brought_along(void)
{
	has(with_rest(",\"component_metadata\":{\"b\":9007199254740993,"
		      "\"a\":[-0,1e3,{\"c\":\"<\"}]}"),
	    "\"component_metadata\":{\"a\":[0,1000,{\"c\":\"\\u003c\"}],"
	    "\"b\":9007199254740992}",
	    "component_metadata goes out, its numbers as floats");
	has(with_rest(",\"component_metadata\":[1]"),
	    "\"component_metadata\":null", "unless it is no object");
	has(with_rest(",\"pattern_resource\":\"7D1B2B8A-6f0e-4a55-9a30-"
		      "6d1c6c1b7d10\""),
	    "\"pattern_resource\":\"7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d10\"",
	    "16: pattern_resource goes out");
	has(with_rest(",\"pattern_resource\":\"{7d1b2b8a-6f0e-4a55-9a30-"
		      "6d1c6c1b7d10}\""),
	    "\"pattern_resource\":\"7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d10\"",
	    "16: in any form of a UUID");
	has(with_rest(",\"pattern_resource\":\"x\""),
	    "\"pattern_resource\":\"00000000-0000-0000-0000-000000000000\"",
	    "16: what is none is survived");
	has(with_rest(",\"id\\u0000x\":\"y\""), "\"Object\":{\"id\":\"\"",
	    "a key does not end at a NUL");
	has(with_rest(",\"\\u017fpec\":{\"id\":\"y\"}"),
	    "\"spec\":{\"id\":\"y\"}", "an odd s is one too");
}

static void
redaction(void)
{
	has(masked(object("Secret", "",
		",\"data\":{},\"stringData\":[1],"
		"\"binaryData\":null")),
	    "\"data\":\"{}\",\"binaryData\":\"{}\","
	    "\"stringData\":\"[1]\"",
	    "17: what is no object is left alone");
	has(masked(
		object("Secret", "", ",\"stringData\":{\"b\":\"x\",\"a\":1}")),
	    "\"stringData\":\"{\\\"a\\\":\\\"[REDACTED]\\\",\\\"b\\\":"
	    "\\\"[REDACTED]\\\"}\"",
	    "17: keys stay, sorted");
	has(masked(object("ConfigMap", "", ",\"data\":{\"a\":\"x\"}")),
	    "\"data\":\"{\\\"a\\\":\\\"x\\\"}\"", "17: ConfigMaps are not");
	has(masked(object("Secret",
		",\"annotations\":{\"kubectl.kubernetes.io/"
		"last-applied-configuration\":\"{data}\"}",
		"")),
	    "\"value\":\"[REDACTED]\"", "17: kubectl's copy is masked too");
}

static void
fixes(void)
{
	m.fix = FIX_VALUES;
	has(with_meta(",\"annotations\":{\"a\":\"<\\n\\\"\"}"),
	    "\"value\":\"\\u003c\\n\\\"\"}", "fix values: unescaped");
	m.fix = FIX_DESIGN;
	has(with_meta(",\"labels\":{\"design.meshery.io/id\":"
		      "\"7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d10\"}"),
	    "\"pattern_resource\":\"7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d10\"",
	    "16: fix design: the UUID itself");
	has(with_meta(",\"labels\":{\"design.meshery.io/id\":\"x\"}"),
	    "\"pattern_resource\":null",
	    "16: fix design: null for what is none");
	m.fix = FIX_KIND;
	has("{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\","
	    "\"metadata\":{}}",
	    "\"component_metadata\":null", "18: fix kind: of another group");
	m.fix = FIX_SECTIONS;
	has(object("ClusterRole", "",
		",\"rules\":[{\"b\":1,\"a\":\"<\"}],"
		"\"aggregationRule\":null"),
	    "\"spec\":{\"id\":\"\",\"attribute\":\"{\\\"aggregationRule\\\":"
	    "null,\\\"rules\\\":[{\\\"a\\\":\\\"\\\\u003c\\\","
	    "\\\"b\\\":1}]}\"}",
	    "15: fix sections: rules are told");
	lacks(with_rest(",\"data\":{}"), "\"spec\"",
	    "15: fix sections: nothing where nothing is left out");
	m.fix = 0;
	m.enrich = span_of("\"origin\":{\"class\":\"greenfield\"}");
	has(with_rest(""),
	    "\"component_metadata\":{\"meshsync\":{\"origin\":{\"class\":"
	    "\"greenfield\"}}}",
	    "enrich: where there was null");
	has(with_rest(",\"component_metadata\":{\"a\":1}"),
	    "\"component_metadata\":{\"a\":1,\"meshsync\":{\"origin\"",
	    "enrich: beside what is there");
	m.enrich = span_of("");
}

static const char *
service_of(const char *spec, const char *status)
{
	static char text[1024];

	snprintf(text, sizeof(text), ",\"spec\":%s,\"status\":%s", spec,
	    status);
	return object("Service", "", text);
}

static void
urls(const char *spec, const char *status, const char *want, const char *name)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "\"component_metadata\":{\"capabilities\""
	    ":{\"connection\":true,\"urls\":%s}}}}",
	    want);
	has(service_of(spec, status), text, name);
}

static void
services(void)
{
#define IP "\"clusterIP\":\"10.0.0.1\""
#define PORT "\"ports\":[{\"port\":80,\"nodePort\":30080}]"
#define LB(entry) "{\"loadBalancer\":{\"ingress\":[" entry "]}}"
	answer = SERVICE_NO;
	urls("{" IP ",\"ports\":[{\"port\":80},{\"port\":443}]}", "{}",
	    "[\"https://10.0.0.1:443\"]", "18: the last port wins");
	urls("{\"clusterIP\":\"None\","
	     "\"ports\":[{\"port\":80}]}",
	    "{}", "[]", "18: headless");
	urls("{" IP "," PORT "}", "{\"loadBalancer\":{}}",
	    "[\"http://localhost:30080\",\"http://10.0.0.1:80\"]",
	    "18: a node port, dialled in vain");
	has(service_of("{" IP "," PORT "}", LB("{\"hostname\":\"a.b\"}")),
	    "\"component_metadata\":null", "18: a balancer that is silent");
	answer = SERVICE_YES;
	urls("{" IP "," PORT "}", LB("{\"hostname\":\"a.b\"}"),
	    "[\"http://a.b:80\",\"http://10.0.0.1:80\"]", "18: a host name");
	urls("{" IP "," PORT "}", LB("{\"hostname\":\"NoneSuch\"}"),
	    "[\"http://10.0.0.1:80\"]", "18: a name with none is skipped");
	urls("{" IP "," PORT "}", LB("{\"ip\":\"<pending>\"}"),
	    "[\"http://10.0.0.1:80\",\"http://10.0.0.1:80\"]", "18: pending");
	urls("{" IP "," PORT "}", LB("{\"ip\":\"1.2.3.4\"},{\"ip\":\"x\"}"),
	    "[\"http://1.2.3.4:80\",\"http://10.0.0.1:80\"]",
	    "18: the first ingress counts");
	has(service_of("{" IP "," PORT "}", LB("{\"ip\":\"fd00::1\"}")),
	    "\"component_metadata\":null", "18: IPv6 cannot be dialled");
	urls("{" IP "," PORT "}", LB("{}"),
	    "[\"http://:80\","
	    "\"http://10.0.0.1:80\"]",
	    "18: an empty ingress counts");
	urls("{\"externalName\":\"e\",\"ports\":[{\"port\":80}]}", "{}",
	    "[\"http://:80\"]", "18: an external name");
	urls("{\"externalName\":\"e\"}", "{}", "[\"http://:0\"]",
	    "18: without ports");
	has(service_of("{" IP ",\"ports\":[{\"port\":\"http\"}]}", "{}"),
	    "\"component_metadata\":null", "18: what is no Service inside");
	has(service_of("{" IP ",\"ports\":[{\"port\":80.0}]}",
		"{\"conditions\":[{\"lastTransitionTime\":\"2026-02-29T1:02:"
		"03Z\"}]}"),
	    "\"component_metadata\":null", "18: a time that is none");
	urls("{" IP ",\"ports\":[{\"port\":80.0}]}",
	    "{\"conditions\":[{\"lastTransitionTime\":\"2028-02-29T1:02:"
	    "03.5+24:60\"}]}",
	    "[\"http://10.0.0.1:80\"]", "18: numbers as Go writes them");
	m.fix = FIX_URLS;
	answer = SERVICE_NO;
	urls("{" IP ",\"ports\":[{\"port\":80},{\"port\":443}]}",
	    LB("{\"ip\":\"1.2.3.4\"}"),
	    "[\"http://10.0.0.1:80\",\"https://10.0.0.1:443\"]",
	    "18: fix urls: all ports, and not what is silent");
	answer = SERVICE_YES;
	urls("{\"clusterIP\":\"fd00::1\",\"ports\":[{\"port\":80}]}",
	    LB("{\"ip\":\"fd00::2\"}"),
	    "[\"http://[fd00::2]:80\",\"http://[fd00::1]:80\"]",
	    "18: fix urls: IPv6");
	m.fix = 0;
	urls("{\"clusterIP\":\"a b\",\"ports\":[{\"port\":80}]}", "{}", "[]",
	    "18: what is no host is skipped");
}

/* Many members, in the worst order, and members with escapes among them. */
static void
sorting(void)
{
	char *text = malloc(200000), *p = text, want[64];
	const char *got;
	int n = 3000;

	p += sprintf(p, "{\"spec\":{");
	for (int i = n - 1; i >= 0; i--)
		p += sprintf(p, "\"%sk%05d\":%d,\"k%05d\":-1,",
		    i % 7 ? "" : "\\u0061", i, i, i);
	p += sprintf(p, "\"k00001\":7}}");
	got = convert(RECORD_ADDED, text);
	ok(got && strstr(got, "{\\\"ak00000\\\":0,\\\"ak00007\\\":7,"),
	    "many members: escaped keys come where they belong");
	ok(got &&
		strstr(got,
		    "\\\"k00000\\\":-1,\\\"k00001\\\":7,"
		    "\\\"k00002\\\":-1,"),
	    "many members: the last of duplicates");
	snprintf(want, sizeof(want), "\\\"k%05d\\\":-1}\"", n - 1);
	ok(got && strstr(got, want), "many members: all are there");
	free(text);
}

int
main(void)
{
	m.dial = dial;
	examples();
	order_and_labels();
	escapes();
	numbers();
	sections();
	designs();
	leaks();
	brought_along();
	fixes();
	redaction();
	services();
	sorting();
	meshery_release(&m);
	return tap_done();
}
