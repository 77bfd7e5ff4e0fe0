/* credentials - what a request carries to say who asks.
 *
 * A token file is read again from time to time, and when the server no longer
 * takes what was read: its content is renewed while we run.
 */
#ifndef MS_CREDENTIALS_H
#define MS_CREDENTIALS_H

#include <stdint.h>

#include "kubeconfig.h"

struct credentials {
	const struct kubeconfig *config;
	char *header; /* "Authorization: ..." or NULL */
	int64_t read_at; /* ms: when the token file was read */
	bool has_warned;
};

/* Read a token file for the first time. -1: err says what to do. config is
 * borrowed. */
int credentials_init(struct credentials *c, const struct kubeconfig *config,
    int64_t now, char err[CONFIG_ERROR]);
void credentials_free(struct credentials *c);

/* The header for a request that starts now; NULL if there is none. */
const char *credentials_header(struct credentials *c, int64_t now);

/* A request that was started then was answered 401: read the token file again
 * unless that has happened since. */
void credentials_refused(struct credentials *c, int64_t started, int64_t now);

#endif
