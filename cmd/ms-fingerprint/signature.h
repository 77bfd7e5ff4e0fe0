/* signature - what a product looks like in a cluster, read from YAML.
 *
 * ms-signatures.5 is the reference of the files. One file describes one
 * product by prints: things that can be seen on objects, each with a weight.
 * Messages name file, line and column.
 */
#ifndef MS_SIGNATURE_H
#define MS_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "intern.h"

/* What an object does for a product. Those before ROLE_EXPORTER can make the
 * product run; the order is also that in which they speak for its version. */
enum role {
	ROLE_CONTROL_PLANE,
	ROLE_SERVER,
	ROLE_CONTROLLER,
	ROLE_OPERATOR,
	ROLE_GATEWAY,
	ROLE_NODE_AGENT,
	ROLE_AGENT,
	ROLE_PROXY,
	ROLE_DATA_PLANE,
	ROLE_WEBHOOK,
	ROLE_WORKER,
	ROLE_UI,
	ROLE_ADAPTER,
	ROLE_EXPORTER,
	ROLE_SIDECAR,
	ROLE_HELPER,
	ROLE_CLIENT,
	ROLE_JOB,
	ROLE_INIT,
	ROLE_TEST,
	ROLE_API,
	ROLE_RESOURCE,
	ROLES
};

enum print_kind {
	PRINT_IMAGE,
	PRINT_LABEL,
	PRINT_CHART,
	PRINT_ANNOTATION,
	PRINT_ARG,
	PRINT_COMMAND,
	PRINT_ENV,
	PRINT_NAME,
	PRINT_PORT,
	PRINT_PART_OF,
	PRINT_CRD,
	PRINT_CLASS,
	PRINT_WORKLOAD,
	PRINT_SERVICE,
	PRINT_WEBHOOK,
	PRINT_KINDS
};

/* How far one instance of a product reaches. */
enum scope { SCOPE_WORKLOAD, SCOPE_NAMESPACE, SCOPE_CLUSTER };

struct print {
	const char *text; /* as in the file: a repository, key=value … */
	const char *component; /* NULL: none is said */
	const char *with; /* only if this is among command or args */
	const char *const *tags; /* rules of version.h, NULL at the end */
	uint32_t product;
	uint32_t line : 20, column : 12; /* for messages */
	float weight;
	uint8_t kind, role;
	bool makes; /* may alone make the product run */
	bool has_component; /* said there, not the product's default */
	bool tells; /* of a chart or flag: what is behind it is the version */
};

/* An object in short, and what has to be found in it. */
struct example {
	const char *image, *is, *version, *component, *role, *kind;
	const char *workload; /* its name */
	const char *args, *labels, *ports; /* separated by blanks; NULL: none */
	uint32_t line, column;
};

/* Where a running instance tells its version. */
struct probe {
	const char *path; /* NULL: nowhere */
	const char *port; /* number or name */
	const char *scheme; /* NULL: http */
	const char *json; /* keys with dots between them; NULL: it is text */
	const char *metric, *label; /* of the Prometheus format; or NULL */
	const char *const *tags; /* rules of version.h for what is there */
	const char *const
	    *component; /* who tells, NULL at the end; NULL: all */
};

struct product {
	const char *id, *name, *category, *file;
	const char *replaced; /* the file of an earlier one; NULL: none */
	enum scope scope;
	bool version_label; /* app.kubernetes.io/version may speak for it */
	bool version_is_label; /* and does so before any part's tag */
	const char *crd_version; /* annotation of its CRDs; NULL: none */
	const char *const *tags; /* rules of version.h, NULL at the end */
	struct print *print;
	size_t n_prints;
	struct example *example;
	size_t n_examples;
	struct probe probe;
	const char **watch; /* kinds it unlocks: plural.group */
	size_t n_watch;
	bool has_watch; /* else its CRDs are */
};

/* What is said of all products' images: lists of words. */
enum registry_list {
	LIST_PACKAGERS, /* owners that repackage others' products, called alike */
	LIST_RETAGGERS, /* those of them whose tags count their own releases */
	LIST_PREFIXES, /* what such put before a name */
	LIST_HOSTS, /* registries, as mirrors write them into a name */
	LIST_BEFORE, /* what only packagers put before a name */
	LIST_BEHIND, /* and behind it */
	LIST_BUILDS, /* patterns of tags that only a packager writes */
	LIST_OPAQUE, /* repositories of all images of a platform */
	LIST_MIRRORS, /* parts of paths below which copies are kept */
	LIST_GENERIC, /* last parts that say nothing */
	LIST_WORDS, /* that are words of everyday language */
	LIST_BASES, /* that users build images of their own from */
	LIST_NAMESAKES, /* that users may give to programs of their own */
	LIST_HELPERS, /* images that are nobody's product */
	REGISTRY_LISTS
};

/* What holds for all products: how registries name copies of images. */
struct registries {
	/* pairs: a path's part, and what it is to be read as */
	const char **alias;
	size_t n_alias;
	struct word_list {
		const char **word;
		size_t n;
	} list[REGISTRY_LISTS];
};

struct signatures {
	struct intern text; /* holds all strings */
	struct product *product;
	size_t n_products;
	struct registries registries;
	const char ***rules; /* the lists of tag rules, to be freed */
	size_t n_rules;
};

void signatures_init(struct signatures *s);
void signatures_free(struct signatures *s);

/* Read one file's text. A product that is known already is replaced.
 * 0; or -1 and err says file, line, column and what is wrong. */
int signatures_read(struct signatures *s, const char *file, const char *text,
    size_t n, char err[CONFIG_ERROR]);
/* Those that the program was built with. Dies (101) if they are wrong. */
void signatures_embedded(struct signatures *s);
/* The product of this id; NULL: there is none. */
const struct product *signatures_product(const struct signatures *s,
    struct span id);

const char *role_name(enum role role);
/* What a part of a product is called whose print does not say: the last part of
 * its repository, or the product. */
const char *print_component(const struct product *p, const struct print *print);
/* ROLES if it is none. */
enum role role_of(const char *name);
const char *print_kind_name(enum print_kind kind);

#endif
