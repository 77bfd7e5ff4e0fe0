#include "execcredential.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diag.h"
#include "pem.h"

void
execcredential_free(struct execcredential *e)
{
	free(e->token);
	free(e->certificate);
	free(e->key);
	*e = (struct execcredential){0};
}

/* ---- time ---- */

static bool
digits(const char **p, int n, int most, int *out)
{
	*out = 0;
	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return *out <= most;
}

/* Z or +01:00, as seconds. */
static bool
parse_zone(const char *p, int *offset)
{
	int sign = *p == '-' ? -1 : 1, hours, minutes;

	*offset = 0;
	if ((*p == 'Z' || *p == 'z') && !p[1])
		return true;
	if (*p != '+' && *p != '-')
		return false;
	p++;
	if (!digits(&p, 2, 23, &hours) || *p++ != ':' ||
	    !digits(&p, 2, 59, &minutes))
		return false;
	*offset = sign * (hours * 60 + minutes) * 60;
	return !*p;
}

/* RFC 3339; parts of a second are dropped. */
static bool
parse_time(const char *p, int64_t *out)
{
	struct tm t = {0};
	int offset;

	if (!digits(&p, 4, 9999, &t.tm_year) || *p++ != '-' ||
	    !digits(&p, 2, 12, &t.tm_mon) || *p++ != '-' ||
	    !digits(&p, 2, 31, &t.tm_mday) || !*p || !strchr("Tt ", *p++) ||
	    !digits(&p, 2, 23, &t.tm_hour) || *p++ != ':' ||
	    !digits(&p, 2, 59, &t.tm_min) || *p++ != ':' ||
	    !digits(&p, 2, 60, &t.tm_sec) || !t.tm_mon || !t.tm_mday)
		return false;
	if (*p == '.')
		p += 1 + strspn(p + 1, "0123456789");
	if (!parse_zone(p, &offset))
		return false;
	t.tm_year -= 1900;
	t.tm_mon--;
	*out = (int64_t)timegm(&t) - offset;
	return true;
}

/* ---- the document ---- */

/* A text that may become a header: visible, and one line. */
static int
get_token(struct execcredential *e, struct config *c, config_node *status,
    char err[CONFIG_ERROR])
{
	config_node *node = config_get(c, status, "token");
	const char *text = config_text(node);

	if (!text || !*text)
		return 0;
	for (size_t i = 0; i < node->data.scalar.length; i++)
		if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f)
			return config_fail(err,
			    "status.token holds spaces, line breaks or "
			    "control characters");
	e->token = diag_strndup(text, strlen(text));
	return 0;
}

static int
get_pem(char **out, struct config *c, config_node *status, const char *key,
    const char *label, char err[CONFIG_ERROR])
{
	const char *text = config_get_text(c, status, key), *wrong;

	if (!text || !*text)
		return 0;
	wrong = pem_wrong(text, label);
	if (wrong)
		return config_fail(err, "status.%s cannot be used: %s", key,
		    wrong);
	*out = diag_strndup(text, strlen(text));
	return 0;
}

static int
read_status(struct execcredential *e, struct config *c, config_node *status,
    char err[CONFIG_ERROR])
{
	const char *expiry = config_get_text(c, status, "expirationTimestamp");

	if (get_token(e, c, status, err) < 0 ||
	    get_pem(&e->certificate, c, status, "clientCertificateData",
		PEM_CERTIFICATE, err) < 0 ||
	    get_pem(&e->key, c, status, "clientKeyData", PEM_KEY, err) < 0)
		return -1;
	if (!e->certificate != !e->key)
		return config_fail(err,
		    "status has clientCertificateData without clientKeyData, "
		    "or the other way round");
	if (!e->token && !e->certificate)
		return config_fail(err,
		    "status has neither token nor "
		    "clientCertificateData");
	if (expiry && !parse_time(expiry, &e->expires))
		return config_fail(err,
		    "status.expirationTimestamp is no time as in RFC 3339");
	return 0;
}

static int
read_document(struct execcredential *e, struct config *c, const char *want,
    char err[CONFIG_ERROR])
{
	config_node *root = config_root(c);
	config_node *status = config_get(c, root, "status");
	const char *kind = config_get_text(c, root, "kind");
	const char *version = config_get_text(c, root, "apiVersion");

	if (!kind || strcmp(kind, "ExecCredential") != 0)
		return config_fail(err, "it is no ExecCredential");
	if (!version || strcmp(version, want) != 0)
		return config_fail(err,
		    "its apiVersion is not %s, which the kubeconfig asks for",
		    want);
	if (!config_is_map(status))
		return config_fail(err, "it has no status");
	return read_status(e, c, status, err);
}

int
execcredential_parse(struct execcredential *e, const char *text, size_t n,
    const char *want, char err[CONFIG_ERROR])
{
	struct config c;
	int r;

	*e = (struct execcredential){0};
	if (config_parse(&c, "its output", text, n, err) < 0)
		return -1;
	r = read_document(e, &c, want, err);
	config_free(&c);
	if (r < 0)
		execcredential_free(e);
	return r;
}
