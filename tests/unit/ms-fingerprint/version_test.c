#include "version.h"

#include <string.h>

#include "tap.h"

static void
is(const char *rule, const char *tag, const char *want)
{
	struct span got = version_by_rule(rule, span_of(tag));

	ok(got.n == strlen(want) && (!got.n || span_eq(got, want)),
	    "%s of %s: %.*s (wanted %s)", rule, tag, (int)got.n,
	    got.n ? got.p : "", want);
}

static void
plain(void)
{
	is("plain", "1.2.3", "1.2.3");
	is("plain", "v1.2.3", "1.2.3");
	is("plain", "v1.2.3-rc.1", "1.2.3-rc.1");
	is("plain", "1.31", "1.31");
	is("plain", "v1.7.x-head", "");
	is("plain", "1.7.x", "");
	is("plain", "1.7.xenial", "1.7.xenial");
	is("<version>_*", "v1.2.0-alpha.0.6_84c76d1", "1.2.0-alpha.0.6");
	is("plain", "1.2.3-rc-1", "1.2.3-rc-1");
	is("plain", "v1.2.3-distroless", "1.2.3");
	is("plain", "1.2.3-debian-12-r4", "1.2.3");
	is("plain", "v1.11.1-eksbuild.4", "1.11.1");
	is("plain", "v0.28.0-amd64", "0.28.0");
	is("plain", "26.0.7-0", "26.0.7");
	is("plain", "34.0.1.Final", "34.0.1.Final");
	is("plain", "1.2.3-alpine3.20", "1.2.3");
	is("plain", "2.4.0-jdk17", "2.4.0");
	is("plain", "7.5.3.arm64", "7.5.3");
	is("plain", "1.12.2-mariner", "1.12.2");
	is("flavor", "1.14.0-haproxy", "1.14.0");
}

/* What an application says, or an annotation. */
static void
unclean(void)
{
	static const char *const texts[] = {"1.2.3 (abcdef)", "1.2.3\nx: 4.5.6",
	    "1.2.3\x1b[31m", "1.2.3\"}],", "1.2.3<br>", "1.2.3/x", "1.2.3\xc3"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		is("plain", texts[i], "");
		is("whole", texts[i], "");
		is("<*>", texts[i], "");
	}
	is("<version> *", "1.2.3 (abcdef)", "1.2.3");
	is("plain", "1.2.3~rc1+b_2", "1.2.3~rc1");
	is("whole", "1.2.3~rc1+b_2", "1.2.3~rc1+b_2");
}

static void
no_version(void)
{
	static const char *const tags[] = {"latest", "main", "master", "edge",
	    "stable", "alpine", "lts-jdk11", "3", "v3", "20240101", "nightly",
	    "sha-0123abc", "git-a94122bf", "linkerdVersionValue", "", "v",
	    "16-alpine", ".", "1.", "v1."};

	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		is("plain", tags[i], "");
		is("flavor", tags[i], "");
	}
}

static void
others(void)
{
	is("flavor", "7.4.1-alpine", "7.4.1");
	is("flavor", "1.27.3-perl", "1.27.3");
	is("flavor", "1.18.0-debian-elasticsearch8-1.0", "1.18.0");
	is("flavor", "8.0.0-rc1-bookworm", "8.0.0-rc1");
	is("flavor", "1.0.0-beta.2", "1.0.0-beta.2");
	is("whole", "RELEASE.x", "RELEASE.x");
	is("none", "1.2.3", "");
	is("stable-<version>", "stable-2.14.10", "2.14.10");
	is("stable-<version>", "stable-v0.8.10", "0.8.10");
	is("stable-<version>", "stable-latest", "");
	is("<edge-version>", "edge-24.11.8", "edge-24.11.8");
	is("*-kafka-<version>", "0.45.0-kafka-3.9.0", "3.9.0");
	is("*-kafka-<version>", "3.9.0", "");
	is("ubi*-<version>-*", "ubi8-5.7.2-0", "5.7.2");
	is("*-<version>-*", "3.3.9-3.6.1-ubuntu22.04", "3.6.1");
	is("<RELEASE.*Z>*", "RELEASE.2024-12-18T13-15-44Z",
	    "RELEASE.2024-12-18T13-15-44Z");
	is("<RELEASE.*Z>*", "RELEASE.2024-12-18T13-15-44Z.fips",
	    "RELEASE.2024-12-18T13-15-44Z");
	is("*_v<version>", "x86_64_v6.3.4", "6.3.4");
	is("*-pg<version>*", "2.14.2-pg16", "");
	is("<number>", "467", "467");
	is("<number>", "3.5", "");
	is("<number>*", "3.5", "");
	is("<number>-*", "467-slim", "467");
	is("<number>", "latest", "");
	is("<version>.Final*", "34.0.1.Final-jdk17", "34.0.1");
}

static void
wrong(void)
{
	ok(!version_rule_wrong("plain"), "plain is a rule");
	ok(!version_rule_wrong("v<version>-*"), "a pattern is a rule");
	ok(version_rule_wrong("plane"), "plane is none");
	ok(version_rule_wrong("<version"), "an open < is none");
	ok(version_rule_wrong("<>"), "an empty capture is none");
	ok(version_rule_wrong("<a><b>"), "two captures are none");
	ok(version_rule_wrong("*-*-*-*<version>"), "too many stars are none");
}

static void
order(const char *low, const char *high)
{
	ok(version_compare(span_of(low), span_of(high)) < 0 &&
		version_compare(span_of(high), span_of(low)) > 0,
	    "%s < %s", low, high);
}

int
main(void)
{
	plain();
	unclean();
	no_version();
	others();
	wrong();
	order("1.2.3", "1.2.10");
	order("1.9", "1.10");
	order("1.2.3-rc.1", "1.2.3");
	order("1.2", "1.2.1");
	order("edge-24.9.1", "edge-24.11.8");
	ok(version_compare(span_of("1.2.3"), span_of("1.2.3")) == 0, "equal");
	return tap_done();
}
