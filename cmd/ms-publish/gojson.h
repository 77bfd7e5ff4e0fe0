/* gojson - JSON as Go's encoding/json writes it.
 *
 * Keys sorted, no spaces, numbers in Go's form, and beyond what JSON asks for,
 * <, >, &, U+2028 and U+2029 escaped. Where Meshery carries JSON inside a JSON
 * string, the text is escaped twice: that is done in one step here.
 *
 * Every function appends to out, which must have room: GOJSON_GROWTH bytes for
 * each byte of input, and GOJSON_SLACK. Nothing here can fail.
 */
#ifndef MS_GOJSON_H
#define MS_GOJSON_H

#include "tape.h"

/* The worst is '<' escaped twice (1 to 7), and 9e20 (4 to 21). */
#define GOJSON_GROWTH 7
#define GOJSON_SLACK 64

/* How often text is escaped: once as a value, twice as text of a text. Loose is
 * once, with each number a float, as Go reads what it has no type for. */
enum gojson_level { GOJSON_ONCE, GOJSON_TWICE, GOJSON_LOOSE };

/* A string's content (no quotes around it, still escaped as in the source). */
char *gojson_content(char *out, struct span raw, bool is_odd,
    enum gojson_level level);

/* Plain text that a program made, escaped once. */
char *gojson_text(char *out, struct span text);

/* The value of a node, with the quotes and brackets it has. */
char *gojson_value(char *out, struct tape *t, uint32_t node,
    enum gojson_level level);

/* A number, which Go reads as int64 if it looks like one and fits, and as
 * float64 otherwise. */
char *gojson_number(char *out, struct span text);

/* What Go's decoder puts into an int64: numbers that are integers once they
 * have been written by gojson_number. False, and *out is left alone, for
 * anything else. */
bool gojson_int(const struct tape *t, uint32_t node, int64_t *out);

#endif
