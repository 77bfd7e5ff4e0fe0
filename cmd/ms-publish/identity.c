#include "identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define FILE_MAX (64u << 10) /* credentials files have about 1 KB */
#define NKEY 56 /* characters of a public key, or a seed less two */

/* The file as text, the caller's to wipe; NULL, and why. */
static char *
read_file(const char *path, char why[SINK_WHY])
{
	char *text = NULL;
	FILE *f = fopen(path, "r");
	size_t n;

	if (f) {
		text = diag_alloc(NULL, FILE_MAX);
		n = fread(text, 1, FILE_MAX - 1, f);
		text[n] = '\0';
	}
	if (!f || ferror(f)) {
		snprintf(why, SINK_WHY, "unable to read %s: %s", path,
		    strerror(errno));
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text;
}

static void
wipe(char *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

static bool
is_set(natsStatus s, const char *path, char why[SINK_WHY])
{
	if (s != NATS_OK)
		snprintf(why, SINK_WHY, "%s is of no use: %s", path,
		    natsStatus_GetText(s));
	return s == NATS_OK;
}

/* One line: TOKEN, or USER:PASSWORD. */
static bool
set_auth(natsOptions *o, const char *path, char why[SINK_WHY])
{
	char *text = read_file(path, why), *colon;
	bool ok;

	if (!text)
		return false;
	text[strcspn(text, "\r\n")] = '\0';
	if (!*text) {
		snprintf(why, SINK_WHY,
		    "%s is empty; it holds a token, or USER:PASSWORD", path);
		free(text);
		return false;
	}
	colon = strchr(text, ':');
	if (colon)
		*colon = '\0';
	ok = is_set(colon ? natsOptions_SetUserInfo(o, text, colon + 1) :
			    natsOptions_SetToken(o, text),
	    path, why);
	if (colon)
		*colon = ':';
	wipe(text);
	return ok;
}

/* The line of a user's public key: 56 characters, the first of them a U. */
static bool
find_nkey(const char *text, char key[NKEY + 1])
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\r\n");

		if (n == NKEY && *p == 'U') {
			memcpy(key, p, NKEY);
			key[NKEY] = '\0';
			return true;
		}
		p += n + strspn(p + n, "\r\n");
	}
	return false;
}

/* A JWT and a seed as nsc writes them, or a public key and its seed, each on a
 * line of its own. */
static bool
set_creds(natsOptions *o, const char *path, char why[SINK_WHY])
{
	char *text = read_file(path, why), key[NKEY + 1];
	bool is_jwt, is_nkey;

	if (!text)
		return false;
	is_jwt = strstr(text, "BEGIN NATS USER JWT") != NULL;
	is_nkey = !is_jwt && find_nkey(text, key);
	wipe(text);
	if (is_jwt)
		return is_set(natsOptions_SetUserCredentialsFromFiles(o, path,
				  NULL),
		    path, why);
	if (is_nkey)
		return is_set(natsOptions_SetNKeyFromSeed(o, key, path), path,
		    why);
	snprintf(why, SINK_WHY,
	    "%s holds no user JWT, and no public key (U…) with its seed", path);
	return false;
}

bool
identity_set(natsOptions *o, const struct broker_settings *set,
    char why[SINK_WHY])
{
	const struct url *u = &set->url;

	if (set->creds)
		return set_creds(o, set->creds, why);
	if (set->auth)
		return set_auth(o, set->auth, why);
	if (*u->token)
		return is_set(natsOptions_SetToken(o, u->token),
		    "the token in the URL", why);
	if (*u->user)
		return is_set(natsOptions_SetUserInfo(o, u->user, u->password),
		    "the user in the URL", why);
	return true;
}
