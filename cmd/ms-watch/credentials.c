#include "credentials.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base64.h"
#include "diag.h"
#include "execcredential.h"

#define REREAD 50000 /* ms: tokens are renewed at 80 % of their life */
#define PLUGIN_LIMIT 60000 /* ms that a plugin may take */
#define EARLY 60000 /* ms before its end that a credential is renewed ... */
#define EARLY_PART 10 /* ... or this part of its life */
#define PAUSE 1000 /* ms between runs that are of no use, doubled up to ... */
#define PAUSE_CAP 60000
#define YOUNG 60000 /* ms: a credential refused before that was none */
#define HINT_EVERY 360000 /* ms */

static void
set_header(struct credentials *c, const char *start, const char *value,
    size_t n)
{
	size_t size = strlen(start) + n + 1;

	free(c->header);
	c->header = diag_alloc(NULL, size);
	snprintf(c->header, size, "%s%.*s", start, (int)n, value);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- the token file ---- */

/* A token from here on. */
static void
set_token(struct credentials *c, const char *token, size_t n, int64_t now)
{
	static const char start[] = "Authorization: Bearer ";
	const size_t skip = sizeof(start) - 1;

	c->read_at = now;
	if (c->header && strlen(c->header) == skip + n &&
	    memcmp(c->header + skip, token, n) == 0)
		return;
	c->version++;
	set_header(c, start, token, n);
}

static bool
is_visible(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

/* Opened by its path each time, as kubelet swaps a symbolic link.
 * NULL: it is usable now. */
static const char *
read_token(struct credentials *c, int64_t now)
{
	static const char space[] = " \t\r\n";
	size_t size, n;
	char *text = config_read_file(c->config->token_file, &size);
	const char *wrong = NULL, *token;

	c->looked_at = now;
	c->reads++;
	if (!text)
		return strerror(errno);
	token = text + strspn(text, space);
	n = size - (size_t)(token - text);
	while (n > 0 && token[n - 1] && strchr(space, token[n - 1]))
		n--;
	if (n == 0)
		wrong = "it is empty";
	else if (!is_visible(token, n))
		wrong = "it holds more than one word";
	else
		set_token(c, token, n, now);
	free(text);
	return wrong;
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
	c->failures += wrong != NULL;
}

static int
open_token(struct credentials *c, int64_t now, char err[CONFIG_ERROR])
{
	const char *wrong = read_token(c, now);

	c->has_warned = wrong != NULL;
	c->failures += wrong != NULL;
	if (wrong && c->header)
		diag_warn("%s: the token file %s cannot be used: %s: the token "
			  "beside it is used",
		    c->config->source, c->config->token_file, wrong);
	if (!wrong || c->header)
		return 0;
	snprintf(err, CONFIG_ERROR,
	    "%s: the token file %s cannot be used: "
	    "%s: put a token there, or correct tokenFile",
	    c->config->source, c->config->token_file, wrong);
	return -1;
}

/* ---- the plugin ---- */

static void plugin_failed(struct credentials *c, int64_t now, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

static void
pause_plugin(struct credentials *c, int64_t now)
{
	int64_t pause = PAUSE;

	for (unsigned i = 0; i < c->level && pause < PAUSE_CAP; i++)
		pause *= 2;
	c->level++;
	c->retry_at = now + earlier(pause, PAUSE_CAP);
}

/* What we have is used as long as it lasts, or the server takes it. */
static void
plugin_failed(struct credentials *c, int64_t now, const char *fmt, ...)
{
	char text[CONFIG_ERROR];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(c->why, sizeof(c->why), "%.250s %.250s",
	    c->config->plugin.name, text);
	c->failures++;
	if (c->is_usable && !c->is_refused)
		diag_warn("%s; what it gave before is used until it expires",
		    c->why);
	pause_plugin(c, now);
}

static void
tell_hint(struct credentials *c, int64_t now)
{
	const char *hint = c->config->plugin.hint;

	if (!hint || (c->hinted_at && now - c->hinted_at < HINT_EVERY))
		return;
	c->hinted_at = now;
	diag_warn("%s", hint);
}

static void
start_plugin(struct credentials *c, int64_t now)
{
	const struct plugin *p = &c->config->plugin;
	struct json info = {0};
	struct opts_list env = {0};
	int code;

	for (size_t i = 0; i < p->env.n; i++)
		list_append(&env, p->env.item[i]);
	json_puts(&info, "KUBERNETES_EXEC_INFO=");
	plugin_info(p, c->files.ring->ca, &info);
	list_append(&env, info.p);
	json_release(&info);
	c->reads++;
	code = process_start(&c->plugin, p->command, &p->args, &env,
	    now + PLUGIN_LIMIT);
	opts_list_free(&env);
	if (code != 0) {
		plugin_failed(c, now, "cannot be run: %s", strerror(code));
		tell_hint(c, now);
	}
}

/* When it is to be renewed: a minute before its end, or a tenth of its life. */
static void
set_expiry(struct credentials *c, int64_t expires, int64_t now)
{
	int64_t left;

	c->expires_at = c->renew_at = INT64_MAX;
	if (!expires)
		return;
	left = (expires - (int64_t)time(NULL)) * 1000;
	if (left <= 0) {
		/* clocks differ: it is good until the server says otherwise */
		diag_warn("%s gave something that has expired already: is the "
			  "clock right?",
		    c->config->plugin.name);
		return;
	}
	c->expires_at = now + left;
	c->renew_at = c->expires_at - earlier(EARLY, left / EARLY_PART);
}

static void
use_plugin(struct credentials *c, const struct execcredential *e, int64_t now)
{
	unsigned pair = c->files.ring->pair;

	if (e->token)
		set_token(c, e->token, strlen(e->token), now);
	else {
		free(c->header);
		c->header = NULL;
	}
	keyfiles_set_pair(&c->files, e->certificate, e->key);
	c->version += c->files.ring->pair != pair;
	c->read_at = now;
	c->is_usable = true;
	if (!c->is_refused)
		c->level = 0;
	c->is_refused = false;
	set_expiry(c, e->expires, now);
}

static void
take_output(struct credentials *c, int64_t now)
{
	const struct process *p = &c->plugin;
	struct execcredential e;
	char err[CONFIG_ERROR];

	if (p->is_late)
		plugin_failed(c, now, "took longer than %d s and was killed",
		    PLUGIN_LIMIT / 1000);
	else if (p->is_long)
		plugin_failed(c, now, "printed more than %u MiB",
		    PROCESS_OUTPUT >> 20);
	else if (WIFSIGNALED(p->status))
		plugin_failed(c, now, "was killed by signal %d",
		    WTERMSIG(p->status));
	else if (WEXITSTATUS(p->status) != 0)
		plugin_failed(c, now, "failed with exit status %d",
		    WEXITSTATUS(p->status));
	else if (execcredential_parse(&e, p->out.p ? p->out.p : "", p->out.len,
		     c->config->plugin.api_version, err) < 0)
		plugin_failed(c, now, "printed no credential: %s", err);
	else {
		use_plugin(c, &e, now);
		execcredential_free(&e);
	}
}

static bool
has_plugin(const struct credentials *c)
{
	return c->config->plugin.command != NULL;
}

static void
turn_plugin(struct credentials *c, int64_t now)
{
	if (process_turn(&c->plugin, now)) {
		take_output(c, now);
		/* of what it printed no copy stays behind */
		if (c->plugin.out.len)
			explicit_bzero(c->plugin.out.p, c->plugin.out.len);
		process_end(&c->plugin);
	}
	if (!c->plugin.pid && now >= c->renew_at && now >= c->retry_at)
		start_plugin(c, now);
}

static enum credentials_state
take_from_plugin(struct credentials *c, int64_t now)
{
	if (c->is_usable && !c->is_refused && now < c->expires_at)
		return CREDENTIALS_READY;
	if (!c->plugin.pid && now >= c->retry_at)
		start_plugin(c, now);
	return c->plugin.pid ? CREDENTIALS_WAIT : CREDENTIALS_FAILED;
}

/* What is refused when it is young would be refused again: the plugin is not
 * run for each request then. */
static bool
refuse_plugin(struct credentials *c, int64_t now)
{
	if (c->plugin.pid)
		return true;
	if (now - c->read_at >= YOUNG)
		c->level = 0;
	else if (c->level > 0 && now < c->retry_at)
		return false;
	c->is_refused = true;
	start_plugin(c, now);
	if (c->plugin.pid)
		pause_plugin(c, now);
	return c->plugin.pid != 0;
}

/* ---- the whole ---- */

static void
set_basic(struct credentials *c)
{
	const struct kubeconfig *k = c->config;
	char *both = text_join(k->user, ":", k->password ? k->password : "");
	char *base64 = base64_encode(both, strlen(both));

	set_header(c, "Authorization: Basic ", base64, strlen(base64));
	free(base64);
	free(both);
}

/* A program that is not there will not be there in a second, either. */
static int
find_plugin(const struct credentials *c, char err[CONFIG_ERROR])
{
	const struct plugin *p = &c->config->plugin;

	if (c->plugin.pid)
		return 0;
	snprintf(err, CONFIG_ERROR, "%.300s: install it%s%.190s", c->why,
	    p->hint ? ": " : "", p->hint ? p->hint : "");
	return -1;
}

int
credentials_init(struct credentials *c, const struct kubeconfig *config,
    int64_t now, char err[CONFIG_ERROR])
{
	*c = (struct credentials){.config = config,
	    .plugin.fd = -1,
	    .expires_at = INT64_MAX,
	    .renew_at = INT64_MAX,
	    .read_at = now};
	if (keyfiles_open(&c->files, config, now, err) < 0)
		return -1;
	if (config->token)
		set_token(c, config->token, strlen(config->token), now);
	else if (config->user)
		set_basic(c);
	if (config->token_file && open_token(c, now, err) < 0)
		return -1;
	if (!has_plugin(c))
		return 0;
	c->hinted_at = now; /* it is in err if it is needed */
	start_plugin(c, now);
	return find_plugin(c, err);
}

void
credentials_free(struct credentials *c)
{
	process_end(&c->plugin);
	keyfiles_free(&c->files);
	free(c->header);
	c->header = NULL;
}

enum credentials_state
credentials_take(struct credentials *c, int64_t now)
{
	if (has_plugin(c))
		return take_from_plugin(c, now);
	if (c->config->token_file && now - c->looked_at >= REREAD)
		reread(c, now);
	return CREDENTIALS_READY;
}

bool
credentials_refused(struct credentials *c, unsigned version, int64_t started,
    int64_t now)
{
	c->refusals++;
	if (version != c->version)
		return true;
	if (has_plugin(c))
		return refuse_plugin(c, now);
	if (c->config->token_file && c->looked_at <= started)
		reread(c, now);
	return true;
}

bool
credentials_distrusted(struct credentials *c, const struct keyring *ring,
    int64_t now)
{
	if (ring == c->files.ring)
		keyfiles_look(&c->files, now, true);
	return ring != c->files.ring;
}

void
credentials_turn(struct credentials *c, int64_t now)
{
	if (now >= keyfiles_due(&c->files))
		keyfiles_look(&c->files, now, false);
	if (has_plugin(c))
		turn_plugin(c, now);
}

int64_t
credentials_due(const struct credentials *c, int64_t now)
{
	int64_t due = keyfiles_due(&c->files);

	if (!has_plugin(c))
		return due;
	if (c->plugin.pid)
		return earlier(due, process_due(&c->plugin, now));
	return earlier(due,
	    c->renew_at > c->retry_at ? c->renew_at : c->retry_at);
}

const char *
credentials_source(const struct credentials *c)
{
	const struct kubeconfig *k = c->config;

	if (k->plugin.command)
		return "exec";
	if (k->token_file)
		return "tokenFile";
	if (k->token)
		return "token";
	if (k->user)
		return "basic";
	return k->certificate.data || k->certificate.path ? "certificate" :
							    "none";
}
