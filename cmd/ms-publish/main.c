/* ms-publish - bring what the stages before found to those who want to know.
 *
 * In: records on stdin. Out: a message for each change, to a NATS broker
 * (through a snapshot in SQLite, so that nothing is lost while the broker is
 * away) or to stdout. Ends 0 at the end of stdin, or when asked to, once the
 * broker has confirmed all; what it has not confirmed by a deadline stays in
 * the snapshot. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diag.h"
#include "dial.h"
#include "direct.h"
#include "format.h"
#include "opts.h"

#define HELP \
	"usage: ms-publish [--to URL|-] [--format NAME] [--store FILE] …\n" \
	"Publish the records on stdin: to a NATS broker, or to stdout (-).\n" \
	"\n" \
	"  --to URL|-            nats:// or tls:// URL of the broker, or stdout;\n" \
	"                        default: BROKER_URL, then NATS_URL, then -\n" \
	"  --format NAME         meshery (default), event or record\n" \
	"  --cluster ID          id of the cluster, for input that has none\n" \
	"  --no-redact           leave the values of Secrets as they come\n" \
	"  --dial SECONDS        how long to try the address of a Service (5);\n" \
	"                        0: never dial\n" \
	OPTS_COMMON_HELP

enum {
	OPT_TO = OPTS_LONG, OPT_FORMAT, OPT_CLUSTER, OPT_NO_REDACT, OPT_DIAL
};

static const struct option options[] = {
	{"to", required_argument, NULL, OPT_TO},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"cluster", required_argument, NULL, OPT_CLUSTER},
	{"no-redact", no_argument, NULL, OPT_NO_REDACT},
	{"dial", required_argument, NULL, OPT_DIAL},
	OPTS_COMMON
};

struct settings {
	const char *to, *cluster;
	enum format_kind format;
	bool redact;
	unsigned dial_seconds;
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
		    "are published as they are", text);
	return false;
}

static const char *
env(const char *name)
{
	const char *text = getenv(name);

	return text && *text ? text : NULL;
}

static void
parse_options(int argc, char **argv, struct settings *s)
{
	int c, k;

	while ((c = getopt_long(argc, argv, ":" OPTS_SHORT, options, NULL)) !=
	    -1)
		switch (c) {
		case OPT_TO:
			s->to = optarg;
			break;
		case OPT_FORMAT:
			if ((k = format_named(optarg)) < 0)
				opts_wrong("--format is meshery, event or "
				    "record, not '%s'", optarg);
			s->format = (enum format_kind)k;
			break;
		case OPT_CLUSTER:
			s->cluster = optarg;
			break;
		case OPT_NO_REDACT:
			s->redact = false;
			break;
		case OPT_DIAL:
			s->dial_seconds = (unsigned)opts_uint("--dial",
			    optarg, 0, 60);
			break;
		default:
			opts_common(c, argv, HELP);
		}
	if (optind < argc)
		opts_wrong("'%s' is no option", argv[optind]);
	if (!s->to && !(s->to = env("BROKER_URL")) &&
	    !(s->to = env("NATS_URL")))
		s->to = "-";
}

int
main(int argc, char **argv)
{
	struct settings s = {.redact = redact_by_default(), .dial_seconds = 5};
	struct format f = {0};

	opts_start("ms-publish");
	parse_options(argc, argv, &s);
	f.kind = s.format;
	f.meshery.redact = s.redact;
	f.meshery.dial = dial_wait;
	f.meshery.dial_context = dial_new(s.dial_seconds, NULL, NULL);
	direct_run(&f, s.cluster);
	format_release(&f);
	return 0;
}
