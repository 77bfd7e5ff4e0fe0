#include "kubeconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "diag.h"
#include "text.h"

#define POD_FILES "/var/run/secrets/kubernetes.io/serviceaccount"

/* The files that were found, in order. */
struct files {
	struct config *config;
	size_t n;
	char *err;
};

static void
free_pem(struct pem_source *p)
{
	free(p->data);
	free(p->path);
	free(p->field);
}

void
kubeconfig_free(struct kubeconfig *k)
{
	free(k->source);
	free(k->context);
	free(k->ns);
	free(k->server);
	free(k->tls_server_name);
	free(k->proxy);
	free_pem(&k->ca);
	free_pem(&k->certificate);
	free_pem(&k->key);
	free(k->token);
	free(k->token_file);
	free(k->user);
	free(k->password);
	opts_list_free(&k->headers);
	plugin_free(&k->plugin);
	*k = (struct kubeconfig){0};
}

/* ---- files ---- */

static bool
is_here(const char *list, size_t n, const char *name)
{
	return strlen(name) == n && memcmp(list, name, n) == 0;
}

/* Each list of a kubeconfig has names, and each name once. */
static int
check_names(struct config *c, const char *key, char err[CONFIG_ERROR])
{
	config_node *all = config_get(c, config_root(c), key);

	if (all && !config_is_list(all) &&
	    (config_is_map(all) || config_text(all)))
		return config_error(c, all, err, "%s must be a list", key);
	for (size_t i = 0; i < config_count(all); i++) {
		config_node *one = config_at(c, all, i);
		const char *name = config_get_text(c, one, "name"), *other;

		for (size_t j = 0; name && j < i; j++) {
			other =
			    config_get_text(c, config_at(c, all, j), "name");
			if (other && strcmp(name, other) == 0)
				return config_error(c, one, err,
				    "%s has '%s' twice: remove one", key, name);
		}
	}
	return 0;
}

static int
add_text(struct files *f, const char *path, const char *text, size_t n)
{
	static const char *const key[] = {"clusters", "users", "contexts"};
	config_node *root;
	struct config *c;

	f->config = diag_alloc(f->config, (f->n + 1) * sizeof(*f->config));
	c = &f->config[f->n];
	if (config_parse(c, path, text, n, f->err) < 0)
		return -1;
	f->n++;
	root = config_root(c);
	if (root && !config_is_map(root) && config_text(root))
		return config_error(c, root, f->err, "this is no kubeconfig");
	for (size_t i = 0; i < sizeof(key) / sizeof(*key); i++)
		if (check_names(c, key[i], f->err) < 0)
			return -1;
	return 0;
}

static int
add_file(struct files *f, const char *path)
{
	size_t n;
	char *text = config_read_file(path, &n);
	int r;

	if (!text)
		return config_fail(f->err,
		    "unable to read the kubeconfig %s: %s; give another with "
		    "--kubeconfig FILE or KUBECONFIG",
		    path, strerror(errno));
	r = add_text(f, path, text, n);
	free(text);
	return r;
}

/* Whether a path stands in the list before this place. */
static bool
is_repeated(const char *list, const char *at, const char *path)
{
	while (list < at) {
		size_t n = strcspn(list, ":");

		if (is_here(list, n, path))
			return true;
		list += n + 1;
	}
	return false;
}

/* The colon list of $KUBECONFIG. Names of missing files are normal there. */
static int
add_list(struct files *f, const char *list)
{
	const char *at = list;
	int r = 0;

	while (*at && r == 0) {
		size_t n = strcspn(at, ":");
		char *path = diag_strndup(at, n);

		if (n == 0 || is_repeated(list, at, path))
			;
		else if (access(path, F_OK) == 0)
			r = add_file(f, path);
		else
			diag_warn("%s of KUBECONFIG does not exist", path);
		free(path);
		at += n + (at[n] == ':');
	}
	return r;
}

static int
add_home(struct files *f)
{
	const char *home = getenv("HOME");
	char *path = text_join(home ? home : "", "/.kube/config", "");
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

/* A file without any of what makes one, as kubectl config leaves behind. */
static bool
is_empty(const struct files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct config *c = &f->config[i];
		config_node *root = config_root(c);
		const char *current =
		    config_get_text(c, root, "current-context");

		if (config_count(config_get(c, root, "clusters")) ||
		    config_count(config_get(c, root, "users")) ||
		    config_count(config_get(c, root, "contexts")) ||
		    (current && *current))
			return false;
	}
	return true;
}

/* ---- stanzas ---- */

/* The entry of this name among whats; the first file that has it counts.
 * False: there is none. */
static bool
find_stanza(struct files *f, const char *what, const char *name,
    struct stanza *out)
{
	char list[32];

