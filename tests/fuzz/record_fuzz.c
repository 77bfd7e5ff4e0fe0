/* record_fuzz - any line as a record, and any record written again.
 *
 * What record_put makes of a record, with members of ms set and removed, is a
 * record of the same type and identity whose other values are the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "record.h"

static struct records rs;

static bool
same_bytes(struct span a, struct span b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

static bool
same_identity(const struct identity *a, const struct identity *b)
{
	return same_bytes(a->cluster, b->cluster) &&
	    same_bytes(a->api_version, b->api_version) &&
	    same_bytes(a->kind, b->kind) && same_bytes(a->ns, b->ns) &&
	    same_bytes(a->name, b->name) && same_bytes(a->uid, b->uid) &&
	    same_bytes(a->rv, b->rv);
}

/* Write r with the members, and read it again into *again; *line is to free. */
static void
write_and_read(const struct record *r, const struct record_member *set,
    size_t n, struct record *again, char **line)
{
	struct scan_error err;
	size_t len;

	MUST(lseek(rs.io.out, 0, SEEK_SET) == 0);
	record_put(&rs, r, set, n, NULL, 0);
	lines_flush(&rs.io);
	len = (size_t)lseek(rs.io.out, 0, SEEK_CUR);
	MUST(*line = malloc(len));
	MUST(pread(rs.io.out, *line, len, 0) == (ssize_t)len);
	MUST((*line)[len - 1] == '\n');
	MUST(record_parse(&rs.plan, (struct span){*line, len - 1}, again,
		 &err) == 0);
}

static void
check_written(const struct record *r)
{
	const struct record_member set[] = {{"origin", {"[true]", 6}},
	    {"app", {NULL, 0}}, {"x y", {"{}", 2}}};
	struct record again;
	char *line = NULL;

	write_and_read(r, set, 3, &again, &line);
	MUST(again.type == r->type && same_identity(&again.id, &r->id));
	MUST(span_eq(scan_get(again.at[AT_MS], "origin"), "[true]"));
	MUST(span_eq(scan_get(again.at[AT_MS], "x y"), "{}"));
	MUST(!scan_get(again.at[AT_MS], "app").p);
	for (int i = 0; i < RECORD_SLOTS; i++)
		MUST(i == AT_MS || same_bytes(r->at[i], again.at[i]));
	free(line);
	write_and_read(r, NULL, 0, &again, &line);
	MUST(same_bytes(r->line, again.line));
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span line = {(const char *)data, size};
	static struct record r;
	struct scan_error err = {NULL, 0};

	if (!rs.plan.n_nodes)
		records_init(&rs, -1, fileno(tmpfile()), RECORD_MAX);
	/* lib/lines gives no empty lines, and none with a newline */
	if (size == 0 || memchr(data, '\n', size))
		return 0;
	if (record_parse(&rs.plan, line, &r, &err) < 0)
		MUST(err.what && err.at <= size);
	else
		check_written(&r);
	return 0;
}
