#include "origin.h"

#include <ctype.h>
#include <string.h>

#define LABELS "object.metadata.labels"
#define ANNOTATIONS "object.metadata.annotations"
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* Marks, the strongest first. by NULL: the mark's own value says it (a design
 * id, or a tool's name). want NULL: any value that is not empty. */
static struct mark {
	uint8_t class, via;
	const char *key, *by, *want;
	int slot;
} marks[] = {
    {ORIGIN_GREENFIELD, VIA_ANNOTATION, "designs.meshery.io"},
    {ORIGIN_GREENFIELD, VIA_LABEL, "designs.meshery.io"},
    {ORIGIN_GREENFIELD, VIA_LABEL, "design.meshery.io/id"},
    {ORIGIN_EARMARKED, VIA_LABEL, "resource.pattern.meshery.io/id"},
    {ORIGIN_EARMARKED, VIA_ANNOTATION, "resource.pattern.meshery.io/id"},
    {ORIGIN_BROWNFIELD, VIA_ANNOTATION, "argocd.argoproj.io/tracking-id",
	"argocd"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "argocd.argoproj.io/instance", "argocd"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "kustomize.toolkit.fluxcd.io/name", "flux"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "helm.toolkit.fluxcd.io/name", "flux"},
    {ORIGIN_BROWNFIELD, VIA_ANNOTATION, "meta.helm.sh/release-name", "helm"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "olm.owner", "olm"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "app.kubernetes.io/managed-by"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "heritage", "helm", "Helm"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "heritage", "helm", "Tiller"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "addonmanager.kubernetes.io/mode",
	"addon-manager"},
    {ORIGIN_BROWNFIELD, VIA_LABEL, "kubernetes.io/bootstrapping", "kubernetes"},
};

/* Applied by hand: weaker than an owner that is a custom resource. */
static struct mark by_hand = {ORIGIN_BROWNFIELD, VIA_ANNOTATION,
    "kubectl.kubernetes.io/last-applied-configuration", "kubectl"};

/* Labels that name an application, the closest grouping first. */
static struct {
	const char *label;
	int slot;
} apps[] = {
    {"app.kubernetes.io/instance"},
    {"app.kubernetes.io/part-of"},
    {"app.kubernetes.io/name"},
};

static void
add_mark(struct scan_plan *plan, struct mark *m)
{
	m->slot = scan_plan_add_key(plan,
	    m->via == VIA_LABEL ? LABELS : ANNOTATIONS, m->key);
}

void
origin_paths(struct scan_plan *plan)
{
	for (size_t i = 0; i < COUNT(marks); i++)
		add_mark(plan, &marks[i]);
	add_mark(plan, &by_hand);
	for (size_t i = 0; i < COUNT(apps); i++)
		apps[i].slot = scan_plan_add_key(plan, LABELS, apps[i].label);
}

/* A tool's name from a label: "Helm" and "helm" are one. */
static uint32_t
put_lower(struct intern *texts, struct span text)
{
	char lower[64];

	if (text.n > sizeof(lower))
		return intern_put(texts, text);
	for (size_t i = 0; i < text.n; i++)
		lower[i] = (char)tolower((unsigned char)text.p[i]);
	return intern_put(texts, (struct span){lower, text.n});
}

/* Whether r carries the mark; then *o is what it says. */
static bool
has_mark(const struct record *r, const struct mark *m, struct intern *texts,
    struct origin *o)
{
	struct span value = r->at[m->slot], text;
	char buf[512];

	if (scan_type(value) != SCAN_STRING || value.n == 2)
		return false;
	if (m->want && !scan_eq(value, m->want))
		return false;
	*o = (struct origin){.class = m->class, .via = m->via};
	if (m->by) {
		o->text = intern_put(texts, span_of(m->by));
		return true;
	}
	text = scan_text(value, buf, sizeof(buf));
	if (!text.n)
		return false;
	o->text = m->class == ORIGIN_BROWNFIELD ? put_lower(texts, text) :
						  intern_put(texts, text);
	return true;
}

/* A group that Kubernetes itself serves: the core's, those without a dot, and
 * those of k8s.io. Anything else is a custom resource. */
static bool
is_custom(struct span api_version)
{
	static const char own[] = ".k8s.io";
	const char *slash = memchr(api_version.p, '/', api_version.n);
	size_t n = slash ? (size_t)(slash - api_version.p) : 0;

	if (!n || !memchr(api_version.p, '.', n))
		return false;
	return n < sizeof(own) ||
	    memcmp(slash - (sizeof(own) - 1), own, sizeof(own) - 1) != 0;
}

static bool
owned_by_custom_resource(const struct record *r)
{
	struct scan_iter it;
	struct span owner, text;
	char buf[256];

	if (!r->at[AT_OWNERS].n)
		return false;
	scan_iter(&it, r->at[AT_OWNERS]);
	while (scan_element(&it, &owner)) {
		text =
		    scan_text(scan_get(owner, "apiVersion"), buf, sizeof(buf));
		if (text.n && is_custom(text))
			return true;
	}
	return false;
}

struct origin
origin_own(const struct record *r, struct intern *texts)
{
	struct origin o = {0};

	for (size_t i = 0; i < COUNT(marks); i++)
		if (has_mark(r, &marks[i], texts, &o))
			return o;
	if (owned_by_custom_resource(r))
		return (struct origin){ORIGIN_BROWNFIELD, VIA_OWNER,
		    intern_put(texts, span_of("operator"))};
	has_mark(r, &by_hand, texts, &o);
	return o;
}

/* A design reaches what its objects bring about, whatever labels those carry:
 * controllers copy labels, such as a Service's to its EndpointSlices. Of equal
 * marks an object's own says more than its owner's. */
struct origin
origin_inherit(struct origin own, struct origin owner)
{
	if (owner.class <= own.class)
		return own;
	owner.via = VIA_OWNER;
	return owner;
}

bool
origin_equal(struct origin a, struct origin b)
{
	return a.class == b.class && a.via == b.via && a.text == b.text;
}

void
origin_write(struct origin o, const struct intern *texts, struct json *out)
{
	static const char *const via[] = {"annotation", "label", "owner"};
	struct span text = intern_text(texts, o.text);

	if (o.class == ORIGIN_NONE) {
		json_puts(out, "{\"class\":\"brownfield\"}");
		return;
	}
	json_open(out, '{');
	json_member_text(out, "class",
	    span_of(
		o.class == ORIGIN_BROWNFIELD ? "brownfield" : "greenfield"));
	json_member_text(out, o.class == ORIGIN_BROWNFIELD ? "by" : "design",
	    text);
	json_member_text(out, "via", span_of(via[o.via]));
	json_close(out, '}');
}

void
origin_write_app(const struct record *r, struct json *out)
{
	for (size_t i = 0; i < COUNT(apps); i++) {
		struct span name = r->at[apps[i].slot];

		if (scan_type(name) != SCAN_STRING || name.n == 2)
			continue;
		json_open(out, '{');
		json_member_text(out, "label", span_of(apps[i].label));
		json_member_span(out, "name", name);
		json_close(out, '}');
		return;
	}
}
