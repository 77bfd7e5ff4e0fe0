#include "index.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define UID_TEXT 36 /* 8-4-4-4-12 */
#define RV_MAX 20 /* digits of a decimal resourceVersion */

/* Texts follow the struct: the name, then what does not fit the numbers. */
struct index_entry {
	unsigned char uid[16];
	uint64_t rv;
	uint32_t ns;
	uint8_t generation;
	bool odd_uid, odd_rv; /* kept as text instead */
	char text[]; /* name, odd uid, odd rv; each ends in NUL */
};

/* ---- numbers for the usual forms of uid and resourceVersion ---- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

static bool
pack_uid(struct span text, unsigned char uid[16])
{
	size_t n = 0;

	memset(uid, 0, 16);
	if (text.n != UID_TEXT)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int digit = hex(text.p[i]);

		if (is_dash(i) ? text.p[i] != '-' : digit < 0)
			return false;
		if (is_dash(i))
			continue;
		uid[n / 2] = (unsigned char)(uid[n / 2] << 4 | digit);
		n++;
	}
	return true;
}

static size_t
unpack_uid(const unsigned char uid[16], char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < UID_TEXT; i++) {
		if (is_dash(i)) {
			out[i] = '-';
			continue;
		}
		out[i] = digits[uid[n / 2] >> (n % 2 ? 0 : 4) & 15];
		n++;
	}
	return UID_TEXT;
}

static bool
pack_rv(struct span text, uint64_t *rv)
{
	*rv = 0;
	if (text.n == 0 || text.n >= RV_MAX || (text.p[0] == '0' && text.n > 1))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*rv = *rv * 10 + (uint64_t)(text.p[i] - '0');
	}
	return true;
}

static size_t
unpack_rv(uint64_t rv, char *out)
{
	char text[RV_MAX + 1];
	size_t n = 0;

	do
		text[n++] = (char)('0' + rv % 10);
	while ((rv /= 10) > 0);
	for (size_t i = 0; i < n; i++)
		out[i] = text[n - 1 - i];
	return n;
}

/* ---- entries ---- */

static const char *
odd_uid(const struct index_entry *e)
{
	return e->text + strlen(e->text) + 1;
}

static const char *
odd_rv(const struct index_entry *e)
{
	const char *p = odd_uid(e);

	return e->odd_uid ? p + strlen(p) + 1 : p;
}

/* The texts of an entry, those that are numbers written into buf. */
static struct index_key
key_of(const struct index *ix, const struct index_entry *e, char *buf)
{
	struct index_key key = {.ns = intern_text(ix->names, e->ns),
	    .name = span_of(e->text)};

	key.uid = e->odd_uid ? span_of(odd_uid(e)) :
			       (struct span){buf, unpack_uid(e->uid, buf)};
	buf += UID_TEXT;
	key.rv = e->odd_rv ? span_of(odd_rv(e)) :
			     (struct span){buf, unpack_rv(e->rv, buf)};
	return key;
}

static char *
append(char *to, struct span text)
{
	if (text.n)
		memcpy(to, text.p, text.n);
	to[text.n] = '\0';
	return to + text.n + 1;
}

static struct index_entry *
new_entry(struct index *ix, const struct index_key *key)
{
	struct index_entry head = {0}, *e;
	size_t n = sizeof(head) + key->name.n + 1;
	char *to;

	head.odd_uid = !pack_uid(key->uid, head.uid);
	head.odd_rv = !pack_rv(key->rv, &head.rv);
	head.ns = intern_put(ix->names, key->ns);
	head.generation = ix->generation;
	if (head.odd_uid)
		n += key->uid.n + 1;
	if (head.odd_rv)
		n += key->rv.n + 1;
	e = diag_alloc(NULL, n);
	memcpy(e, &head, sizeof(head));
	to = append(e->text, key->name);
	if (head.odd_uid)
		to = append(to, key->uid);
	if (head.odd_rv)
		append(to, key->rv);
	return e;
}

/* ---- the table ---- */

static uint64_t
hash_name(struct span name, uint32_t ns)
{
	return table_hash(name.p, name.n, ns);
}

static uint64_t
hash(const void *context, uint32_t id)
{
	const struct index *ix = context;
	const struct index_entry *e = ix->entry[id];

	return hash_name(span_of(e->text), e->ns);
}

struct place {
	struct span name;
	uint32_t ns;
};

static bool
equal(const void *context, uint32_t id, const void *key)
{
	const struct index *ix = context;
	const struct index_entry *e = ix->entry[id];
	const struct place *place = key;

	return e->ns == place->ns && span_eq(place->name, e->text);
}

static const struct table_ops ops = {hash, equal};

