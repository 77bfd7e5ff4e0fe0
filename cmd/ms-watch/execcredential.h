/* execcredential - what a credential plugin prints.
 *
 * An ExecCredential of client.authentication.k8s.io, as JSON or YAML.
 */
#ifndef MS_EXECCREDENTIAL_H
#define MS_EXECCREDENTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct execcredential {
	char *token; /* or NULL */
	char *certificate, *key; /* PEM; both or neither */
	int64_t expires; /* s since 1970; 0: it does not say */
};

/* want is the apiVersion that was asked for. -1: err says what is wrong, as
 * the end of a sentence and without a word of the text, which may be secret.
 * On 0 there is a token, or a certificate, or both. */
int execcredential_parse(struct execcredential *e, const char *text, size_t n,
    const char *want, char err[CONFIG_ERROR]);
void execcredential_free(struct execcredential *e);

#endif
