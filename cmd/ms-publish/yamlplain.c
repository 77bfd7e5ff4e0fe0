#include "yamlplain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
digits(const char *p)
{
	while (is_digit(*p))
		p++;
	return p;
}

/* One or two digits, of which at most max; NULL if there are none. */
static const char *
short_number(const char *p, int min, int max, int *n)
{
	if (!is_digit(*p))
		return NULL;
	*n = *p++ - '0';
	if (is_digit(*p))
		*n = *n * 10 + *p++ - '0';
	return *n < min || *n > max ? NULL : p;
}

static int
days_in(int year, int month)
{
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2                ? 28 + is_leap :
	    (month % 7) % 2 == month / 8 ? 30 :
					   31;
}

/* 2006-1-2; what follows it. */
static const char *
date(const char *p)
{
	int year, month, day;

	if (digits(p) != p + 4 || p[4] != '-')
		return NULL;
	year = (int)strtol(p, NULL, 10);
	if (!(p = short_number(p + 5, 1, 12, &month)) || *p++ != '-')
		return NULL;
	if (!(p = short_number(p, 1, 31, &day)) || day > days_in(year, month))
		return NULL;
	return p;
}

/* 15:4:5.9; what follows it. */
static const char *
clock(const char *p)
{
	int unused;

	if (!(p = short_number(p, 0, 23, &unused)) || *p++ != ':' ||
	    !(p = short_number(p, 0, 59, &unused)) || *p++ != ':' ||
	    !(p = short_number(p, 0, 59, &unused)))
		return NULL;
	if ((*p == '.' || *p == ',') && is_digit(p[1]))
		p = digits(p + 1);
	return p;
}

/* Z or +01:00, and nothing more. */
static bool
is_zone(const char *p)
{
	if (strcmp(p, "Z") == 0)
		return true;
	return (*p == '+' || *p == '-') && strlen(p) == 6 &&
	    digits(p + 1) == p + 3 && p[3] == ':' && digits(p + 4) == p + 6 &&
	    strtol(p + 1, NULL, 10) <= 24 && strtol(p + 4, NULL, 10) <= 60;
}

static bool
is_time(const char *p)
{
	if (!(p = date(p)))
		return false;
	if (!*p)
		return true;
	if (*p == 'T' || *p == 't')
		return (p = clock(p + 1)) && is_zone(p);
	if (*p != ' ')
		return false;
	return (p = clock(p + strspn(p, " "))) && !*p;
}

static bool
is_word(const char *text)
{
	static const char *const word[] = {"y", "Y", "yes", "Yes", "YES",
	    "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No",
	    "NO", "false", "False", "FALSE", "off", "Off", "OFF", "", "~",
	    "null", "Null", "NULL", ".nan", ".NaN", ".NAN", ".inf", ".Inf",
	    ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++)
		if (strcmp(text, word[i]) == 0)
			return true;
	return false;
}

static bool
is_float(const char *text)
{
	const char *p = text, *from;

	p += *p == '+' || *p == '-';
	from = p;
	p = digits(p);
	if (*p == '.') {
		if (p == from && !is_digit(p[1]))
			return false;
		p = digits(p + 1);
	} else if (p == from) {
		return false;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		if (!is_digit(*p))
			return false;
		p = digits(p);
	}
	return !*p && !isinf(strtod(text, NULL));
}

/* 0x1f, 0o17, 0b11, of 64 bits; with a minus of 63. */
static bool
is_based_int(const char *p)
{
	bool minus = *p == '-';
	int bits, value;
	unsigned long long n = 0;

	p += minus || *p == '+';
	if (p[0] != '0' || !p[1] || !p[2])
		return false;
	bits = (p[1] | 0x20) == 'x' ? 4 :
	    (p[1] | 0x20) == 'o'    ? 3 :
	    (p[1] | 0x20) == 'b'    ? 1 :
				      0;
	for (p += 2; bits && *p; p++) {
		value = is_digit(*p) ? *p - '0' : ((*p | 0x20) - 'a' + 10);
		if (value < 0 || value >= 1 << bits || n >> (64 - bits))
			return false;
		n = n << bits | (unsigned)value;
	}
	return bits && (!minus || n <= 1ull << 63);
}

/* 190:20:30, a number of YAML 1.1. */
static bool
is_base60(const char *p)
{
	bool has_more = false;

	p += *p == '+' || *p == '-';
	if (!is_digit(*p))
		return false;
	p += strspn(p, "0123456789_");
	while (*p == ':' && is_digit(p[1])) {
		has_more = true;
		p += is_digit(p[2]) && p[1] <= '5' ? 3 : 2;
	}
	if (*p == '.')
		p += 1 + strspn(p + 1, "0123456789_");
	return has_more && !*p;
}

/* Underscores do not count in numbers. */
static void
drop_underscores(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '_')
			*to++ = *text;
	*to = '\0';
}

bool
yamlplain_is_other(struct span text)
{
	char copy[512];

	/* longer ones are texts, or numbers that nobody writes */
	if (text.n >= sizeof(copy) || (text.n && memchr(text.p, '\0', text.n)))
		return false;
	memcpy(copy, text.n ? text.p : "", text.n);
	copy[text.n] = '\0';
	if (is_word(copy))
		return true;
	if (*copy == '.')
		return is_float(copy);
	if (!is_digit(*copy) && *copy != '+' && *copy != '-')
		return false;
	if (is_time(copy) || is_base60(copy))
		return true;
	drop_underscores(copy);
	return is_float(copy) || is_based_int(copy);
}
