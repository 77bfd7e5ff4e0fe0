#include "called.h"

#include <ctype.h>
#include <string.h>

#include "evidence.h"
#include "known.h"

/* By its name alone, what an image is worth: nobody calls a program of their
 * own kube-state-metrics or grafana-loki-canary, and few elasticsearch; but
 * consul, calico-node and more so nginx may be anybody's. */
#define NAME_TELLING 0.8f
#define NAME_ALONE 0.7f
#define NAME_KNOWN EVIDENCE_CLAIM
#define NAME_SHARED 0.6f
#define NAME_MADE 0.5f
#define NAME_BASE 0.5f
#define NAME_COMMON KNOWN_COMMON

/* Of several products with images of this last name: the one that all agree
 * on, or whose own name it is, or whose official image. */
static const struct catalog_link *
one_product(const struct catalog *c, const struct catalog_link *link,
    struct span name)
{
	const struct catalog_link *named = NULL;
	bool agree = true;

	for (const struct catalog_link *l = link; l; l = catalog_next(c, l)) {
		const struct print *p = l->print;

		if (p->product != link->print->product)
			agree = false;
		if (!named &&
		    (strncmp(p->text, "library/", 8) == 0 ||
			span_eq(name, c->signatures->product[p->product].id)))
			named = l;
	}
	return agree ? link : named;
}

const struct catalog_link *
called_so(const struct catalog *c, enum catalog_key key, struct span name)
{
	const struct catalog_link *link = catalog_find(c, key, name);

	return link ? one_product(c, link, name) : NULL;
}

/* mirrored-OWNER-NAME, of which the owner may be somebody else's still, or
 * absent. */
const struct catalog_link *
called_mirrored(const struct catalog *c, struct span name)
{
	const struct catalog_link *link = called_so(c, KEY_JOINED, name);
	const char *dash;

	while (!link && (dash = memchr(name.p, '-', name.n))) {
		link = called_so(c, KEY_BARE, name);
		name = span_after(name, (size_t)(dash + 1 - name.p));
	}
	return link;
}

/* A packager's name for it: as its maker's, OWNER-NAME, or the product's. */
const struct catalog_link *
called_packed(const struct catalog *c, struct span name)
{
	const struct catalog_link *link = called_so(c, KEY_BARE, name);

	if (catalog_has(c, KEY_GENERIC, name))
		return NULL;
	if (!link)
		link = called_so(c, KEY_JOINED, name);
	return link ? link : catalog_find(c, KEY_PRODUCT, name);
}

/* name-16: the release that is packed, as postgresql-16, cassandra3. */
static struct span
less_number(struct span name)
{
	size_t n = name.n;

	while (n &&
	    (isdigit((unsigned char)name.p[n - 1]) || name.p[n - 1] == '.'))
		n--;
	if (n > 1 && n < name.n)
		name.n = n - (name.p[n - 1] == '-');
	return name;
}

/* The same, less what packagers put before and behind it. */
const struct catalog_link *
called_dressed(const struct catalog *c, struct span name)
{
	const struct registries *r = &c->signatures->registries;
	const struct word_list *behind = &r->list[LIST_BEHIND],
			       *before = &r->list[LIST_BEFORE];
	const struct catalog_link *link = called_packed(c, name);

	for (size_t i = 0; !link && i < behind->n; i++)
		if (span_ends(name, behind->word[i])) {
			name.n -= strlen(behind->word[i]);
			link = called_packed(c, name);
			break;
		}
	if (!link && less_number(name).n < name.n) {
		name = less_number(name);
		link = called_packed(c, name);
	}
	for (size_t i = 0; !link && i < before->n; i++)
		if (span_begins(name, before->word[i]))
			link = called_packed(c,
			    span_after(name, strlen(before->word[i])));
	return link;
}

unsigned
called_dashes(struct span s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '-' || s.p[i] == '_';
	return n;
}

/* Whether a name is, or begins with, an id: postgres_exporter, too. */
static bool
is_of(struct span name, const char *id)
{
	size_t i = 0;

	while (i < name.n && id[i] &&
	    (name.p[i] == id[i] || (name.p[i] == '_' && id[i] == '-')))
		i++;
	return !id[i];
}

float
called_worth(const struct catalog *c, struct span name)
{
	if (catalog_has(c, KEY_WORD, name))
		return NAME_COMMON;
	if (catalog_has(c, KEY_BASE, name))
		return NAME_BASE;
	return catalog_has(c, KEY_NAMESAKE, name) ? NAME_SHARED : NAME_KNOWN;
}

/* What of it is letters and digits, as small letters. */
static void
only_letters(struct span s, char buf[CATALOG_KEY_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < CATALOG_KEY_MAX; i++)
		if (isalnum((unsigned char)s.p[i]))
			buf[n++] = (char)tolower((unsigned char)s.p[i]);
	buf[n] = '\0';
}

