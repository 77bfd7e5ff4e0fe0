#include "gojson.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "special.h"

#define REPLACEMENT 0xfffd

static char *
put(char *out, const char *p, size_t n)
{
	memcpy(out, p, n);
	return out + n;
}

/* ---- strings ---- */

/* Copy what both sides write alike. Text and room both go on for at least 16
 * bytes behind most strings, so a copy may overshoot; end is the string's. */
static inline const char *
copy_plain(char **out, const char *p, const char *end)
{
	char *o = *out;
	unsigned char c;

#ifdef SPECIAL_SSE2
	while (end - p >= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		unsigned mask = special_mask(v), n;

		_mm_storeu_si128((__m128i *)(void *)o, v);
		n = mask ? (unsigned)__builtin_ctz(mask) : 16;
		o += n;
		p += n;
		if (mask)
			goto done;
	}
#endif
	while (p < end) {
		c = (unsigned char)*p;
		if (c < 0x20 || is_special(c))
			break;
		*o++ = *p++;
	}
#ifdef SPECIAL_SSE2
done:
#endif
	*out = o;
	return p;
}

/* The escape that Go writes for an ASCII character, or 0 bytes of it. */
static size_t
escape_of(unsigned c, char esc[8])
{
	static const char shorts[] = "btn\0fr";

	esc[0] = '\\';
	if (c == '"' || c == '\\')
		esc[1] = (char)c;
	else if (c >= '\b' && c <= '\r' && shorts[c - '\b'])
		esc[1] = shorts[c - '\b'];
	else if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x2028 ||
	    c == 0x2029)
		return (size_t)snprintf(esc, 8, "\\u%04x", c);
	else
		return 0;
	return 2;
}

/* One character in Go's form. An escape escaped again has its backslashes and
 * its quote doubled up; the rest of it is plain. */
static char *
put_char(char *out, unsigned c, enum gojson_level level)
{
	char esc[8];
	size_t n = escape_of(c, esc);

	if (!n)
		return out + scan_utf8(out, c);
	for (size_t i = 0; i < n; i++) {
		if (level == GOJSON_TWICE && (esc[i] == '\\' || esc[i] == '"'))
			*out++ = '\\';
		*out++ = esc[i];
	}
	return out;
}

/* The character at p, which is not ASCII; bytes that are no UTF-8 are replaced
 * one by one, as Go's decoder does. */
static const char *
read_utf8(const char *p, const char *end, unsigned *c)
{
	size_t n = scan_utf8_length(p, (size_t)(end - p));

	*c = REPLACEMENT;
	if (!n)
		return p + 1;
	*c = (unsigned char)*p & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*c = *c << 6 | ((unsigned char)p[i] & 0x3f);
	return p + n;
}

static char *
copy_odd(char *out, const char *p, const char *end, enum gojson_level level)
{
	unsigned c;

	for (;;) {
		p = copy_plain(&out, p, end);
		if (p >= end)
			return out;
		if (*p == '\\') {
			if (p[1] == '"' && level == GOJSON_TWICE) {
				out = put(out, "\\\\\\\"", 4);
				p += 2;
				continue;
			}
			c = scan_escape(&p, end);
		} else if ((unsigned char)*p >= 0x80) {
			p = read_utf8(p, end, &c);
		} else {
			c = (unsigned char)*p++;
		}
		out = put_char(out, c, level);
	}
}

/* Short strings are what JSON is full of: copy 16 bytes at once, if the source
 * goes on for as long. */
static inline char *
copy_known_plain(char *out, const char *p, size_t n, const char *doc_end)
{
	if (n <= 16 && doc_end - p >= 16) {
		memcpy(out, p, 16);
		return out + n;
	}
	return put(out, p, n);
}

char *
gojson_content(char *out, struct span raw, bool is_odd, enum gojson_level level)
{
	if (!is_odd)
		return put(out, raw.p, raw.n);
	return copy_odd(out, raw.p, raw.p + raw.n, level);
}

char *
gojson_text(char *out, struct span text)
{
	const char *p = text.p, *end = text.p + text.n;
	unsigned c;

	while ((p = copy_plain(&out, p, end)) < end) {
		if ((unsigned char)*p >= 0x80)
			p = read_utf8(p, end, &c);
		else
			c = (unsigned char)*p++;
		out = put_char(out, c, GOJSON_ONCE);
	}
	return out;
}

/* ---- numbers ---- */

/* Add one in the last place of digits; true if that made one more digit, which
 * then is a zero too many. */
static void
increment(char *digits, size_t n)
{
	size_t i = n;

	while (i > 0 && digits[i - 1] == '9')
		digits[--i] = '0';
	if (i > 0)
		digits[i - 1]++;
}

/* The shortest digits that read back as x, d.ddd…e±xx in text. Below a power
 * of two doubles lie denser than above it, so there the nearest short number
 * may miss where the next one up does not. */
static void
shortest(double x, char text[40])
{
	int unused;
	bool is_power = fabs(frexp(x, &unused)) == 0.5;
	char digits[40], *e;

	for (int prec = 0; prec < 17; prec++) {
		snprintf(text, 40, "%.*e", prec, x);
		if (strtod(text, NULL) == x)
			return;
		if (!is_power)
			continue;
		e = strchr(text, 'e');
		snprintf(digits, sizeof(digits), "%c%.*s", text[0], prec,
		    text + 2);
		increment(digits, (size_t)prec + 1);
		text[0] = digits[0];
		memcpy(text + 2, digits + 1, (size_t)prec);
		if (prec && e && strtod(text, NULL) == x)
			return;
	}
}

