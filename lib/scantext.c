/* What the values that a scan has found say: their types, texts and numbers. */
#include "scan.h"

#include <string.h>

enum scan_type
scan_type(struct span value)
{
	if (!value.n)
		return SCAN_ABSENT;
	switch (*value.p) {
	case '{':
		return SCAN_OBJECT;
	case '[':
		return SCAN_ARRAY;
	case '"':
		return SCAN_STRING;
	case 't':
		return SCAN_TRUE;
	case 'f':
		return SCAN_FALSE;
	case 'n':
		return SCAN_NULL;
	default:
		return SCAN_NUMBER;
	}
}

int
scan_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t
scan_utf8(char *buf, unsigned c)
{
	if (c < 0x80) {
		buf[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		buf[0] = (char)(0xc0 | c >> 6);
		buf[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		buf[0] = (char)(0xe0 | c >> 12);
		buf[1] = (char)(0x80 | (c >> 6 & 0x3f));
		buf[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	buf[0] = (char)(0xf0 | c >> 18);
	buf[1] = (char)(0x80 | (c >> 12 & 0x3f));
	buf[2] = (char)(0x80 | (c >> 6 & 0x3f));
	buf[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static unsigned
hex4(const char *p)
{
	unsigned c = 0;

	for (int i = 0; i < 4; i++)
		c = c << 4 | (unsigned)scan_hex(p[i]);
	return c;
}

/* The code point of a \u escape at p, a pair of them counted as one. */
static unsigned
decode_unicode(const char **pp, const char *end)
{
	const char *p = *pp;
	unsigned c = hex4(p + 2), low;

	*pp = p + 6;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c <= 0xdbff && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
		low = hex4(p + 8);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*pp = p + 12;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return 0xfffd;
}

static char
decode_short(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c;
	}
}

unsigned
scan_escape(const char **pp, const char *end)
{
	char c = (*pp)[1];

	if (c == 'u')
		return decode_unicode(pp, end);
	*pp += 2;
	return (unsigned char)decode_short(c);
}

size_t
scan_decode(const char *raw, size_t n, char *buf)
{
	const char *end = raw + n, *p = raw;
	char *out = buf;

	while (p < end) {
		const char *escape = memchr(p, '\\', (size_t)(end - p));
		size_t run = (size_t)((escape ? escape : end) - p);

		memmove(out, p, run);
		out += run;
		if (!escape)
			break;
		p = escape;
		out += scan_utf8(out, scan_escape(&p, end));
	}
	return (size_t)(out - buf);
}

struct span
scan_text(struct span value, char *buf, size_t cap)
{
	struct span raw;

	if (scan_type(value) != SCAN_STRING)
		return (struct span){0};
	raw = (struct span){value.p + 1, value.n - 2};
	if (!memchr(raw.p, '\\', raw.n))
		return raw;
	if (raw.n > cap)
		return (struct span){0};
	return (struct span){buf, scan_decode(raw.p, raw.n, buf)};
}

bool
scan_key_eq_escaped(struct span key, const char *text)
{
	const char *p = key.p, *end = key.p + key.n;
	char c[4];
	size_t n;

	if (!memchr(p, '\\', key.n))
		return false;
	for (; p < end; text += n) {
		n = 1;
		if (*p == '\\')
			n = scan_utf8(c, scan_escape(&p, end));
		else
			c[0] = *p++;
		if (!c[0] || strncmp(text, c, n) != 0)
			return false;
	}
	return !*text;
}

bool
scan_int(struct span value, int64_t *out)
{
	bool negative = value.n && *value.p == '-';
	uint64_t limit = (uint64_t)INT64_MAX + negative, sum = 0;

	if (scan_type(value) != SCAN_NUMBER || value.n == negative)
		return false;
	for (size_t i = negative; i < value.n; i++) {
		unsigned digit = (unsigned)(value.p[i] - '0');

		if (digit > 9 || sum > (limit - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - sum) : (int64_t)sum;
	return true;
}

bool
scan_is_port(struct span value)
{
	int64_t n;

	return scan_int(value, &n) && n > 0 && n <= UINT16_MAX;
}
