/* keyring - whom to trust, and the certificate that says who we are.
 *
 * PEM that a kubeconfig holds or names. Files are read again while we run, as
 * they are renewed; what cannot be used meanwhile changes nothing. A ring never
 * changes: another one takes its place, and requests keep theirs.
 */
#ifndef MS_KEYRING_H
#define MS_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "kubeconfig.h"

struct keyring {
	unsigned users;
	char *ca, *certificate, *key; /* PEM, or NULL */
	unsigned pair; /* another number: another certificate or key */
};

struct keyring *keyring_hold(struct keyring *ring);
void keyring_drop(struct keyring *ring);

struct keyfiles {
	const struct kubeconfig *config;
	struct keyring *ring; /* what new requests use */
	struct keyring *next; /* seen once, and not used yet */
	int64_t look_at, looked_at; /* ms */
	bool has_warned;
};

/* -1: err says which file of which field. */
int keyfiles_open(struct keyfiles *f, const struct kubeconfig *config,
    int64_t now, char err[CONFIG_ERROR]);
void keyfiles_free(struct keyfiles *f);

/* Look at the files if it is time. New content counts when it is the same at
 * two looks, a second apart: a certificate and its key are two files. With
 * is_urgent, for what we have does not work, it is time and counts at once. */
void keyfiles_look(struct keyfiles *f, int64_t now, bool is_urgent);
/* When to look; INT64_MAX: there are no files. */
int64_t keyfiles_due(const struct keyfiles *f);

/* Another certificate, from elsewhere; both or neither. */
void keyfiles_set_pair(struct keyfiles *f, const char *certificate,
    const char *key);

#endif
