/* kubeconfig_fuzz - any bytes as a kubeconfig: one that can be used, or refused
 * with the file's name.
 *
 * What is taken is sound: a server with a scheme and a host, nothing with line
 * breaks where a header comes from it, no credentials for http, and an
 * environment for the plugin that is JSON. */
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "fuzz/fuzz.h"
#include "kubeconfig.h"

static void
check_line(const char *text)
{
	for (; text && *text; text++)
		MUST((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void
check_list(const struct opts_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		check_line(list->item[i]);
}

static void
check_pem(const struct pem_source *p)
{
	MUST(!p->data || !p->path);
	MUST(!p->data || strstr(p->data, "-----BEGIN "));
	MUST((!p->data && !p->path) || p->field);
}

static void
check_plugin(const struct plugin *p)
{
	struct json info = {0};
	struct scan_error err;

	MUST(*p->command && p->name && p->api_version);
	plugin_info(p, "-----BEGIN", &info);
	MUST(scan_find(NULL, info.p, info.len - 1, NULL, &err) == 0);
	json_release(&info);
}

static void
check(const struct kubeconfig *k)
{
	const char *host = strstr(k->server, "://");

	MUST(host && host[3] && k->source && k->context && *k->ns);
	MUST(!strpbrk(k->server, "?#"));
	check_line(k->server);
	check_line(k->tls_server_name);
	check_line(k->token);
	check_line(k->user);
	check_line(k->password);
	check_list(&k->headers);
	check_pem(&k->ca);
	check_pem(&k->certificate);
	check_pem(&k->key);
	MUST(k->is_secure ||
	    (!k->token && !k->token_file && !k->user && !k->plugin.command));
	MUST(!k->is_insecure || (!k->ca.data && !k->ca.path));
	if (k->plugin.command)
		check_plugin(&k->plugin);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[CONFIG_ERROR] = "";
	struct kubeconfig k;

	diag_level(DIAG_FATAL); /* of http without credentials */
	if (kubeconfig_parse(&k, "fuzz", (const char *)data, size, NULL, err) <
	    0) {
		MUST(strncmp(err, "fuzz:", 5) == 0);
		return 0;
	}
	check(&k);
	kubeconfig_free(&k);
	return 0;
}
