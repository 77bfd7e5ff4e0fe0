/* ms-watch - what is in a Kubernetes cluster, as a stream of records.
 *
 * In: nothing on stdin; the API server that a kubeconfig names, or that of the
 * pod this runs in. Out: ms-record.7 lines: the configuration, each kind's
 * objects between SYNC begin and end, "ready", and then every change. Ends 0 on
 * SIGTERM or SIGINT, or with --once when all is listed. */
#include <string.h>

#include "catalog.h"
#include "check.h"
#include "diag.h"
#include "session.h"

static const char help[] =
    "usage: ms-watch [--kubeconfig FILE] [--context NAME] [-n NS]...\n"
    "                [--resource NAME]... [-l SELECTOR] [--once]\n"
    "\n"
    "Write what is in a Kubernetes cluster, and then every change.\n"
    "\n"
    "      --kubeconfig FILE read this file (KUBECONFIG, ~/.kube/config)\n"
    "      --context NAME    use this context, not the current one\n"
    "  -n, --namespace NS    namespaced kinds only in NS; may be repeated\n"
    "      --resource NAME   only this kind: deploy, deployments.apps,\n"
    "                        deployments.v1.apps; may be repeated\n"
    "      --profile NAME    default: all that can be watched, less events\n"
    "                        and leases; meshsync-1: the 21 kinds of 1.0\n"
    "  -l, --selector L      only objects with these labels\n"
    "      --depth DEPTH     full (default), or metadata only\n"
    "      --managed-fields  keep metadata.managedFields\n"
    "      --once            end when all is listed\n"
    "      --check           say what can be read, and end\n" OPTS_COMMON_HELP;

enum {
	OPT_KUBECONFIG = OPTS_LONG,
	OPT_CONTEXT,
	OPT_RESOURCE,
	OPT_PROFILE,
	OPT_DEPTH,
	OPT_MANAGED_FIELDS,
	OPT_ONCE,
	OPT_CHECK
};

static const struct option options[] = {{"kubeconfig", required_argument, NULL,
					    OPT_KUBECONFIG},
    {"context", required_argument, NULL, OPT_CONTEXT},
    {"namespace", required_argument, NULL, 'n'},
    {"resource", required_argument, NULL, OPT_RESOURCE},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"selector", required_argument, NULL, 'l'},
    {"depth", required_argument, NULL, OPT_DEPTH},
    {"managed-fields", no_argument, NULL, OPT_MANAGED_FIELDS},
    {"once", no_argument, NULL, OPT_ONCE},
    {"check", no_argument, NULL, OPT_CHECK}, OPTS_COMMON};

static void
set_profile(struct settings *s, const char *name)
{
	if (!catalog_has_profile(name))
		opts_wrong("--profile is default or meshsync-1, not '%s'",
		    name);
	s->profile = name;
}

static void
set_depth(struct settings *s, const char *name)
{
	s->is_metadata = strcmp(name, "metadata") == 0;
	if (!s->is_metadata && strcmp(name, "full") != 0)
		opts_wrong("--depth is full or metadata, not '%s'", name);
}

static void
parse_options(int argc, char **argv, struct settings *s)
{
	int c;

	while ((c = getopt_long(argc, argv, ":n:l:" OPTS_SHORT, options,
		    NULL)) != -1)
		switch (c) {
		case OPT_KUBECONFIG:
			s->kubeconfig = optarg;
			break;
		case OPT_CONTEXT:
			s->context = optarg;
			break;
		case OPT_RESOURCE:
			opts_append(&s->resources, optarg);
			break;
		case OPT_PROFILE:
			set_profile(s, optarg);
			break;
		case OPT_DEPTH:
			set_depth(s, optarg);
			break;
		case OPT_MANAGED_FIELDS:
			s->keep_managed_fields = true;
			break;
		case OPT_ONCE:
			s->is_once = true;
			break;
		case OPT_CHECK:
			s->is_check = true;
			break;
		case 'n':
			opts_append(&s->namespaces, optarg);
			break;
		case 'l':
			s->selector = optarg;
			break;
		default:
			opts_common(c, argv, help);
		}
	if (optind < argc)
		opts_wrong("'%s' is too much: ms-watch takes options only",
		    argv[optind]);
	if (s->profile && s->resources.n)
		opts_wrong("--profile and --resource exclude each other");
}

int
main(int argc, char **argv)
{
	struct settings settings = {0};
	struct kubeconfig config;
	char err[CONFIG_ERROR];
	int code;

	opts_start("ms-watch");
	parse_options(argc, argv, &settings);
	if (kubeconfig_load(&config, settings.kubeconfig, settings.context,
		err) < 0)
		diag_die(EXIT_PERMANENT, "%s", err);
	code = settings.is_check ? check_run(&settings, &config) :
				   session_run(&settings, &config);
	kubeconfig_free(&config);
	opts_list_free(&settings.namespaces);
	opts_list_free(&settings.resources);
	return code;
}
