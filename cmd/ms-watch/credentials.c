#include "credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define REREAD 50000 /* ms: tokens are renewed at 80 % of their life */

static void
set_header(struct credentials *c, const char *start, const char *value,
    size_t n)
{
	size_t size = strlen(start) + n + 1;

	free(c->header);
	c->header = diag_alloc(NULL, size);
	snprintf(c->header, size, "%s%.*s", start, (int)n, value);
}

/* Opened by its path each time, as kubelet swaps a symbolic link.
 * NULL: it is usable now. */
static const char *
read_token(struct credentials *c, int64_t now)
{
	static const char space[] = " \t\r\n";
	char *text = config_read_file(c->config->token_file, NULL);
	const char *wrong = NULL, *token;
	size_t n;

	c->read_at = now;
	if (!text)
		return strerror(errno);
	token = text + strspn(text, space);
	n = strlen(token);
	while (n > 0 && strchr(space, token[n - 1]))
		n--;
	if (n == 0)
		wrong = "it is empty";
	else if (strcspn(token, space) < n)
		wrong = "it holds more than one word";
	else
		set_header(c, "Authorization: Bearer ", token, n);
	free(text);
	return wrong;
}

int
credentials_init(struct credentials *c, const struct kubeconfig *config,
    int64_t now, char err[CONFIG_ERROR])
{
	const char *wrong;

	*c = (struct credentials){.config = config};
	if (config->token)
		set_header(c, "Authorization: Bearer ", config->token,
		    strlen(config->token));
	if (!config->token_file)
		return 0;
	wrong = read_token(c, now);
	if (!wrong || c->header)
		return 0;
	snprintf(err, CONFIG_ERROR,
	    "%s: the token file %s cannot be used: "
	    "%s: put a token there, or correct tokenFile",
	    config->source, config->token_file, wrong);
	return -1;
}

void
credentials_free(struct credentials *c)
{
	free(c->header);
	c->header = NULL;
}

/* The last good token stays: the file may be in the midst of a renewal. */
static void
reread(struct credentials *c, int64_t now)
{
	const char *wrong = read_token(c, now);

	if (wrong && !c->has_warned)
		diag_warn("unable to read the token file %s: %s: the last "
			  "token is still used",
		    c->config->token_file, wrong);
	c->has_warned = wrong != NULL;
}

const char *
credentials_header(struct credentials *c, int64_t now)
{
	if (c->config->token_file && now - c->read_at >= REREAD)
		reread(c, now);
	return c->header;
}

void
credentials_refused(struct credentials *c, int64_t started, int64_t now)
{
	if (c->config->token_file && c->read_at <= started)
		reread(c, now);
}
