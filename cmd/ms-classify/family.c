#include "family.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define NONE TABLE_NONE
#define MAX_DEPTH 32 /* of ownership; a cycle ends here */

/* What an AMEND has to say of an object; the resource is in struct member. */
struct name_card {
	uint32_t cluster, api_version, kind, ns;
	uint32_t n_name, n_uid;
	char text[]; /* name, then uid */
};

struct member {
	uint64_t uid[2]; /* hash of the uid's text */
	struct origin own, effective;
	uint32_t owner, child, next, prev; /* family tree; NONE */
	uint32_t resource; /* interned; 0: not seen itself yet */
	bool is_here; /* false: known only as an owner */
	bool is_named; /* by the sync under way */
	bool is_unsettled; /* its children have yet to hear of it */
	struct name_card *card; /* of owned objects */
};

struct uid_key {
	uint64_t uid[2];
};

static struct uid_key
key_of(struct span uid)
{
	return (struct uid_key){
	    {table_hash(uid.p, uid.n, 1), table_hash(uid.p, uid.n, 2)}};
}

static uint64_t
hash(const void *context, uint32_t id)
{
	return ((const struct family *)context)->member[id].uid[0];
}

static bool
equal(const void *context, uint32_t id, const void *key)
{
	const struct family *f = context;

	return memcmp(f->member[id].uid, key, sizeof(f->member[id].uid)) == 0;
}

static const struct table_ops by_uid = {hash, equal};

void
family_init(struct family *f, family_late *late, void *context)
{
	*f = (struct family){.free = NONE, .late = late, .context = context};
	table_init(&f->by_uid, &by_uid, f);
	intern_init(&f->texts);
}

void
family_free(struct family *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		free(f->member[i].card);
	free(f->member);
	table_free(&f->by_uid);
	intern_free(&f->texts);
}

/* ---- members ---- */

static uint32_t
find(const struct family *f, struct span uid)
{
	struct uid_key key = key_of(uid);

	return table_find(&f->by_uid, key.uid[0], &key);
}

/* The member with this uid, which is new if need be. Members may move. */
static uint32_t
obtain(struct family *f, struct span uid)
{
	struct uid_key key = key_of(uid);
	uint32_t id = table_find(&f->by_uid, key.uid[0], &key);
	struct member *m;

	if (id != NONE)
		return id;
	if (f->free != NONE) {
		id = f->free;
		f->free = f->member[id].next;
	} else {
		if (f->n == f->size) {
			f->size = f->size ? f->size + f->size / 2 : 64;
			f->member =
			    diag_alloc(f->member, f->size * sizeof(*f->member));
		}
		id = f->n++;
	}
	m = &f->member[id];
	*m = (struct member){.uid = {key.uid[0], key.uid[1]},
	    .owner = NONE,
	    .child = NONE,
	    .next = NONE,
	    .prev = NONE};
	table_insert(&f->by_uid, id);
	return id;
}

static void
unlink_owner(struct family *f, uint32_t id)
{
	struct member *m = &f->member[id];

	if (m->owner == NONE)
		return;
	if (m->prev != NONE)
		f->member[m->prev].next = m->next;
	else
		f->member[m->owner].child = m->next;
	if (m->next != NONE)
		f->member[m->next].prev = m->prev;
	m->owner = m->next = m->prev = NONE;
}

/* Forget a member that is not here and owns nothing any more; its owner may be
 * such a one then. */
static void
release(struct family *f, uint32_t id)
{
	while (id != NONE) {
		struct member *m = &f->member[id];
		uint32_t owner = m->owner;

		if (m->is_here || m->child != NONE)
			return;
		unlink_owner(f, id);
		table_remove(&f->by_uid, id);
		free(m->card);
		m->card = NULL;
		m->next = f->free;
		f->free = id;
		id = owner;
	}
}

static void
link_owner(struct family *f, uint32_t id, uint32_t owner)
{
	uint32_t old = f->member[id].owner, first;

	if (old == owner)
		return;
	unlink_owner(f, id);
	if (owner != NONE) {
		first = f->member[owner].child;
		f->member[id].owner = owner;
		f->member[id].next = first;
		if (first != NONE)
			f->member[first].prev = id;
		f->member[owner].child = id;
	}
	release(f, old);
}

/* The uid of the owner that counts, into buf if it has escapes. */
static struct span
owner_uid(const struct record *r, char *buf, size_t cap)
{
	struct span chosen = {0}, ref;
	struct scan_iter it;

	if (!r->at[AT_OWNERS].n)
		return chosen;
	scan_iter(&it, r->at[AT_OWNERS]);
	while (scan_element(&it, &ref)) {
		bool controls =
		    scan_type(scan_get(ref, "controller")) == SCAN_TRUE;

		if (!chosen.n || controls)
			chosen = scan_get(ref, "uid");
		if (controls)
			break;
	}
	return scan_text(chosen, buf, cap);
}

