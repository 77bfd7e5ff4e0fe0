/* scan - a forward look at one JSON document: no tree, no allocation.
 *
 * The document stays bytes. One pass validates all of it (RFC 8259) and finds
 * the values of many paths as spans, which point into the document and live as
 * long as it does. What a span holds is the value's own text: a string has its
 * quotes, an object its braces.
 *
 * Stricter than most parsers: UTF-8 must be valid, nothing may follow the
 * document, nesting is at most SCAN_DEPTH. Escaped lone surrogates are valid
 * grammar; decoding gives U+FFFD for them, as Go and jq do. Of duplicate keys
 * the last wins, as in Go and jq.
 *
 * Invariant: all other functions take spans that a scan has found valid.
 */
#ifndef MS_SCAN_H
#define MS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json;

#define SCAN_DEPTH 1024 /* levels of nesting that are accepted */
#define SCAN_SLOTS 64 /* paths of one plan */
#define SCAN_NODES 64 /* distinct keys on the way to them */
#define SCAN_KEY 63 /* bytes of a key in a path */

/* Borrowed bytes. An absent value has p == NULL and n == 0. */
struct span {
	const char *p;
	size_t n;
};

enum scan_type {
	SCAN_ABSENT,
	SCAN_NULL,
	SCAN_FALSE,
	SCAN_TRUE,
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_ARRAY,
	SCAN_OBJECT
};

/* A set of paths, as a trie of keys. Build once, scan often; read-only then,
 * so threads may share it. */
struct scan_node {
	char key[SCAN_KEY + 1];
	uint64_t head; /* the key's first eight bytes */
	uint64_t filter; /* which children there may be */
	uint8_t len, child, next; /* 0: none; the root is nobody's child */
	int8_t slot; /* -1: only on the way to others */
};

struct scan_plan {
	struct scan_node node[SCAN_NODES];
	unsigned n_nodes, n_slots;
};

/* Why a document was refused, and at which byte (from 0). */
struct scan_error {
	const char *what;
	size_t at;
};

void scan_plan_init(struct scan_plan *plan);

/* Add a path of keys joined by dots ("object.metadata.name").
 * Returns its slot: 0, 1, 2 … in the order of the calls; the same path has the
 * same slot. A plan that outgrows the limits above is a bug, and aborts. */
int scan_plan_add(struct scan_plan *plan, const char *path);
/* The same for a key that may hold dots, of the object that path leads to:
 * ("object.metadata.labels", "app.kubernetes.io/name"). */
int scan_plan_add_key(struct scan_plan *plan, const char *path,
    const char *key);

/* Validate doc and find the plan's paths; plan NULL only validates.
 * slots has plan->n_slots members, all of which are set.
 * Returns 0; or -1 with *err, and then slots hold nothing of use. */
int scan_find(const struct scan_plan *plan, const char *doc, size_t len,
    struct span *slots, struct scan_error *err);

/* A key, a scalar or a bracket, and where it stands in its document. */
struct scan_token {
	uint32_t from;
	uint32_t to; /* where it ends; of '{' and '[' see SCAN_OPENS */
};

#define SCAN_IS_KEY (1u << 31) /* of from */
#define SCAN_OPENS (1u << 31) /* of to, and how many tokens on its end stands */
#define SCAN_PLACE (SCAN_IS_KEY - 1)

/* Where the value of a slot begins or ends. */
struct scan_mark {
	uint32_t at;
	uint8_t slot;
	bool is_end;
};

/* All tokens of a document, in its order, and the slots' places likewise. All
 * zero: there are none; the memory is kept from document to document. */
struct scan_tape {
	struct scan_token *token;
	uint32_t n, size;
	struct scan_mark mark[2 * SCAN_SLOTS];
	unsigned n_marks;
	uint32_t
	    first[SCAN_SLOTS]; /* by slot: its value's token, if it has one */
};

/* The same as scan_find, and write down the tokens. len is at most SCAN_PLACE.
 * -1: tape holds nothing of use either. */
int scan_find_tokens(const struct scan_plan *plan, const char *doc, size_t len,
    struct span *slots, struct scan_tape *tape, struct scan_error *err);
void scan_tape_release(struct scan_tape *tape);

