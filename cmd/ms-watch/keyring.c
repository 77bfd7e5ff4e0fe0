#include "keyring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "pem.h"
#include "text.h"

#define LOOK 60000 /* ms between looks */
#define SETTLE 1000 /* ms that new content has to stay */

struct keyring *
keyring_hold(struct keyring *ring)
{
	ring->users++;
	return ring;
}

void
keyring_drop(struct keyring *ring)
{
	if (!ring || --ring->users > 0)
		return;
	free(ring->ca);
	free(ring->certificate);
	free(ring->key);
	free(ring);
}

static bool
is_same_pair(const struct keyring *a, const struct keyring *b)
{
	return text_is_equal(a->certificate, b->certificate) &&
	    text_is_equal(a->key, b->key);
}

static bool
is_same_ring(const struct keyring *a, const struct keyring *b)
{
	return is_same_pair(a, b) && text_is_equal(a->ca, b->ca);
}

static int
read_pem(const struct pem_source *source, const char *label, char **out,
    char err[CONFIG_ERROR])
{
	const char *wrong;

	*out = text_copy(source->data);
	if (*out || !source->path)
		return 0;
	*out = config_read_file(source->path, NULL);
	wrong = *out ? pem_wrong(*out, label) : strerror(errno);
	if (!wrong)
		return 0;
	snprintf(err, CONFIG_ERROR, "%s: %s cannot be used: %s", source->field,
	    source->path, wrong);
	return -1;
}

static struct keyring *
read_ring(const struct kubeconfig *k, char err[CONFIG_ERROR])
{
	struct keyring *ring = diag_alloc(NULL, sizeof(*ring));

	*ring = (struct keyring){.users = 1};
	if (read_pem(&k->ca, PEM_CERTIFICATE, &ring->ca, err) == 0 &&
	    read_pem(&k->certificate, PEM_CERTIFICATE, &ring->certificate,
		err) == 0 &&
	    read_pem(&k->key, PEM_KEY, &ring->key, err) == 0)
		return ring;
	keyring_drop(ring);
	return NULL;
}

static bool
has_files(const struct kubeconfig *k)
{
	return k->ca.path || k->certificate.path || k->key.path;
}

int
keyfiles_open(struct keyfiles *f, const struct kubeconfig *config, int64_t now,
    char err[CONFIG_ERROR])
{
	*f = (struct keyfiles){.config = config, .looked_at = now};
	f->look_at = has_files(config) ? now + LOOK : INT64_MAX;
	f->ring = read_ring(config, err);
	return f->ring ? 0 : -1;
}

void
keyfiles_free(struct keyfiles *f)
{
	keyring_drop(f->ring);
	keyring_drop(f->next);
	f->ring = f->next = NULL;
}

int64_t
keyfiles_due(const struct keyfiles *f)
{
	return f->look_at;
}

/* Takes ring. */
static void
use(struct keyfiles *f, struct keyring *ring)
{
	bool is_new = !is_same_pair(ring, f->ring);

	ring->pair = f->ring->pair + is_new;
	diag_info("%s is read anew%s", f->config->source,
	    is_new ? ": the client certificate has changed" :
		     ": the certificate-authority has changed");
	keyring_drop(f->ring);
	f->ring = ring;
}

static void
set_next(struct keyfiles *f, struct keyring *ring)
{
	keyring_drop(f->next);
	f->next = ring;
}

/* A plugin's certificate is none of the files' business. */
static void
keep_pair(const struct keyfiles *f, struct keyring *ring)
{
	if (!f->config->plugin.command)
		return;
	ring->certificate = text_copy(f->ring->certificate);
	ring->key = text_copy(f->ring->key);
}

static void
compare(struct keyfiles *f, struct keyring *ring, bool is_urgent)
{
	keep_pair(f, ring);
	if (is_same_ring(ring, f->ring)) {
		keyring_drop(ring);
		set_next(f, NULL);
	} else if (is_urgent || (f->next && is_same_ring(ring, f->next))) {
		use(f, ring);
		set_next(f, NULL);
	} else {
		set_next(f, ring);
	}
}

void
keyfiles_look(struct keyfiles *f, int64_t now, bool is_urgent)
{
	char err[CONFIG_ERROR];
	struct keyring *ring;

	if (f->look_at == INT64_MAX || (!is_urgent && now < f->look_at) ||
	    (is_urgent && now - f->looked_at < SETTLE))
		return;
	f->looked_at = now;
	ring = read_ring(f->config, err);
	if (ring)
		compare(f, ring, is_urgent);
	else if (!f->has_warned)
		diag_warn("%s: what was read before is still used", err);
	f->has_warned = !ring;
	f->look_at = now + (f->next || !ring ? SETTLE : LOOK);
}

void
keyfiles_set_pair(struct keyfiles *f, const char *certificate, const char *key)
{
	struct keyring *ring = diag_alloc(NULL, sizeof(*ring));

	*ring = (struct keyring){.users = 1,
	    .ca = text_copy(f->ring->ca),
	    .certificate = text_copy(certificate),
	    .key = text_copy(key)};
	if (is_same_ring(ring, f->ring))
		keyring_drop(ring);
	else
		use(f, ring);
}
