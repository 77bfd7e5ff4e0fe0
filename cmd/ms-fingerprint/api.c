#include "api.h"

#include <string.h>

#include "version.h"

#define RESOURCE_TEXT 256

/* The plural of a kind is never guessed; but whether a plural that a signature
 * names may be that of this kind can be asked. */
static struct span
plural_of(const struct record *r, char *buf, size_t cap)
{
	struct span s = scan_text(r->at[AT_RESOURCE], buf, cap);
	const char *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
	size_t n;

	if (dot)
		return (struct span){s.p, (size_t)(dot - s.p)};
	if (r->id.kind.n + 3 > cap)
		return (struct span){0};
	for (n = 0; n < r->id.kind.n; n++)
		buf[n] = (char)(r->id.kind.p[n] | 0x20);
	if (n && buf[n - 1] == 'y' && (n < 2 || !strchr("aeiou", buf[n - 2]))) {
		memcpy(buf + n - 1, "ies", 3);
		return (struct span){buf, n + 2};
	}
	if (n && (strchr("sx", buf[n - 1]) || (n > 1 && buf[n - 1] == 'h')))
		buf[n++] = 'e';
	buf[n++] = 's';
	return (struct span){buf, n};
}

/* The prints of a custom resource; NULL: its API is nobody's. */
static const struct catalog_link *
custom_link(const struct catalog *c, const struct record *r)
{
	struct span api = r->id.api_version;
	const char *slash = memchr(api.p, '/', api.n);
	char buf[RESOURCE_TEXT];

	if (!slash || !memchr(api.p, '.', (size_t)(slash - api.p)))
		return NULL;
	return catalog_crd(c, plural_of(r, buf, sizeof(buf)),
	    (struct span){api.p, (size_t)(slash - api.p)});
}

/* Prints of several kinds of one product say it once. */
static struct span
put_prints(const struct catalog *c, const struct catalog_link *k,
    enum role role, struct span version, struct json *out)
{
	const struct product *last = NULL;

	if (!k)
		return (struct span){0};
	json_reset(out);
	json_open(out, '[');
	for (; k; k = catalog_next(c, k)) {
		const struct product *p =
		    &c->signatures->product[k->print->product];

		if (p != last)
			prints_add(out, p, NULL, role, version, EVIDENCE_MOST);
		last = p;
	}
	json_close(out, ']');
	return (struct span){out->p, out->len};
}

/* A CRD's version is its product's only where that says so. */
static struct span
crd_version(const struct product *p, const struct record *r, char *buf,
    size_t cap)
{
	struct span text = {0};

	if (p->crd_version)
		text = scan_get(r->at[AT_ANNOTATIONS], p->crd_version);
	else if (p->version_label)
		text = scan_get(r->at[AT_LABELS], "app.kubernetes.io/version");
	return version_by_rule("plain", scan_text(text, buf, cap));
}

struct span
api_crd(const struct catalog *c, const struct record *r, struct json *out)
{
	struct span name = r->id.name, plural = name, group;
	const char *dot = memchr(name.p, '.', name.n);
	const struct catalog_link *k;
	const struct product *p;
	char buf[RESOURCE_TEXT];

	if (!dot)
		return (struct span){0};
	plural.n = (size_t)(dot - name.p);
	group = (struct span){dot + 1, name.n - plural.n - 1};
	if (!(k = catalog_crd(c, plural, group)))
		return (struct span){0};
	p = &c->signatures->product[k->print->product];
	return put_prints(c, k, ROLE_API, crd_version(p, r, buf, sizeof(buf)),
	    out);
}

struct span
api_custom(const struct catalog *c, const struct record *r, struct json *out)
{
	return put_prints(c, custom_link(c, r), ROLE_RESOURCE, (struct span){0},
	    out);
}

struct span
api_class(const struct catalog *c, struct span controller, struct json *out)
{
	struct span name = scan_text(controller, NULL, 0);

	return put_prints(c, name.n ? catalog_find(c, KEY_CLASS, name) : NULL,
	    ROLE_RESOURCE, (struct span){0}, out);
}

struct span
api_reader(const struct catalog *c, const struct record *r, struct span prints,
    struct json *out)
{
	const struct catalog_link *k = custom_link(c, r);

	if (!k)
		return prints;
	json_reset(out);
	if (prints.n)
		json_raw(out, prints.p, prints.n - 1);
	else
		json_open(out, '[');
	prints_add(out, &c->signatures->product[k->print->product], NULL,
	    ROLE_RESOURCE, (struct span){0}, EVIDENCE_MOST);
	json_close(out, ']');
	return (struct span){out->p, out->len};
}
