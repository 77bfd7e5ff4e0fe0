#include "kubeconfig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "diag.h"

#define POD_FILES "/var/run/secrets/kubernetes.io/serviceaccount/"

/* The files that were found, in order. */
struct files {
	struct config *config;
	size_t n;
	char *err;
};

/* A stanza, and the file that it stands in. */
struct stanza {
	struct config *file;
	config_node *node;
	const char *name;
};

static int fail(char err[CONFIG_ERROR], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
fail(char err[CONFIG_ERROR], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, CONFIG_ERROR, fmt, ap);
	va_end(ap);
	return -1;
}

static char *
copy(const char *text)
{
	return text ? diag_strndup(text, strlen(text)) : NULL;
}

static char *
join(const char *a, const char *b, const char *c)
{
	size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
	char *out = diag_alloc(NULL, n);

	snprintf(out, n, "%s%s%s", a, b, c);
	return out;
}

void
kubeconfig_free(struct kubeconfig *k)
{
	free(k->source);
	free(k->context);
	free(k->server);
	free(k->tls_server_name);
	free(k->proxy);
	free(k->ca);
	free(k->certificate);
	free(k->key);
	free(k->token);
	free(k->token_file);
	free(k->user);
	free(k->password);
	*k = (struct kubeconfig){0};
}

/* ---- files ---- */

static int
add_file(struct files *f, const char *path)
{
	size_t n;
	char *text = config_read_file(path, &n);
	int r;

	if (!text) {
		snprintf(f->err, CONFIG_ERROR,
		    "unable to read the kubeconfig "
		    "%s: %s; give another with --kubeconfig FILE or KUBECONFIG",
		    path, strerror(errno));
		return -1;
	}
	f->config = diag_alloc(f->config, (f->n + 1) * sizeof(*f->config));
	r = config_parse(&f->config[f->n], path, text, n, f->err);
	free(text);
	f->n += r == 0;
	return r;
}

/* The colon list of $KUBECONFIG. Names of missing files are normal there. */
static int
add_list(struct files *f, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, ":");
		char *path = diag_strndup(list, n);
		int r = 0;

		if (n > 0 && access(path, F_OK) == 0)
			r = add_file(f, path);
		else if (n > 0)
			diag_warn("%s of KUBECONFIG does not exist", path);
		free(path);
		if (r < 0)
			return -1;
		list += n + (list[n] == ':');
	}
	return 0;
}

static int
add_home(struct files *f)
{
	const char *home = getenv("HOME");
	char *path = join(home ? home : "", "/.kube/config", "");
	int r = home && access(path, F_OK) == 0 ? add_file(f, path) : 0;

	free(path);
	return r;
}

static int
find_files(struct files *f, const char *path)
{
	const char *list = getenv("KUBECONFIG");

	if (path)
		return add_file(f, path);
	if (list && *list)
		return add_list(f, list);
	return add_home(f);
}

static void
free_files(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		config_free(&f->config[i]);
	free(f->config);
}

/* ---- stanzas ---- */

/* The entry of this name in the lists called key; the first file that has it
 * counts. False: there is none. */
static bool
find_stanza(struct files *f, const char *list, const char *name,
    const char *key, struct stanza *out)
{
	for (size_t i = 0; i < f->n; i++) {
		struct config *c = &f->config[i];
		config_node *all = config_get(c, config_root(c), list);

		if (!config_is_list(all))
			continue;
		for (size_t j = 0; j < config_count(all); j++) {
			config_node *one = config_at(c, all, j);
			const char *has = config_get_text(c, one, "name");

			if (!has || strcmp(has, name) != 0)
				continue;
			*out = (struct stanza){c, config_get(c, one, key), has};
			return true;
		}
	}
	return false;
}

static const char *
current_context(struct files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct config *c = &f->config[i];
		const char *text =
		    config_get_text(c, config_root(c), "current-context");

		if (text && *text)
			return text;
	}
	return NULL;
}

/* A non-empty scalar that may become part of a request. */
static int
get_text(struct stanza *s, const char *key, char **out, char err[CONFIG_ERROR])
{
	config_node *node = config_get(s->file, s->node, key);
	const char *text = config_text(node);

	*out = NULL;
	if (node && !text && node->type != YAML_SCALAR_NODE)
		return config_error(s->file, node, err, "%s must be text", key);
	if (!text || !*text)
		return 0;
	if (strpbrk(text, "\r\n"))
		return config_error(s->file, node, err,
		    "%s must be a single line", key);
	*out = copy(text);
	return 0;
}

/* A path in a kubeconfig counts from the folder of that file. */
static char *
resolve(const struct stanza *s, const char *path)
{
	const char *slash = strrchr(s->file->name, '/');
	char *folder, *out;

	if (*path == '/' || !slash)
		return copy(path);
	folder =
	    diag_strndup(s->file->name, (size_t)(slash + 1 - s->file->name));
	out = join(folder, path, "");
	free(folder);
	return out;
}

