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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "broker.h"
#include "check.h"
#include "clock.h"
#include "deliver.h"
#include "diag.h"
#include "dial.h"
#include "direct.h"
#include "filename.h"
#include "fixes.h"
#include "form.h"
#include "format.h"
#include "gate.h"
#include "health.h"
#include "ingest.h"
#include "jetstream.h"
#include "opts.h"
#include "requests.h"
#include "secrets.h"
#include "stop.h"
#include "store.h"
#include "storefile.h"

#define SUBJECT "meshery.meshsync.core"

#define HELP \
	"usage: ms-publish [--to URL|file:PATH|-] [--format NAME] [--store FILE] …\n" \
	"Publish the records on stdin: to a NATS broker, a file, or stdout (-).\n" \
	"\n" \
	"  --to URL|file:PATH|-  [nats://|tls://][TOKEN@|USER:PASS@]HOST[:PORT],\n" \
	"                        a file, or - for stdout; default: the\n" \
	"                        environment's BROKER_URL, then NATS_URL, then -\n" \
	"  --format NAME         meshery (default), event, record or yaml\n" \
	"                        (default for a file)\n" \
	"  --fix NAME            do without a defect of the Go MeshSync: values,\n" \
	"                        design, urls, kind, sections or all\n" \
	"  --enrich              tell Meshery what is known of an object, too\n" \
	"  --events TYPE,…       publish these only: ADDED, MODIFIED, DELETED\n" \
	"  --output-namespaces NS,…  publish only what is in these namespaces\n" \
	"  --store FILE          keep the snapshot here; default: a temporary\n" \
	"                        file, and with - none\n" \
	"  --durable             survive power loss too, not only crashes\n" \
	"  --cluster ID          id of the cluster, for input that has none\n" \
	"  --jetstream[=COPIES]  publish into the stream MESHSYNC_EVENTS, which\n" \
	"                        is made with so many copies (1) if need be\n" \
	"  --auth FILE           holds a token, or USER:PASSWORD\n" \
	"  --creds FILE          NATS credentials (user JWT and NKey seed)\n" \
	"  --ca FILE             certificates that the broker's is checked with\n" \
	"  --cert FILE           our certificate, for a broker that wants one\n" \
	"  --key FILE            and its key\n" \
	"  --subject NAME        publish here, not on " SUBJECT "\n" \
	"  --drain SECONDS       at the end wait so long for the broker (30)\n" \
	"  --patience SECONDS    wait so long for a broker gone silent (30)\n" \
	"  --dial SECONDS        try the address of a Service so long (5);\n" \
	"                        0: never\n" \
	"  --settle SECONDS      resyncs asked for in so long a time are one (5)\n" \
	"  --listen ADDR:PORT    serve /healthz, /readyz and /metrics here\n" \
	"  --control FIFO        where REQUEST records are forwarded to\n" \
	"  --no-redact           leave the values of Secrets as they come\n" \
	"  --check               say what works, and what to do if not\n" OPTS_COMMON_HELP

enum {
	OPT_TO = OPTS_LONG,
	OPT_FORMAT,
	OPT_FIX,
	OPT_ENRICH,
	OPT_EVENTS,
	OPT_NAMESPACES,
	OPT_STORE,
	OPT_DURABLE,
	OPT_CLUSTER,
	OPT_JETSTREAM,
	OPT_AUTH,
	OPT_CREDS,
	OPT_CA,
	OPT_CERT,
	OPT_KEY,
	OPT_SUBJECT,
	OPT_DRAIN,
	OPT_PATIENCE,
	OPT_DIAL,
	OPT_SETTLE,
	OPT_LISTEN,
	OPT_CONTROL,
	OPT_NO_REDACT,
	OPT_CHECK
};