/* Digits of a float in plain notation; point: how many stand before it. */
static char *
put_plain_float(char *out, const char *digits, int n, int point)
{
	if (point <= 0) {
		out = put(out, "0.", 2);
		for (int i = point; i < 0; i++)
			*out++ = '0';
		return put(out, digits, (size_t)n);
	}
	for (int i = 0; i < point; i++)
		*out++ = i < n ? digits[i] : '0';
	if (n > point) {
		*out++ = '.';
		out = put(out, digits + point, (size_t)(n - point));
	}
	return out;
}

static char *
put_exponent_float(char *out, const char *digits, int n, int exponent)
{
	*out++ = digits[0];
	if (n > 1) {
		*out++ = '.';
		out = put(out, digits + 1, (size_t)n - 1);
	}
	return out +
	    sprintf(out, "e%c%d", exponent < 0 ? '-' : '+', abs(exponent));
}

static char *
put_float(char *out, double x)
{
	char text[40], digits[40];
	int n = 0, exponent;
	double size = fabs(x);

	if (signbit(x))
		*out++ = '-';
	if (size == 0) {
		*out++ = '0';
		return out;
	}
	shortest(size, text);
	for (const char *p = text; *p && *p != 'e'; p++)
		if (*p != '.')
			digits[n++] = *p;
	exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (size < 1e-6 || size >= 1e21)
		return put_exponent_float(out, digits, n, exponent);
	return put_plain_float(out, digits, n, exponent + 1);
}

static bool
looks_like_int(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((text.p[i] | 0x20) == 'e' || text.p[i] == '.')
			return false;
	return true;
}

/* A literal as a float. One that no double can hold is none that Go would have
 * read. */
static char *
put_as_float(char *out, struct span text)
{
	char copy[400];
	double x;

	if (text.n >= sizeof(copy))
		return put(out, text.p, text.n);
	*put(copy, text.p, text.n) = '\0';
	x = strtod(copy, NULL);
	return isinf(x) ? put(out, text.p, text.n) : put_float(out, x);
}

static bool
fits_int64(struct span text)
{
	char copy[32];

	if (text.n < 19)
		return true;
	if (text.n >= sizeof(copy))
		return false;
	*put(copy, text.p, text.n) = '\0';
	errno = 0;
	(void)strtoll(copy, NULL, 10);
	return !errno;
}

char *
gojson_number(char *out, struct span text)
{
	if (!looks_like_int(text) || !fits_int64(text))
		return put_as_float(out, text);
	if (text.n == 2 && text.p[0] == '-' && text.p[1] == '0')
		return put(out, "0", 1);
	return put(out, text.p, text.n);
}

/* ---- values ---- */

static inline char *
put_quote(char *out, enum gojson_level level)
{
	if (level == GOJSON_TWICE)
		*out++ = '\\';
	*out++ = '"';
	return out;
}

static inline char *
put_string(char *out, const struct tape *t, uint32_t at, uint32_t n,
    bool is_odd, enum gojson_level level)
{
	const char *p = t->doc + at;

	out = put_quote(out, level);
	if (is_odd)
		out = copy_odd(out, p, p + n, level);
	else
		out = copy_known_plain(out, p, n, t->doc_end);
	return put_quote(out, level);
}

static inline char *
put_member(char *out, struct tape *t, uint32_t node, enum gojson_level level)
{
	const struct tape_node *m = &t->node[node];

	out = put_string(out, t, m->key, m->key_n, m->flags & TAPE_KEY_ODD,
	    level);
	*out++ = ':';
	return gojson_value(out, t, node, level);
}

static char *
put_sorted(char *out, struct tape *t, uint32_t node, enum gojson_level level)
{
	uint32_t first, n = tape_sort(t, node, &first);

	for (uint32_t i = 0; i < n; i++) {
		if (i)
			*out++ = ',';
		/* by index: a nested sort may move the stack */
		out = put_member(out, t, t->order[first + i].node, level);
	}
	t->n_order = first;
	return out;
}

/* An integer that Go reads twice: as one first, and as a float then. */
static char *
put_loose(char *out, struct span text)
{
	char copy[GOJSON_SLACK + 400];
	char *end = gojson_number(copy, text);

	return put_as_float(out, (struct span){copy, (size_t)(end - copy)});
}

char *
gojson_value(char *out, struct tape *t, uint32_t node, enum gojson_level level)
{
	const struct tape_node *v = &t->node[node];
	uint32_t end = v->end;

	switch (v->type) {
	case SCAN_STRING:
		return put_string(out, t, v->at, v->n, v->flags & TAPE_ODD,
		    level);
	case SCAN_NUMBER:
		if (level == GOJSON_LOOSE)
			return put_loose(out, tape_value(t, node));
		return gojson_number(out, tape_value(t, node));
	case SCAN_OBJECT:
		*out++ = '{';
		if (v->flags & TAPE_UNSORTED) {
			out = put_sorted(out, t, node, level);
		} else {
			for (uint32_t i = node + 1; i < end;
			     i = t->node[i].end) {
				if (i > node + 1)
					*out++ = ',';
				out = put_member(out, t, i, level);
			}
		}
		*out++ = '}';
		return out;
	case SCAN_ARRAY:
		*out++ = '[';
		for (uint32_t i = node + 1; i < end; i = t->node[i].end) {
			if (i > node + 1)
				*out++ = ',';
			out = gojson_value(out, t, i, level);
		}
		*out++ = ']';
		return out;
	default:
		return put(out, t->doc + v->at, v->n);
	}
}

/* ---- reading ---- */

bool
gojson_int(const struct tape *t, uint32_t node, int64_t *out)
{
	char text[400 + GOJSON_SLACK];
	struct span raw = tape_value(t, node);
	char *end;

	if (t->node[node].type != SCAN_NUMBER || raw.n >= 400)
		return false;
	end = gojson_number(text, raw);
	return scan_int((struct span){text, (size_t)(end - text)}, out);
}
