#include "selector.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT 320 /* a label's prefix, name or value are shorter */

static const char *
skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* A key, value or word: what the next separator ends. */
static const char *
read_word(const char *p, char word[TEXT])
{
	size_t n;

	p = skip_space(p);
	n = strcspn(p, " \t,()=!");
	if (n >= TEXT)
		n = TEXT - 1;
	memcpy(word, p, n);
	word[n] = '\0';
	return skip_space(p + n);
}

/* (a,b): whether the value is among them. NULL if it is no list. */
static const char *
read_set(const char *p, struct span value, bool *found)
{
	char word[TEXT];

	if (*p++ != '(')
		return NULL;
	*found = false;
	do {
		p = read_word(p, word);
		if (value.p && span_eq(value, word))
			*found = true;
	} while (*p == ',' && p++);
	return *p == ')' ? skip_space(p + 1) : NULL;
}

static const char *
match_set(const char *p, const char *word, struct span value, bool *match)
{
	bool found;

	if (!(p = read_set(p, value, &found)))
		return NULL;
	if (strcmp(word, "in") == 0)
		*match = found;
	else if (strcmp(word, "notin") == 0)
		*match = !found;
	else
		return NULL;
	return p;
}

/* What follows a key: one requirement. An absent label is unequal to all. */
static const char *
match_value(const char *p, struct span value, bool *match)
{
	bool negate = *p == '!';
	char word[TEXT];

	if (*p == '=' || *p == '!') {
		p += negate;
		if (*p++ != '=')
			return NULL;
		p += *p == '=';
		p = read_word(p, word);
		*match = (value.p && span_eq(value, word)) != negate;
		return p;
	}
	if (*p == ',' || !*p) {
		*match = value.p != NULL;
		return p;
	}
	p = read_word(p, word);
	return match_set(p, word, value, match);
}

static const char *
match_one(const char *p, struct span labels, bool *match)
{
	bool is_absent = *p == '!';
	char key[TEXT], buf[TEXT];
	struct span value = {0};

	p = read_word(p + is_absent, key);
	if (!*key)
		return NULL;
	if (scan_type(labels) == SCAN_OBJECT)
		value = scan_text(scan_get(labels, key), buf, sizeof(buf));
	if (!is_absent)
		return match_value(p, value, match);
	*match = value.p == NULL;
	return p;
}

bool
selector_takes(const char *selector, struct span labels)
{
	const char *p = skip_space(selector);
	bool match;

	while (*p) {
		if (!(p = match_one(p, labels, &match)) || !match)
			return false;
		if (*p == ',')
			p = skip_space(p + 1);
		else if (*p)
			return false;
	}
	return true;
}

/* ---- fields ---- */

/* A field as text. A part of an object that was only seen as metadata is not
 * known; what is left out of a part that is there is empty. */
static bool
read_field(struct span object, const char *path, char buf[TEXT],
    struct span *text)
{
	struct span at = object;
	char key[TEXT];
	size_t n;

	for (const char *p = path; at.n && *p; p += n + (p[n] == '.')) {
		n = strcspn(p, ".");
		snprintf(key, sizeof(key), "%.*s", (int)n, p);
		at = scan_type(at) == SCAN_OBJECT ? scan_get(at, key) :
						    (struct span){0};
		if (!at.n && p == path)
			return false;
	}
	*text = at;
	if (scan_type(at) == SCAN_STRING)
		*text = scan_text(at, buf, TEXT);
	else if (scan_type(at) == SCAN_NULL || !at.n)
		*text = span_of("");
	return text->p && scan_type(at) < SCAN_ARRAY;
}

/* path=value, path==value or path!=value, up to the next comma. */
static const char *
match_field(const char *p, struct span object, bool *match)
{
	char path[TEXT], want[TEXT], buf[TEXT];
	size_t n = strcspn(p, "=!,");
	bool negate = p[n] == '!';
	struct span have;

	if (n >= TEXT)
		return NULL;
	snprintf(path, sizeof(path), "%.*s", (int)n, p);
	p += n + negate;
	if (*p++ != '=')
		return NULL;
	p += *p == '=';
	n = strcspn(p, ",");
	if (n >= TEXT || memchr(p, '\\', n) ||
	    !read_field(object, path, buf, &have))
		return NULL;
	snprintf(want, sizeof(want), "%.*s", (int)n, p);
	/* false is left out of JSON, too */
	if (!have.n && (!strcmp(want, "true") || !strcmp(want, "false")))
		return NULL;
	*match = span_eq(have, want) != negate;
	return p + n;
}

bool
selector_takes_fields(const char *selector, struct span object)
{
	const char *p = selector;
	bool match;

	while (*p) {
		if (!(p = match_field(p, object, &match)) || !match)
			return false;
		p += *p == ',';
	}
	return true;
}

/* ---- rows ---- */

static bool
takes(struct span selector, struct span subject,
    bool (*match)(const char *, struct span))
{
	char text[4096];
	struct span plain = scan_text(selector, text, sizeof(text) - 1);

	if (!selector.n)
		return true;
	if (!plain.p || plain.n >= sizeof(text))
		return false;
	memmove(text, plain.p, plain.n);
	text[plain.n] = '\0';
	return match(text, subject);
}

bool
selector_takes_row(struct store *s, struct span labels, struct span fields,
    int64_t id)
{
	sqlite3_stmt *st = s->st[S_BODY];
	struct span object, metadata;
	bool failed, is_taken;

	sqlite3_bind_int64(st, 1, id);
	if (!store_row(s, S_BODY, &failed))
		return false;
	object = store_column(st, 0);
	metadata = scan_get(object, "metadata");
	is_taken = takes(fields, object, selector_takes_fields) &&
	    takes(labels,
		scan_type(metadata) == SCAN_OBJECT ?
		    scan_get(metadata, "labels") :
		    (struct span){0},
		selector_takes);
	store_done(s, S_BODY);
	return is_taken;
}