void
index_init(struct index *ix, struct intern *names)
{
	*ix = (struct index){.names = names};
	table_init(&ix->table, &ops, ix);
}

void
index_free(struct index *ix)
{
	for (uint32_t i = 0; i < ix->n; i++)
		free(ix->entry[i]);
	free(ix->entry);
	free(ix->free);
	table_free(&ix->table);
}

uint32_t
index_count(const struct index *ix)
{
	return ix->n - ix->n_free;
}

static uint32_t
find(const struct index *ix, const struct index_key *key)
{
	struct place place = {key->name, intern_find(ix->names, key->ns)};

	if (place.ns == TABLE_NONE)
		return TABLE_NONE;
	return table_find(&ix->table, hash_name(place.name, place.ns), &place);
}

/* Room for one more, in the list of free places too, so that nothing needs
 * memory in order to be forgotten. */
static uint32_t
take_place(struct index *ix)
{
	if (ix->n_free > 0)
		return ix->free[--ix->n_free];
	if (ix->n == ix->size) {
		ix->size = ix->size ? ix->size + ix->size / 2 : 8;
		ix->entry = diag_alloc(ix->entry, ix->size * sizeof(void *));
		ix->free = diag_alloc(ix->free, ix->size * sizeof(*ix->free));
	}
	return ix->n++;
}

static void
drop(struct index *ix, uint32_t id)
{
	table_remove(&ix->table, id);
	free(ix->entry[id]);
	ix->entry[id] = NULL;
	ix->free[ix->n_free++] = id;
}

void
index_begin(struct index *ix)
{
	ix->generation++;
	/* Marks of 255 snapshots ago must not look like today's. */
	if (ix->generation == 0)
		ix->generation = 1;
	for (uint32_t i = 0; i < ix->n; i++)
		if (ix->entry[i] && ix->entry[i]->generation == ix->generation)
			ix->entry[i]->generation = 0;
}

static void
remember_old(struct index_key *old, struct index_seen *seen)
{
	if (old->uid.n + old->rv.n > sizeof(seen->buf))
		old->uid.n = old->rv.n = 0;
	memcpy(seen->buf, old->uid.p, old->uid.n);
	memcpy(seen->buf + old->uid.n, old->rv.p, old->rv.n);
	seen->old_uid = (struct span){seen->buf, old->uid.n};
	seen->old_rv = (struct span){seen->buf + old->uid.n, old->rv.n};
}

static void
add(struct index *ix, const struct index_key *key)
{
	uint32_t id = take_place(ix);

	ix->entry[id] = new_entry(ix, key);
	table_insert(&ix->table, id);
}

/* The object under a known name: same, changed, or another one. The entry
 * stays where it is unless its texts no longer fit. */
static enum index_verdict
update(struct index *ix, uint32_t id, const struct index_key *key,
    struct index_seen *seen)
{
	struct index_entry *e = ix->entry[id];
	char buf[UID_TEXT + RV_MAX + 1];
	struct index_key old = key_of(ix, e, buf);
	bool same_uid = span_same(old.uid, key->uid);
	uint64_t rv;

	seen->marked = e->generation == ix->generation;
	e->generation = ix->generation;
	if (same_uid && span_same(old.rv, key->rv))
		return INDEX_SAME;
	if (same_uid && !e->odd_rv && pack_rv(key->rv, &rv)) {
		e->rv = rv;
		return INDEX_CHANGED;
	}
	remember_old(&old, seen);
	ix->entry[id] = new_entry(ix, key);
	free(e);
	return same_uid ? INDEX_CHANGED : INDEX_REPLACED;
}

enum index_verdict
index_put(struct index *ix, const struct index_key *key,
    struct index_seen *seen)
{
	uint32_t id = find(ix, key);

	seen->marked = false;
	if (id != TABLE_NONE)
		return update(ix, id, key, seen);
	add(ix, key);
	return INDEX_NEW;
}

bool
index_remove(struct index *ix, const struct index_key *key)
{
	uint32_t id = find(ix, key);
	char buf[UID_TEXT + RV_MAX + 1];

	if (id == TABLE_NONE ||
	    !span_same(key_of(ix, ix->entry[id], buf).uid, key->uid))
		return false;
	drop(ix, id);
	return true;
}

void
index_sweep(struct index *ix,
    void (*gone)(void *context, const struct index_key *key), void *context)
{
	char buf[UID_TEXT + RV_MAX + 1];

	for (uint32_t i = 0; i < ix->n; i++) {
		struct index_key key;

		if (!ix->entry[i] || ix->entry[i]->generation == ix->generation)
			continue;
		key = key_of(ix, ix->entry[i], buf);
		gone(context, &key);
		drop(ix, i);
	}
}
