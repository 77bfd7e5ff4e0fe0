/* scan_diff - lib/scan beside libjq 1.6, over generated and mutated documents.
 *
 *	scan_diff [COUNT [SEED]]
 *
 * Both must come to the same verdict, and for what they accept to the same
 * values: of each path of the plan, and of the whole tree by walking it. Where
 * libjq decides otherwise than RFC 8259 the difference has to be one of the
 * table `known`; scan_test.c has a document for each of them. Speaks TAP.
 */
#include <jv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scan.h"
#include "tap.h"

#define DOC_MAX 8192
#define MEMBERS_MAX 256
#define JQ_DEPTH 256

/* libjq 1.6 loses memory on some documents that it refuses. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libjq.so";
}

/* ---- making documents ---- */

static uint64_t state;

/* splitmix64 */
static uint32_t
draw(uint32_t below)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) >> 32) % below;
}

struct doc {
	char p[DOC_MAX + 1];
	size_t n;
};

static void
put(struct doc *d, const char *p, size_t n)
{
	if (n > DOC_MAX - d->n)
		n = DOC_MAX - d->n;
	memcpy(d->p + d->n, p, n);
	d->n += n;
}

static void
puts_(struct doc *d, const char *text)
{
	put(d, text, strlen(text));
}

#define PICK(list) list[draw(sizeof(list) / sizeof(*(list)))]

static void
put_space(struct doc *d)
{
	static const char *const space[] = {" ", "\n", "\t", "\r", "  \n "};

	while (draw(8) == 0)
		puts_(d, PICK(space));
}

static void
put_escaped(struct doc *d, const char *text)
{
	char escape[8];

	for (; *text; text++) {
		if ((*text & 0x80) || draw(3)) {
			put(d, text, 1);
			continue;
		}
		snprintf(escape, sizeof(escape),
		    draw(2) ? "\\u%04x" : "\\u%04X", (unsigned char)*text);
		puts_(d, escape);
	}
}

/* Keys of the plan most of the time, so that paths are found and doubled. */
static void
put_key(struct doc *d)
{
	static const char *const key[] = {"a", "b", "c", "kind", "metadata",
	    "name", "labels", "a", "b", "metadata", "apiVersion", "namespace",
	    "longer-than-16-bytes.x", "kinds", "kin", "",
	    "app.kubernetes.io/name"};

	puts_(d, "\"");
	if (draw(8))
		puts_(d, PICK(key));
	else
		put_escaped(d, PICK(key));
	puts_(d, "\"");
}

static void
put_string(struct doc *d)
{
	static const char *const piece[] = {"x",
	    "plain text of more than sixteen bytes", "\\n", "\\\"", "\\\\",
	    "\\/", "\\b\\f\\r\\t", "\\u0041", "\\u00e9", "\xc3\xa9",
	    "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x7f", "\\ud83d\\ude00",
	    "\\udc00", "\\u0000", "\\uFFFF", "\xef\xbf\xbf", "\xed\x9f\xbf",
	    "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "{", "]", ":",
	    "abcdefghijklmno", "abcdefghijklmnop", "0123456789abcdefghi"};

	puts_(d, "\"");
	for (uint32_t n = draw(5); n > 0; n--)
		puts_(d, PICK(piece));
	puts_(d, "\"");
}

static void
put_number(struct doc *d)
{
	static const char *const number[] = {"0", "-0", "1", "42", "-17",
	    "3.25", "1.10", "1e5", "1E+05", "2e-3", "0e0", "0.0001",
	    "9007199254740993", "1e400", "-1e-400",
	    "123456789012345678901234567890", "2.2250738585072014e-308"};

	puts_(d, PICK(number));
}

static void
put_value(struct doc *d, unsigned depth)
{
	static const char *const word[] = {"true", "false", "null", "{}", "[]"};
	uint32_t kind = draw(depth ? 12 : 4), n = draw(6);

	put_space(d);
	if (kind == 0)
		puts_(d, PICK(word));
	else if (kind == 1)
		put_number(d);
	else if (kind < 4)
		put_string(d);
	else {
		puts_(d, kind < 10 ? "{" : "[");
		for (uint32_t i = 0; i < n; i++) {
			puts_(d, i ? "," : "");
			put_space(d);
			if (kind < 10) {
				put_key(d);
				put_space(d);
				puts_(d, ":");
			}
			put_value(d, depth - 1);
		}
		put_space(d);
		puts_(d, kind < 10 ? "}" : "]");
	}
	put_space(d);
}

static void
put_nested(struct doc *d)
{
	uint32_t n = JQ_DEPTH - 8 + draw(16);

	for (uint32_t i = 0; i < n; i++)
		puts_(d, "[");
	for (uint32_t i = 0; i < n; i++)
		puts_(d, "]");
}