/* What may stand between values. */
static inline bool
scan_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The end of the one JSON value that begins at p (no leading space), or NULL
 * with *err (at: from p). For streams that frame by structure: err->at == end
 * - p means that the value may go on. */
const char *scan_value(const char *p, const char *end, struct scan_error *err);
/* The same, and find the plan's paths in that value on the way. */
const char *scan_first(const struct scan_plan *plan, const char *p,
    const char *end, struct span *slots, struct scan_error *err);

enum scan_type scan_type(struct span value);

/* Walk the members of an object or the elements of an array, in the order of
 * the document: a duplicate key comes twice, and the later one counts. */
struct scan_iter {
	const char *p, *end;
};

void scan_iter(struct scan_iter *it, struct span container);
/* key without quotes, still escaped: compare with scan_key_eq. False at the end, or at once if the
 * container is not an object (for elements: not an array). */
bool scan_member(struct scan_iter *it, struct span *key, struct span *value);
bool scan_element(struct scan_iter *it, struct span *value);

/* The value of key in object, absent if there is none. */
struct span scan_get(struct span object, const char *key);

/* A string's content with escapes decoded: borrowed from the document when it
 * has none, else written into buf (cap bytes; the decoded text is never longer
 * than the value). Not a string, or too long: absent. */
struct span scan_text(struct span value, char *buf, size_t cap);

/* Decode raw string content (no quotes) into buf, which must hold n bytes.
 * Returns the number of bytes written. */
size_t scan_decode(const char *raw, size_t n, char *buf);

/* One character at a time. The one that the escape at *p stands for, which
 * begins with its backslash and is valid: *p is behind it then. The length of
 * the UTF-8 at p, of left bytes; 0: it is none. A character as UTF-8, of at
 * most four bytes: how many. The value of a hex digit; -1: it is none. */
unsigned scan_escape(const char **p, const char *end);
size_t scan_utf8_length(const char *p, size_t left);
size_t scan_utf8(char *buf, unsigned c);
int scan_hex(char c);

/* Whether a key, as scan_member gives it, says this, if it has escapes. */
bool scan_key_eq_escaped(struct span key, const char *text);

static inline bool
scan_key_eq(struct span key, const char *text)
{
	size_t n = strlen(text);

	/* escapes are longer than what they say */
	if (key.n <= n)
		return key.n == n && key.p && memcmp(key.p, text, n) == 0 &&
		    !strchr(text, '\\');
	return (*key.p == *text || *key.p == '\\') &&
	    scan_key_eq_escaped(key, text);
}

/* Whether value is a string with this content. */
static inline bool
scan_eq(struct span value, const char *text)
{
	return value.n >= 2 && *value.p == '"' &&
	    scan_key_eq((struct span){value.p + 1, value.n - 2}, text);
}

static inline struct span
span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* Whether plain text is this. */
static inline bool
span_eq(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.p && n == s.n && memcmp(s.p, text, n) == 0;
}

/* Whether two texts are the same; absent is as empty. */
static inline bool
span_same(struct span a, struct span b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

/* Whether plain text begins or ends with this, which may be all of it. */
static inline bool
span_begins(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

static inline bool
span_ends(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

/* Text less its first n bytes, of which it has as many. */
static inline struct span
span_after(struct span s, size_t n)
{
	return (struct span){s.p + n, s.n - n};
}

/* A number that is an integer in range. False: not so, *out untouched. */
bool scan_int(struct span value, int64_t *out);
/* Whether it is a port's number: 1 to 65535. */
bool scan_is_port(struct span value);

/* Changes to a document: in place of the bytes `at` (empty: an insertion) stand
 * the bytes `with`. */
struct scan_edit {
	struct span at, with;
};

/* The bytes to cut so that the member of key and value disappears from its
 * object, one comma included. To cut several neighbours, cut one at a time. */
struct span scan_cut(struct span object, struct span key, struct span value);

/* Where a member can be put in as the object's first; *comma is set when it
 * has to be followed by one. */
struct span scan_insert(struct span object, bool *comma);

/* Append doc to out with the edits made; they must be sorted by place and must
 * not overlap. */
void scan_splice(struct span doc, const struct scan_edit *edit, size_t n,
    struct json *out);

#endif
