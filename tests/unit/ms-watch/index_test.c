#include "index.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define UID_A "3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10"
#define UID_B "4f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10"

static struct intern names;
static struct index ix;
static char swept[512];

static struct index_key
key(const char *ns, const char *name, const char *uid, const char *rv)
{
	return (struct index_key){span_of(ns), span_of(name), span_of(uid),
	    span_of(rv)};
}

static enum index_verdict
put(const char *ns, const char *name, const char *uid, const char *rv)
{
	struct index_key k = key(ns, name, uid, rv);
	struct index_seen seen;

	return index_put(&ix, &k, &seen);
}

static void
on_gone(void *context, const struct index_key *k)
{
	(void)context;
	snprintf(swept + strlen(swept), sizeof(swept) - strlen(swept),
	    "%.*s/%.*s %.*s %.*s;", (int)k->ns.n, k->ns.p, (int)k->name.n,
	    k->name.p, (int)k->uid.n, k->uid.p, (int)k->rv.n, k->rv.p);
}

static const char *
sweep(void)
{
	*swept = '\0';
	index_sweep(&ix, on_gone, NULL);
	return swept;
}

static void
test_verdicts(void)
{
	struct index_key k = key("a", "x", UID_B, "9");
	struct index_seen seen;

	index_begin(&ix);
	ok(put("a", "x", UID_A, "7") == INDEX_NEW, "new");
	ok(put("b", "x", UID_A, "7") == INDEX_NEW, "new in its namespace");
	ok(put("a", "x", UID_A, "7") == INDEX_SAME, "same");
	ok(put("a", "x", UID_A, "8") == INDEX_CHANGED, "changed");
	ok(index_put(&ix, &k, &seen) == INDEX_REPLACED, "another uid");
	ok(span_eq(seen.old_uid, UID_A) && span_eq(seen.old_rv, "8"),
	    "what was there is told");
	ok(index_count(&ix) == 2, "two objects");
	k = key("a", "x", UID_A, "9");
	ok(!index_remove(&ix, &k), "a deletion of the former one is not ours");
	k = key("a", "x", UID_B, "10");
	ok(index_remove(&ix, &k) && !index_remove(&ix, &k), "removed once");
	k = key("nowhere", "x", UID_A, "9");
	ok(!index_remove(&ix, &k), "an unknown namespace");
}

static void
test_relist(void)
{
	index_begin(&ix);
	put("", "node-1", UID_A, "1");
	put("", "odd", "not-a-uuid", "v1.5");
	put("", "zero", UID_B, "007");
	sweep();
	index_begin(&ix);
	put("", "node-1", UID_A, "1");
	ok(strcmp(sweep(), "/odd not-a-uuid v1.5;/zero " UID_B " 007;") == 0,
	    "what a snapshot does not name has gone, texts intact: %s", swept);
	ok(index_count(&ix) == 1, "and is forgotten");
	ok(put("", "odd", "not-a-uuid", "v1.5") == INDEX_NEW,
	    "it can come again");
	ok(put("", "odd", "not-a-uuid", "12") == INDEX_CHANGED &&
		put("", "odd", "not-a-uuid", "v2") == INDEX_CHANGED &&
		put("", "odd", "not-a-uuid", "v2") == INDEX_SAME,
	    "odd versions come and go");
	index_begin(&ix);
	ok(strlen(sweep()) > 0 && index_count(&ix) == 0, "an empty snapshot");
}

static void
test_marks(void)
{
	struct index_key k = key("", "a", UID_A, "1");
	struct index_seen seen;
	bool is_fine = true;

	index_begin(&ix);
	index_put(&ix, &k, &seen);
	ok(!seen.marked, "seen for the first time in this snapshot");
	index_put(&ix, &k, &seen);
	ok(seen.marked, "seen again");
	/* An aborted snapshot leaves marks that must never count again. */
	for (int i = 0; i < 255 * 3; i++) {
		index_begin(&ix);
		if (i % 255 == 0) {
			index_put(&ix, &k, &seen);
			is_fine &= !seen.marked;
		}
	}
	ok(is_fine, "marks of snapshots long ago do not count");
	index_begin(&ix);
	sweep();
}

/* Sanitizers' memory is not ours to count. */
#ifndef MS_SANITIZED
static void
test_size(void)
{
	char name[64], uid[40];
	struct mallinfo2 before = mallinfo2(), now;
	size_t each;

	index_begin(&ix);
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "checkout-%08x-%05d", i * 77, i);
		snprintf(uid, sizeof(uid), "%08x-5f0a-4c55-9a30-6d1c6c1b7d10",
		    i);
		put(i % 2 ? "shop" : "default", name, uid, "123456789");
	}
	now = mallinfo2();
	each = (now.uordblks + now.hblkhd - before.uordblks - before.hblkhd) /
	    20000;
	ok(index_count(&ix) == 20000, "20000 objects");
	ok(each <= 120, "%zu bytes an object", each);
}
#endif

int
main(void)
{
	intern_init(&names);
	index_init(&ix, &names);
	test_verdicts();
	index_free(&ix);
	index_init(&ix, &names);
	test_relist();
	test_marks();
#ifndef MS_SANITIZED
	test_size();
#endif
	index_free(&ix);
	intern_free(&names);
	return tap_done();
}
