/* kubeconfig - which server to ask, and as whom.
 *
 * Found as kubectl finds it: --kubeconfig, then the files of $KUBECONFIG, then
 * ~/.kube/config, then the service account of the pod that this runs in. Of
 * several files the first that defines a name counts for it as a whole. Files
 * that a kubeconfig names are not read here, as they change while we run.
 */
#ifndef MS_KUBECONFIG_H
#define MS_KUBECONFIG_H

#include <stdbool.h>

#include "config.h"
#include "plugin.h"
#include "stanza.h"

/* Everything is text, the struct's own; NULL is absent. */
struct kubeconfig {
	char *source; /* the file, for messages */
	char *context; /* empty in a pod */
	char *ns; /* what the context or the pod has, or default */
	char *server; /* URL without a trailing slash */
	char *tls_server_name, *proxy;
	struct pem_source ca, certificate, key;
	char *token, *token_file;
	char *user, *password;
	struct opts_list headers; /* lines, of whom to act as */
	struct plugin plugin; /* without a command: none */
	bool is_insecure; /* any certificate will do */
	bool is_uncompressed; /* ask for no gzip */
	bool is_secure; /* https: credentials may be sent */
};

/* path and context NULL: as described above, and the current context.
 * -1: err says which file, which field, and what to do. */
int kubeconfig_load(struct kubeconfig *k, const char *path, const char *context,
    char err[CONFIG_ERROR]);
/* The same from a text that is called name, as if it were --kubeconfig name. */
int kubeconfig_parse(struct kubeconfig *k, const char *name, const char *text,
    size_t n, const char *context, char err[CONFIG_ERROR]);
void kubeconfig_free(struct kubeconfig *k);

#endif