/* Replace n bytes at place by others. */
static void
change(struct doc *d, size_t place, size_t n, const char *with, size_t n_with)
{
	struct doc new = {.n = 0};

	put(&new, d->p, place);
	put(&new, with, n_with);
	put(&new, d->p + place + n, d->n - place - n);
	memcpy(d->p, new.p, new.n);
	d->n = new.n;
}

static void
mutate(struct doc *d)
{
#define T(s) \
	{ \
		s, sizeof(s) - 1 \
	}
	static const struct span token[] = {T("{"), T("}"), T("["), T("]"),
	    T(","), T(":"), T("\""), T("\\"), T("0"), T("1"), T("."), T("-"),
	    T("+"), T("e"), T(" "), T("\n"), T("nan"), T("NaN"), T("-nan"),
	    T("inf"), T("Infinity"), T("01"), T("1."), T(".5"), T("+1"),
	    T("0x1f"), T("1e"), T("--1"), T("true"), T("tru"), T("null"),
	    T("nulll"), T("\0"), T("\x1e"), T("\x01"), T("\x1f"), T("\t"),
	    T("\xff"), T("\xc3"), T("\x80"), T("\xc0\x80"), T("\xed\xa0\x80"),
	    T("\xf4\x90\x80\x80"), T("\xe2\x82"), T("\xef\xbb\xbf"),
	    T("\xef\xbb"), T("\\u"), T("\\ud800"), T("\\ud83d\\u0041"),
	    T("\\u12g4"), T("\\x"), T("{}"), T("[]"), T("\"\""),
	    T(",\"a\":{\"b\":1}"), T("'"), T("/"), T("//"), T("\x0c"),
	    T("\xc2\xa0")};
	size_t place = draw((uint32_t)d->n + 1), n = draw(4), from;
	const struct span *t = &PICK(token);

	if (n > d->n - place)
		n = d->n - place;
	switch (draw(6)) {
	case 0:
		change(d, place, n, "", 0);
		break;
	case 1:
		change(d, place, n, t->p, t->n);
		break;
	case 2:
	case 3:
		change(d, place, 0, t->p, t->n);
		break;
	case 4:
		from = draw((uint32_t)d->n + 1);
		n = draw(12);
		if (n > d->n - from)
			n = d->n - from;
		change(d, place, 0, d->p + from, n);
		break;
	default:
		if (draw(4) == 0)
			d->n = place;
		else if (d->n)
			d->p[place % d->n] ^= (char)(1 << draw(8));
	}
}

static void
make(struct doc *d)
{
	d->n = 0;
	if (draw(500) == 0)
		put_nested(d);
	else
		put_value(d, 1 + draw(4));
	if (draw(5) < 3)
		for (uint32_t n = 1 + draw(3); n > 0; n--)
			mutate(d);
	d->p[d->n] = '\0';
}

/* ---- where libjq and RFC 8259 differ ---- */

/* What went wrong with a document of which the verdicts differ. */
struct difference {
	const struct doc *doc;
	const char *what; /* of our refusal, and where */
	size_t at;
	const char *jq; /* libjq's message */
};

static bool
in_token(char c)
{
	return !strchr(" \t\r\n{}[],:\"", c) || c == '\0';
}

/* libjq's idea of the token around the byte that we stopped at. */
static struct span
token_at(const struct difference *x)
{
	size_t from = x->at, to = x->at;

	while (from > 0 && in_token(x->doc->p[from - 1]))
		from--;
	while (to < x->doc->n && in_token(x->doc->p[to]))
		to++;
	return (struct span){x->doc->p + from, to - from};
}

/* Everything that strtod takes: 01 1. .5 +1 nan Infinity */
static bool
is_loose_number(const struct difference *x)
{
	struct span token = token_at(x);
	char text[DOC_MAX + 1], *end;

	if (!x->what || !token.n)
		return false;
	memcpy(text, token.p, token.n);
	text[token.n] = '\0';
	strtod(text, &end);
	return *end == '\0' && end > text;
}

static bool
is_bad_utf8(const struct difference *x)
{
	return x->what && strcmp(x->what, "invalid UTF-8") == 0;
}

static bool
is_bom(const struct difference *x)
{
	return x->what && x->at == 0 && x->doc->n >= 3 &&
	    memcmp(x->doc->p, "\xef\xbb\xbf", 3) == 0;
}

static bool
is_nul(const struct difference *x)
{
	struct span token = token_at(x);

	if (!x->what || x->at == x->doc->n)
		return false;
	return x->doc->p[x->at] == '\0' || memchr(token.p, '\0', token.n);
}

/* For libjq a record separator (RFC 7464) ends a document wherever it stands,
 * and an unfinished one before it is no error. */
