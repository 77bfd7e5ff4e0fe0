#include "api.h"

#include <string.h>

#include "thing.h"
#include "version.h"

#define RESOURCE_TEXT 256

/* The plural of a kind is never guessed; but whether a plural that a signature
 * names may be that of this kind can be asked. */
static struct span
plural_of(const struct api *a, char *buf, size_t cap)
{
	struct span s = scan_text(a->resource, buf, cap);
	const char *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
	size_t n;

	if (dot)
		return (struct span){s.p, (size_t)(dot - s.p)};
	if (a->kind.n + 3 > cap)
		return (struct span){0};
	for (n = 0; n < a->kind.n; n++)
		buf[n] = (char)(a->kind.p[n] | 0x20);
	if (n && buf[n - 1] == 'y' && (n < 2 || !strchr("aeiou", buf[n - 2]))) {
		memcpy(buf + n - 1, "ies", 3);
		return (struct span){buf, n + 2};
	}
	if (n && (strchr("sx", buf[n - 1]) || (n > 1 && buf[n - 1] == 'h')))
		buf[n++] = 'e';
	buf[n++] = 's';
	return (struct span){buf, n};
}

const struct catalog_link *
api_link(const struct catalog *c, const struct api *a)
{
	struct span api = a->version;
	const char *slash = memchr(api.p, '/', api.n);
	char buf[RESOURCE_TEXT];

	if (!slash || !memchr(api.p, '.', (size_t)(slash - api.p)))
		return NULL;
	return catalog_crd(c, plural_of(a, buf, sizeof(buf)),
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

struct api
api_of(const struct record *r)
{
	return (struct api){r->id.api_version, r->id.kind, r->at[AT_RESOURCE]};
}

/* A CRD's version is its product's only where that says so: in an annotation
 * of its choice, or in the usual label, which has an empty key here. */
struct span
api_version(const struct product *p, const struct thing *t, const char **said)
{
	const char *key = p->crd_version ? p->crd_version :
	    p->version_label             ? "" :
					   NULL;
	size_t n = key ? strlen(key) : 0;

	for (*said = thing_text(t, THING_SAID); key && **said;
	     *said += strlen(*said) + 1)
		if (strncmp(*said, key, n) == 0 && (*said)[n] == '=')
			return version_by_rule("plain", span_of(*said + n + 1));
	*said = NULL;
	return (struct span){0};
}

struct span
api_thing(const struct catalog *c, const struct thing *t, struct json *out)
{
	const struct catalog_link *k = thing_link(c, t);
	const char *said;

	if (!k || t->what != THING_CRD)
		return put_prints(c, k, ROLE_RESOURCE, (struct span){0}, out);
	return put_prints(c, k, ROLE_API,
	    api_version(&c->signatures->product[k->print->product], t, &said),
	    out);
}

struct span
api_custom(const struct catalog *c, const struct api *a, struct json *out)
{
	return put_prints(c, api_link(c, a), ROLE_RESOURCE, (struct span){0},
	    out);
}

struct span
api_reader(const struct catalog *c, const struct api *a, struct span prints,
    struct json *out)
{
	const struct catalog_link *k = api_link(c, a);

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
