/* ms-fingerprint - say what infrastructure objects are part of.
 *
 * In: records on stdin (ms-record.7). Out: the same records, with ms.prints on
 * those that are part of a known product, and Infrastructure objects for what
 * they add up to. Ends 0 at the end of the input. What products look like is
 * told by signatures (ms-signatures.5), which are built in.
 */
#include <stdlib.h>

#include "check.h"
#include "diag.h"
#include "example.h"
#include "explain.h"
#include "filter.h"
#include "opts.h"
#include "sandbox.h"

#define HELP \
	"usage: ms-fingerprint [--no-built-in] [--signatures PATH]... [--probe]\n" \
	"           [--check FILE | --test FILE | --explain KIND/NS/NAME]\n" \
	"Say which products Kubernetes objects are part of, in which version,\n" \
	"and why. Reads records on stdin, writes them on stdout.\n\n" \
	"      --signatures PATH  read this file or folder of signatures too;\n" \
	"                        a product that is known already is replaced\n" \
	"      --no-built-in     know only what --signatures and records tell\n" \
	"      --probe           ask running instances for versions that their\n" \
	"                        images do not tell (needs ms-watch --control)\n" \
	"      --check FILE      only say whether FILE (or folder) is valid\n" \
	"      --test FILE       run the examples that its signatures carry;\n" \
	"                        'built-in' runs those of this program\n" \
	"      --explain KIND/NS/NAME\n" \
	"                        read a whole stream, then tell a person why this\n" \
	"                        object was identified, or was not\n" OPTS_COMMON_HELP

static const struct option options[] = {{"signatures", required_argument, NULL,
					    's'},
    {"no-built-in", no_argument, NULL, 'b'}, {"probe", no_argument, NULL, 'p'},
    {"check", required_argument, NULL, 'c'},
    {"test", required_argument, NULL, 't'},
    {"explain", required_argument, NULL, 'e'}, OPTS_COMMON};

static struct opts_list paths;
static bool bare, probes;
static const char *check_path, *test_path, *explain_name;

static void
parse_options(int argc, char **argv)
{
	int c;

	while (
	    (c = getopt_long(argc, argv, ":" OPTS_SHORT, options, NULL)) != -1)
		switch (c) {
		case 'b':
			bare = true;
			break;
		case 'p':
			probes = true;
			break;
		case 's':
			opts_append(&paths, optarg);
			break;
		case 'c':
			check_path = optarg;
			break;
		case 't':
			test_path = optarg;
			break;
		case 'e':
			explain_name = optarg;
			break;
		default:
			opts_common(c, argv, HELP);
		}
	if (optind < argc)
		opts_wrong("unexpected argument %s", argv[optind]);
	if (!!check_path + !!test_path + !!explain_name > 1)
		opts_wrong("--check, --test and --explain exclude each other");
}

static void
load(struct library *l, const char *path)
{
	char err[CONFIG_ERROR];

	if (library_load(l, path, err) < 0)
		diag_die(EXIT_PERMANENT, "%s", err);
}

static struct knowledge *
read_all(struct library *l)
{
	char err[CONFIG_ERROR];
	struct knowledge *k;

	for (size_t i = 0; i < paths.n; i++)
		load(l, paths.item[i]);
	if (check_path)
		load(l, check_path);
	if (test_path && strcmp(test_path, "built-in") != 0)
		load(l, test_path);
	if (!(k = library_build(l, err)))
		diag_die(EXIT_PERMANENT, "%s", err);
	return k;
}

static int
stream(struct library *l, struct knowledge *k)
{
	struct filter f;

	sandbox_enter();
	filter_init(&f, l, k, 0, 1);
	if (probes)
		filter_probe(&f);
	filter_run(&f);
	filter_release(&f);
	return 0;
}

int
main(int argc, char **argv)
{
	struct library l = {.bare = false};
	struct knowledge *k;
	int status;

	opts_start("ms-fingerprint");
	parse_options(argc, argv);
	l.bare = bare;
	k = read_all(&l);
	if (check_path || test_path) {
		status = check_path ? check(&k->catalog, check_path) :
				      example_test(&k->catalog, test_path);
		knowledge_free(k);
	} else {
		status = explain_name ? explain(&l, k, explain_name, probes) :
					stream(&l, k);
	}
	library_free(&l);
	opts_list_free(&paths);
	return status;
}
