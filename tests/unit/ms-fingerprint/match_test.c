#include "match.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "tap.h"

static struct signatures signatures;
static struct catalog catalog;

/* Facts are written with a '|' for each NUL. What comes out: for each verdict
 * "product/component role version", "!" behind one that makes it run. */
static const char *
verdicts(const char *facts)
{
	static struct match m;
	static char text[1024], out[1024];
	size_t n = strlen(facts), len = 0;

	memcpy(text, facts, n);
	for (size_t i = 0; i < n; i++)
		if (text[i] == '|')
			text[i] = '\0';
	match_facts(&catalog, (struct span){text, n}, &m);
	out[0] = '\0';
	for (unsigned i = 0; i < m.n_verdicts; i++) {
		const struct verdict *v = &m.verdict[i];

		len += (size_t)snprintf(out + len, sizeof(out) - len,
		    "%s%s/%s %s %.*s%s", i ? ", " : "",
		    signatures.product[v->product].id, v->component,
		    role_name((enum role)v->role), (int)v->version.n,
		    v->version.n ? v->version.p : "", v->makes ? "!" : "");
	}
	return out;
}

static void
is(const char *what, const char *facts, const char *want)
{
	const char *got = verdicts(facts);

	ok(strcmp(got, want) == 0, "%s: %s (wanted %s)", what, got, want);
}

static void
add(const char *text)
{
	char err[CONFIG_ERROR];

	if (signatures_read(&signatures, "test", text, strlen(text), err) < 0)
		diag_die(EXIT_BUG, "%s", err);
}

int
main(void)
{
	diag_prog = "match_test";
	signatures_init(&signatures);
	signatures_embedded(&signatures);
	/* two that show the same, but for their port */
	add("{product: one, labels: [twin=yes], args: "
	    "[{is: --twin, weight: 0.6}], ports: ['1']}");
	add("{product: two, labels: [twin=yes], args: "
	    "[{is: --twin, weight: 0.6}], ports: ['2']}");
	catalog_build(&catalog, &signatures);

	is("an image", "Ca|iredis:7.2.5|P|", "redis/redis server 7.2.5!");
	is("a Job makes nothing run", "J|Ca|iredis:7.2.5|P|",
	    "redis/redis client 7.2.5");
	is("a product's own Job",
	    "J|Ca|ibitnami/redis:7.2.5|P|"
	    "lapp.kubernetes.io/name=redis|",
	    "redis/redis job 7.2.5");
	is("a proxy beside an application",
	    "Capp|iacme/app:1|Cp|iistio/proxyv2:1.27.1|P|",
	    "istio/proxy data-plane 1.27.1");
	is("a proxy alone", "Cp|iistio/proxyv2:1.27.1|P|",
	    "istio/proxy data-plane 1.27.1!");
	is("a proxy beside a helper", "Cp|iistio/proxyv2:1.27.1|Ch|ibusybox|P|",
	    "istio/proxy data-plane 1.27.1!");
	is("an exporter beside what it exports",
	    "Cm|ioliver006/redis_exporter:v1.66.0|Cr|iredis:7.2.5|P|",
	    "redis/redis server 7.2.5!, "
	    "redis-exporter/redis-exporter exporter 1.66.0!");
	is("an exporter of a product that has more makes nothing run",
	    "Ca|inatsio/prometheus-nats-exporter:0.15.0|P|",
	    "nats/exporter exporter 0.15.0");
	is("two that cannot be told apart are neither",
	    "Ca|iacme/x:1.0.0|w--twin|P|ltwin=yes|", "");
	is("unless their port tells",
	    "Ca|iacme/x:1.0.0|w--twin|o2|P|ltwin=yes|",
	    "two/two server 1.0.0!");
	is("labels alone name nothing",
	    "Ca|iacme/x:1.0.0|P|ltwin=yes|"
	    "lapp.kubernetes.io/name=redis|lhelm.sh/chart=redis-20.1.0|",
	    "");
	is("a port alone names nothing", "Ca|iacme/x:1.0.0|o6379|P|", "");
	is("the tag is before the label",
	    "Ca|iredis:7.2.5|P|"
	    "lapp.kubernetes.io/name=redis|lapp.kubernetes.io/version=9.9|",
	    "redis/redis server 7.2.5!");
	is("the label speaks where a digest stands for the tag",
	    "Ca|iredis@sha256:00|P|"
	    "lapp.kubernetes.io/name=redis|lapp.kubernetes.io/version=7.2|",
	    "redis/redis server 7.2!");
	is("and says the rest of a range",
	    "Ca|iredis:7-alpine|P|"
	    "lapp.kubernetes.io/name=redis|lapp.kubernetes.io/version=7.2|",
	    "redis/redis server 7.2!");
	is("but not which latest runs",
	    "Ca|iredis:latest|P|"
	    "lapp.kubernetes.io/name=redis|lapp.kubernetes.io/version=7.2|",
	    "redis/redis server !");
	is("nor what no tag stands for",
	    "Ca|iredis|P|"
	    "lapp.kubernetes.io/name=redis|lapp.kubernetes.io/version=7.2|",
	    "redis/redis server !");
	is("but not for another product",
	    "Ca|iredis:latest|P|"
	    "lapp.kubernetes.io/name=argocd-server|"
	    "lapp.kubernetes.io/version=v2.13.2|",
	    "redis/redis server !");
	is("the workload's own label is the last resort",
	    "Ca|iredis@sha256:00|P|Lapp.kubernetes.io/version=7.4.1|",
	    "redis/redis server 7.4.1!");
	is("the same part twice is one", "Ca|iredis:7.2.5|Cb|iredis:7.2.5|P|",
	    "redis/redis server 7.2.5!");
	is("nothing", "", "");
	is("a container without an image", "Ca|P|", "");
	catalog_free(&catalog);
	signatures_free(&signatures);
	return tap_done();
}