static int
get_path(struct stanza *s, const char *key, char **out, char err[CONFIG_ERROR])
{
	char *text;

	*out = NULL;
	if (get_text(s, key, &text, err) < 0)
		return -1;
	if (text)
		*out = resolve(s, text);
	free(text);
	return 0;
}

static int
decode_pem(struct stanza *s, const char *key, const char *text, char **out,
    char err[CONFIG_ERROR])
{
	config_node *node = config_get(s->file, s->node, key);
	size_t n;

	if (!(*out = base64_decode(text, &n)))
		return config_error(s->file, node, err,
		    "%s of '%s' is not base64", key, s->name);
	if (strlen(*out) == n && strstr(*out, "-----BEGIN "))
		return 0;
	return config_error(s->file, node, err,
	    "%s of '%s' holds no PEM (-----BEGIN ...) once decoded", key,
	    s->name);
}

static int
read_pem(struct stanza *s, const char *key, const char *path, char **out,
    char err[CONFIG_ERROR])
{
	config_node *node = config_get(s->file, s->node, key);

	if (!(*out = config_read_file(path, NULL)))
		return config_error(s->file, node, err,
		    "%s of '%s': unable to read %s: %s", key, s->name, path,
		    strerror(errno));
	if (strstr(*out, "-----BEGIN "))
		return 0;
	return config_error(s->file, node, err,
	    "%s of '%s': %s holds no PEM (-----BEGIN ...)", key, s->name, path);
}

/* PEM given as KEY-data or in the file that KEY names. */
static int
get_pem(struct stanza *s, const char *key, char **out, char err[CONFIG_ERROR])
{
	char *data_key = join(key, "-data", ""), *data = NULL, *path = NULL;
	int r = -1;

	*out = NULL;
	if (get_text(s, data_key, &data, err) < 0 ||
	    get_path(s, key, &path, err) < 0)
		goto out;
	r = 0;
	if (data && path)
		r = config_error(s->file, s->node, err,
		    "%s and %s of '%s' exclude each other: remove one", key,
		    data_key, s->name);
	else if (data)
		r = decode_pem(s, data_key, data, out, err);
	else if (path)
		r = read_pem(s, key, path, out, err);
out:
	free(data_key);
	free(data);
	free(path);
	return r;
}

/* ---- cluster and user ---- */

static bool
has_scheme(const char *url)
{
	return strncmp(url, "http://", 7) == 0 ||
	    strncmp(url, "https://", 8) == 0;
}

/* Scheme, host and the path of a proxy in front; no query, no last slash. */
static char *
clean_url(const char *text, bool has_tls)
{
	const char *scheme = has_scheme(text) ? "" :
	    has_tls                           ? "https://" :
						"http://";
	char *part = diag_strndup(text, strcspn(text, "?#"));
	char *url = join(scheme, part, "");

	while (*url && url[strlen(url) - 1] == '/')
		url[strlen(url) - 1] = '\0';
	free(part);
	return url;
}

static int
check_proxy(struct stanza *s, const char *url, char err[CONFIG_ERROR])
{
	if (!url || has_scheme(url) || strncmp(url, "socks5://", 9) == 0)
		return 0;
	return config_error(s->file, config_get(s->file, s->node, "proxy-url"),
	    err, "proxy-url must begin with http://, https:// or socks5://");
}

static int
read_cluster(struct kubeconfig *k, struct stanza *s, char err[CONFIG_ERROR])
{
	char *server = NULL;

	if (get_text(s, "server", &server, err) < 0)
		return -1;
	if (!server)
		return config_error(s->file, s->node, err,
		    "cluster '%s' has no server: give its URL", s->name);
	k->is_insecure = config_get_bool(s->file, s->node,
	    "insecure-skip-tls-verify", false);
	if (get_pem(s, "certificate-authority", &k->ca, err) < 0 ||
	    get_text(s, "tls-server-name", &k->tls_server_name, err) < 0 ||
	    get_text(s, "proxy-url", &k->proxy, err) < 0 ||
	    check_proxy(s, k->proxy, err) < 0) {
		free(server);
		return -1;
	}
	k->server = clean_url(server, k->ca || k->is_insecure);
	free(server);
	if (k->ca && k->is_insecure)
		return config_error(s->file, s->node, err,
		    "cluster '%s' has a certificate-authority and "
		    "insecure-skip-tls-verify: remove one",
		    s->name);
	return 0;
}

