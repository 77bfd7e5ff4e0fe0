/* settings - what the command line asked for. */
#ifndef MS_SETTINGS_H
#define MS_SETTINGS_H

#include <stdbool.h>

#include "policy.h"

struct settings {
	const char *kubeconfig, *context; /* NULL: as kubectl finds them */
	const char *custom; /* NAMESPACE/NAME of the MeshSync, or "none" */
	const char *control; /* a FIFO with commands, or NULL */
	struct policy policy; /* flags and file, until more is known */
	unsigned status; /* s between STATUS records; 0: none */
	bool is_once; /* end after the first sync */
	bool is_check; /* tell what is allowed, watch nothing */
	bool keep_managed_fields;
};

#endif
