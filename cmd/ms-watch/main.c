/* ms-watch - what is in a Kubernetes cluster, as a stream of records.
 *
 * In: nothing on stdin; the API server that a kubeconfig names, or that of the
 * pod this runs in. Out: ms-record.7 lines: the configuration, each kind's
 * objects between SYNC begin and end, "ready", and then every change. Ends 0 on
 * SIGTERM or SIGINT, or with --once when all is listed. */
#include <stdlib.h>
#include <string.h>

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
    "      --profile NAME    default: what MeshSync 1.0 watches and instances\n"
    "                        of CRDs in full, the rest as metadata, no events\n"
    "                        and leases; meshsync-1: the 21 kinds of 1.0\n"
    "  -l, --selector L      only objects with these labels\n"
    "      --depth DEPTH     full, or metadata: of all that is read\n"
    "      --config FILE     what to read, and how: see ms-watch(1)\n"
    "      --custom-resource NAMESPACE/NAME\n"
    "                        the MeshSync that says so, too (meshery/\n"
    "                        meshery-meshsync), or none\n"
    "      --managed-fields  keep metadata.managedFields\n"
    "      --control FIFO    where commands come from (ms-record(7))\n"
    "      --status SECONDS  write a STATUS record so often\n"
    "      --once            end when all is listed\n"
    "      --check           say what can be read, and end\n" OPTS_COMMON_HELP;

enum {
	OPT_KUBECONFIG = OPTS_LONG,
	OPT_CONTEXT,
	OPT_CONFIG,
	OPT_CUSTOM,
	OPT_CONTROL,
	OPT_RESOURCE,
	OPT_PROFILE,
	OPT_DEPTH,
	OPT_MANAGED_FIELDS,
	OPT_STATUS,
	OPT_ONCE,
	OPT_CHECK
};

static const struct option options[] = {{"kubeconfig", required_argument, NULL,
					    OPT_KUBECONFIG},
    {"context", required_argument, NULL, OPT_CONTEXT},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"custom-resource", required_argument, NULL, OPT_CUSTOM},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"namespace", required_argument, NULL, 'n'},
    {"resource", required_argument, NULL, OPT_RESOURCE},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"selector", required_argument, NULL, 'l'},
    {"depth", required_argument, NULL, OPT_DEPTH},
    {"managed-fields", no_argument, NULL, OPT_MANAGED_FIELDS},
    {"status", required_argument, NULL, OPT_STATUS},
    {"once", no_argument, NULL, OPT_ONCE},
    {"check", no_argument, NULL, OPT_CHECK}, OPTS_COMMON};

static void
set_profile(struct document *flags, char *name)
{
	if (!document_is_profile(name))
		opts_wrong("--profile is default or meshsync-1, not '%s'",
		    name);
	free(flags->profile);
	flags->profile = text_copy(name);
}

static void
set_depth(struct document *flags, const char *name)
{
	flags->depth = depth_of(name);
	if (flags->depth != DEPTH_FULL && flags->depth != DEPTH_METADATA)
		opts_wrong("--depth is full or metadata, not '%s'", name);
}

static void
set_custom(struct settings *s, const char *name)
{
	const char *slash = strchr(name, '/');

	if (strcmp(name, "none") != 0 && (!slash || slash == name || !slash[1]))
		opts_wrong("--custom-resource is NAMESPACE/NAME or none, not "
			   "'%s'",
		    name);
	s->custom = name;
}

static void
add_resources(struct document *flags, const char *names)
{
	struct opts_list list = {0};

	opts_append(&list, names);
	for (size_t i = 0; i < list.n; i++)
		document_list(flags, LIST_ONLY, list.item[i], EVENTS_ALL);
	opts_list_free(&list);
}

static void
load_file(struct document *file, const char *path)
{
	char err[CONFIG_ERROR];

	if (document_load(file, path, err) < 0)
		diag_die(EXIT_PERMANENT, "%s", err);
	free(file->source);
	file->source = text_copy(path);
}

static void
parse_options(int argc, char **argv, struct settings *s)
{
	struct document *flags = &s->policy.source[SOURCE_FLAGS];
	int c;

	flags->source = text_copy("flags");
	while ((c = getopt_long(argc, argv, ":n:l:" OPTS_SHORT, options,
		    NULL)) != -1)
		switch (c) {
		case OPT_KUBECONFIG:
			s->kubeconfig = optarg;
			break;
		case OPT_CONTEXT:
			s->context = optarg;
			break;
		case OPT_CONFIG:
			load_file(&s->policy.source[SOURCE_FILE], optarg);
			break;
		case OPT_CUSTOM:
			set_custom(s, optarg);
			break;
		case OPT_CONTROL:
			s->control = optarg;
			break;
		case OPT_RESOURCE:
			add_resources(flags, optarg);
			break;
		case OPT_PROFILE:
			set_profile(flags, optarg);
			break;
		case OPT_DEPTH:
			set_depth(flags, optarg);
			break;
		case OPT_MANAGED_FIELDS:
			s->keep_managed_fields = true;
			break;
		case OPT_STATUS:
			s->status =
			    (unsigned)opts_uint("--status", optarg, 1, 86400);
			break;
		case OPT_ONCE:
			s->is_once = true;
			break;
		case OPT_CHECK:
			s->is_check = true;
			break;
		case 'n':
			flags->has_namespaces = true;
			opts_append(&flags->namespaces, optarg);
			break;
		case 'l':
			free(flags->labels);
			flags->labels = text_copy(optarg);
			break;
		default:
			opts_common(c, argv, help);
		}
	if (optind < argc)
		opts_wrong("'%s' is too much: ms-watch takes options only",
		    argv[optind]);
	if (flags->profile && flags->n_listed)
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
	policy_free(&settings.policy);
	return code;
}
