/* wire_bench - how fast objects become messages, on one core.
 *
 *	wire_bench [PODS]
 *
 * Many different pods, as generate.py makes them: processors learn the branches
 * of one document by heart. The best of several rounds counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diag.h"
#include "format.h"

#define PODS 2000
#define ROUNDS 15

struct corpus {
	struct span *object;
	size_t n, bytes;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct corpus
read_pods(int pods)
{
	struct corpus c = {0};
	char command[128], *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f;

	snprintf(command, sizeof(command), "tests/cluster/generate.py pods %d",
	    pods);
	f = popen(command, "r");
	if (!f)
		diag_die(EXIT_TEMPORARY, "unable to run %s: %m", command);
	while ((n = getline(&line, &size, f)) > 1) {
		c.object = diag_alloc(c.object, (c.n + 1) * sizeof(*c.object));
		c.object[c.n++] =
		    (struct span){diag_strndup(line, (size_t)n - 1),
			(size_t)n - 1};
		c.bytes += (size_t)n;
	}
	free(line);
	if (pclose(f) != 0)
		diag_die(EXIT_TEMPORARY, "%s failed", command);
	return c;
}

static void
bench(const struct corpus *c, enum format_kind kind, const char *name)
{
	struct format f = {.kind = kind};
	struct change change = {.type = RECORD_ADDED,
	    .id.cluster = span_of("3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10")};
	struct span message;
	double best = 1e9, from, took;
	size_t out = 0;

	for (int round = 0; round < ROUNDS; round++) {
		from = now();
		out = 0;
		for (size_t i = 0; i < c->n; i++) {
			change.object = c->object[i];
			format_change(&f, &change, &message);
			out += message.n;
		}
		took = now() - from;
		best = took < best ? took : best;
	}
	printf("%-10s %6.0f MB/s in, %6.0f MB/s out, %5.2f us an object\n",
	    name, (double)c->bytes / best / 1e6, (double)out / best / 1e6,
	    best / (double)c->n * 1e6);
	format_release(&f);
}

int
main(int argc, char **argv)
{
	struct corpus c = read_pods(argc > 1 ? atoi(argv[1]) : PODS);

	printf("%zu pods, %.1f MB\n", c.n, (double)c.bytes / 1e6);
	bench(&c, FORMAT_MESHERY, "meshery");
	bench(&c, FORMAT_YAML, "yaml");
	return 0;
}