static const struct option options[] = {{"to", required_argument, NULL, OPT_TO},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"fix", required_argument, NULL, OPT_FIX},
    {"enrich", no_argument, NULL, OPT_ENRICH},
    {"events", required_argument, NULL, OPT_EVENTS},
    {"output-namespaces", required_argument, NULL, OPT_NAMESPACES},
    {"store", required_argument, NULL, OPT_STORE},
    {"durable", no_argument, NULL, OPT_DURABLE},
    {"cluster", required_argument, NULL, OPT_CLUSTER},
    {"jetstream", optional_argument, NULL, OPT_JETSTREAM},
    {"auth", required_argument, NULL, OPT_AUTH},
    {"creds", required_argument, NULL, OPT_CREDS},
    {"ca", required_argument, NULL, OPT_CA},
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"subject", required_argument, NULL, OPT_SUBJECT},
    {"drain", required_argument, NULL, OPT_DRAIN},
    {"patience", required_argument, NULL, OPT_PATIENCE},
    {"dial", required_argument, NULL, OPT_DIAL},
    {"settle", required_argument, NULL, OPT_SETTLE},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"no-redact", no_argument, NULL, OPT_NO_REDACT},
    {"check", no_argument, NULL, OPT_CHECK}, OPTS_COMMON};

struct settings {
	char *to_argument; /* as it stands among the arguments */
	const char *to, *cluster, *store, *listen, *control;
	struct broker_settings broker;
	int format; /* enum format_kind; -1: as fits the sink */
	unsigned fix;
	struct gate gate;
	bool enrich;
	bool redact, is_durable, is_check;
	unsigned dial_seconds, drain_seconds, settle_seconds;
};

/* Secrets are redacted unless somebody said otherwise; once the variable is
 * set, only what upstream takes for true is true. */
static bool
redact_by_default(void)
{
	const char *text = getenv("MESHSYNC_REDACT_SECRETS");

	if (!text || !*text || strcasecmp(text, "true") == 0 ||
	    strcmp(text, "1") == 0)
		return true;
	if (strcasecmp(text, "false") != 0 && strcmp(text, "0") != 0)
		diag_warn("MESHSYNC_REDACT_SECRETS=%s means false: Secrets "
			  "are published as they are",
		    text);
	return false;
}

static const char *
env(const char *name)
{
	const char *text = getenv(name);

	return text && *text ? text : NULL;
}

static int
read_format(const char *text)
{
	int k = format_named(text);

	if (k < 0)
		opts_wrong("--format is meshery, event, record or yaml, not "
			   "'%s'",
		    text);
	return k;
}

static unsigned
read_fixes(const char *list)
{
	const char *bad;
	int fixes = fixes_named(list, &bad);

	if (fixes < 0)
		opts_wrong("--fix is values, design, urls, kind, sections or "
			   "all, not '%s'",
		    bad);
	return (unsigned)fixes;
}

static void
read_events(struct gate *g, const char *list)
{
	const char *bad = gate_events(g, list);

	if (bad)
		opts_wrong("--events has ADDED, MODIFIED and DELETED, not '%s'",
		    bad);
}

static unsigned
seconds(const char *option)
{
	return (unsigned)opts_uint(option, optarg, 0, 86400);
}