	snprintf(list, sizeof(list), "%ss", what);
	for (size_t i = 0; i < f->n; i++) {
		struct config *c = &f->config[i];
		config_node *all = config_get(c, config_root(c), list);

		for (size_t j = 0; j < config_count(all); j++) {
			config_node *one = config_at(c, all, j);
			const char *has = config_get_text(c, one, "name");

			if (!has || strcmp(has, name) != 0)
				continue;
			*out = (struct stanza){c, config_get(c, one, what),
			    what, has, f->err};
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

static int
read_account(struct kubeconfig *k, struct files *f,
    const struct stanza *context, const char *cluster, const char *user)
{
	struct stanza c, u;

	if (!find_stanza(f, "cluster", cluster, &c))
		return stanza_wrong(context, "cluster",
		    "'%s' is not among clusters", cluster);
	if (account_read_cluster(k, &c) < 0)
		return -1;
	if (!user)
		return 0;
	if (find_stanza(f, "user", user, &u))
		return account_read_user(k, &u, &c);
	diag_warn("%s: context '%s' names user '%s', which is not among users: "
		  "the server is asked without credentials",
	    context->file->name, context->name, user);
	return 0;
}

static int
read_context(struct kubeconfig *k, struct files *f, const char *wanted)
{
	const char *name = wanted ? wanted : current_context(f);
	const char *file = f->config[0].name;
	char *cluster = NULL, *user = NULL;
	struct stanza s;
	int r = -1;

	if (!name)
		return config_fail(f->err,
		    "%s: there is no current-context: set it "
		    "(kubectl config use-context NAME) or give --context NAME",
		    file);
	if (!find_stanza(f, "context", name, &s))
		return config_fail(f->err,
		    "%s: contexts has no '%s': correct %s or "
		    "give --context NAME (kubectl config get-contexts lists "
		    "them)",
		    file, name, wanted ? "--context" : "current-context");
	k->context = text_copy(name);
	k->source = text_copy(s.file->name);
	if (stanza_text(&s, "cluster", &cluster) == 0 &&
	    stanza_text(&s, "user", &user) == 0 &&
	    stanza_text(&s, "namespace", &k->ns) == 0)
		r = cluster ? read_account(k, f, &s, cluster, user) :
			      stanza_wrong(&s, NULL, "names no cluster");
	free(cluster);
	free(user);
	return r;
}

/* ---- in a pod ---- */

/* Another folder is for accounts that are projected elsewhere. */
static const char *
pod_folder(void)
{
	const char *folder = getenv("MESHSYNC_SERVICE_ACCOUNT");

	return folder && *folder ? folder : POD_FILES;
}

/* $POD_NAMESPACE, or what kubelet wrote beside the token. */
static char *
pod_namespace(const char *folder)
{
	const char *env = getenv("POD_NAMESPACE");
	char *path = text_join(folder, "/namespace", "");
	char *text =
	    env && *env ? text_copy(env) : config_read_file(path, NULL);

	if (text)
		text[strcspn(text, " \t\r\n")] = '\0';
	free(path);
	return text;
}

static int
read_pod(struct kubeconfig *k, char err[CONFIG_ERROR])
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	const char *folder = pod_folder();
	bool is_v6 = host && strchr(host, ':');
	char *start, *end;

	if (!host || !*host || !port || !*port)
		return config_fail(err,
		    "no kubeconfig was found: give --kubeconfig "
		    "FILE, or set KUBECONFIG, or have ~/.kube/config (and this "
		    "is no pod: KUBERNETES_SERVICE_HOST is not set)");
	k->source = text_copy(folder);
	k->context = text_copy("");
	k->ns = pod_namespace(folder);
	k->token_file = text_join(folder, "/token", "");
	k->ca.path = text_join(folder, "/ca.crt", "");
	k->is_secure = true;
	if (access(k->ca.path, R_OK) < 0) {
		diag_warn("unable to read %s: %m: the system's certificates "
			  "are used",
		    k->ca.path);
		free(k->ca.path);
		k->ca.path = NULL;
	}
	k->ca.field = text_copy("the CA of this pod");
	start = text_join("https://", is_v6 ? "[" : "", host);
	end = text_join(is_v6 ? "]" : "", ":", port);
	k->server = text_join(start, end, "");
	free(start);
	free(end);
	return 0;
}

/* ---- the whole ---- */

static int
read_files(struct kubeconfig *k, struct files *f, const char *path,
    const char *context)
{
	if (path || !is_empty(f))
		return read_context(k, f, context);
	if (context)
		return config_fail(f->err,
		    "no kubeconfig was found, so there is no context '%s': "
		    "give --kubeconfig FILE",
		    context);
	return read_pod(k, f->err);
}

static int
finish(struct kubeconfig *k, struct files *f, int r)
{
	free_files(f);
	if (r < 0)
		kubeconfig_free(k);
	else if (!k->ns || !*k->ns) {
		free(k->ns);
		k->ns = text_copy("default");
	}
	return r;
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
		r = read_files(k, &f, path, context);
	return finish(k, &f, r);
}

int
kubeconfig_parse(struct kubeconfig *k, const char *name, const char *text,
    size_t n, const char *context, char err[CONFIG_ERROR])
{
	struct files f = {.err = err};
	int r;

	*k = (struct kubeconfig){0};
	r = add_text(&f, name, text, n);
	if (r == 0)
		r = read_files(k, &f, name, context);
	return finish(k, &f, r);
}
