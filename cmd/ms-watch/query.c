#include "query.h"

#include <stdio.h>
#include <string.h>

void
query_escape(struct json *j, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] =
	    "-._~"
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char code[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (strchr(plain, c))
			json_raw(j, text, 1);
		else
			json_raw(j, code, 3);
	}
}

static void
put(struct json *j, const char *key, const char *value)
{
	json_puts(j, memchr(j->p, '?', j->len) ? "&" : "?");
	json_puts(j, key);
	json_puts(j, "=");
	query_escape(j, value);
}

static void
put_number(struct json *j, const char *key, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	put(j, key, text);
}

void
query_path(struct json *j, const struct resource *r, const struct scope *scope)
{
	json_puts(j, *r->group ? "/apis/" : "/api/");
	json_puts(j, r->api_version);
	if (scope->ns) {
		json_puts(j, "/namespaces/");
		query_escape(j, scope->ns);
	}
	json_puts(j, "/");
	json_puts(j, r->name);
	if (scope->labels)
		put(j, "labelSelector", scope->labels);
	if (scope->fields)
		put(j, "fieldSelector", scope->fields);
}

void
query_page(struct json *j, unsigned limit, const char *token, const char *rv)
{
	if (limit)
		put_number(j, "limit", limit);
	if (token) {
		put(j, "continue", token);
	} else if (rv) {
		put(j, "resourceVersion", rv);
		put(j, "resourceVersionMatch", "NotOlderThan");
	}
}

void
query_changes(struct json *j, unsigned seconds, const char *rv)
{
	put(j, "watch", "1");
	put(j, "resourceVersion", rv ? rv : "");
	put_number(j, "timeoutSeconds", seconds);
}

void
query_watch(struct json *j, unsigned seconds, const char *rv)
{
	query_changes(j, seconds, rv);
	put(j, "allowWatchBookmarks", "true");
}

void
query_stream(struct json *j, unsigned seconds, const char *rv)
{
	query_watch(j, seconds, rv);
	put(j, "sendInitialEvents", "true");
	put(j, "resourceVersionMatch", "NotOlderThan");
}
