#include "image.h"

#include <string.h>

#include "tap.h"

/* parts joined by blanks, "!" first if the first is a host */
static const char *
parts(const char *ref)
{
	static char out[512];
	struct image image;
	size_t n = 0;

	if (!image_parse(span_of(ref), &image))
		return "none";
	out[0] = '\0';
	if (image.has_host)
		n += (size_t)snprintf(out, sizeof(out), "!");
	for (unsigned i = 0; i < image.n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.*s",
		    i ? " " : "", (int)image.part[i].n, image.part[i].p);
	if (image.tag.n)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " :%.*s",
		    (int)image.tag.n, image.tag.p);
	if (image.digest.n)
		snprintf(out + n, sizeof(out) - n, " @%.*s",
		    (int)image.digest.n, image.digest.p);
	return out;
}

static void
is(const char *ref, const char *want)
{
	const char *got = parts(ref);

	ok(strcmp(got, want) == 0, "%s: %s (wanted %s)", ref, got, want);
}

int
main(void)
{
	is("redis", "library redis");
	is("redis:7", "library redis :7");
	is("docker.io/redis:7", "library redis :7");
	is("index.docker.io/library/redis", "library redis");
	is("bitnami/redis:7.2", "bitnami redis :7.2");
	is("quay.io/prometheus/prometheus:v3.0.1",
	    "!quay.io prometheus prometheus :v3.0.1");
	is("registry.corp.example:5000/quay.io/jetstack/cert-manager-webhook",
	    "!registry.corp.example quay.io jetstack cert-manager-webhook");
	is("localhost:5000/redis", "!localhost redis");
	is("localhost/redis:1", "!localhost redis :1");
	is("redis@sha256:00ff", "library redis @sha256:00ff");
	is("a/b:1.2@sha256:00", "a b :1.2 @sha256:00");
	is("registry.k8s.io/etcd:3.5.15-0", "!registry.k8s.io etcd :3.5.15-0");
	is("[2001:db8::1]:5000/a/b:1", "![2001:db8::1] a b :1");
	is("[::1]/redis", "![::1] redis");
	is("[::1]", "none");
	is("[]:5000/a", "none");
	is("[::1]x/a", "none");
	is("a/[::1]/b", "none");
	is("h.io/1/2/3/4/5/6/7/8/9/a/b/c/d:7",
	    "!h.io 3 4 5 6 7 8 9 a b c d :7");
	is("", "none");
	is(":7", "none");
	is("$(IMAGE)", "none");
	is("{{ .Values.image }}", "none");
	is("a//b", "none");
	is("a b", "none");
	is("1/2/3/4/5/6/7/8/9/10/11/12/13", "1 3 4 5 6 7 8 9 10 11 12 13");
	return tap_done();
}
