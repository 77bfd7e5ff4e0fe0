#include "direct.h"

#include <string.h>

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
	struct json ms, cluster; /* a JSON string, or empty */
};

/* The change that r tells of, if it is to be told. */
static bool
read_change(struct run *run, const struct record *r, struct change *c)
{
	ms_change(r, run->d->cluster, &run->ms, c);
	return gate_takes(run->f->gate, c);
}

static bool
lacks_cluster(const struct run *run, const struct record *r)
{
	return run->cluster.len && !r->at[AT_CLUSTER].n &&
	    (record_has_state(r) || r->type == RECORD_AMEND ||
		r->type == RECORD_SYNC);
}

/* A record as it came, but for the secrets in it, and the cluster. */
static void
pass(struct run *run, const struct record *r)
{
	struct record_member cluster = {"cluster",
	    {run->cluster.p, run->cluster.len}};
	struct redact *found = &run->secrets.found;
	size_t n_set = lacks_cluster(run, r), n_edits = 0;
	struct change c;

	if (record_has_state(r)) {
		if (!read_change(run, r, &c))
			return;
		if (run->d->redact && redact_find(found, r))
			n_edits = found->n;
	}
	if (n_set || n_edits)
		record_put(&run->rs, r, &cluster, n_set, found->edit, n_edits);
	else
		lines_put(&run->rs.io, &r->line, 1);
}

/* Dials are waited for here: there is nothing else to do. */
static void
tell(struct run *run, const struct record *r)
{
	struct change c;
	struct span message;

	if (!read_change(run, r, &c) ||
	    (run->d->once && !uids_add(&run->seen, c.id.uid)))
		return;
	secrets_mask(&run->secrets, r, &c);
	if (!format_change(run->f, &c, &message))
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
	if (d->cluster)
		json_string(&run.cluster, d->cluster, strlen(d->cluster));
	while (records_next(&run.rs, &r))
		take(&run, &r);
	lines_flush(&run.rs.io);
	json_release(&run.ms);
	json_release(&run.cluster);
	secrets_free(&run.secrets);
	uids_free(&run.seen);
	records_release(&run.rs);
}