static void
parse_option(int c, char **argv, struct settings *s)
{
	switch (c) {
	case OPT_TO:
		s->to = s->to_argument = optarg;
		break;
	case OPT_FORMAT:
		s->format = read_format(optarg);
		break;
	case OPT_FIX:
		s->fix |= read_fixes(optarg);
		break;
	case OPT_ENRICH:
		s->enrich = true;
		break;
	case OPT_EVENTS:
		read_events(&s->gate, optarg);
		break;
	case OPT_NAMESPACES:
		s->gate.namespaces = *optarg ? optarg : NULL;
		break;
	case OPT_STORE:
		s->store = optarg;
		break;
	case OPT_DURABLE:
		s->is_durable = true;
		break;
	case OPT_CLUSTER:
		s->cluster = optarg;
		break;
	case OPT_JETSTREAM:
		s->broker.replicas = !optarg ?
		    1 :
		    (unsigned)opts_uint("--jetstream", optarg, 1,
			JETSTREAM_REPLICAS);
		break;
	case OPT_AUTH:
		s->broker.auth = optarg;
		break;
	case OPT_CREDS:
		s->broker.creds = optarg;
		break;
	case OPT_CA:
		s->broker.ca = optarg;
		break;
	case OPT_CERT:
		s->broker.cert = optarg;
		break;
	case OPT_KEY:
		s->broker.key = optarg;
		break;
	case OPT_SUBJECT:
		s->broker.subject = optarg;
		break;
	case OPT_DRAIN:
		s->drain_seconds = seconds("--drain");
		break;
	case OPT_PATIENCE:
		s->broker.patience = seconds("--patience");
		break;
	case OPT_DIAL:
		s->dial_seconds = seconds("--dial");
		break;
	case OPT_LISTEN:
		s->listen = optarg;
		break;
	case OPT_SETTLE:
		s->settle_seconds = seconds("--settle");
		break;
	case OPT_CONTROL:
		s->control = optarg;
		break;
	case OPT_NO_REDACT:
		s->redact = false;
		break;
	case OPT_CHECK:
		s->is_check = true;
		break;
	default:
		opts_common(c, argv, HELP);
	}
}

static bool
is_file(const struct settings *s)
{
	return strncmp(s->to, "file:", 5) == 0;
}

static bool
is_stdout(const struct settings *s)
{
	return strcmp(s->to, "-") == 0;
}

/* The URL itself is not told again: it may hold a token. */
static void
read_url(struct settings *s)
{
	const char *why;

	if (url_parse(s->to, &s->broker.url, &why) < 0)
		diag_die(EXIT_PERMANENT,
		    "the broker's URL is of no use: %s; "
		    "it looks like nats://TOKEN@HOST:4222",
		    why);
}

/* Arguments are for all to see: what stands before the host is blanked there
 * once it has been read. */
static void
hide_secret(char *url)
{
	char *p = strstr(url, "://"), *at = strrchr(url, '@');

	for (p = p ? p + 3 : url; at && p < at; p++)
		*p = 'x';
}

static void
check_file(const char *option, const char *path)
{
	if (path && access(path, R_OK) < 0)
		diag_die(EXIT_PERMANENT, "%s %s: %m", option, path);
}

static void
parse_options(int argc, char **argv, struct settings *s)
{
	int c;

	while (
	    (c = getopt_long(argc, argv, ":" OPTS_SHORT, options, NULL)) != -1)
		parse_option(c, argv, s);
	if (optind < argc)
		opts_wrong("'%s' is no option", argv[optind]);
	if (!s->to && !(s->to = env("BROKER_URL")) &&
	    !(s->to = env("NATS_URL")))
		s->to = "-";
	if (!s->broker.cert != !s->broker.key)
		opts_wrong("--cert and --key go together");
	if (is_file(s) && s->store)
		opts_wrong(
		    "a file has no snapshot: no --store with --to file:");
	if (s->format < 0)
		s->format = is_file(s) ? FORMAT_YAML : FORMAT_MESHERY;
	if (!is_stdout(s) && !is_file(s))
		read_url(s);
	if (s->to_argument)
		hide_secret(s->to_argument);
	if (s->broker.creds && s->broker.auth)
		opts_wrong("--creds and --auth exclude each other");
	check_file("--auth", s->broker.auth);
	check_file("--creds", s->broker.creds);
	check_file("--ca", s->broker.ca);
	check_file("--cert", s->broker.cert);
	check_file("--key", s->broker.key);
}

/* Read-write, so that it opens without a reader, and a write never gets
 * SIGPIPE. */
static int
open_control(const char *path)
{
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		diag_die(EXIT_PERMANENT, "unable to open %s: %m", path);
	return fd;
}

/* For a person's eyes only. */
static bool
has_colour(void)
{
	return isatty(1) && !env("NO_COLOR");
}

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

