/* No allocation per object: once all sizes have been seen, a format makes its
 * messages out of the memory it has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "ms.h"
#include "tap.h"

static size_t allocated;

#ifndef MS_SANITIZED
/* glibc's own, under the names that it keeps for this. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *
malloc(size_t n)
{
	allocated++;
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	allocated++;
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	allocated++;
	return __libc_realloc(p, n);
}
#endif

/* All records in text as messages: how many there were. */
static size_t
convert(struct format *f, struct records *rs, struct json *ms, char *text)
{
	struct scan_error err;
	struct record r;
	struct change c;
	struct span message;
	char *end;
	size_t n = 0;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		if (record_parse(&rs->plan,
			(struct span){text, (size_t)(end - text)}, &r,
			&err) < 0 ||
		    !record_has_state(&r))
			continue;
		ms_change(&r, "cluster", ms, &c);
		n += format_change(f, &c, &message) && message.n > 0;
	}
	return n;
}

static void
check(enum format_kind kind, const char *name, char *text)
{
	struct format f = {.kind = kind, .enrich = true};
	struct records rs;
	struct json ms = {0};
	size_t n, before;

	records_init(&rs, -1, -1, RECORD_MAX);
	convert(&f, &rs, &ms, text);
	before = allocated;
	n = convert(&f, &rs, &ms, text);
	ok(n > 0 && allocated == before, "%s: %zu messages, %zu allocations",
	    name, n, allocated - before);
	format_release(&f);
	json_release(&ms);
	records_release(&rs);
}

static char *
read_file(const char *path)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	ok(n > 0, "%s", path);
	text[n] = '\0';
	if (f)
		fclose(f);
	return text;
}

int
main(void)
{
	char *text = read_file("tests/data/pods.ndjson");

	check(FORMAT_MESHERY, "meshery", text);
	check(FORMAT_EVENT, "event", text);
	check(FORMAT_RECORD, "record", text);
	check(FORMAT_YAML, "yaml", text);
	text = read_file("tests/golden/ms-publish/odd_resources.in");
	check(FORMAT_MESHERY, "odd resources", text);
	check(FORMAT_YAML, "odd resources as YAML", text);
	return tap_done();
}
