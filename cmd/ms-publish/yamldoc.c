#include "yamldoc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "gojson.h"
#include "yamltext.h"

#define STEP 2 /* columns of an indent */
#define LONG_KEY 128

struct writer {
	struct tape *t;
	struct json *out;
	struct json *text; /* two texts, decoded */
};

static void put_node(struct writer *w, uint32_t node, int indent,
    bool is_in_list);

static void
put_indent(struct json *out, int columns)
{
	while (columns-- > 0)
		json_raw(out, " ", 1);
}

/* Text decoded into buf, with a terminator behind it. */
static struct span
decode(struct span raw, struct json *buf)
{
	char *p;

	json_reset(buf);
	p = json_room(buf, raw.n + 4);
	raw.n = scan_decode(raw.p, raw.n, p);
	memset(p + raw.n, 0, 4);
	return (struct span){p, raw.n};
}

/* ---- the order of keys ---- */

/* Beyond ASCII: all but punctuation and pictures, as far as it matters. */
static bool
is_letter(char c)
{
	if ((unsigned char)c >= 0x80)
		return c != '\xe2' && c != '\xf0';
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits at i as a number that goes on from n. */
static unsigned long long
number_at(struct span s, size_t *i, unsigned long long n)
{
	for (; *i < s.n && is_digit(s.p[*i]); ++*i)
		n = n * 10 + (unsigned)(s.p[*i] - '0');
	return n;
}

/* Where two keys differ first: letters come after all else, and digits count
 * as numbers. */
static int
compare_from(struct span a, struct span b, size_t i)
{
	bool is_a = is_letter(a.p[i]), is_b = is_letter(b.p[i]);
	unsigned long long from = 0, m, n;
	size_t end_a = i, end_b = i;

	if (is_a != is_b)
		return is_b ? -1 : 1;
	if (!is_a && (a.p[i] == '0' || b.p[i] == '0'))
		for (size_t j = i; j-- > 0 && is_digit(a.p[j]);)
			if (a.p[j] != '0')
				from = 1;
	if (!is_a) {
		m = number_at(a, &end_a, from);
		n = number_at(b, &end_b, from);
		if (m != n)
			return (long long)m < (long long)n ? -1 : 1;
		if (end_a != end_b)
			return end_a < end_b ? -1 : 1;
	}
	return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
}

static int
compare(struct writer *w, uint32_t x, uint32_t y)
{
	struct span a = decode(tape_key(w->t, x), &w->text[0]);
	struct span b = decode(tape_key(w->t, y), &w->text[1]);

	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (a.p[i] != b.p[i])
			return compare_from(a, b, i);
	return (a.n > b.n) - (a.n < b.n);
}

/* Objects are small, and what Go wrote is nearly in order: insert. */
static void
sort(struct writer *w, struct tape_order *o, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct tape_order one = o[i];
		uint32_t j = i;

		for (; j > 0 && compare(w, one.node, o[j - 1].node) < 0; j--)
			o[j] = o[j - 1];
		o[j] = one;
	}
}

/* ---- values ---- */

static void
put_text(struct writer *w, struct span raw, int indent)
{
	yamltext_write(decode(raw, &w->text[0]), indent, false, w->out);
}

/* Go's %g with as few digits as it takes. */
static void
put_float(struct json *out, struct span text)
{
	char copy[400], shortest[64], digits[64], *e, *end;
	int power;
	double x;

	memcpy(copy, text.p, text.n < 399 ? text.n : 399);
	copy[text.n < 399 ? text.n : 399] = '\0';
	x = strtod(copy, NULL);
	for (int prec = 0; prec < 17; prec++) {
		snprintf(shortest, sizeof(shortest), "%.*e", prec, x);
		if (strtod(shortest, NULL) == x)
			break;
	}
	e = strchr(shortest, 'e');
	power = e ? (int)strtol(e + 1, NULL, 10) : 0;
	if (power < -4 || power >= 6) {
		json_raw(out, shortest, strlen(shortest));
		return;
	}
	end = gojson_number(digits, text);
	json_raw(out, digits, (size_t)(end - digits));
}

static void
put_number(struct json *out, struct span text)
{
	char digits[64], *end;

	if (text.n >= sizeof(digits)) {
		put_float(out, text);
		return;
	}
	memcpy(digits, text.p, text.n);
	digits[text.n] = '\0';
	errno = 0;
	if (*digits == '-')
		(void)strtoll(digits, &end, 10);
	else
		(void)strtoull(digits, &end, 10);
	if (errno || *end)
		put_float(out, text);
	else
		json_puts(out, strcmp(digits, "-0") == 0 ? "0" : digits);
}

/* True if the key is too much for one line: then it has lines of its own, and
 * its value follows as in a list. */
static bool
put_key(struct writer *w, uint32_t node, int indent)
{
	struct span key = decode(tape_key(w->t, node), &w->text[0]);
	bool is_long = key.n > LONG_KEY || yamltext_has_break(key);

	if (is_long)
		json_raw(w->out, "? ", 2);
	yamltext_write(key, indent + STEP, !is_long, w->out);
	if (is_long) {
		json_raw(w->out, "\n", 1);
		put_indent(w->out, indent);
	}
	json_raw(w->out, ":", 1);
	return is_long;
}

static void
put_map(struct writer *w, uint32_t node, int indent, bool is_begun)
{
	uint32_t first, n = tape_sort(w->t, node, &first), m;

	sort(w, w->t->order + first, n);
	for (uint32_t i = 0; i < n; i++) {
		m = w->t->order[first + i].node;
		if (i || !is_begun)
			put_indent(w->out, indent);
		put_node(w, m, indent, put_key(w, m, indent));
	}
	w->t->n_order = first;
}

static void
put_list(struct writer *w, uint32_t node, int indent, bool is_begun)
{
	bool is_first = true;

	for (uint32_t i = node + 1; i < w->t->node[node].end;
	     i = w->t->node[i].end) {
		if (!is_first || !is_begun)
			put_indent(w->out, indent);
		is_first = false;
		json_raw(w->out, "-", 1);
		put_node(w, i, indent, true);
	}
}

/* What follows a key or a dash of that indent, and the end of the line. */
static void
put_node(struct writer *w, uint32_t node, int indent, bool is_in_list)
{
	const struct tape_node *v = &w->t->node[node];
	bool is_empty = v->end == node + 1;

	json_raw(w->out, is_in_list ? " " : "", is_in_list);
	if (v->type == SCAN_OBJECT && !is_empty) {
		if (!is_in_list)
			json_raw(w->out, "\n", 1);
		put_map(w, node, indent + STEP, is_in_list);
		return;
	}
	if (v->type == SCAN_ARRAY && !is_empty) {
		if (!is_in_list)
			json_raw(w->out, "\n", 1);
		put_list(w, node, is_in_list ? indent + STEP : indent,
		    is_in_list);
		return;
	}
	if (!is_in_list)
		json_raw(w->out, " ", 1);
	if (v->type == SCAN_OBJECT)
		json_puts(w->out, "{}");
	else if (v->type == SCAN_ARRAY)
		json_puts(w->out, "[]");
	else if (v->type == SCAN_STRING)
		put_text(w, tape_value(w->t, node), indent + STEP);
	else if (v->type == SCAN_NUMBER)
		put_number(w->out, tape_value(w->t, node));
	else
		json_span(w->out, tape_value(w->t, node));
	json_raw(w->out, "\n", 1);
}

void
yaml_write(struct tape *t, struct json text[2], struct json *out)
{
	struct writer w = {t, out, text};

	put_map(&w, 0, 0, false);
}
