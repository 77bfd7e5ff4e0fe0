#include "ms.h"

#include <string.h>

/* Members that are kept elsewhere, or not at all. */
static const char *const other[] = {"cluster", "resource", "depth", "time",
    "synthetic", "apiVersion", "kind", "namespace", "name", "uid"};

static bool
is_other(struct span key)
{
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (span_eq(key, other[i]))
			return true;
	return false;
}

static void
put_member(struct json *out, struct span key, struct span value)
{
	if (out->len)
		json_raw(out, ",", 1);
	json_raw(out, key.p - 1, key.n + 2);
	json_raw(out, ":", 1);
	json_span(out, value);
}

/* The text of a string that needs no decoding: these are made by ms-watch. */
static struct span
plain(struct span value)
{
	if (scan_type(value) != SCAN_STRING)
		return span_of("");
	return (struct span){value.p + 1, value.n - 2};
}

void
ms_change(const struct record *r, const char *cluster, struct json *buf,
    struct change *c)
{
	struct span key, value;
	struct scan_iter it;

	*c = (struct change){.type = r->type,
	    .id = r->id,
	    .resource = plain(r->at[AT_RESOURCE]),
	    .depth = plain(r->at[AT_DEPTH]),
	    .object = r->at[AT_OBJECT]};
	if (!c->id.cluster.n && cluster)
		c->id.cluster = span_of(cluster);
	json_reset(buf);
	if (r->at[AT_MS].n) {
		scan_iter(&it, r->at[AT_MS]);
		while (scan_member(&it, &key, &value))
			if (!is_other(key))
				put_member(buf, key, value);
	}
	c->ms = (struct span){buf->p, buf->len};
}

/* The member of object that the key (escaped alike) names. */
static bool
has_key(struct span object, struct span key)
{
	struct span k, v;
	struct scan_iter it;

	scan_iter(&it, object);
	while (scan_member(&it, &k, &v))
		if (k.n == key.n && memcmp(k.p, key.p, k.n) == 0)
			return true;
	return false;
}

void
ms_merge(struct span members, struct span amend, struct json *out)
{
	struct json old = {0};
	struct span key, value;
	struct scan_iter it;

	json_open(&old, '{');
	json_span(&old, members);
	json_close(&old, '}');
	scan_iter(&it, (struct span){old.p, old.len});
	while (scan_member(&it, &key, &value))
		if (!has_key(amend, key))
			put_member(out, key, value);
	json_release(&old);
	scan_iter(&it, amend);
	while (scan_member(&it, &key, &value))
		if (!is_other(key) && scan_type(value) != SCAN_NULL)
			put_member(out, key, value);
}
