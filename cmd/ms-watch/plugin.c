#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "diag.h"

#define API "client.authentication.k8s.io"
#define DEPTH 32 /* of a configuration that is passed on */

void
plugin_free(struct plugin *p)
{
	free(p->name);
	free(p->api_version);
	free(p->command);
	opts_list_free(&p->args);
	opts_list_free(&p->env);
	free(p->hint);
	json_release(&p->cluster);
	*p = (struct plugin){0};
}

/* ---- YAML as JSON ---- */

static int put_node(struct json *j, const struct stanza *s, config_node *node,
    int depth);

/* A plain scalar that is a number or a truth in JSON, too, stays one. */
static bool
is_literal(const config_node *node, struct span text)
{
	struct scan_error err;

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !text.n)
		return false;
	return scan_find(NULL, text.p, text.n, NULL, &err) == 0;
}

static void
put_text(struct json *j, const char *text)
{
	json_string(j, text, strlen(text));
}

static int
put_map(struct json *j, const struct stanza *s, config_node *map, int depth)
{
	json_open(j, '{');
	for (size_t i = 0; i < config_count(map); i++) {
		const char *key = config_text(config_key_at(s->file, map, i));

		json_comma(j);
		put_text(j, key ? key : "");
		json_puts(j, ":");
		if (put_node(j, s, config_value_at(s->file, map, i), depth) < 0)
			return -1;
	}
	json_close(j, '}');
	return 0;
}

static int
put_list(struct json *j, const struct stanza *s, config_node *list, int depth)
{
	json_open(j, '[');
	for (size_t i = 0; i < config_count(list); i++) {
		json_comma(j);
		if (put_node(j, s, config_at(s->file, list, i), depth) < 0)
			return -1;
	}
	json_close(j, ']');
	return 0;
}

/* An alias may lead back to what holds it: depth and size end the walk. */
static int
put_node(struct json *j, const struct stanza *s, config_node *node, int depth)
{
	const char *text = config_text(node);

	if (depth == 0 || j->len > 1 << 20)
		return stanza_wrong(s, "extensions", "are too deep or long");
	if (config_is_map(node))
		return put_map(j, s, node, depth - 1);
	if (config_is_list(node))
		return put_list(j, s, node, depth - 1);
	if (!text)
		json_puts(j, "null");
	else if (is_literal(node, span_of(text)))
		json_puts(j, text);
	else
		put_text(j, text);
	return 0;
}

/* ---- the cluster, as the program is told of it ---- */

static void
put_field(struct json *j, const struct stanza *s, const char *key)
{
	const char *text = config_text(stanza_get(s, key));

	if (text && *text) {
		json_key(j, key);
		put_text(j, text);
	}
}

static void
put_flag(struct json *j, const struct stanza *s, const char *key)
{
	bool is_set;

	if (stanza_bool(s, key, &is_set) == 0 && is_set) {
		json_key(j, key);
		json_puts(j, "true");
	}
}

static int
put_extension(struct json *j, const struct stanza *s)
{
	config_node *all = stanza_get(s, "extensions"), *one;

	for (size_t i = 0; i < config_count(all); i++) {
		const char *name;

		one = config_at(s->file, all, i);
		name = config_get_text(s->file, one, "name");
		if (!name || strcmp(name, API "/exec") != 0)
			continue;
		json_key(j, "config");
		return put_node(j, s, config_get(s->file, one, "extension"),
		    DEPTH);
	}
	return 0;
}

static int
describe_cluster(struct json *j, const struct stanza *s)
{
	json_open(j, '{');
	put_field(j, s, "server");
	put_field(j, s, "tls-server-name");
	put_flag(j, s, "insecure-skip-tls-verify");
	put_field(j, s, "proxy-url");
	put_flag(j, s, "disable-compression");
	return put_extension(j, s);
}

void
plugin_info(const struct plugin *p, const char *ca, struct json *out)
{
	char *base64;

	json_puts(out, "{\"kind\":\"ExecCredential\",\"apiVersion\":");
	put_text(out, p->api_version);
	json_puts(out, ",\"spec\":{\"interactive\":false");
	if (p->wants_cluster) {
		json_puts(out, ",\"cluster\":");
		json_raw(out, p->cluster.p, p->cluster.len);
		if (ca) {
			base64 = base64_encode(ca, strlen(ca));
			json_key(out, "certificate-authority-data");
			put_text(out, base64);
			free(base64);
		}
		json_puts(out, "}");
	}
	json_puts(out, "}}");
	json_raw(out, "", 1);
}

