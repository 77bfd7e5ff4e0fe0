/* scan_fuzz - any bytes through lib/scan.
 *
 * Beyond memory errors it checks that the ways to look at a document agree:
 * found paths lie within it and are values, walking meets the same members,
 * decoding stays within its bound, and a cut or an insertion leaves a document.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "json.h"
#include "walk.h"

static const char *const paths[] = {"a", "a.b", "a.b.c", "kind", "apiVersion",
    "metadata.name", "metadata.namespace", "metadata.labels",
    "metadata.managedFields"};

static struct scan_plan plan;

static void
make_plan(void)
{
	scan_plan_init(&plan);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		scan_plan_add(&plan, paths[i]);
	scan_plan_add_key(&plan, "metadata.labels", "app.kubernetes.io/name");
}

static void
check_valid(struct span doc)
{
	struct scan_error err;

	MUST(scan_find(NULL, doc.p, doc.n, NULL, &err) == 0);
}

static void
check_text(struct span value)
{
	char *buf = malloc(value.n + 1);
	struct span text = scan_text(value, buf, value.n);
	struct json j = {0};

	MUST(text.p && text.n + 2 <= value.n);
	json_string(&j, text.p, text.n);
	check_valid((struct span){j.p, j.len});
	json_release(&j);
	free(buf);
}

/* Take the member out, and put one in at the front. */
static void
check_changes(struct span object, struct span key, struct span value)
{
	bool comma;
	struct scan_edit edit[2];
	struct json j = {0};

	edit[0] = (struct scan_edit){.at = scan_cut(object, key, value)};
	scan_splice(object, edit, 1, &j);
	check_valid((struct span){j.p, j.len});
	json_reset(&j);
	edit[0].at = scan_insert(object, &comma);
	edit[0].with = span_of(comma ? "\"new\":[]," : "\"new\":[]");
	edit[1] = (struct scan_edit){value, span_of("{\"replaced\":true}")};
	scan_splice(object, edit, 2, &j);
	check_valid((struct span){j.p, j.len});
	MUST(scan_get((struct span){j.p, j.len}, "new").n);
	json_release(&j);
}

static void
walk(struct span value, int depth)
{
	struct scan_iter it;
	struct span key, v;
	int64_t n;

	check_valid(value);
	scan_int(value, &n);
	if (scan_type(value) == SCAN_STRING)
		check_text(value);
	if (depth == 0)
		return;
	scan_iter(&it, value);
	while (scan_type(value) == SCAN_OBJECT && scan_member(&it, &key, &v)) {
		check_text((struct span){key.p - 1, key.n + 2});
		check_changes(value, key, v);
		walk(v, depth - 1);
	}
	scan_iter(&it, value);
	while (scan_type(value) == SCAN_ARRAY && scan_element(&it, &v))
		walk(v, depth - 1);
}

/* What the one pass found is what a look-up key by key finds. */
static void
check_paths(struct span doc, const struct span *slots)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct span v = doc;
		char path[64];

		strcpy(path, paths[i]);
		for (char *key = strtok(path, "."); key;
		     key = strtok(NULL, "."))
			v = scan_type(v) == SCAN_OBJECT ? scan_get(v, key) :
							  (struct span){0};
		MUST(v.p == slots[i].p && v.n == slots[i].n);
	}
}

/* Both walks are of the same value. */
static void
same_walk(struct walk *a, struct walk *b)
{
	struct span x, y;

	if (walk_enter(a, '{')) {
		MUST(walk_enter(b, '{'));
		while (walk_member(a, &x)) {
			MUST(walk_member(b, &y));
			MUST(x.p == y.p && x.n == y.n);
			same_walk(a, b);
		}
		MUST(!walk_member(b, &y));
	} else if (walk_enter(a, '[')) {
		MUST(walk_enter(b, '['));
		while (walk_element(a)) {
			MUST(walk_element(b));
			same_walk(a, b);
		}
		MUST(!walk_element(b));
	} else {
		x = walk_pass(a);
		y = walk_pass(b);
		MUST(x.p == y.p && x.n == y.n);
	}
}

/* Written down or not, tokens change nothing. */
static void
check_tokens(struct span doc, const struct span *slots, int verdict)
{
	static struct scan_tape tape;
	struct span found[SCAN_SLOTS];
	struct scan_error err;
	struct walk a, b;

	MUST(verdict ==
	    scan_find_tokens(&plan, doc.p, doc.n, found, &tape, &err));
	if (verdict < 0)
		return;
	for (unsigned i = 0; i < plan.n_slots; i++) {
		MUST(found[i].p == slots[i].p && found[i].n == slots[i].n);
		if (!found[i].n)
			continue;
		a = (struct walk){doc.p, NULL, tape.token + tape.first[i]};
		b = walk_text(found[i]);
		same_walk(&a, &b);
		MUST(b.p == b.end);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *value_end;
	struct span slots[SCAN_SLOTS];
	struct scan_error err = {NULL, 0}, without = {NULL, 0};
	int verdict;

	if (!plan.n_nodes)
		make_plan();
	verdict = scan_find(&plan, p, size, slots, &err);
	MUST(verdict == scan_find(NULL, p, size, NULL, &without));
	check_tokens((struct span){p, size}, slots, verdict);
	if (verdict < 0) {
		MUST(err.what && err.at <= size);
		MUST(err.at == without.at && err.what == without.what);
		return 0;
	}
	while (strchr(" \t\r\n", *p))
		p++;
	value_end = scan_value(p, end, &err);
	MUST(value_end);
	check_paths((struct span){p, (size_t)(value_end - p)}, slots);
	walk((struct span){p, (size_t)(value_end - p)}, 3);
	return 0;
}
