/* tape - one JSON value as a flat array of what it holds, in document order.
 *
 * Built in one pass over a value that a scan has found valid, into memory that
 * is kept from one document to the next. A container's members follow it; end
 * is the index after its last one, so that a walk needs no pointers.
 */
#ifndef MS_TAPE_H
#define MS_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scan.h"

/* What a walk must know of a node beyond its bytes. */
enum tape_flag {
	TAPE_KEY_ODD = 1, /* the key is not the same text in Go's JSON */
	TAPE_ODD = 2, /* the string's content is not; an object: one
				 * of its keys is not */
	TAPE_UNSORTED = 4 /* the object's keys do not rise strictly */
};

struct tape_node {
	uint32_t key, key_n; /* a member's key, without its quotes */
	uint32_t at, n; /* the value; a string without its quotes */
	uint32_t end; /* index after this node's last descendant */
	uint8_t type; /* enum scan_type */
	uint8_t flags;
};

struct tape {
	const char *doc, *doc_end;
	struct tape_node *node; /* node[0] is the value itself */
	uint32_t n, size;
	struct tape_order *order; /* a stack: members being sorted */
	uint32_t n_order, order_size;
	char *key; /* scratch for comparing keys with escapes */
	size_t key_size;
};

/* A member in its place: the head of its key, and which node it is. */
struct tape_order {
	uint64_t head;
	uint32_t node;
};

/* All zero is an empty tape. */
void tape_release(struct tape *t);

/* Read value, which must be valid, and outlive the tape's use. */
void tape_read(struct tape *t, struct span value);

/* The members of the object node, sorted by key bytewise, of duplicates only
 * the last: their number. They lie on the stack t->order from *first on, until
 * the caller sets t->n_order back to *first. */
uint32_t tape_sort(struct tape *t, uint32_t node, uint32_t *first);

/* Texts of a node: borrowed from the document, still escaped. */
struct span tape_key(const struct tape *t, uint32_t node);
struct span tape_value(const struct tape *t, uint32_t node);

/* Whether the key of node stands for this text. */
bool tape_key_eq(const struct tape *t, uint32_t node, const char *text,
    size_t n);

/* Whether node is a string that stands for this text, of less than TAPE_KEY
 * bytes. */
bool tape_text_eq(const struct tape *t, uint32_t node, const char *text);

/* The last member of object (TAPE_NONE: no object) that has this key, which is
 * shorter than TAPE_KEY; TAPE_NONE if there is none. */
#define TAPE_NONE UINT32_MAX
#define TAPE_KEY 64
uint32_t tape_get(const struct tape *t, uint32_t object, const char *key);

#endif
