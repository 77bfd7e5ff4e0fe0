/* ms-publish - bring what the stages before found to those who want to know.
 *
 * In: records on stdin. Out: a message for each change, to a NATS broker
 * (through a snapshot in SQLite, so that nothing is lost while the broker is
 * away), a file or stdout. Ends 0 at the end of stdin, or when asked to, once the
 * broker has confirmed all; what it has not confirmed by a deadline stays in
 * the snapshot. */
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "census.h"
#include "check.h"
#include "clock.h"
#include "control.h"
#include "deliver.h"
#include "diag.h"
#include "dial.h"
#include "direct.h"
#include "filename.h"
#include "form.h"
#include "health.h"
#include "ingest.h"
#include "opts.h"
#include "secrets.h"
#include "settings.h"
#include "stop.h"
#include "store.h"
#include "storefile.h"

/* A file is added to, as upstream does: an earlier run's objects stay. */
static int
open_file(const char *path)
{
	char name[FILENAME_ROOM];
	int fd;

	if (!*path && !(path = filename_unused(name)))
		diag_die(EXIT_TEMPORARY,
		    "all names of snapshots are taken for today; give one: "
		    "--to file:PATH");
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		diag_die(EXIT_PERMANENT, "unable to open %s: %m", path);
	return fd;
}

/* Messages are made as they come: without a snapshot. */
static int
run_direct(const struct settings *s, struct format *f, struct pulse *pulse)
{
	bool is_file = s->sink == SINK_FILE;
	struct direct d = {.cluster = s->cluster,
	    .control = control_open(s->control),
	    .out = is_file ? open_file(s->path) : 1,
	    .redact = s->redact,
	    .once = is_file && f->kind == FORMAT_YAML};

	signal(SIGUSR1, SIG_IGN); /* nothing is kept to be told again */
	if (s->listen)
		health_listen(s->listen, pulse, NULL);
	if (!is_file) /* upstream is never ready with a file */
		pulse_opened(pulse);
	pulse_up(pulse, is_file ? "file" : "stdout");
	f->meshery.dial = dial_wait;
	f->meshery.dial_context = dial_new(s->dial_seconds, NULL, NULL);
	direct_run(&d, f, pulse);
	format_release(f);
	return 0;
}

/* Until stdin ends, or somebody wants us to. SIGUSR1: everything is published
 * again. */
static void
wait_for_end(struct ingest *in, struct requests *requests, struct deliver *d,
    int stop, int ended)
{
	struct pollfd p[2] = {{.fd = stop, .events = POLLIN},
	    {.fd = ended, .events = POLLIN}};
	int sig;

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			return;
		sig = stop_read(stop);
		if (sig == SIGUSR1) {
			requests_resync(requests);
			deliver_wake(d);
		} else if (sig) {
			ingest_stop(in);
			return;
		}
	}
}

/* What the broker has not confirmed: kept, or lost. */
static int
report(const struct settings *s, struct store *store)
{
	int64_t owed = store_owed(store);
	char words[CENSUS_WORDS];

	if (owed == 0)
		return 0;
	if (s->store) {
		diag_warn("%s for the broker and will be sent from %s at the "
			  "next start",
		    census_waiting(owed, words), s->store);
		return 0;
	}
	diag_warn("%s for the broker in vain: the temporary snapshot is "
		  "removed; give --store FILE to keep it",
	    census_waiting(owed, words));
	return EXIT_TEMPORARY;
}

/* Threads of ours, and of libnats, are still running at exit, and destructors
 * of libraries that ran under them would crash: end without. */
static void
leave(int status, void *unused)
{
	(void)unused;
	storefile_remove_temporary();
	_exit(status);
}

/* The snapshot, as the options of this run want it. */
static void
open_snapshot(const struct settings *s, struct store *store, struct format *f,
    struct pulse *pulse)
{
	store_open(store, s->store, s->is_durable);
	if (!s->store)
		diag_warn(
		    "the snapshot is a temporary file: what is deleted "
		    "while this does not run goes unnoticed; give --store FILE");
	if ((s->redact && !secrets_mask_stored(store)) ||
	    !form_keep(store, f, s->redact, s->dial_seconds > 0))
		exit(EXIT_TEMPORARY);
	pulse->confirmed = store->confirmed;
	pulse_committed(pulse, store->committed);
}

/* The side of the snapshot that messages leave by. */
static struct deliver *
start_deliver(struct settings *s, struct store *store, struct format *f,
    struct pulse *pulse)
{
	static struct sink to_stdout;
	static char store_name[STORE_ID];
	struct broker_settings *b = &s->broker;
	struct sink *sink = &to_stdout;
	struct deliver *d;

	b->requests = requests_new(s->settle_seconds, s->dial_seconds);
	b->pulse = pulse;
	store_id(store, store_name);
	b->store_id = store_name;
	if (s->sink == SINK_STDOUT)
		sink_stdout(sink);
	else
		sink = broker_new(b);
	d = deliver_new(store, f, sink, b->requests, pulse);
	b->changed = deliver_wake;
	b->context = d;
	f->meshery.dial = dial_ask;
	f->meshery.dial_context =
	    dial_new(s->dial_seconds, deliver_answered, d);
	deliver_start(d);
	return d;
}

/* Through the snapshot: one thread takes records in, another brings messages
 * out. */
static int
run(struct settings *s, struct format *f, struct pulse *pulse)
{
	static struct store store;
	struct deliver *d;
	struct ingest *in;
	int stop = stop_open(), ended = eventfd(0, EFD_CLOEXEC);
	int control = control_open(s->control);
	bool is_drained;

	if (ended < 0)
		diag_die(EXIT_TEMPORARY, "unable to create an eventfd: %m");
	on_exit(leave, NULL);
	open_snapshot(s, &store, f, pulse);
	if (s->listen)
		health_listen(s->listen, pulse, &store);
	d = start_deliver(s, &store, f, pulse);
	in = ingest_start(&store, d,
	    &(struct ingest_settings){s->cluster, control, ended, s->redact,
		&s->gate},
	    pulse);
	wait_for_end(in, s->broker.requests, d, stop, ended);
	is_drained = deliver_drain(d, s->drain_seconds, stop);
	if (s->store)
		store_fold(&store);
	return is_drained ? 0 : report(s, &store);
}

/* Colour is for a person's eyes only. */
static void
set_format(struct format *f, struct settings *s)
{
	const char *no_colour = getenv("NO_COLOR");

	f->kind = s->format;
	f->gate = &s->gate;
	f->enrich = s->enrich;
	f->has_colour =
	    s->sink == SINK_STDOUT && isatty(1) && !(no_colour && *no_colour);
	f->meshery.fix = s->fix;
}

int
main(int argc, char **argv)
{
	/* static, as threads look at them until the very end */
	static struct settings s;
	static struct format f;
	static struct pulse pulse;

	opts_start("ms-publish");
	clock_hurry(getenv("MS_PUBLISH_HURRY"));
	signal(SIGXFSZ, SIG_IGN); /* a full disk by another name */
	mallopt(M_ARENA_MAX, 2);
	settings_read(&s, argc, argv);
	set_format(&f, &s);
	pulse_init(&pulse, true);
	if (s.is_check)
		return check_run(&s.broker, s.sink == SINK_BROKER, s.store,
		    s.control);
	if (s.sink == SINK_BROKER || s.store)
		return run(&s, &f, &pulse);
	return run_direct(&s, &f, &pulse);
}