/* ---- the stanza ---- */

static int
read_version(struct plugin *p, const struct stanza *s)
{
	if (stanza_text(s, "apiVersion", &p->api_version) < 0)
		return -1;
	if (p->api_version &&
	    (strcmp(p->api_version, API "/v1") == 0 ||
		strcmp(p->api_version, API "/v1beta1") == 0))
		return 0;
	return stanza_wrong(s, "apiVersion",
	    "of exec must be " API "/v1 or /v1beta1%s",
	    p->api_version ? ": a newer version of the plugin knows one of "
			     "them" :
			     "");
}

static int
read_command(struct plugin *p, const struct stanza *s)
{
	char *text;

	if (stanza_text(s, "command", &text) < 0)
		return -1;
	if (!text)
		return stanza_wrong(s, NULL, "exec has no command");
	p->command = strchr(text, '/') ? stanza_resolve(s, text) :
					 diag_strndup(text, strlen(text));
	free(text);
	return stanza_list(s, "args", &p->args);
}

static int
read_env(struct plugin *p, const struct stanza *s)
{
	config_node *all = stanza_get(s, "env");

	if (all && !config_is_list(all) &&
	    (config_is_map(all) || config_text(all)))
		return stanza_wrong(s, "env", "of exec must be a list");
	for (size_t i = 0; i < config_count(all); i++) {
		config_node *one = config_at(s->file, all, i);
		const char *name = config_get_text(s->file, one, "name");
		const char *value = config_get_text(s->file, one, "value");
		char *pair;

		if (!name || !*name || strchr(name, '='))
			return stanza_wrong(s, "env",
			    "of exec: entry %zu has no name", i + 1);
		pair = text_join(name, "=", value ? value : "");
		list_append(&p->env, pair);
		free(pair);
	}
	return 0;
}

/* A filter has no terminal to lend to anybody. */
static int
read_mode(const struct plugin *p, const struct stanza *s)
{
	bool is_v1 = strcmp(p->api_version, API "/v1") == 0;
	char *mode;
	int r = 0;

	if (stanza_text(s, "interactiveMode", &mode) < 0)
		return -1;
	if (!mode && is_v1)
		r = stanza_wrong(s, NULL,
		    "exec has no interactiveMode, which " API "/v1 wants: "
		    "write interactiveMode: Never");
	else if (mode && strcmp(mode, "Always") == 0)
		r = stanza_wrong(s, "interactiveMode",
		    "Always: the plugin wants a terminal, which is not to be "
		    "had here; use another way to log in, or a token");
	else if (mode && strcmp(mode, "Never") != 0 &&
	    strcmp(mode, "IfAvailable") != 0)
		r = stanza_wrong(s, "interactiveMode",
		    "must be Never, IfAvailable or Always");
	free(mode);
	return r;
}

/* A paragraph for people, as a line of a message. */
static void
read_hint(struct plugin *p, const struct stanza *s)
{
	const char *text = config_text(stanza_get(s, "installHint"));

	if (!text || !*text)
		return;
	p->hint = diag_strndup(text, strlen(text));
	for (char *at = p->hint; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
}

int
plugin_read(struct plugin *p, const struct stanza *user,
    const struct stanza *cluster)
{
	struct stanza s = *user;
	char name[CONFIG_ERROR];

	s.node = stanza_get(user, "exec");
	if (!config_is_map(s.node))
		return stanza_wrong(user, "exec", "must be a map");
	if (read_version(p, &s) < 0 || read_command(p, &s) < 0 ||
	    read_env(p, &s) < 0 || read_mode(p, &s) < 0 ||
	    stanza_bool(&s, "provideClusterInfo", &p->wants_cluster) < 0)
		return -1;
	read_hint(p, &s);
	snprintf(name, sizeof(name), "user '%s' of %s: exec %s", s.name,
	    s.file->name, p->command);
	p->name = diag_strndup(name, strlen(name));
	return p->wants_cluster ? describe_cluster(&p->cluster, cluster) : 0;
}