bool
called_after(const struct catalog *c, struct span name, uint32_t product)
{
	const struct product *p = &c->signatures->product[product];
	char a[CATALOG_KEY_MAX], b[CATALOG_KEY_MAX];

	only_letters(name, a);
	only_letters(span_of(p->id), b);
	if (strstr(a, b) || strstr(b, a))
		return true;
	only_letters(span_of(p->name), b);
	return strstr(b, a) != NULL;
}

/* Below a mirror, or right below a registry, it is a copy; but a name that
 * others have, and that is not even the product's own, says no more there. */
static float
worth_of_name(const struct catalog *c, const struct image *image,
    bool is_copied, struct span name, const struct print *p)
{
	const char *id = c->signatures->product[p->product].id;
	float worth = called_worth(c, name);

	if (worth < NAME_KNOWN && !called_after(c, name, p->product))
		return worth;
	if (is_copied)
		return NAME_TELLING;
	if (image->n == 2 && image->has_host)
		return worth < NAME_SHARED ? NAME_ALONE : NAME_TELLING;
	if (worth == NAME_KNOWN &&
	    (p->makes || p->role == ROLE_SIDECAR || p->role == ROLE_EXPORTER) &&
	    (called_dashes(name) > 1 ||
		(called_dashes(name) && is_of(name, id))))
		return NAME_TELLING;
	return worth;
}

/* The registry that a flat path begins with: quay.io-prometheus-prometheus,
 * quay-io-prometheus-prometheus. */
static struct span
less_registry(const struct catalog *c, struct span name)
{
	const struct word_list *l = &c->signatures->registries.list[LIST_HOSTS];
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (span_begins(name, l->word[i]))
			return span_after(name, strlen(l->word[i]));
	while (n < name.n && name.p[n] != '-' && name.p[n] != '_')
		n++;
	if (n == name.n || !memchr(name.p, '.', n))
		return name;
	while (n < name.n && (name.p[n] == '-' || name.p[n] == '_'))
		n++;
	return span_after(name, n);
}

/* OWNER-NAME, where either may have dashes of its own: jetstack-cert-manager-
 * webhook, bitnami-redis. A name that says nothing by itself is left out: with
 * one dash it may still be a user's own (keptn-api). */
static const struct catalog_link *
by_owner_and_name(const struct catalog *c, struct span name, float *weight)
{
	const struct catalog_link *link = NULL;
	char path[CATALOG_KEY_MAX];

	if (name.n > sizeof(path))
		return NULL;
	memcpy(path, name.p, name.n);
	for (size_t i = 1; !link && i + 1 < name.n; i++) {
		struct span owner = {name.p, i}, rest = span_after(name, i + 1);

		if (name.p[i] != '-' || catalog_has(c, KEY_GENERIC, rest))
			continue;
		path[i] = '/';
		link = catalog_find(c, KEY_REPO, (struct span){path, name.n});
		path[i] = '-';
		*weight = NAME_TELLING;
		if (!link &&
		    catalog_has(c, KEY_PACKAGER, catalog_alias(c, owner))) {
			*weight = NAME_MADE;
			link = called_dressed(c, rest);
		}
	}
	return link;
}

/* The maker's name in front of one that says nothing by itself. */
static const struct catalog_link *
by_maker_and_name(const struct catalog *c, struct span name, float *weight)
{
	const struct catalog_link *link = called_so(c, KEY_JOINED, name);
	const char *last = link ? strrchr(link->print->text, '/') : NULL;

	*weight = called_dashes(name) > 1 ? NAME_TELLING : NAME_MADE;
	return last && !catalog_has(c, KEY_GENERIC, name) &&
		catalog_has(c, KEY_GENERIC, span_of(last + 1)) ?
	    link :
	    NULL;
}

/* What is put before a name to say that it is one's own, or what one's own is
 * about. */
static bool
is_ones_own(struct span name)
{
	static const char *const before[] = {"account-", "accounts-", "api-",
	    "app-", "backend-", "billing-", "cart-", "catalog-", "catalogue-",
	    "checkout-", "custom-", "customer-", "customers-", "demo-",
	    "example-", "fake-", "frontend-", "hello-", "inventory-", "mock-",
	    "my-", "order-", "orders-", "our-", "own-", "payment-", "payments-",
	    "product-", "products-", "sample-", "service-", "shop-", "simple-",
	    "store-", "team-", "test-", "user-", "users-", "web-"};

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++)
		if (span_begins(name, before[i]))
			return true;
	return false;
}

/* A part of an image's name, if it is the product's own: not cluster-manager,
 * whatever product has a part of that name. */
static const struct catalog_link *
by_part_of_name(const struct catalog *c, struct span part)
{
	const struct catalog_link *link = called_so(c, KEY_BARE, part);

	return link && called_after(c, part, link->print->product) ? link :
								     NULL;
}

struct span
called_less_part(struct span name)
{
	static const char *const part[] = {"-master", "-slave", "-primary",
	    "-replica", "-server", "-broker", "-standalone", "-ha", "-oss"};

	name = less_number(name);
	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++)
		if (span_ends(name, part[i])) {
			name.n -= strlen(part[i]);
			break;
		}
	return name;
}

/* One word of several: elk-kibana, jenkins-master. It may as well be a user's
 * own (redis-worker), so nearly all else has to agree. */
