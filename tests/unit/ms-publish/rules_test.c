/* Small parts with rules of their own: URLs, label selectors, merging ms. */
#include <string.h>

#include "ms.h"
#include "selector.h"
#include "subject.h"
#include "tap.h"
#include "url.h"

static void
good(const char *text, const char *host, unsigned port, const char *user,
    const char *password, const char *token, bool is_tls)
{
	const char *why;
	struct url u;

	ok(url_parse(text, &u, &why) == 0 && strcmp(u.host, host) == 0 &&
		u.port == port && strcmp(u.user, user) == 0 &&
		strcmp(u.password, password) == 0 &&
		strcmp(u.token, token) == 0 && u.is_tls == is_tls,
	    "URL %s", text);
}

static void
bad(const char *text)
{
	const char *why = NULL;
	struct url u;

	ok(url_parse(text, &u, &why) < 0 && why, "no URL: '%s': %s", text,
	    why ? why : "");
}

static void
urls(void)
{
	good("host:4222", "host", 4222, "", "", "", false);
	good("host", "host", 4222, "", "", "", false);
	good("nats://host:1", "host", 1, "", "", "", false);
	good("nats://TOKEN@host:4222/", "host", 4222, "", "", "TOKEN", false);
	good("tls://user:pass@host", "host", 4222, "user", "pass", "", true);
	good("nats://a%3Ab:p%40@h", "h", 4222, "a:b", "p@", "", false);
	good("nats://t@k@h", "h", 4222, "", "", "t@k", false);
	good("nats://[::1]:5", "::1", 5, "", "", "", false);
	good("[fd00::2]", "fd00::2", 4222, "", "", "", false);
	bad("");
	bad("nats://");
	bad("nats://ho st:4222");
	bad("http://host");
	bad("nats://h:");
	bad("nats://h:70000");
	bad("nats://h:4x");
	bad("nats://%zz@h");
	bad("nats://%00@h");
	bad("nats://[::1");
	bad("nats://a,b");
	bad("nats://h/path");
}

static void
takes(bool want, const char *selector, const char *labels)
{
	ok(selector_takes(selector, span_of(labels)) == want, "%s %s %s",
	    selector, want ? "takes" : "leaves", labels);
}

static void
selectors(void)
{
	static const char web[] = "{\"app\":\"web\",\"tier\":\"front\"}";

	takes(true, "", "{}");
	takes(true, "app=web", web);
	takes(true, "app==web, tier = front", web);
	takes(false, "app=db", web);
	takes(false, "app=web,tier=back", web);
	takes(true, "app!=db", web);
	takes(true, "zone!=a", web);
	takes(false, "app!=web", web);
	takes(true, "app in (db, web)", web);
	takes(false, "app in (db)", web);
	takes(false, "zone in (a)", web);
	takes(true, "app notin (db),zone notin (a)", web);
	takes(false, "app notin (web)", web);
	takes(true, "app,!zone", web);
	takes(false, "zone", web);
	takes(false, "!app", web);
	takes(false, "app=web", "");
	takes(true, "!app", "");
	takes(false, "app in web", web);
	takes(false, "app=web tier=front", web);
	takes(false, "=", web);
}

static void
takes_fields(bool want, const char *selector, const char *object)
{
	ok(selector_takes_fields(selector, span_of(object)) == want, "%s %s %s",
	    selector, want ? "takes" : "leaves", object);
}

static void
fields(void)
{
	static const char pod[] =
	    "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":"
	    "{\"nodeName\":\"n1\",\"hostNetwork\":true}}";
	static const char meta[] = "{\"metadata\":{\"name\":\"a\"}}";

	takes_fields(true, "", pod);
	takes_fields(true, "metadata.name=a", pod);
	takes_fields(true, "metadata.name==a,spec.nodeName!=n2", pod);
	takes_fields(false, "metadata.name=a,spec.nodeName=n2", pod);
	takes_fields(false, "metadata.name=b", pod);
	takes_fields(true, "spec.hostNetwork=true", pod);
	takes_fields(true, "spec.schedulerName=", pod);
	takes_fields(true, "metadata.namespace!=x", meta);
	takes_fields(false, "spec.nodeName!=n2", meta);
	takes_fields(false, "spec.unschedulable=false", pod);
	takes_fields(false, "spec.unschedulable!=false", pod);
	takes_fields(false, "spec=x", pod);
	takes_fields(false, "metadata.name", pod);
	takes_fields(false, "metadata.name!", pod);
	takes_fields(false, "metadata.name=\\a", pod);
	takes_fields(false, "metadata.name.x.y=a", "[]");
}

static void
merges(const char *members, const char *amend, const char *want)
{
	struct json out = {0};

	ms_merge(span_of(members), span_of(amend), &out);
	ok(out.len == strlen(want) &&
		memcmp(out.p ? out.p : "", want, out.len) == 0,
	    "%s and %s is %s", members, amend, want);
	json_release(&out);
}

static void
subjects(void)
{
	static const char core[] = "meshery.meshsync.core";

	ok(subject_is_good("a") && subject_is_good(core), "subjects");
	ok(!subject_is_good("") && !subject_is_good(".a") &&
		!subject_is_good("a.") && !subject_is_good("a..b") &&
		!subject_is_good("a b") && !subject_is_good("a.*") &&
		!subject_is_good("a.>") && !subject_is_good("a\n"),
	    "what is none");
	ok(subject_is_token(span_of("a-1")) && !subject_is_token(span_of("")) &&
		!subject_is_token(span_of("a.b")),
	    "tokens");
	ok(subject_matches(core, core) &&
		subject_matches("meshery.*.core", core) &&
		subject_matches("meshery.>", core) &&
		subject_matches(">", core) && subject_matches("*.*.>", core),
	    "patterns that take it");
	ok(!subject_matches("meshery.*", core) &&
		!subject_matches("other.*.core", core) &&
		!subject_matches("meshery.meshsync.core.>", core) &&
		!subject_matches("meshery.meshsync.cor", core) &&
		!subject_matches("meshery.meshsync", core) &&
		!subject_matches("*.*.*.*", core),
	    "patterns that do not");
}

int
main(void)
{
	subjects();
	urls();
	selectors();
	fields();
	merges("", "{\"cluster\":\"c\",\"name\":\"n\",\"origin\":{\"a\":1}}",
	    "\"origin\":{\"a\":1}");
	merges("\"origin\":1,\"app\":{\"x\":2}", "{\"origin\":3}",
	    "\"app\":{\"x\":2},\"origin\":3");
	merges("\"origin\":1,\"app\":2", "{\"origin\":null}", "\"app\":2");
	merges("\"app\":2", "{\"origin\":null}", "\"app\":2");
	return tap_done();
}
