/* credentials - what a request carries to say who asks.
 *
 * A token and a client certificate change while we run: their files are read
 * again from time to time, a plugin is run again before what it gave expires,
 * and both happen when the server refuses what we have. Nothing here waits:
 * until a plugin has answered, new requests have to.
 */
#ifndef MS_CREDENTIALS_H
#define MS_CREDENTIALS_H

#include <stdint.h>

#include "keyring.h"
#include "process.h"

struct credentials {
	const struct kubeconfig *config;
	struct keyfiles files; /* files.ring is for new connections */
	char *header; /* "Authorization: ..." or NULL */
	unsigned version; /* another number: another token or certificate */
	int64_t read_at; /* ms: when the token was read or made; 0: never */
	int64_t looked_at; /* ms: at the token file */
	bool has_warned;

	struct process plugin;
	bool is_usable; /* there is something from the plugin */
	bool is_refused; /* but the server does not take it */
	int64_t expires_at; /* ms; INT64_MAX: unknown */
	int64_t renew_at; /* ms: run the plugin, if it does not run */
	int64_t retry_at; /* ms: not before */
	unsigned level; /* failures in a row */
	int64_t hinted_at;
	char why[CONFIG_ERROR]; /* the plugin's last failure */

	uint64_t reads, failures, refusals; /* so far */
};

enum credentials_state {
	CREDENTIALS_READY,
	CREDENTIALS_WAIT, /* for the plugin */
	CREDENTIALS_FAILED /* .why says it; later it may be better */
};

/* Read what is in files; a plugin is started. -1: err says what to do. config
 * is borrowed. */
int credentials_init(struct credentials *c, const struct kubeconfig *config,
    int64_t now, char err[CONFIG_ERROR]);
void credentials_free(struct credentials *c);

/* Whether a request may start now, with .header and .files.ring. */
enum credentials_state credentials_take(struct credentials *c, int64_t now);

/* A request with this version, started then, was answered 401; or, distrusted,
 * one of the two sides did not take the other's certificate, ours being of this
 * ring. True: it is worth another try, as soon as credentials_take() lets it. */
bool credentials_refused(struct credentials *c, unsigned version,
    int64_t started, int64_t now);
bool credentials_distrusted(struct credentials *c, const struct keyring *ring,
    int64_t now);

/* Do what is due: at any time, but often, and when .plugin.fd (if it is not
 * -1) is readable. */
void credentials_turn(struct credentials *c, int64_t now);
int64_t credentials_due(const struct credentials *c, int64_t now);

/* none, token, tokenFile, basic, certificate or exec */
const char *credentials_source(const struct credentials *c);

#endif
