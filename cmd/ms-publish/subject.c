#include "subject.h"

#include <string.h>

bool
subject_is_token(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f ||
		    strchr(".*>", text.p[i]))
			return false;
	return text.n > 0;
}

/* The token at *p, which moves to the next; empty at the end. */
static struct span
next(const char **p)
{
	struct span token = {*p, strcspn(*p, ".")};

	*p += token.n + ((*p)[token.n] == '.');
	return token;
}

bool
subject_is_good(const char *text)
{
	size_t n = strlen(text);

	if (n && text[n - 1] == '.')
		return false;
	do
		if (!subject_is_token(next(&text)))
			return false;
	while (*text);
	return true;
}

bool
subject_matches(const char *pattern, const char *subject)
{
	struct span want, have;

	while (*pattern && *subject) {
		want = next(&pattern);
		have = next(&subject);
		if (span_eq(want, ">") && !*pattern)
			return true;
		if (!span_eq(want, "*") &&
		    (want.n != have.n || memcmp(want.p, have.p, have.n) != 0))
			return false;
	}
	return !*pattern && !*subject;
}
