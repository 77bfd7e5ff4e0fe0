#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "diag.h"
#include "fixes.h"
#include "jetstream.h"
#include "opts.h"
#include "subject.h"

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
read_replicas(void)
{
	if (!optarg)
		return 1;
	return (
	    unsigned)opts_uint("--jetstream", optarg, 1, JETSTREAM_REPLICAS);
}

/* Where the value of an option goes that is taken as it is; NULL: it is none
 * of these. */
static const char **
text_of(struct settings *s, int c)
{
	switch (c) {
	case OPT_STORE:
		return &s->store;
	case OPT_CLUSTER:
		return &s->cluster;
	case OPT_AUTH:
		return &s->broker.auth;
	case OPT_CREDS:
		return &s->broker.creds;
	case OPT_CA:
		return &s->broker.ca;
	case OPT_CERT:
		return &s->broker.cert;
	case OPT_KEY:
		return &s->broker.key;
	case OPT_SUBJECT:
		return &s->broker.subject;
	case OPT_LISTEN:
		return &s->listen;
	case OPT_CONTROL:
		return &s->control;
	default:
		return NULL;
	}
}

/* The same for a number of seconds. */
static unsigned *
seconds_of(struct settings *s, int c)
{
	switch (c) {
	case OPT_DRAIN:
		return &s->drain_seconds;
	case OPT_PATIENCE:
		return &s->broker.patience;
	case OPT_DIAL:
		return &s->dial_seconds;
	case OPT_SETTLE:
		return &s->settle_seconds;
	default:
		return NULL;
	}
}

/* As it is written on a command line. */
static const char *
name_of(int c)
{
	static char name[32];
	const struct option *o = options;

	while (o->val != c)
		o++;
	snprintf(name, sizeof(name), "--%s", o->name);
	return name;
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

/* A copy, to hide the argument at once. */
static const char *
read_to(char *text)
{
	char *to = diag_strndup(text, strlen(text));

	hide_secret(text);
	return to;
}

static void
other_option(struct settings *s, int c, char **argv)
{
	switch (c) {
	case OPT_TO:
		s->to = read_to(optarg);
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
	case OPT_DURABLE:
		s->is_durable = true;
		break;
	case OPT_JETSTREAM:
		s->broker.replicas = read_replicas();
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

static void
take_option(struct settings *s, int c, char **argv)
{
	const char **text = text_of(s, c);
	unsigned *seconds = seconds_of(s, c);

	if (text && !*optarg)
		opts_wrong("%s wants a value, not ''", name_of(c));
	if (text)
		*text = optarg;
	else if (seconds)
		*seconds = (unsigned)opts_uint(name_of(c), optarg,
		    c == OPT_PATIENCE, 86400);
	else
		other_option(s, c, argv);
}

/* The URL itself is not told again: it may hold a token. */
static void
read_url(struct url *url, const char *text)
{
	const char *why;

	if (url_parse(text, url, &why) < 0)
		diag_die(EXIT_PERMANENT,
		    "the broker's URL is of no use: %s; "
		    "it looks like nats://TOKEN@HOST:4222",
		    why);
}

static void
read_sink(struct settings *s)
{
	const char *to = s->to;

	if (!to && !(to = env("BROKER_URL")) && !(to = env("NATS_URL")))
		to = "-";
	if (strcmp(to, "-") == 0) {
		s->sink = SINK_STDOUT;
	} else if (strncmp(to, "file:", 5) == 0) {
		s->sink = SINK_FILE;
		s->path = to + 5;
	} else {
		s->sink = SINK_BROKER;
		read_url(&s->broker.url, to);
	}
}

static void
check_file(const char *option, const char *path)
{
	if (path && access(path, R_OK) < 0)
		diag_die(EXIT_PERMANENT, "%s %s: %m", option, path);
}

static void
check_options(const struct settings *s)
{
	const struct broker_settings *b = &s->broker;

	if (!b->cert != !b->key)
		opts_wrong("--cert and --key go together");
	if (!subject_is_good(b->subject))
		opts_wrong("--subject is tokens with dots between them, not "
			   "'%s'",
		    b->subject);
	if (b->creds && b->auth)
		opts_wrong("--creds and --auth exclude each other");
	if (s->sink == SINK_FILE && s->store)
		opts_wrong(
		    "a file has no snapshot: no --store with --to file:");
	check_file("--auth", b->auth);
	check_file("--creds", b->creds);
	check_file("--ca", b->ca);
	check_file("--cert", b->cert);
	check_file("--key", b->key);
}

void
settings_read(struct settings *s, int argc, char **argv)
{
	int c, format = -1;

	*s = (struct settings){.dial_seconds = 5,
	    .settle_seconds = 5,
	    .drain_seconds = 30,
	    .broker = {.subject = SUBJECT, .patience = 30}};
	gate_init(&s->gate);
	s->redact = redact_by_default();
	while (
	    (c = getopt_long(argc, argv, ":" OPTS_SHORT, options, NULL)) != -1)
		if (c == OPT_FORMAT)
			format = read_format(optarg);
		else
			take_option(s, c, argv);
	if (optind < argc) {
		hide_secret(argv[optind]);
		opts_wrong("'%s' is no option", argv[optind]);
	}
	read_sink(s);
	check_options(s);
	if (format >= 0)
		s->format = (enum format_kind)format;
	else
		s->format = s->sink == SINK_FILE ? FORMAT_YAML : FORMAT_MESHERY;
}