static const struct catalog_link *
by_word_of_name(const struct catalog *c, struct span name, float *weight)
{
	const struct catalog_link *link = NULL;
	struct span tail = name;
	const char *dash;

	*weight = KNOWN_WORD;
	if (is_ones_own(name))
		return NULL;
	while (!link && (dash = memchr(tail.p, '-', tail.n))) {
		tail = span_after(tail, (size_t)(dash + 1 - tail.p));
		if (!catalog_has(c, KEY_WORD, tail) &&
		    !catalog_has(c, KEY_BASE, tail))
			link = by_part_of_name(c, tail);
	}
	if (!link && called_less_part(name).n < name.n)
		link = by_part_of_name(c, called_less_part(name));
	return link;
}

/* What uses a product is called so: kafka-consumer, grafana-backup. */
static bool
is_user(struct span name)
{
	static const char *const last[] = {"-adapter", "-agent", "-api", "-app",
	    "-auth", "-backend", "-backup", "-bot", "-bridge", "-cli",
	    "-client", "-clients", "-config", "-connector", "-consumer",
	    "-controller", "-cron", "-dashboard", "-dashboards", "-demo",
	    "-example", "-exporter", "-feeder", "-frontend", "-gateway",
	    "-init", "-job", "-listener", "-loader", "-manager", "-mcp",
	    "-migrate", "-migrations", "-notifier", "-operator", "-producer",
	    "-proxy", "-publisher", "-reader", "-restore", "-router", "-sample",
	    "-sdk", "-service", "-setup", "-sidecar", "-subscriber", "-sync",
	    "-test", "-tests", "-tool", "-tools", "-ui", "-watcher", "-web",
	    "-webhook", "-worker", "-workers", "-writer"};

	for (size_t i = 0; i < sizeof(last) / sizeof(*last); i++)
		if (span_ends(name, last[i]))
			return true;
	return false;
}

const struct catalog_link *
called_first(const struct catalog *c, struct span name)
{
	const char *dash = memchr(name.p, '-', name.n);
	struct span first = {name.p, dash ? (size_t)(dash - name.p) : 0};

	if (!dash || is_user(name) || catalog_has(c, KEY_WORD, first) ||
	    catalog_has(c, KEY_BASE, first))
		return NULL;
	return by_part_of_name(c, first);
}

const struct catalog_link *
called_behind(const struct catalog *c, enum registry_list list,
    struct span *name)
{
	const struct word_list *l = &c->signatures->registries.list[list];
	const struct catalog_link *link = NULL;
	struct span whole = *name;

	for (size_t i = 0; !link && i < l->n; i++)
		if (span_begins(whole, l->word[i])) {
			*name = span_after(whole, strlen(l->word[i]));
			link = called_so(c, KEY_BARE, *name);
		}
	return link;
}

/* keycloak-custom, jenkins-with-docker, drupal7: built anew, and more or less
 * the same. */
static struct span
less_change(struct span name)
{
	static const char with[] = "-with-";

	if (span_ends(name, "-custom"))
		return (struct span){name.p, name.n - strlen("-custom")};
	for (size_t i = 1; i + sizeof(with) <= name.n; i++)
		if (memcmp(name.p + i, with, sizeof(with) - 1) == 0)
			return (struct span){name.p, i};
	return less_number(name);
}

static const struct catalog_link *
by_changed_name(const struct catalog *c, struct span name, float *weight)
{
	struct span less = less_change(name);
	const struct catalog_link *link =
	    less.n < name.n ? called_dressed(c, less) : NULL;

	*weight = called_worth(c, less);
	if (*weight > NAME_SHARED)
		*weight = NAME_SHARED;
	return link;
}

/* What anybody calls a build of their own: as its maker does; or with what
 * packagers put before it; or with the maker's name. Behind that of a registry
 * it is a copy. */
const struct catalog_link *
called_anywhere(const struct catalog *c, const struct image *image,
    bool is_copied, float *weight)
{
	struct span name = image->part[image->n - 1],
		    whole = less_registry(c, name), rest = whole;
	bool is_copy = whole.p != name.p;
	const struct catalog_link *link = called_so(c, KEY_BARE, whole);

	if (!link)
		link = called_behind(c, LIST_BEFORE, &rest);
	if (link) {
		*weight = is_copy ?
		    NAME_TELLING :
		    worth_of_name(c, image, is_copied, rest, link->print);
		return link;
	}
	if ((link = by_changed_name(c, whole, weight)) ||
	    (link = by_owner_and_name(c, whole, weight)) ||
	    (link = by_owner_and_name(c, rest, weight)))
		return link;
	*weight = NAME_TELLING;
	/* nobody's own: nfs-subdir-provisioner */
	if (called_dashes(whole) > 1 &&
	    (link = catalog_find(c, KEY_PRODUCT, whole)))
		return link;
	if (is_copy && (link = called_mirrored(c, less_number(whole))))
		return link;
	if ((link = by_maker_and_name(c, whole, weight)))
		return link;
	return by_word_of_name(c, whole, weight);
}