static bool
is_separator(const struct difference *x)
{
	return x->what && memchr(x->doc->p + x->at, '\x1e', x->doc->n - x->at);
}

static bool
is_unit_separator(const struct difference *x)
{
	return x->what && x->at < x->doc->n && x->doc->p[x->at] == '\x1f' &&
	    strcmp(x->what, "control character in a string") == 0;
}

static bool
is_lone_surrogate(const struct difference *x)
{
	return x->jq && strstr(x->jq, "surrogate pair escape");
}

static bool
is_deep(const struct difference *x)
{
	return x->jq && strstr(x->jq, "depth");
}

static struct {
	const char *what;
	bool (*applies)(const struct difference *);
	unsigned long seen;
} known[] = {
    /* before the numbers: libjq's tokens end at a NUL */
    {"accepted by libjq: a NUL byte", is_nul, 0},
    {"accepted by libjq: a record separator", is_separator, 0},
    {"accepted by libjq: U+001F in a string", is_unit_separator, 0},
    {"accepted by libjq: invalid UTF-8", is_bad_utf8, 0},
    {"accepted by libjq: 01 1. .5 +1 nan infinity", is_loose_number, 0},
    {"accepted by libjq: a byte order mark", is_bom, 0},
    {"refused by libjq: a lone high surrogate", is_lone_surrogate, 0},
    {"refused by libjq: more than 256 levels", is_deep, 0}};

#define N_KNOWN (sizeof(known) / sizeof(*known))

/* ---- comparing values ---- */

static unsigned long n_values;

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool
is_strict_number(const char *p)
{
	p += *p == '-';
	if (*p == '0' ? p[1] >= '0' && p[1] <= '9' : *p < '1' || *p > '9')
		return false;
	p += strspn(p, "0123456789");
	if (*p == '.') {
		if (!strspn(p + 1, "0123456789"))
			return false;
		p += 1 + strspn(p + 1, "0123456789");
	}
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '+' || p[1] == '-');
		if (!strspn(p, "0123456789"))
			return false;
		p += strspn(p, "0123456789");
	}
	return *p == '\0';
}

static bool
same_number(struct span ours, double theirs)
{
	char text[DOC_MAX + 1];

	memcpy(text, ours.p, ours.n);
	text[ours.n] = '\0';
	return is_strict_number(text) && strtod(text, NULL) == theirs;
}

/* libjq puts U+FFFD for bytes that are not UTF-8, so that equal bytes are
 * valid bytes. Borrows theirs. */
static bool
same_string(struct span ours, jv theirs)
{
	char buf[DOC_MAX];
	struct span text = scan_text(ours, buf, sizeof(buf));

	for (size_t i = 0; i < ours.n; i++)
		if ((unsigned char)ours.p[i] < 0x20)
			return false;
	return text.p &&
	    text.n == (size_t)jv_string_length_bytes(jv_copy(theirs)) &&
	    memcmp(text.p, jv_string_value(theirs), text.n) == 0;
}

static bool same(struct span ours, jv theirs);

static bool
same_array(struct span ours, jv theirs)
{
	struct scan_iter it;
	struct span v;
	int n = 0;
	bool is_same = true;

	scan_iter(&it, ours);
	while (is_same && scan_element(&it, &v)) {
		jv element = jv_array_get(jv_copy(theirs), n++);

		is_same = same(v, element);
		jv_free(element);
	}
	return is_same && n == jv_array_length(jv_copy(theirs));
}

/* Of equal keys only the last counts. */
static bool
same_object(struct span ours, jv theirs)
{
	struct span key[MEMBERS_MAX], value[MEMBERS_MAX];
	jv name[MEMBERS_MAX];
	struct scan_iter it;
	size_t n = 0;
	int distinct = 0;
	bool is_same = true;

	scan_iter(&it, ours);
	while (n < MEMBERS_MAX && scan_member(&it, &key[n], &value[n])) {
		char buf[DOC_MAX];

		name[n] = jv_string_sized(buf,
		    (int)scan_decode(key[n].p, key[n].n, buf));
		n++;
	}
	for (size_t i = 0; i < n; i++) {
		size_t later = i + 1;
		jv v;

		while (later < n &&
		    !jv_equal(jv_copy(name[i]), jv_copy(name[later])))
			later++;
		if (later < n)
			continue;
		distinct++;
		v = jv_object_get(jv_copy(theirs), jv_copy(name[i]));
		is_same = is_same && same(value[i], v);
		jv_free(v);
	}
	for (size_t i = 0; i < n; i++)
		jv_free(name[i]);
	return is_same && distinct == jv_object_length(jv_copy(theirs));
}

