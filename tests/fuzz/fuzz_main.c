/* fuzz_main - give a corpus to a fuzz target without libFuzzer.
 *
 * Linked with tests/fuzz/NAME_fuzz.c it becomes NAME_fuzz, which runs over
 * tests/fuzz/corpus/NAME (or the files and folders that are named), so that a
 * build by any compiler checks what fuzzing once found. A crash shows as a
 * missing plan.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fuzz/fuzz.h"
#include "tap.h"

static unsigned inputs;

static void
replay_file(const char *path)
{
	size_t n = 0;
	char *text = config_read_file(path, &n), *exact;

	if (!text) {
		ok(0, "%s can be read", path);
		return;
	}
	/* a block of exactly n bytes, so that ASan sees a read past it */
	exact = malloc(n ? n : 1);
	if (exact) {
		memcpy(exact, text, n);
		LLVMFuzzerTestOneInput((const uint8_t *)exact, n);
		inputs++;
	}
	free(exact);
	free(text);
}

static void
replay(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[4096];

	if (!dir) {
		replay_file(path);
		return;
	}
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		replay_file(name);
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *prog = slash ? slash + 1 : argv[0];
	char corpus[256];

	snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%.*s",
	    (int)strcspn(prog, "_"), prog);
	if (argc < 2)
		replay(corpus);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	ok(inputs > 0, "%s took %u inputs", prog, inputs);
	return tap_done();
}