static struct name_card *
new_card(struct family *f, const struct identity *id)
{
	size_t n = id->name.n + id->uid.n;
	struct name_card *c = diag_alloc(NULL, sizeof(*c) + n);

	c->cluster = intern_put(&f->texts, id->cluster);
	c->api_version = intern_put(&f->texts, id->api_version);
	c->kind = intern_put(&f->texts, id->kind);
	c->ns = intern_put(&f->texts, id->ns);
	c->n_name = (uint32_t)id->name.n;
	c->n_uid = (uint32_t)id->uid.n;
	memcpy(c->text, id->name.p, id->name.n);
	memcpy(c->text + id->name.n, id->uid.p, id->uid.n);
	return c;
}

static void
tell_late(struct family *f, const struct member *m)
{
	const struct name_card *c = m->card;
	struct identity id = {
	    .cluster = intern_text(&f->texts, c->cluster),
	    .api_version = intern_text(&f->texts, c->api_version),
	    .kind = intern_text(&f->texts, c->kind),
	    .ns = intern_text(&f->texts, c->ns),
	    .name = {c->text, c->n_name},
	    .uid = {c->text + c->n_name, c->n_uid},
	};

	f->late(f->context, &id, intern_text(&f->texts, m->resource),
	    m->effective);
}

/* ---- origins ---- */

static struct origin
effective(const struct family *f, uint32_t id)
{
	const struct member *m = &f->member[id];

	if (m->owner == NONE)
		return m->own;
	return origin_inherit(m->own, f->member[m->owner].effective);
}

/* Let what id owns, and what that owns, hear of its origin. */
static void
pass_on(struct family *f, uint32_t id, unsigned depth)
{
	if (depth == MAX_DEPTH)
		return;
	for (uint32_t c = f->member[id].child; c != NONE;
	     c = f->member[c].next) {
		struct origin o = effective(f, c);

		if (origin_equal(o, f->member[c].effective))
			continue;
		f->member[c].effective = o;
		if (f->member[c].is_here)
			tell_late(f, &f->member[c]);
		pass_on(f, c, depth + 1);
	}
}

struct origin
family_put(struct family *f, const struct record *r, struct origin own)
{
	char buf[256], buf2[256];
	struct span uid = owner_uid(r, buf, sizeof(buf));
	struct origin before;
	uint32_t id, owner = NONE;
	struct member *m;

	if (!r->id.uid.n)
		return own;
	id = obtain(f, r->id.uid);
	if (uid.n &&
	    (uid.n != r->id.uid.n || memcmp(uid.p, r->id.uid.p, uid.n) != 0))
		owner = obtain(f, uid);
	link_owner(f, id, owner);
	m = &f->member[id];
	before = m->effective;
	m->own = own;
	m->effective = effective(f, id);
	m->is_unsettled |= !origin_equal(before, m->effective);
	m->is_here = m->is_named = true;
	m->resource = intern_put(&f->texts,
	    scan_text(r->at[AT_RESOURCE], buf2, sizeof(buf2)));
	if (owner != NONE && !m->card)
		m->card = new_card(f, &r->id);
	return m->effective;
}

void
family_settle(struct family *f, const struct record *r)
{
	uint32_t id = r->id.uid.n ? find(f, r->id.uid) : NONE;

	if (id == NONE || !f->member[id].is_unsettled)
		return;
	f->member[id].is_unsettled = false;
	pass_on(f, id, 0);
}

void
family_name(struct family *f, const struct record *r)
{
	uint32_t id = r->id.uid.n ? find(f, r->id.uid) : NONE;

	if (id != NONE)
		f->member[id].is_named = true;
}

/* A member's object has gone. What it owned keeps the origin that it had. */
static void
leave(struct family *f, uint32_t id)
{
	f->member[id].is_here = false;
	release(f, id);
}

bool
family_drop(struct family *f, const struct record *r, struct origin *o)
{
	uint32_t id = r->id.uid.n ? find(f, r->id.uid) : NONE;

	if (id == NONE || !f->member[id].is_here)
		return false;
	*o = f->member[id].effective;
	leave(f, id);
	return true;
}

/* ---- syncs ---- */

void
family_sync_begin(struct family *f, struct span resource)
{
	uint32_t number = intern_find(&f->texts, resource);

	if (number == TABLE_NONE || number == 0)
		return;
	for (uint32_t i = 0; i < f->n; i++)
		if (f->member[i].resource == number)
			f->member[i].is_named = false;
}

/* A free member is neither here nor of this resource's concern. */
static void
forget(struct family *f, struct span resource, bool named_too)
{
	uint32_t number = intern_find(&f->texts, resource);

	if (number == TABLE_NONE || number == 0)
		return;
	for (uint32_t i = 0; i < f->n; i++)
		if (f->member[i].is_here && f->member[i].resource == number &&
		    (named_too || !f->member[i].is_named))
			leave(f, i);
}

void
family_sync_end(struct family *f, struct span resource)
{
	forget(f, resource, false);
}

void
family_gone(struct family *f, struct span resource)
{
	forget(f, resource, true);
}