/* Borrows theirs. */
static bool
same(struct span ours, jv theirs)
{
	jv_kind kind = jv_get_kind(theirs);

	n_values++;
	switch (scan_type(ours)) {
	case SCAN_ABSENT:
		return kind == JV_KIND_INVALID;
	case SCAN_NULL:
		return kind == JV_KIND_NULL;
	case SCAN_FALSE:
		return kind == JV_KIND_FALSE;
	case SCAN_TRUE:
		return kind == JV_KIND_TRUE;
	case SCAN_NUMBER:
		return kind == JV_KIND_NUMBER &&
		    same_number(ours, jv_number_value(theirs));
	case SCAN_STRING:
		return kind == JV_KIND_STRING && same_string(ours, theirs);
	case SCAN_ARRAY:
		return kind == JV_KIND_ARRAY && same_array(ours, theirs);
	default:
		return kind == JV_KIND_OBJECT && same_object(ours, theirs);
	}
}

static const char *const paths[] = {"a", "b", "a.b", "a.b.c", "a.a", "b.a.b",
    "c", "kind", "kinds", "apiVersion", "metadata", "metadata.name",
    "metadata.namespace", "metadata.labels", "metadata.metadata.name"};

#define N_PATHS (sizeof(paths) / sizeof(*paths))

/* What libjq has at a path; invalid if anything on the way is no object. */
static jv
jq_get(jv value, const char *path)
{
	char keys[64];

	strcpy(keys, path);
	for (char *k = strtok(keys, "."); k; k = strtok(NULL, ".")) {
		if (jv_get_kind(value) != JV_KIND_OBJECT) {
			jv_free(value);
			return jv_invalid();
		}
		value = jv_object_get(value, jv_string(k));
	}
	return value;
}

static bool
same_paths(const struct span *slots, jv theirs)
{
	bool is_same = true;

	for (size_t i = 0; i < N_PATHS; i++) {
		jv v = jq_get(jv_copy(theirs), paths[i]);

		is_same = is_same && same(slots[i], v);
		jv_free(v);
	}
	return is_same;
}

static bool
same_document(const struct doc *d, const struct span *slots, jv theirs)
{
	const char *p = d->p;
	struct scan_error err;
	struct span whole;

	p += strspn(p, " \t\r\n");
	whole.p = p;
	whole.n = (size_t)(scan_value(p, d->p + d->n, &err) - p);
	return same(whole, theirs) && same_paths(slots, theirs);
}

/* ---- the run ---- */

static struct {
	unsigned long documents, accepted, refused, failed;
} count;

static void
explain(const struct difference *x)
{
	for (size_t i = 0; i < N_KNOWN; i++)
		if (known[i].applies(x)) {
			known[i].seen++;
			return;
		}
	if (count.failed++ < 10) {
		printf("# document %lu: we say %s (byte %zu), libjq %s: ",
		    count.documents, x->what ? x->what : "yes", x->at,
		    x->jq ? x->jq : "yes");
		fwrite(x->doc->p, 1, x->doc->n, stdout);
		printf("\n");
	}
}

static void
compare(const struct scan_plan *plan, const struct doc *d)
{
	struct span slots[SCAN_SLOTS];
	struct scan_error err = {NULL, 0};
	bool accepted = scan_find(plan, d->p, d->n, slots, &err) == 0;
	jv theirs = jv_parse_sized(d->p, (int)d->n), message;

	if (accepted && jv_is_valid(theirs)) {
		count.accepted++;
		if (!same_document(d, slots, theirs) && count.failed++ < 10)
			printf("# document %lu, other values: %s\n",
			    count.documents, d->p);
	} else if (!accepted && !jv_is_valid(theirs)) {
		count.refused++;
	} else if (accepted) {
		message = jv_invalid_get_msg(jv_copy(theirs));
		explain(
		    &(struct difference){d, NULL, 0, jv_string_value(message)});
		jv_free(message);
	} else {
		explain(&(struct difference){d, err.what, err.at, NULL});
	}
	jv_free(theirs);
}

int
main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
	static struct scan_plan plan;
	static struct doc d;

	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	scan_plan_init(&plan);
	for (size_t i = 0; i < N_PATHS; i++)
		scan_plan_add(&plan, paths[i]);
	for (; count.documents < n; count.documents++) {
		make(&d);
		compare(&plan, &d);
	}
	ok(count.failed == 0, "%lu documents: libjq agrees, or is known not to",
	    n);
	ok(count.accepted > n / 4 && count.refused > n / 8,
	    "%lu were accepted by both, %lu refused by both, %lu values equal",
	    count.accepted, count.refused, n_values);
	for (size_t i = 0; i < N_KNOWN; i++)
		ok(known[i].seen > 0 || n < 50000, "%s: %lu", known[i].what,
		    known[i].seen);
	printf("# %.1f s\n", (double)clock() / CLOCKS_PER_SEC);
	return tap_done();
}
