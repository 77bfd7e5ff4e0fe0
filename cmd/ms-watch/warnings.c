#include "warnings.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "diag.h"
#include "text.h"

#define MOST 200 /* different ones; a server that varies them has had its say */
#define TEXT 512

static const char header[] = "Warning:";

static void
tell(struct opts_list *told, const char *text)
{
	for (size_t i = 0; i < told->n; i++)
		if (strcmp(told->item[i], text) == 0)
			return;
	if (told->n >= MOST)
		return;
	list_append(told, text);
	diag_warn("the server says: %s", text);
}

/* A quoted string, up to its closing quote; the rest, or NULL: there is none.
 */
static const char *
unquote(const char *p, const char *end, char out[TEXT])
{
	size_t n = 0;

	while (p < end && *p != '"') {
		if (*p == '\\' && p + 1 < end)
			p++;
		if (n < TEXT - 1)
			out[n++] = *p;
		p++;
	}
	out[n] = '\0';
	return p < end ? p + 1 : NULL;
}

void
warnings_take(struct opts_list *told, const char *line, size_t n)
{
	const char *p = line + sizeof(header) - 1, *end = line + n;
	char text[TEXT];

	if (n < sizeof(header) ||
	    strncasecmp(line, header, sizeof(header) - 1) != 0)
		return;
	/* 299 agent "text" and perhaps a "date", and more behind a comma */
	while (p && p < end) {
		bool is_ours;

		while (p < end && strchr(" \t,", *p))
			p++;
		is_ours = end - p > 4 && memcmp(p, "299 ", 4) == 0;
		p = memchr(p, '"', (size_t)(end - p));
		if (!p || !(p = unquote(p + 1, end, text)))
			return;
		if (is_ours)
			tell(told, text);
	}
}
