/* scan_bench - how fast lib/scan looks at pod events, beside other readers.
 *
 *	scan_bench [FILE]
 *
 * FILE has watch events, one a line; without it, many different pods are made
 * from the real ones of tests/data. They have to be many: processors learn the
 * branches of one document by heart. All readers take turns in one run; of
 * each the best round counts, as the others were disturbed.
 */
#include <jv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "diag.h"
#include "record.h"

#define PODS 2000
#define ROUNDS 15

struct corpus {
	struct span *doc;
	size_t n, bytes;
};

static struct scan_plan plan;
static volatile uint64_t sink; /* so that no work is optimised away */

/* ---- documents ---- */

static void
add(struct corpus *c, const char *p, size_t n)
{
	c->doc = diag_alloc(c->doc, (c->n + 1) * sizeof(*c->doc));
	c->doc[c->n++] = (struct span){p, n};
	c->bytes += n;
}

static struct corpus
read_corpus(const char *path)
{
	size_t n;
	char *p = config_read_file(path, &n), *end;
	struct corpus c = {0};

	if (!p)
		diag_die(EXIT_PERMANENT, "unable to read %s: %m", path);
	for (; (end = strchr(p, '\n')); p = end + 1)
		add(&c, p, (size_t)(end - p));
	return c;
}

/* A pod like doc, but each text is longer by some letters. */
static struct span
vary(struct span doc)
{
	struct json j = {0};
	const char *p = doc.p, *end = doc.p + doc.n, *from = p;

	for (p += 2; p < end; p++) {
		if (p[-2] != ':' || p[-1] != '"')
			continue;
		json_raw(&j, from, (size_t)(p - from));
		json_raw(&j, "qrstuvwxyz", (size_t)(random() % 8));
		from = p;
	}
	json_raw(&j, from, (size_t)(end - from));
	return (struct span){j.p, j.len};
}

static struct corpus
make_corpus(void)
{
	struct corpus real = read_corpus("tests/data/pods.ndjson"), c = {0};

	for (size_t i = 0; i < PODS; i++) {
		struct span pod = vary(real.doc[(size_t)random() % real.n]);

		add(&c, pod.p, pod.n);
	}
	return c;
}

/* The same as stages behind ms-watch get them. */
static struct corpus
without_managed_fields(const struct corpus *all)
{
	static const char ms[] = "\"ms\":{\"cluster\":"
				 "\"8f14e45f-ceea-467f-9575-6d0b5a7d7c3e\","
				 "\"resource\":\"pods.v1.\",\"depth\":\"full\","
				 "\"time\":\"2026-11-22T10:00:00.000123Z\"},";
	struct corpus c = {0};

	for (size_t i = 0; i < all->n; i++) {
		struct scan_edit edit[2];
		struct span meta = scan_get(scan_get(all->doc[i], "object"),
				"metadata"),
			    value = scan_get(meta, "managedFields");
		struct json j = {0};

		edit[0] =
		    (struct scan_edit){{strstr(all->doc[i].p, "\"object\""), 0},
			span_of(ms)};
		edit[1] = (struct scan_edit){.at = value};
		if (value.n)
			edit[1].at = scan_cut(meta,
			    (struct span){value.p - sizeof("managedFields\":") +
				    1,
				sizeof("managedFields") - 1},
			    value);
		scan_splice(all->doc[i], edit, value.n ? 2 : 1, &j);
		add(&c, j.p, j.len);
	}
	return c;
}

/* ---- readers ---- */

static uint64_t
read_memory(struct span doc)
{
	uint64_t word[4], sum = 0;

	for (size_t i = 0; i + sizeof(word) <= doc.n; i += sizeof(word)) {
		memcpy(word, doc.p + i, sizeof(word));
		sum += word[0] ^ word[1] ^ word[2] ^ word[3];
	}
	return sum;
}

static uint64_t
find_newline(struct span doc)
{
	return (uint64_t)(uintptr_t)memchr(doc.p, '\n', doc.n);
}

static uint64_t
validate(struct span doc)
{
	struct scan_error err;

	return (uint64_t)scan_find(NULL, doc.p, doc.n, NULL, &err);
}

static uint64_t
find_paths(struct span doc)
{
	struct span slot[SCAN_SLOTS];
	struct scan_error err;

	if (scan_find(&plan, doc.p, doc.n, slot, &err) < 0)
		diag_die(EXIT_BUG, "a pod is no document: %s", err.what);
	return slot[AT_NAME].n;
}

static uint64_t
read_record(struct span doc)
{
	static struct record r;
	struct scan_error err;

	if (record_parse(&plan, doc, &r, &err) < 0)
		diag_die(EXIT_BUG, "a pod is no record: %s", err.what);
	return r.id.name.n;
}

static uint64_t
parse_and_dump(struct span doc)
{
	jv text = jv_dump_string(jv_parse_sized(doc.p, (int)doc.n), 0);
	uint64_t n = (uint64_t)jv_string_length_bytes(text);

	return n;
}

static struct reader {
	const char *name;
	uint64_t (*read)(struct span);
	int rounds;
	double best; /* seconds */
} readers[] = {{"memory read", read_memory, ROUNDS, 0},
    {"memchr of the newline", find_newline, ROUNDS, 0},
    {"scan, validation only", validate, ROUNDS, 0},
    {"scan, the record's paths", find_paths, ROUNDS, 0},
    {"record_parse", read_record, ROUNDS, 0},
    {"libjq, parse and dump", parse_and_dump, 1, 0}};

#define N_READERS (sizeof(readers) / sizeof(*readers))

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
run_round(struct reader *r, const struct corpus *c)
{
	double start = now(), took;

	for (size_t i = 0; i < c->n; i++)
		sink += r->read(c->doc[i]);
	took = now() - start;
	if (r->best == 0 || took < r->best)
		r->best = took;
}

static void
bench(const struct corpus *c)
{
	for (size_t i = 0; i < N_READERS; i++)
		readers[i].best = 0;
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < N_READERS; i++)
			if (round < readers[i].rounds)
				run_round(&readers[i], c);
	for (size_t i = 0; i < N_READERS; i++)
		printf("  %-26s %8.3f GB/s  %7.4f of a memory read"
		       "  %8.1f x libjq\n",
		    readers[i].name, (double)c->bytes / readers[i].best / 1e9,
		    readers[0].best / readers[i].best,
		    readers[N_READERS - 1].best / readers[i].best);
}

static void
report(const char *what, const struct corpus *c)
{
	printf("scan: %zu pods of %zu bytes, %s, one core\n", c->n,
	    c->bytes / c->n, what);
	bench(c);
}

int
main(int argc, char **argv)
{
	struct corpus all, cut;
	struct records rs;

	srandom(1);
	records_init(&rs, -1, -1, RECORD_MAX);
	plan = rs.plan;
	all = argc > 1 ? read_corpus(argv[1]) : make_corpus();
	cut = without_managed_fields(&all);
	report("as a server sends them", &all);
	report("without managedFields, as ms-watch passes them", &cut);
	records_release(&rs);
	return 0;
}
