/* Where signatures come from: the program itself, a file, a folder. */
#include "signature.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diag.h"

/* Each file's text stands behind a line "%%% NAME" (the Makefile makes it so;
 * a % cannot begin a line of these files). */
#define MARK "%%% "

__asm__(".section .rodata\n"
	"ms_signatures:\n"
	".incbin \"signatures.yaml\"\n"
	"ms_signatures_end:\n"
	".byte 0\n"
	".previous\n");

extern const char ms_signatures[], ms_signatures_end[];

static const char *
next_mark(const char *p, const char *end)
{
	const char *mark = p;

	while ((mark = memchr(mark, '%', (size_t)(end - mark)))) {
		if (end - mark > 4 && memcmp(mark, MARK, 4) == 0 &&
		    (mark == ms_signatures || mark[-1] == '\n'))
			return mark;
		mark++;
	}
	return end;
}

void
signatures_embedded(struct signatures *s)
{
	const char *p = ms_signatures, *end = ms_signatures_end;
	char err[CONFIG_ERROR], name[256];

	while (p < end) {
		const char *text = memchr(p, '\n', (size_t)(end - p));
		const char *next;

		if (!text)
			break;
		text++;
		next = next_mark(text, end);
		snprintf(name, sizeof(name), "%.*s", (int)(text - 1 - p - 4),
		    p + 4);
		if (signatures_read(s, name, text, (size_t)(next - text), err) <
		    0)
			diag_die(EXIT_BUG, "built-in signature %s", err);
		p = next;
	}
}

static bool
is_yaml(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && *name != '.' &&
	    (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
load_file(struct signatures *s, const char *path, char err[CONFIG_ERROR])
{
	size_t n;
	char *text = config_read_file(path, &n);
	int status;

	if (!text) {
		snprintf(err, CONFIG_ERROR, "unable to read %s: %s", path,
		    strerror(errno));
		return -1;
	}
	status = signatures_read(s, path, text, n, err);
	free(text);
	return status;
}

static int
only_yaml(const struct dirent *entry)
{
	return is_yaml(entry->d_name);
}

static int
load_folder(struct signatures *s, const char *path, char err[CONFIG_ERROR])
{
	struct dirent **entry;
	int n = scandir(path, &entry, only_yaml, alphasort), status = 0;
	char file[4096];

	if (n < 0)
		snprintf(err, CONFIG_ERROR, "unable to read %s: %s", path,
		    strerror(errno));
	if (n == 0)
		snprintf(err, CONFIG_ERROR, "%s has no *.yaml in it", path);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entry[i]->d_name);
		if (status == 0)
			status = load_file(s, file, err);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return n > 0 ? status : -1;
}

int
signatures_load(struct signatures *s, const char *path, char err[CONFIG_ERROR])
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return load_folder(s, path, err);
	return load_file(s, path, err);
}
