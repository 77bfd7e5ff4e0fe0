/* plugin - what a kubeconfig says about a program that gives credentials.
 *
 * The stanza users[].user.exec (client.authentication.k8s.io/v1 and v1beta1).
 */
#ifndef MS_PLUGIN_H
#define MS_PLUGIN_H

#include "json.h"
#include "stanza.h"

struct plugin {
	char *name; /* for messages: user 'me' of FILE: exec aws */
	char *api_version;
	char *command; /* a path, or a name to find in PATH */
	struct opts_list args;
	struct opts_list env; /* NAME=VALUE */
	char *hint; /* what to do when it is not there, or NULL */
	bool wants_cluster;
	/* spec.cluster but for the CA, JSON without its closing brace. */
	struct json cluster;
};

/* Read the stanza of a user, whose cluster is that one. -1: s->err. */
int plugin_read(struct plugin *p, const struct stanza *user,
    const struct stanza *cluster);
void plugin_free(struct plugin *p);

/* The value of KUBERNETES_EXEC_INFO, terminated, the caller's to release. ca:
 * PEM or NULL. */
void plugin_info(const struct plugin *p, const char *ca, struct json *out);

#endif
