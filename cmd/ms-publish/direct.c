#include "direct.h"

#include "ms.h"

void
direct_run(struct format *f, const char *cluster, struct pulse *pulse)
{
	struct records rs;
	struct record r;
	struct change c;
	struct span message;
	struct json ms = {0};

	records_init(&rs, 0, 1, RECORD_MAX);
	while (records_next(&rs, &r)) {
		pulse_record(pulse, &r);
		pulse_input(pulse, &rs);
		if (f->kind == FORMAT_RECORD) {
			lines_put(&rs.io, &r.line, 1);
			continue;
		}
		if (!record_has_state(&r))
			continue;
		ms_change(&r, cluster, &ms, &c);
		/* dials are waited for here: there is nothing else to do */
		if (!format_change(f, &c, &message))
			continue;
		lines_put(&rs.io, &message, 1);
		pulse_count(pulse, PULSE_ADDED + c.type, 1);
		pulse_count(pulse, PULSE_BYTES_OUT, message.n);
	}
	lines_flush(&rs.io);
	json_release(&ms);
	records_release(&rs);
}
