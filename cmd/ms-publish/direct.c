#include "direct.h"

#include "control.h"
#include "gate.h"
#include "ms.h"
#include "secrets.h"
#include "uids.h"

struct run {
	const struct direct *d;
	struct format *f;
	struct pulse *pulse;
	struct records rs;
	struct secrets secrets;
	struct uids seen;
	struct json ms;
};

/* A record as it came, but for the secrets in it. */
static void
pass(struct run *run, const struct record *r)
{
	struct redact *found = &run->secrets.found;

	if (run->d->redact && record_has_state(r) && redact_find(found, r))
		record_put(&run->rs, r, NULL, 0, found->edit, found->n);
	else
		lines_put(&run->rs.io, &r->line, 1);
}

/* Dials are waited for here: there is nothing else to do. */
static void
tell(struct run *run, const struct record *r)
{
	struct change c;
	struct span message;

	ms_change(r, run->d->cluster, &run->ms, &c);
	secrets_mask(&run->secrets, r, &c);
	if (!gate_takes(run->f->gate, &c) ||
	    (run->d->once && !uids_add(&run->seen, c.id.uid)) ||
	    !format_change(run->f, &c, &message))
		return;
	lines_put(&run->rs.io, &message, 1);
	pulse_count(run->pulse, PULSE_ADDED + c.type, 1);
	pulse_count(run->pulse, PULSE_BYTES_OUT, message.n);
}

static void
take(struct run *run, const struct record *r)
{
	pulse_record(run->pulse, r);
	pulse_input(run->pulse, &run->rs);
	if (r->type == RECORD_CONFIG && run->f->gate)
		gate_config(run->f->gate, r->at[AT_OBJECT]);
	if (r->type == RECORD_REQUEST)
		control_forward(run->d->control, r);
	if (run->f->kind == FORMAT_RECORD)
		pass(run, r);
	else if (record_has_state(r))
		tell(run, r);
}

void
direct_run(const struct direct *d, struct format *f, struct pulse *pulse)
{
	struct run run = {d, f, pulse, .secrets = {.is_on = d->redact}};
	struct record r;

	records_init(&run.rs, 0, d->out, RECORD_MAX);
	uids_init(&run.seen);
	while (records_next(&run.rs, &r))
		take(&run, &r);
	lines_flush(&run.rs.io);
	json_release(&run.ms);
	secrets_free(&run.secrets);
	uids_free(&run.seen);
	records_release(&run.rs);
}
