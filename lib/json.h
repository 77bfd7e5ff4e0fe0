/* json - write JSON into a growing buffer.
 *
 * The caller says what comes and in which order; this module escapes strings
 * and puts commas. Running out of memory ends the program (111), so nothing
 * here returns an error.
 */
#ifndef MS_JSON_H
#define MS_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "scan.h"

/* All zero is an empty buffer. p is not terminated. */
struct json {
	char *p;
	size_t len, cap;
};

void json_grow(struct json *j, size_t n); /* for json_room() */

/* Room for n more bytes at p + len; add to len what was used. */
static inline char *
json_room(struct json *j, size_t n)
{
	if (j->cap - j->len < n)
		json_grow(j, n);
	return j->p + j->len;
}

/* Give the memory back; the buffer is empty and usable again. */
void json_release(struct json *j);

/* Forget the content, keep the memory. */
static inline void
json_reset(struct json *j)
{
	j->len = 0;
}

/* Bytes as they are: a value that is JSON already, or punctuation. */
static inline void
json_raw(struct json *j, const char *p, size_t n)
{
	if (n)
		memcpy(json_room(j, n), p, n);
	j->len += n;
}

void json_span(struct json *j, struct span s);
void json_puts(struct json *j, const char *text);
/* Text as printf would print it, all of it, and nothing of it escaped. */
void json_printf(struct json *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A string value from plain text, escaped as RFC 8259 wants it and no more;
 * bytes that are not UTF-8 become U+FFFD. */
void json_string(struct json *j, const char *text, size_t n);
void json_int(struct json *j, int64_t n);

/* '{' or '[', '}' or ']'; a comma goes before a member or element by itself,
 * and none after a newline: a buffer may hold several lines. */
void json_open(struct json *j, char bracket);
void json_close(struct json *j, char bracket);
/* "key": of the next value; key needs no escaping. */
void json_key(struct json *j, const char *key);
/* The comma before a next element, where it needs one. */
void json_comma(struct json *j);

/* Whole members: key and value. */
void json_member_span(struct json *j, const char *key, struct span value);
void json_member_text(struct json *j, const char *key, struct span text);
void json_member_int(struct json *j, const char *key, int64_t n);

#endif
