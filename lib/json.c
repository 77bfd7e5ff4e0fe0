#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

void
json_grow(struct json *j, size_t n)
{
	size_t cap = j->cap ? j->cap : 256;

	while (cap - j->len < n)
		cap *= 2;
	j->p = diag_alloc(j->p, cap);
	j->cap = cap;
}

void
json_release(struct json *j)
{
	free(j->p);
	*j = (struct json){0};
}

void
json_span(struct json *j, struct span s)
{
	json_raw(j, s.p, s.n);
}

void
json_puts(struct json *j, const char *text)
{
	json_raw(j, text, strlen(text));
}

void
json_printf(struct json *j, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	va_start(ap, fmt);
	vsnprintf(json_room(j, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	va_end(ap);
	j->len += (size_t)n; /* its NUL is not part of it */
}

static void
put_escape(struct json *j, unsigned char c)
{
	static const char shorts[] = "btn\0fr";
	char out[8];

	if (c == '"' || c == '\\')
		snprintf(out, sizeof(out), "\\%c", c);
	else if (c >= '\b' && c <= '\r' && shorts[c - '\b'])
		snprintf(out, sizeof(out), "\\%c", shorts[c - '\b']);
	else
		snprintf(out, sizeof(out), "\\u%04x", c);
	json_puts(j, out);
}

void
json_string(struct json *j, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t i = 0, from = 0, seq;

	json_raw(j, "\"", 1);
	while (i < n) {
		if (p[i] >= 0x80 && (seq = scan_utf8_length(text + i, n - i))) {
			i += seq;
			continue;
		}
		if (p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' &&
		    p[i] != '\\') {
			i++;
			continue;
		}
		json_raw(j, text + from, i - from);
		if (p[i] < 0x80)
			put_escape(j, p[i]);
		else
			json_puts(j, "\xef\xbf\xbd");
		from = ++i;
	}
	json_raw(j, text + from, n - from);
	json_raw(j, "\"", 1);
}

void
json_int(struct json *j, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	json_puts(j, text);
}

void
json_comma(struct json *j)
{
	char last = j->len ? j->p[j->len - 1] : '\n';

	if (last != '{' && last != '[' && last != ':' && last != ',' &&
	    last != '\n')
		json_raw(j, ",", 1);
}

void
json_open(struct json *j, char bracket)
{
	json_comma(j);
	json_raw(j, &bracket, 1);
}

void
json_close(struct json *j, char bracket)
{
	json_raw(j, &bracket, 1);
}

void
json_key(struct json *j, const char *key)
{
	json_comma(j);
	json_raw(j, "\"", 1);
	json_puts(j, key);
	json_raw(j, "\":", 2);
}

void
json_member_span(struct json *j, const char *key, struct span value)
{
	json_key(j, key);
	json_span(j, value);
}

void
json_member_text(struct json *j, const char *key, struct span text)
{
	json_key(j, key);
	json_string(j, text.p, text.n);
}

void
json_member_int(struct json *j, const char *key, int64_t n)
{
	json_key(j, key);
	json_int(j, n);
}
