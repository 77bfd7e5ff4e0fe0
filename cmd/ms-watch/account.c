#include "account.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diag.h"
#include "json.h"
#include "pem.h"

/* ---- the cluster ---- */

static bool
begins(const char *text, const char *start)
{
	return strncasecmp(text, start, strlen(start)) == 0;
}

/* Scheme, host and the path of a proxy in front; no query, no last slash. */
static char *
clean_url(const char *text, bool has_tls)
{
	const char *scheme = strstr(text, "://") ? "" :
	    has_tls                              ? "https://" :
						   "http://";
	char *part = diag_strndup(text, strcspn(text, "?#"));
	char *url = text_join(scheme, part, "");

	while (*url && url[strlen(url) - 1] == '/')
		url[strlen(url) - 1] = '\0';
	free(part);
	return url;
}

/* What libcurl thinks of a URL; NULL: good. No text of it is repeated, as it
 * may hold a password. */
static const char *
url_wrong(const char *url, bool may_have_user)
{
	CURLU *u = curl_url();
	char *user = NULL;
	const char *wrong = NULL;
	CURLUcode code;

	if (!u)
		diag_nomem();
	code = curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
	if (code != CURLUE_OK)
		wrong = curl_url_strerror(code);
	else if (!may_have_user &&
	    curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
		wrong = "a username belongs into the user, not into a URL";
	curl_free(user);
	curl_url_cleanup(u);
	return wrong;
}

static int
set_server(struct kubeconfig *k, const struct stanza *s, const char *server)
{
	const char *wrong;

	k->server = clean_url(server,
	    k->ca.data || k->ca.path || k->is_insecure || k->tls_server_name);
	k->is_secure = begins(k->server, "https://");
	if (!k->is_secure && !begins(k->server, "http://"))
		return stanza_wrong(s, "server",
		    "must begin with https:// or http://");
	wrong = url_wrong(k->server, false);
	if (wrong)
		return stanza_wrong(s, "server", "is no URL: %s", wrong);
	return 0;
}

static int
check_proxy(const struct kubeconfig *k, const struct stanza *s)
{
	const char *wrong;

	if (!k->proxy)
		return 0;
	if (!begins(k->proxy, "http://") && !begins(k->proxy, "https://") &&
	    !begins(k->proxy, "socks5://"))
		return stanza_wrong(s, "proxy-url",
		    "must begin with http://, https:// or socks5://");
	wrong = url_wrong(k->proxy, true);
	if (wrong)
		return stanza_wrong(s, "proxy-url", "is no URL: %s", wrong);
	return 0;
}

int
account_read_cluster(struct kubeconfig *k, const struct stanza *s)
{
	char *server = NULL;
	int r;

	if (stanza_text(s, "server", &server) < 0)
		return -1;
	if (!server)
		return stanza_wrong(s, NULL, "has no server: give its URL");
	r = stanza_bool(s, "insecure-skip-tls-verify", &k->is_insecure);
	if (r == 0)
		r = stanza_bool(s, "disable-compression", &k->is_uncompressed);
	if (r == 0)
		r = stanza_pem(s, "certificate-authority", PEM_CERTIFICATE,
		    &k->ca);
	if (r == 0)
		r = stanza_text(s, "tls-server-name", &k->tls_server_name);
	if (r == 0)
		r = stanza_text(s, "proxy-url", &k->proxy);
	if (r == 0)
		r = set_server(k, s, server);
	free(server);
	if (r < 0 || check_proxy(k, s) < 0)
		return -1;
	if ((k->ca.data || k->ca.path) && k->is_insecure)
		return stanza_wrong(s, NULL,
		    "has a certificate-authority and "
		    "insecure-skip-tls-verify: remove one");
	return 0;
}

/* ---- whom to act as ---- */

static bool
may_be_in_name(unsigned char c)
{
	static const char token[] =
	    "!#$&'*+-.^_`|~0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return c && strchr(token, c);
}

/* libcurl sends a header without a value only for "Name;". */
static void
add_header(struct kubeconfig *k, const char *name, const char *value)
{
	char *line =
	    *value ? text_join(name, ": ", value) : text_join(name, ";", "");

	list_append(&k->headers, line);
	free(line);
}

/* Bytes that a header's name cannot have are written as in a URL. */
static void
add_extra(struct kubeconfig *k, const char *key, const char *value)
{
	struct json name = {0};

	json_puts(&name, "Impersonate-Extra-");
	for (; *key; key++) {
		char code[4];

		snprintf(code, sizeof(code), "%%%02X", (unsigned char)*key);
		if (may_be_in_name((unsigned char)*key))
			json_raw(&name, key, 1);
		else
			json_raw(&name, code, 3);
	}
	json_raw(&name, "", 1);
	add_header(k, name.p, value);
	json_release(&name);
}

static int
read_groups(struct kubeconfig *k, const struct stanza *s)
{
	struct opts_list groups;
	int r = stanza_list(s, "as-groups", &groups);

	for (size_t i = 0; i < groups.n && r == 0; i++)
		add_header(k, "Impersonate-Group", groups.item[i]);
	opts_list_free(&groups);
	return r;
}

static int
read_extra(struct kubeconfig *k, const struct stanza *s)
{
	config_node *map = stanza_get(s, "as-user-extra");
	struct stanza extra = *s;
	int r = 0;

	if (map && !config_is_map(map) &&
	    (config_is_list(map) || config_text(map)))
		return stanza_wrong(s, "as-user-extra",
		    "must be a map of lists");
	extra.node = map;
	for (size_t i = 0; i < config_count(map) && r == 0; i++) {
		config_node *node = config_key_at(s->file, map, i);
		struct opts_list values;

		if (!config_text(node))
			return stanza_wrong(s, "as-user-extra",
			    "has a key that is no text");
		r = stanza_list(&extra, config_text(node), &values);
		for (size_t j = 0; j < values.n && r == 0; j++)
			add_extra(k, config_text(node), values.item[j]);
		opts_list_free(&values);
	}
	return r;
}

static int
read_impersonation(struct kubeconfig *k, const struct stanza *s)
{
	char *as = NULL, *uid = NULL;
	int r = stanza_text(s, "as", &as);

	if (r == 0)
		r = stanza_text(s, "as-uid", &uid);
	if (r == 0 && as)
		add_header(k, "Impersonate-User", as);
	if (r == 0 && uid)
		add_header(k, "Impersonate-Uid", uid);
	if (r == 0)
		r = read_groups(k, s);
	if (r == 0)
		r = read_extra(k, s);
	if (r == 0 && !as && k->headers.n)
		r = stanza_wrong(s, NULL,
		    "has as-uid, as-groups or as-user-extra without as: say "
		    "whom to act as");
	free(as);
	free(uid);
	return r;
}

/* ---- the user ---- */

static bool
has_certificate(const struct kubeconfig *k)
{
	return k->certificate.data || k->certificate.path;
}

static int
read_certificate(struct kubeconfig *k, const struct stanza *s)
{
	bool has_key;

	if (stanza_pem(s, "client-certificate", PEM_CERTIFICATE,
		&k->certificate) < 0 ||
	    stanza_pem(s, "client-key", PEM_KEY, &k->key) < 0)
		return -1;
	has_key = k->key.data || k->key.path;
	if (has_certificate(k) == has_key)
		return 0;
	return stanza_wrong(s, NULL, "has a client-%s without its client-%s",
	    has_key ? "key" : "certificate", has_key ? "certificate" : "key");
}

static int
read_provider(const struct stanza *s)
{
	config_node *node = stanza_get(s, "auth-provider");

	if (!node || (!config_is_map(node) && !config_text(node)))
		return 0;
	if (config_is_map(stanza_get(s, "exec")))
		return stanza_wrong(s, "auth-provider",
		    "and exec exclude each other: remove auth-provider");
	return stanza_wrong(s, "auth-provider",
	    "is a form that Kubernetes has dropped: use exec (the "
	    "provider's tool writes it), or a token (kubectl create token "
	    "makes one)");
}

/* As with kubectl, a program is not asked when the file itself says who. */
static int
read_plugin(struct kubeconfig *k, const struct stanza *s,
    const struct stanza *cluster)
{
	config_node *node = stanza_get(s, "exec");

	if (!node || (!config_is_map(node) && !config_text(node)))
		return 0;
	if (k->token || k->token_file || k->user || has_certificate(k))
		return 0;
	return plugin_read(&k->plugin, s, cluster);
}

/* Credentials must not travel in clear text. */
static void
protect(struct kubeconfig *k)
{
	if (k->is_secure)
		return;
	if (k->token || k->token_file || k->user || has_certificate(k) ||
	    k->plugin.command)
		diag_warn("%s is not https: no credentials are sent to it",
		    k->server);
	free(k->token);
	free(k->token_file);
	free(k->user);
	plugin_free(&k->plugin);
	k->token = k->token_file = k->user = NULL;
}

int
account_read_user(struct kubeconfig *k, const struct stanza *s,
    const struct stanza *cluster)
{
	if (stanza_text(s, "token", &k->token) < 0 ||
	    stanza_path(s, "tokenFile", &k->token_file) < 0 ||
	    stanza_text(s, "username", &k->user) < 0 ||
	    stanza_text(s, "password", &k->password) < 0 ||
	    read_certificate(k, s) < 0 || read_provider(s) < 0 ||
	    read_impersonation(k, s) < 0 || read_plugin(k, s, cluster) < 0)
		return -1;
	if (k->password && !k->user)
		return stanza_wrong(s, NULL, "has a password without username");
	if (k->user && (k->token || k->token_file))
		return stanza_wrong(s, NULL,
		    "has a username and a token: remove one");
	if (k->user && strchr(k->user, ':'))
		return stanza_wrong(s, "username", "must not hold a colon");
	protect(k);
	return 0;
}