/* What would be ignored in silence, and then fail as a mysterious 401. */
static int
refuse_unsupported(struct stanza *s, char err[CONFIG_ERROR])
{
	static const char *const key[] = {"exec", "auth-provider", "as",
	    "as-uid", "as-groups", "as-user-extra"};

	for (size_t i = 0; i < sizeof(key) / sizeof(*key); i++) {
		config_node *node = config_get(s->file, s->node, key[i]);

		if (node && (config_count(node) || config_text(node)))
			return config_error(s->file, node, err,
			    "user '%s': '%s' is not supported; use a token, "
			    "tokenFile or client-certificate "
			    "(kubectl create token makes one)",
			    s->name, key[i]);
	}
	return 0;
}

static int
read_user(struct kubeconfig *k, struct stanza *s, char err[CONFIG_ERROR])
{
	if (get_text(s, "token", &k->token, err) < 0 ||
	    get_path(s, "tokenFile", &k->token_file, err) < 0 ||
	    get_text(s, "username", &k->user, err) < 0 ||
	    get_text(s, "password", &k->password, err) < 0 ||
	    get_pem(s, "client-certificate", &k->certificate, err) < 0 ||
	    get_pem(s, "client-key", &k->key, err) < 0)
		return -1;
	if (!k->certificate != !k->key)
		return config_error(s->file, s->node, err,
		    "user '%s' has a client-%s without its client-%s", s->name,
		    k->key ? "key" : "certificate",
		    k->key ? "certificate" : "key");
	if (k->user && (k->token || k->token_file))
		return config_error(s->file, s->node, err,
		    "user '%s' has a username and a token: remove one",
		    s->name);
	if (!k->token && !k->token_file && !k->user && !k->certificate)
		return refuse_unsupported(s, err);
	return 0;
}

/* Credentials must not travel in clear text. */
static void
protect_credentials(struct kubeconfig *k)
{
	if (strncmp(k->server, "https://", 8) == 0)
		return;
	if (k->token || k->token_file || k->user || k->certificate)
		diag_warn("%s is not https: no credentials are sent to it",
		    k->server);
	free(k->token);
	free(k->token_file);
	free(k->user);
	k->token = k->token_file = k->user = NULL;
}

static int
read_context(struct kubeconfig *k, struct files *f, const char *wanted,
    char err[CONFIG_ERROR])
{
	const char *name = wanted ? wanted : current_context(f);
	const char *file = f->config[0].name, *cluster, *user;
	struct stanza s;

	if (!name)
		return fail(err,
		    "%s: there is no current-context: set it "
		    "(kubectl config use-context NAME) or give --context NAME",
		    file);
	if (!find_stanza(f, "contexts", name, "context", &s))
		return fail(err,
		    "%s: contexts has no '%s': correct %s or "
		    "give --context NAME (kubectl config get-contexts lists "
		    "them)",
		    file, name, wanted ? "--context" : "current-context");
	k->context = copy(name);
	k->source = copy(s.file->name);
	cluster = config_get_text(s.file, s.node, "cluster");
	user = config_get_text(s.file, s.node, "user");
	if (!cluster)
		return config_error(s.file, s.node, err,
		    "context '%s' names no cluster", name);
	if (!find_stanza(f, "clusters", cluster, "cluster", &s))
		return fail(err,
		    "%s: clusters has no '%s', which context "
		    "'%s' names",
		    k->source, cluster, name);
	if (read_cluster(k, &s, err) < 0)
		return -1;
	if (user && *user && find_stanza(f, "users", user, "user", &s) &&
	    read_user(k, &s, err) < 0)
		return -1;
	protect_credentials(k);
	return 0;
}

/* ---- in a pod ---- */

static int
read_pod(struct kubeconfig *k, char err[CONFIG_ERROR])
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	bool is_v6 = host && strchr(host, ':');
	char *start, *end;

	if (!host || !*host || !port || !*port)
		return fail(err,
		    "no kubeconfig was found: give --kubeconfig "
		    "FILE, or set KUBECONFIG, or have ~/.kube/config (and this "
		    "is no pod: KUBERNETES_SERVICE_HOST is not set)");
	k->source = copy(POD_FILES);
	k->context = copy("");
	k->token_file = copy(POD_FILES "token");
	if (!(k->ca = config_read_file(POD_FILES "ca.crt", NULL)))
		diag_warn("unable to read %sca.crt: %m: the system's "
			  "certificates are used",
		    POD_FILES);
	start = join("https://", is_v6 ? "[" : "", host);
	end = join(is_v6 ? "]" : "", ":", port);
	k->server = join(start, end, "");
	free(start);
	free(end);
	return 0;
}

int
kubeconfig_load(struct kubeconfig *k, const char *path, const char *context,
    char err[CONFIG_ERROR])
{
	struct files f = {.err = err};
	int r;

	*k = (struct kubeconfig){0};
	r = find_files(&f, path);
	if (r == 0)
		r = f.n ? read_context(k, &f, context, err) : read_pod(k, err);
	free_files(&f);
	if (r < 0)
		kubeconfig_free(k);
	return r;
}