static int
run_direct(const struct settings *s, struct format *f, struct pulse *pulse)
{
	struct direct d = {.cluster = s->cluster,
	    .out = is_file(s) ? open_file(s->to + 5) : 1,
	    .redact = s->redact,
	    .once = is_file(s) && f->kind == FORMAT_YAML};

	if (s->listen)
		health_listen(s->listen, pulse, NULL);
	if (!is_file(s)) /* upstream is never ready with a file */
		pulse_opened(pulse);
	pulse_up(pulse, is_file(s) ? "file" : "stdout");
	f->has_colour = has_colour();
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
	long long owed = (long long)store_owed(store);

	if (owed == 0)
		return 0;
	if (s->store) {
		diag_warn("%lld changes are not confirmed yet: they will be "
			  "sent from %s at the next start",
		    owed, s->store);
		return 0;
	}
	diag_warn("%lld changes were not confirmed and are lost with the "
		  "temporary snapshot; give --store FILE to keep them",
	    owed);
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

static int
run(struct settings *s, struct format *f, struct pulse *pulse)
{
	static struct store store;
	static struct sink to_stdout;
	static char store_name[STORE_ID];
	struct deliver *d;
	struct ingest *in;
	struct sink *sink = &to_stdout;
	int stop = stop_open(), ended = eventfd(0, EFD_CLOEXEC);
	int control = open_control(s->control);

	on_exit(leave, NULL);
	store_open(&store, s->store, s->is_durable);
	if (!s->store)
		diag_warn(
		    "the snapshot is a temporary file: what is deleted "
		    "while this does not run goes unnoticed; give --store FILE");
	if ((s->redact && !secrets_mask_stored(&store)) ||
	    !form_keep(&store, f, s->redact))
		return EXIT_TEMPORARY;
	pulse->confirmed = store.confirmed;
	pulse_committed(pulse, store.committed);
	if (s->listen)
		health_listen(s->listen, pulse, &store);
	s->broker.requests = requests_new(s->settle_seconds, s->dial_seconds);
	s->broker.pulse = pulse;
	store_id(&store, store_name);
	s->broker.store_id = store_name;
	if (is_stdout(s))
		sink_stdout(sink);
	else
		sink = broker_new(&s->broker);
	d = deliver_new(&store, f, sink, s->broker.requests, pulse);
	s->broker.changed = deliver_wake;
	s->broker.context = d;
	f->meshery.dial = dial_ask;
	f->meshery.dial_context =
	    dial_new(s->dial_seconds, deliver_answered, d);
	deliver_start(d);
	in = ingest_start(&store, d,
	    &(struct ingest_settings){s->cluster, control, ended, s->redact,
		&s->gate},
	    pulse);
	wait_for_end(in, s->broker.requests, d, stop, ended);
	if (deliver_drain(d, s->drain_seconds, stop))
		return 0;
	return report(s, &store);
}

int
main(int argc, char **argv)
{
	/* static, as threads look at them until the very end */
	static struct settings s = {.format = -1,
	    .dial_seconds = 5,
	    .settle_seconds = 5,
	    .drain_seconds = 30,
	    .broker = {.subject = SUBJECT, .patience = 30}};
	static struct format f;
	static struct pulse pulse;

	opts_start("ms-publish");
	clock_hurry(getenv("MS_PUBLISH_HURRY"));
	gate_init(&s.gate);
	s.redact = redact_by_default();
	signal(SIGXFSZ, SIG_IGN); /* a full disk by another name */
	mallopt(M_ARENA_MAX, 2);
	parse_options(argc, argv, &s);
	f.kind = (enum format_kind)s.format;
	f.gate = &s.gate;
	f.enrich = s.enrich;
	f.meshery.fix = s.fix;
	pulse_init(&pulse, true);
	if (s.is_check)
		return check_run(&s.broker, !is_stdout(&s) && !is_file(&s),
		    s.store, s.control);
	if (is_file(&s) || (is_stdout(&s) && !s.store))
		return run_direct(&s, &f, &pulse);
	return run(&s, &f, &pulse);
}
