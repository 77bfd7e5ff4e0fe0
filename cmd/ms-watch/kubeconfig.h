/* kubeconfig - which server to ask, and as whom.
 *
 * Found as kubectl finds it: --kubeconfig, then the files of $KUBECONFIG, then
 * ~/.kube/config, then the service account of the pod that this runs in. Of
 * several files the first that defines a name counts for it as a whole.
 */
#ifndef MS_KUBECONFIG_H
#define MS_KUBECONFIG_H

#include <stdbool.h>

#include "config.h"

/* Everything is text, the struct's own; NULL is absent. PEM as it is. */
struct kubeconfig {
	char *source; /* the file, for messages */
	char *context; /* empty in a pod */
	char *server; /* URL without a trailing slash */
	char *tls_server_name, *proxy;
	char *ca, *certificate, *key;
	char *token, *token_file;
	char *user, *password;
	bool is_insecure;
};

/* path and context NULL: as described above, and the current context.
 * -1: err says which file, which field, and what to do. */
int kubeconfig_load(struct kubeconfig *k, const char *path, const char *context,
    char err[CONFIG_ERROR]);
void kubeconfig_free(struct kubeconfig *k);

#endif
