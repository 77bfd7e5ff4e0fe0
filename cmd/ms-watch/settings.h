/* settings - what the command line asked for. */
#ifndef MS_SETTINGS_H
#define MS_SETTINGS_H

#include <stdbool.h>

#include "opts.h"

struct settings {
	const char *kubeconfig, *context; /* NULL: as kubectl finds them */
	const char *profile; /* NULL: the default */
	const char *selector; /* of labels, or NULL */
	struct opts_list namespaces, resources; /* empty: all */
	bool is_metadata; /* metadata is all that is wanted */
	bool is_once; /* end after the first sync */
	bool is_check; /* tell what is allowed, watch nothing */
	bool keep_managed_fields;
};

#endif
