#include "scan.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "plain.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* What one scan carries along. Functions return the place after what they
 * accepted, or NULL after fail(). */
struct scan {
	const char *end;
	const char *what, *bad;
	const struct scan_plan *plan;
	struct span *slots;
	uint64_t seen; /* nodes of the plan met so far */
	const char *doc;
	struct scan_tape *tape; /* NULL: nobody wants the tokens */
	struct scan_token *token; /* the next one there */
	bool is_odd; /* a string was not plain ASCII, or had escapes */
};

static const char *
fail(struct scan *s, const char *what, const char *at)
{
	s->what = what;
	s->bad = at;
	return NULL;
}

/* ---- bytes ---- */

static inline const char *
skip_space(const char *p, const char *end)
{
	if (LIKELY(p < end && (unsigned char)*p > ' '))
		return p;
	while (p < end && scan_is_space(*p))
		p++;
	return p;
}

/* One well-formed sequence of two to four bytes (Unicode, table 3-7). */
static const char *
skip_utf8(struct scan *s, const char *p)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t left = (size_t)(s->end - p), n;
	unsigned char low = 0x80, high = 0xbf;

	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		n = 2;
	else if (u[0] >= 0xe0 && u[0] <= 0xef)
		n = 3;
	else if (u[0] >= 0xf0 && u[0] <= 0xf4)
		n = 4;
	else
		return fail(s, "invalid UTF-8", p);
	if (u[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (u[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (u[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (u[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	for (size_t i = 1; i < n; i++, low = 0x80, high = 0xbf) {
		if (i >= left)
			return fail(s, "the document ends early", s->end);
		if (u[i] < low || u[i] > high)
			return fail(s, "invalid UTF-8", p);
	}
	return p + n;
}

size_t
scan_utf8_length(const char *p, size_t left)
{
	struct scan s = {.end = p + left};
	const char *after = skip_utf8(&s, p);

	return after ? (size_t)(after - p) : 0;
}

/* Those of two bytes are a table, as documents within documents have one every
 * few letters. */
static inline bool
is_short_escape(char c)
{
	static const bool is[UCHAR_MAX + 1] = {['"'] = true,
	    ['\\'] = true,
	    ['/'] = true,
	    ['b'] = true,
	    ['f'] = true,
	    ['n'] = true,
	    ['r'] = true,
	    ['t'] = true};

	return is[(unsigned char)c];
}

static const char *
skip_escape(struct scan *s, const char *p)
{
	if (s->end - p < 2)
		return fail(s, "the document ends early", s->end);
	if (p[1] != 'u')
		return fail(s, "unknown escape in a string", p);
	for (int i = 2; i < 6; i++) {
		if (p + i >= s->end)
			return fail(s, "the document ends early", s->end);
		if (scan_hex(p[i]) < 0)
			return fail(s, "\\u wants four hex digits", p);
	}
	return p + 6;
}

/* p: after the opening quote. Returns the place after the closing one. */
static inline const char *
skip_string(struct scan *s, const char *p)
{
	for (;;) {
		p = plain_run(p, s->end);
		if (UNLIKELY(p == s->end))
			return fail(s, "the document ends early", p);
		if (LIKELY(*p == '"'))
			return p + 1;
		s->is_odd = true;
		if (*p == '\\')
			p = s->end - p >= 2 && is_short_escape(p[1]) ?
			    p + 2 :
			    skip_escape(s, p);
		else if ((unsigned char)*p < 0x20)
			return fail(s, "control character in a string", p);
		else
			p = skip_utf8(s, p);
		if (UNLIKELY(!p))
			return NULL;
	}
}

static const char *
skip_digits(struct scan *s, const char *p)
{
	const char *first = p;

	while (p < s->end && *p >= '0' && *p <= '9')
		p++;
	if (p > first)
		return p;
	return fail(s,
	    p == s->end ? "the document ends early" :
			  "a digit is missing in a number",
	    p);
}

static const char *
skip_number(struct scan *s, const char *p)
{
	if (*p == '-')
		p++;
	if (p < s->end && *p == '0')
		p++;
	else if (!(p = skip_digits(s, p)))
		return NULL;
	if (p < s->end && *p == '.' && !(p = skip_digits(s, p + 1)))
		return NULL;
	if (p < s->end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < s->end && (*p == '+' || *p == '-'))
			p++;
		p = skip_digits(s, p);
	}
	return p;
}

static const char *
skip_word(struct scan *s, const char *p, const char *word)
{
	for (; *word; word++, p++) {
		if (p == s->end)
			return fail(s, "the document ends early", p);
		if (*p != *word)
			return fail(s, "unknown word", p);
	}
	return p;
}

static const char *
skip_scalar(struct scan *s, const char *p)
{
	switch (*p) {
	case '"':
		return skip_string(s, p + 1);
	case 't':
		return skip_word(s, p, "true");
	case 'f':
		return skip_word(s, p, "false");
	case 'n':
		return skip_word(s, p, "null");
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return skip_number(s, p);
	default:
		return fail(s, "a value is missing", p);
	}
}

/* ---- tokens ---- */

static inline void
put_token(struct scan *s, const char *from, const char *to, uint32_t flag)
{
	if (s->token)
		*s->token++ =
		    (struct scan_token){(uint32_t)(from - s->doc) | flag,
			(uint32_t)(to - s->doc)};
}

/* An opening bracket; until it is closed, it says which one is open around it.
 * Returns its number. */
static inline uint32_t
open_token(struct scan *s, const char *p, uint32_t around)
{
	if (!s->token)
		return 0;
	*s->token = (struct scan_token){(uint32_t)(p - s->doc), around};
	return (uint32_t)(s->token++ - s->tape->token);
}

/* Returns which one is open then. */
static inline uint32_t
close_token(struct scan *s, const char *p, uint32_t open)
{
	struct scan_token *t;
	uint32_t around;

	if (!s->token)
		return 0;
	t = s->tape->token + open;
	around = t->to;
	t->to = SCAN_OPENS | (uint32_t)(s->token - t);
	put_token(s, p, p + 1, 0);
	return around;
}

static inline void
mark(struct scan *s, int slot, const char *p, bool is_end)
{
	struct scan_tape *t = s->tape;

	if (!t)
		return;
	if (!is_end)
		t->first[slot] = (uint32_t)(s->token - t->token);
	t->mark[t->n_marks++] =
	    (struct scan_mark){(uint32_t)(p - s->doc), (uint8_t)slot, is_end};
}

/* A slot's value is void. */
static void
unmark(struct scan *s, int slot)
{
	struct scan_tape *t = s->tape;
	unsigned kept = 0;

	for (unsigned i = 0; t && i < t->n_marks; i++)
		if (t->mark[i].slot != slot)
			t->mark[kept++] = t->mark[i];
	if (t)
		t->n_marks = kept;
}

/* ---- containers ---- */

/* A member's key with its colon; *key_end is where its closing quote stands.
 * Returns the place of the value. */
static inline const char *
skip_key(struct scan *s, const char *p, const char **key_end)
{
	const char *key;

	if (UNLIKELY(p == s->end))
		return fail(s, "the document ends early", p);
	if (UNLIKELY(*p != '"'))
		return fail(s, "a key is missing", p);
	key = p;
	if (UNLIKELY(!(p = skip_string(s, p + 1))))
		return NULL;
	put_token(s, key, p, SCAN_IS_KEY);
	*key_end = p - 1;
	p = skip_space(p, s->end);
	if (UNLIKELY(p == s->end))
		return fail(s, "the document ends early", p);
	if (UNLIKELY(*p != ':'))
		return fail(s, "':' is missing", p);
	return skip_space(p + 1, s->end);
}

/* One value of any depth, without recursion: a bit a level remembers whether
 * it is an object. depth: levels already open around it. */
static const char *
skip_value(struct scan *s, const char *p, unsigned depth)
{
	uint64_t objects[SCAN_DEPTH / 64 + 1];
	const unsigned base = depth;
	bool in_object = false;
	const char *key_end, *from;
	uint32_t open = 0;

value:
	if (UNLIKELY(p == s->end))
		return fail(s, "the document ends early", p);
	from = p;
	if (*p == '"') {
		if (UNLIKELY(!(p = skip_string(s, p + 1))))
			return NULL;
		put_token(s, from, p, 0);
	} else if (*p == '{' || *p == '[') {
		if (UNLIKELY(depth == SCAN_DEPTH))
			return fail(s, "nested too deeply", p);
		if (in_object)
			objects[depth / 64] |= 1ull << depth % 64;
		else
			objects[depth / 64] &= ~(1ull << depth % 64);
		depth++;
		open = open_token(s, p, open);
		in_object = *p == '{';
		p = skip_space(p + 1, s->end);
		if (p < s->end && *p == (in_object ? '}' : ']'))
			goto close;
		if (in_object)
			goto key;
		goto value;
	} else {
		if (UNLIKELY(!(p = skip_scalar(s, p))))
			return NULL;
		put_token(s, from, p, 0);
	}
next:
	if (depth == base)
		return p;
	p = skip_space(p, s->end);
	if (UNLIKELY(p == s->end))
		return fail(s, "the document ends early", p);
	if (*p == ',') {
		p = skip_space(p + 1, s->end);
		if (!in_object)
			goto value;
	key:
		if (UNLIKELY(!(p = skip_key(s, p, &key_end))))
			return NULL;
		goto value;
	}
	if (UNLIKELY(*p != (in_object ? '}' : ']')))
		return fail(s,
		    in_object ? "',' or '}' is missing" :
				"',' or ']' is missing",
		    p);
close:
	open = close_token(s, p++, open);
	depth--;
	in_object = objects[depth / 64] >> depth % 64 & 1;
	goto next;
}

/* The same; most values are strings, which need no levels. */
static inline const char *
skip_one(struct scan *s, const char *p)
{
	return LIKELY(p < s->end) && *p == '"' ? skip_string(s, p + 1) :
						 skip_value(s, p, 0);
}

/* ---- paths ---- */

/* The first eight bytes of a key, padded with zeroes: most keys differ there,
 * so that one comparison tells. */
static inline uint64_t
key_head(const char *key, size_t n)
{
	uint64_t head = 0;

	memcpy(&head, key, n < sizeof(head) ? n : sizeof(head));
	return head;
}

static inline uint64_t
key_filter(const char *key, size_t n)
{
	return 1ull << (((unsigned char)key[0] + n * 8) & 63);
}

static unsigned
find_child(const struct scan_plan *plan, unsigned node, const char *key,
    size_t n)
{
	const struct scan_node *c;
	uint64_t head;

	if (n == 0 || !(plan->node[node].filter & key_filter(key, n)))
		return 0;
	head = key_head(key, n);
	for (unsigned i = plan->node[node].child; i; i = c->next) {
		c = &plan->node[i];
		if (c->head == head && c->len == n &&
		    (n <= 8 || memcmp(c->key, key, n) == 0))
			return i;
	}
	return 0;
}

/* Keys with escapes are legal and rare. */
static unsigned
find_escaped_child(const struct scan_plan *plan, unsigned node, const char *key,
    size_t n)
{
	char text[SCAN_KEY * 6];

	if (n > sizeof(text))
		return 0;
	return find_child(plan, node, text, scan_decode(key, n, text));
}

/* A key came again: what its former value gave is void. */
static void
forget(struct scan *s, unsigned node)
{
	const struct scan_node *n = &s->plan->node[node];

	if (n->slot >= 0) {
		s->slots[n->slot] = (struct span){0};
		unmark(s, n->slot);
	}
	for (unsigned i = n->child; i; i = s->plan->node[i].next) {
		s->seen &= ~(1ull << i);
		forget(s, i);
	}
}

/* An object that paths lead into; p: after its '{'. Recursion goes as deep as
 * the plan's paths, no deeper. */
static const char *
walk_object(struct scan *s, unsigned node, const char *p, unsigned depth)
{
	uint32_t open = open_token(s, p - 1, 0);
	int slot;

	p = skip_space(p, s->end);
	if (p < s->end && *p == '}') {
		close_token(s, p, open);
		return p + 1;
	}
	for (;;) {
		const char *key = p + 1, *key_end = NULL, *value;
		unsigned child;

		s->is_odd = false;
		if (UNLIKELY(!(value = skip_key(s, p, &key_end))))
			return NULL;
		child = find_child(s->plan, node, key, (size_t)(key_end - key));
		if (UNLIKELY(s->is_odd && !child))
			child = find_escaped_child(s->plan, node, key,
			    (size_t)(key_end - key));
		if (child) {
			if (UNLIKELY(s->seen >> child & 1))
				forget(s, child);
			s->seen |= 1ull << child;
		}
		slot = child ? s->plan->node[child].slot : -1;
		if (slot >= 0)
			mark(s, slot, value, false);
		if (child && s->plan->node[child].child && value < s->end &&
		    *value == '{')
			p = walk_object(s, child, value + 1, depth + 1);
		else
			p = skip_value(s, value, depth + 1);
		if (UNLIKELY(!p))
			return NULL;
		if (slot >= 0) {
			s->slots[slot] =
			    (struct span){value, (size_t)(p - value)};
			mark(s, slot, p, true);
		}
		p = skip_space(p, s->end);
		if (UNLIKELY(p == s->end))
			return fail(s, "the document ends early", p);
		if (*p == '}') {
			close_token(s, p, open);
			return p + 1;
		}
		if (UNLIKELY(*p != ','))
			return fail(s, "',' or '}' is missing", p);
		p = skip_space(p + 1, s->end);
	}
}

/* ---- the interface ---- */

void
scan_plan_init(struct scan_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->node[0].slot = -1;
	plan->n_nodes = 1;
}

static unsigned
add_child(struct scan_plan *plan, unsigned node, const char *key, size_t n)
{
	struct scan_node *c;
	unsigned i = find_child(plan, node, key, n);

	if (i)
		return i;
	if (n == 0 || n > SCAN_KEY || plan->n_nodes == SCAN_NODES)
		abort();
	i = plan->n_nodes++;
	c = &plan->node[i];
	memcpy(c->key, key, n);
	c->len = (uint8_t)n;
	c->head = key_head(key, n);
	c->slot = -1;
	c->next = plan->node[node].child;
	plan->node[node].child = (uint8_t)i;
	plan->node[node].filter |= key_filter(key, n);
	return i;
}

static unsigned
add_path(struct scan_plan *plan, const char *path)
{
	unsigned node = 0;

	for (;; path++) {
		size_t n = strcspn(path, ".");

		node = add_child(plan, node, path, n);
		path += n;
		if (!*path)
			return node;
	}
}

static int
add_slot(struct scan_plan *plan, unsigned node)
{
	if (plan->node[node].slot < 0) {
		if (plan->n_slots == SCAN_SLOTS)
			abort();
		plan->node[node].slot = (int8_t)plan->n_slots++;
	}
	return plan->node[node].slot;
}

int
scan_plan_add(struct scan_plan *plan, const char *path)
{
	return add_slot(plan, add_path(plan, path));
}

int
scan_plan_add_key(struct scan_plan *plan, const char *path, const char *key)
{
	unsigned node = add_path(plan, path);

	return add_slot(plan, add_child(plan, node, key, strlen(key)));
}

static int
find(struct scan *s, struct scan_error *err)
{
	const char *p = skip_space(s->doc, s->end);

	static_assert(SCAN_NODES <= 64, "scan.seen has a bit a node");
	if (s->plan)
		memset(s->slots, 0, s->plan->n_slots * sizeof(*s->slots));
	if (s->plan && p < s->end && *p == '{')
		p = walk_object(s, 0, p + 1, 0);
	else
		p = skip_value(s, p, 0);
	if (p && (p = skip_space(p, s->end)) < s->end)
		p = fail(s, "something follows the document", p);
	if (p)
		return 0;
	*err = (struct scan_error){s->what, (size_t)(s->bad - s->doc)};
	return -1;
}

int
scan_find(const struct scan_plan *plan, const char *doc, size_t len,
    struct span *slots, struct scan_error *err)
{
	struct scan s = {.doc = doc,
	    .end = doc + len,
	    .plan = plan,
	    .slots = slots};

	return find(&s, err);
}

int
scan_find_tokens(const struct scan_plan *plan, const char *doc, size_t len,
    struct span *slots, struct scan_tape *tape, struct scan_error *err)
{
	struct scan s = {.doc = doc,
	    .end = doc + len,
	    .plan = plan,
	    .slots = slots,
	    .tape = tape};
	int verdict;

	if (len > tape->size) {
		/* each has a byte of its own; few have only one, but what is
		 * not touched costs nothing */
		scan_tape_release(tape);
		tape->size = (uint32_t)(len + len / 2);
		tape->token =
		    diag_alloc(NULL, tape->size * sizeof(*tape->token));
	}
	s.token = tape->token;
	tape->n_marks = 0;
	verdict = find(&s, err);
	tape->n = (uint32_t)(s.token - tape->token);
	return verdict;
}

void
scan_tape_release(struct scan_tape *tape)
{
	free(tape->token);
	*tape = (struct scan_tape){0};
}

const char *
scan_first(const struct scan_plan *plan, const char *p, const char *end,
    struct span *slots, struct scan_error *err)
{
	struct scan s = {.end = end, .plan = plan, .slots = slots};
	const char *q;

	if (plan)
		memset(slots, 0, plan->n_slots * sizeof(*slots));
	if (plan && p < end && *p == '{')
		q = walk_object(&s, 0, p + 1, 0);
	else
		q = skip_one(&s, p);
	if (!q)
		*err = (struct scan_error){s.what, (size_t)(s.bad - p)};
	return q;
}

const char *
scan_value(const char *p, const char *end, struct scan_error *err)
{
	return scan_first(NULL, p, end, NULL, err);
}

void
scan_iter(struct scan_iter *it, struct span container)
{
	it->p = container.p;
	it->end = container.n ? container.p + container.n : container.p;
}

/* To the next member or element: past the opening bracket at first, then past
 * a comma. */
static bool
advance(struct scan_iter *it, char open)
{
	const char *p = it->p;

	if (p == it->end || (*p != ',' && *p != open))
		return false;
	p = skip_space(p + 1, it->end);
	if (p == it->end || *p == '}' || *p == ']') {
		it->p = it->end;
		return false;
	}
	it->p = p;
	return true;
}

static bool
take_value(struct scan_iter *it, const char *p, struct span *value)
{
	struct scan s = {.end = it->end};
	const char *after = skip_one(&s, p);

	if (!after) {
		it->p = it->end;
		return false;
	}
	*value = (struct span){p, (size_t)(after - p)};
	it->p = skip_space(after, it->end);
	return true;
}

bool
scan_member(struct scan_iter *it, struct span *key, struct span *value)
{
	struct scan s = {.end = it->end};
	const char *key_end = NULL, *p;

	if (!advance(it, '{') || !(p = skip_key(&s, it->p, &key_end)))
		return false;
	*key = (struct span){it->p + 1, (size_t)(key_end - it->p - 1)};
	return take_value(it, p, value);
}

bool
scan_element(struct scan_iter *it, struct span *value)
{
	return advance(it, '[') && take_value(it, it->p, value);
}

struct span
scan_get(struct span object, const char *key)
{
	struct span found = {0}, k, v;
	struct scan_iter it;

	scan_iter(&it, object);
	while (scan_member(&it, &k, &v))
		if (scan_key_eq(k, key))
			found = v;
	return found;
}
