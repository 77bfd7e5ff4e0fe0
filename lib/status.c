#include "status.h"

#include <malloc.h>
#include <time.h>

#include "diag.h"

int64_t
status_cpu_ms(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
status_heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return (int64_t)(m.uordblks + m.hblkhd);
}

/* The stage's member. */
static void
write_member(struct json *j, const struct records *rs,
    const struct status_count *own, size_t n)
{
	const struct lines *io = &rs->io;

	json_open(j, '{');
	json_member_int(j, "in", (int64_t)io->number);
	json_member_int(j, "out", (int64_t)io->written);
	json_member_int(j, "dropped", (int64_t)(rs->refused + io->dropped));
	json_member_int(j, "bytesIn", (int64_t)io->bytes_in);
	json_member_int(j, "bytesOut", (int64_t)io->bytes_out);
	json_member_int(j, "cpuMs", status_cpu_ms());
	json_member_int(j, "heap", status_heap());
	for (size_t i = 0; i < n; i++)
		json_member_int(j, own[i].name, (int64_t)own[i].value);
	json_close(j, '}');
}

void
status_put(struct records *rs, const struct record *r,
    const struct status_count *own, size_t n)
{
	struct span object = r->at[AT_OBJECT];
	struct scan_edit edit;
	struct json j = {0};
	bool comma = false;

	if (scan_type(object) != SCAN_OBJECT) {
		record_put(rs, r, NULL, 0, NULL, 0);
		return;
	}
	edit.at = scan_get(object, diag_prog);
	if (!edit.at.n) { /* behind the others */
		scan_insert(object, &comma);
		edit.at = (struct span){object.p + object.n - 1, 0};
		json_puts(&j, comma ? ",\"" : "\"");
		json_puts(&j, diag_prog);
		json_puts(&j, "\":");
	}
	write_member(&j, rs, own, n);
	edit.with = (struct span){j.p, j.len};
	record_put(rs, r, NULL, 0, &edit, 1);
	json_release(&j);
}
