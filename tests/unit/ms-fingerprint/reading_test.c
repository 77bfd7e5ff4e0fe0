/* reading: facts that are read by those of a document that is like are those
 * that a look at the document alone finds, whatever differs. */
#include "reading.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "tap.h"

static struct signatures signatures;
static struct catalog catalog;
static struct facts_paths paths;
static struct texts words, phrases;
static struct reading reading;
static struct records rs;
static int in[2];

/* A % stands for a scalar that may be another in each document; $ for one that
 * is a text, as records need it. */
static const char *const shape[] = {
    "{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
    "\"metadata\":{\"name\":$,\"namespace\":$,\"labels\":{\"app\":%,"
    "\"helm.sh/chart\":%,\"pod-template-hash\":%},\"annotations\":{"
    "\"sidecar.istio.io/status\":%,\"prometheus.io/scrape\":%,\"x\":%},"
    "\"ownerReferences\":[{\"apiVersion\":%,\"kind\":%,\"name\":%,"
    "\"controller\":true}]},\"spec\":{\"containers\":[{\"args\":[%,%,7],"
    "\"name\":%,\"image\":%,\"command\":[%],\"ports\":[{\"containerPort\":%,"
    "\"name\":%},{\"name\":%}],\"env\":[{\"name\":%,\"value\":%},{\"value\":%}"
    "]},{\"image\":%}],\"initContainers\":[{\"name\":%,\"image\":%,"
    "\"restartPolicy\":%},{\"name\":%,\"image\":%}]}}}",
    "{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"apps/v1\",\"kind\":$,"
    "\"metadata\":{\"name\":$,\"labels\":{\"app.kubernetes.io/version\":%,"
    "\"helm.sh/chart\":%,\"app.kubernetes.io/version\":%}},\"spec\":{"
    "\"template\":{\"metadata\":{\"labels\":{\"app\":%}},\"spec\":{"
    "\"containers\":[{\"name\":%,\"image\":%,\"args\":%}]}}}}}",
    "{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":$,"
    "\"metadata\":{\"name\":$},\"spec\":{\"containers\":%}}}",
    "{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":$,"
    "\"metadata\":{\"name\":$,\"labels\":{\"tier\":%}},\"spec\":{"
    "\"containers\":[{\"image\":%,\"name\":%}]}}}",
};

static const char *const scalar[] = {"\"a\"", "\"b-1.2.3\"", "\"Always\"",
    "\"redis:7\"", "\"docker.io/bitnami/redis:7.2@sha256:0\"", "\"Job\"",
    "\"ReplicaSet\"", "\"Pod\"", "\"Deployment\"", "\"--port=80\"", "8080", "0",
    "\"\"", "null", "true", "\"with \\\"escapes\\\" in it\"",
    "\"no\\u0000nul\"", "\"sh -c /opt/redis-server --x=1\"", "\"v1\"",
    "\"default.svc:1.\xc3\xa9\"", "\"kube-system\""};

static const char *const name[] = {"\"a\"", "\"b-1.2.3\"", "\"Job\"",
    "\"ReplicaSet\"", "\"Pod\"", "\"Deployment\"", "\"CronJob\""};

#define HOLES 64
#define MANY(of) (sizeof(of) / sizeof(*(of)))

static unsigned
any(size_t n)
{
	return (unsigned)((size_t)random() % n);
}

static void
write_line(const char *form, const unsigned hole[HOLES])
{
	char line[4096];
	size_t n = 0;
	unsigned i = 0;

	for (; *form; form++)
		if (*form == '$')
			n += (size_t)sprintf(line + n, "%s",
			    name[hole[i++] % MANY(name)]);
		else if (*form == '%')
			n += (size_t)sprintf(line + n, "%s", scalar[hole[i++]]);
		else
			line[n++] = *form;
	line[n++] = '\n';
	if (write(in[1], line, n) != (ssize_t)n)
		diag_die(EXIT_BUG, "a line is longer than a pipe");
}

/* Packed facts, and those of the record alone. */
static bool
is_right(const struct record *r, bool found)
{
	struct json open = {0}, want = {0};
	bool any_want = facts_read(&paths, &catalog, r, &want), same;

	if (found)
		pack_open(&words,
		    (struct span){reading.packed.p, reading.packed.len}, &open);
	same = found == any_want && open.len == want.len &&
	    (!want.len || memcmp(open.p, want.p, want.len) == 0) &&
	    (!found || reading.ends == (*want.p == FACT_JOB)) &&
	    (!found || reading.bytes == want.len);
	json_release(&open);
	json_release(&want);
	return same;
}

/* Hashes of facts, which may not depend on how they were read. */
static bool
is_same_hash(const struct record *r)
{
	static struct reading alone;
	struct record copy = *r;
	bool same;

	reading_init(&alone, &words);
	copy.like = NULL;
	reading_take(&alone, &paths, &catalog, &copy);
	same = alone.hash == reading.hash &&
	    alone.containers == reading.containers;
	reading_drop(&alone);
	reading_free(&alone);
	return same;
}

static void
test_runs(void)
{
	static unsigned holes[MANY(shape)][HOLES];
	unsigned right = 0, same = 0, turns = 20000;
	struct record r;

	for (unsigned i = 0; i < turns; i++) {
		size_t of = any(MANY(shape));
		unsigned *hole = holes[of];
		bool found;

		for (unsigned k = 0; i % 60 < MANY(shape) && k < HOLES; k++)
			hole[k] = any(MANY(scalar));
		for (unsigned k = any(8); k > 0; k--)
			hole[any(HOLES)] = any(MANY(scalar));
		write_line(shape[of], hole);
		if (!records_next(&rs, &r)) {
			right = same = turns + 1;
			break;
		}
		found = reading_take(&reading, &paths, &catalog, &r);
		right += is_right(&r, found);
		same += !found || is_same_hash(&r);
		if (found)
			reading_drop(&reading);
	}
	ok(right == turns, "%u of %u records have the facts they show", right,
	    turns);
	ok(same == turns, "and %u the same hashes", same);
}

int
main(void)
{
	diag_prog = "reading_test";
	srandom(5);
	signatures_init(&signatures);
	signatures_embedded(&signatures);
	catalog_build(&catalog, &signatures);
	texts_init(&words);
	texts_init(&phrases);
	pack_init(&words, &phrases);
	reading_init(&reading, &words);
	if (pipe(in) < 0)
		diag_die(EXIT_BUG, "no pipe");
	records_init(&rs, in[0], -1, 1 << 16);
	facts_plan(&paths, &rs.plan);
	test_runs();
	reading_forget(&reading);
	ok(words.table.used == 1 && phrases.table.used == 0,
	    "when all is forgotten no word is held");
	reading_free(&reading);
	records_release(&rs);
	texts_free(&words);
	texts_free(&phrases);
	catalog_free(&catalog);
	signatures_free(&signatures);
	return tap_done();
}
