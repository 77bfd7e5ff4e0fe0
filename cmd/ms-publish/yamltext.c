#include "yamltext.h"

#include <stdio.h>
#include <string.h>

#include "yamlplain.h"

#define WIDTH 80 /* columns, after which a line ends where it can */

/* ---- characters ---- */

static size_t
width(const char *p)
{
	unsigned char c = (unsigned char)*p;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool
is_break(const char *p)
{
	return *p == '\n' || *p == '\r' || memcmp(p, "\xc2\x85", 2) == 0 ||
	    (memcmp(p, "\xe2\x80", 2) == 0 &&
		(p[2] == '\xa8' || p[2] == '\xa9'));
}

/* All but control characters, and for the library this follows, but all that
 * takes four bytes. */
static bool
is_printable(const char *p)
{
	unsigned char c = (unsigned char)*p, d = (unsigned char)p[1];

	if (c < 0x80)
		return c == '\n' || (c >= 0x20 && c <= 0x7e);
	if (c == 0xc2)
		return d >= 0xa0;
	if (c == 0xef)
		return memcmp(p, "\xef\xbb\xbf", 3) != 0 &&
		    !(d == 0xbf && (unsigned char)p[2] >= 0xbe);
	return c < 0xf0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
yamltext_has_break(struct span text)
{
	for (const char *p = text.p; p < text.p + text.n; p += width(p))
		if (is_break(p))
			return true;
	return false;
}

/* ---- the style ---- */

enum style { PLAIN, SINGLE, DOUBLE, LITERAL };

struct traits {
	bool has_indicator; /* it would read as something else, or end early */
	bool has_break, has_special;
	bool ends_odd; /* blank or a break at an end */
	bool trailing_space, break_space, space_break;
	bool ends_in_other; /* in a break that is no newline */
};

/* Text with a terminator behind it, so that looking ahead is safe. */
static bool
is_indicator(const char *text, const char *p, size_t n, bool after_blank)
{
	size_t w = width(p);
	bool before_blank = (size_t)(p - text) + w >= n || is_blank(p[w]);

	if (p == text)
		return (*p && strchr("#,[]{}&*!|>'\"%@`", *p)) ||
		    (before_blank && *p && strchr("?:-", *p));
	return (*p == ':' && before_blank) || (*p == '#' && after_blank);
}

static struct traits
analyze(const char *text, size_t n)
{
	struct traits t = {0};
	bool after_blank = true, was_space = false, was_break = false;
	bool space, at_end;

	if (n >= 3 &&
	    (memcmp(text, "---", 3) == 0 || memcmp(text, "...", 3) == 0))
		t.has_indicator = true;
	for (const char *p = text; p < text + n; p += width(p)) {
		at_end = p == text || p + width(p) == text + n;
		space = *p == ' ';
		t.has_indicator |= is_indicator(text, p, n, after_blank);
		t.has_special |= !is_printable(p);
		t.ends_odd |= at_end && (space || is_break(p));
		t.trailing_space |= space && p + 1 == text + n;
		t.ends_in_other = is_break(p) && *p != '\n';
		t.break_space |= space && was_break;
		t.space_break |= is_break(p) && was_space;
		t.has_break |= is_break(p);
		was_break = is_break(p);
		was_space = space;
		after_blank = is_blank(*p) || was_break || !*p;
	}
	return t;
}

static enum style
choose(const char *text, size_t n, const struct traits *t, bool is_key)
{
	bool is_odd = t->has_special || t->space_break;

	if (is_key && t->has_break)
		return DOUBLE;
	if (memchr(text, '\n', n))
		return is_odd || t->trailing_space || t->ends_in_other ?
		    DOUBLE :
		    LITERAL;
	if (yamlplain_is_other((struct span){text, n}))
		return DOUBLE;
	if (!t->has_indicator && !t->has_break && !t->ends_odd && !is_odd)
		return PLAIN;
	return is_odd || t->break_space ? DOUBLE : SINGLE;
}

/* ---- writing ---- */

/* Where we are in a line, in characters: after column 80 a space ends it. */
struct pen {
	struct json *out;
	int column, indent;
	bool folds;
};

static int
column_of(const struct json *out)
{
	int n = 0;

	for (size_t i = out->len; i > 0 && out->p[i - 1] != '\n'; i--)
		n += (out->p[i - 1] & 0xc0) != 0x80;
	return n;
}

static void
put_char(struct pen *pen, const char *p)
{
	json_raw(pen->out, p, width(p));
	pen->column++;
}

static void
put_indent(struct json *out, int indent)
{
	while (indent-- > 0)
		json_raw(out, " ", 1);
}

static void
new_line(struct pen *pen)
{
	json_raw(pen->out, "\n", 1);
	put_indent(pen->out, pen->indent);
	pen->column = pen->indent;
}

/* Whether the line ends at this space. Neither the first of several nor one at
 * an end of the text does. */
static bool
folds_at(const struct pen *pen, const char *text, size_t n, const char *p,
    bool after_space)
{
	return pen->folds && *p == ' ' && !after_space && pen->column > WIDTH &&
	    p > text && p < text + n - 1;
}

static void
put_plain(struct pen *pen, const char *text, size_t n)
{
	bool after_space = false;

	for (const char *p = text; p < text + n; p += width(p)) {
		if (folds_at(pen, text, n, p, after_space) && p[1] != ' ')
			new_line(pen);
		else
			put_char(pen, p);
		after_space = *p == ' ';
	}
}

/* A break that is no newline stays what it is, and is indented after. */
static void
put_single(struct pen *pen, const char *text, size_t n)
{
	bool after_space = false, was_break = false;

	put_char(pen, "'");
	for (const char *p = text; p < text + n; p += width(p)) {
		if (was_break && !is_break(p) && *p != ' ') {
			put_indent(pen->out, pen->indent);
			pen->column = pen->indent;
		}
		if (*p == '\'')
			put_char(pen, p);
		if (folds_at(pen, text, n, p, after_space) && p[1] != ' ')
			new_line(pen);
		else
			put_char(pen, p);
		after_space = *p == ' ';
		/* a space after a break would have made it double quotes */
		was_break = is_break(p);
		if (was_break)
			pen->column = 0;
	}
	put_char(pen, "'");
}

static unsigned
code_point(const char *p)
{
	size_t n = width(p);
	unsigned c = (unsigned char)*p;

	if (n == 1)
		return c;
	c &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	return c;
}

static void
put_escape(struct pen *pen, unsigned c)
{
	static const char from[] = "\a\b\t\n\v\f\r\x1b\"\\",
			  to[] = "abtnvfre\"\\";
	const char *at = c && c < 0x80 ? strchr(from, (int)c) : NULL;
	char esc[16];

	if (at)
		snprintf(esc, sizeof(esc), "\\%c", to[at - from]);
	else if (c == 0 || c == 0x85 || c == 0xa0 || c == 0x2028 || c == 0x2029)
		snprintf(esc, sizeof(esc), "\\%c",
		    c == 0          ? '0' :
			c == 0x85   ? 'N' :
			c == 0xa0   ? '_' :
			c == 0x2028 ? 'L' :
				      'P');
	else
		snprintf(esc, sizeof(esc),
		    c <= 0xff       ? "\\x%02X" :
			c <= 0xffff ? "\\u%04X" :
				      "\\U%08X",
		    c);
	json_puts(pen->out, esc);
	pen->column += (int)strlen(esc);
}

/* A line that would begin with a space gets a backslash before it. */
static void
put_double(struct pen *pen, const char *text, size_t n)
{
	bool after_space = false;

	put_char(pen, "\"");
	for (const char *p = text; p < text + n; p += width(p)) {
		if (!is_printable(p) || is_break(p) || *p == '"' ||
		    *p == '\\') {
			put_escape(pen, code_point(p));
		} else if (folds_at(pen, text, n, p, after_space)) {
			new_line(pen);
			if (p[1] == ' ')
				put_char(pen, "\\");
		} else {
			put_char(pen, p);
		}
		after_space = *p == ' ';
	}
	put_char(pen, "\"");
}

/* '-' when it does not end with a break, '+' when it does with two, or is
 * nothing but one. */
static char
chomping(const char *text, size_t n)
{
	const char *p = text, *last = text, *before = NULL;

	for (; p < text + n; p += width(p)) {
		before = last < p ? last : NULL;
		last = p;
	}
	if (!is_break(last))
		return '-';
	return !before || is_break(before) ? '+' : '\0';
}

static void
put_literal(const char *text, size_t n, int indent, struct json *out)
{
	char chomp = chomping(text, n);
	bool was_break = true;

	json_puts(out, *text == ' ' || is_break(text) ? "|2" : "|");
	if (chomp)
		json_raw(out, &chomp, 1);
	json_raw(out, "\n", 1);
	for (const char *p = text; p < text + n; p += width(p)) {
		if (was_break && !is_break(p))
			put_indent(out, indent);
		was_break = is_break(p);
		json_raw(out, p, width(p));
	}
	if (was_break)
		out->len--; /* whoever comes next ends the line */
}

void
yamltext_write(struct span text, int indent, bool is_key, struct json *out)
{
	struct traits t = analyze(text.p, text.n);
	struct pen pen = {out, column_of(out), indent, !is_key};

	switch (choose(text.p, text.n, &t, is_key)) {
	case PLAIN:
		put_plain(&pen, text.p, text.n);
		break;
	case SINGLE:
		put_single(&pen, text.p, text.n);
		break;
	case DOUBLE:
		put_double(&pen, text.p, text.n);
		break;
	case LITERAL:
		put_literal(text.p, text.n, indent, out);
	}
}
