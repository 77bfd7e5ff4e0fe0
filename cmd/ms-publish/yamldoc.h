/* yamldoc - a message's object as upstream's file has it.
 *
 * As sigs.k8s.io/yaml writes it: keys sorted, block style, and of the ways to
 * write a text the same one. All of a text is kept, where upstream loses the
 * object (control characters) or changes it (U+0085).
 */
#ifndef MS_YAMLDOC_H
#define MS_YAMLDOC_H

#include "json.h"
#include "tape.h"

/* Append the object that t has read. text is scratch, the caller's. */
void yaml_write(struct tape *t, struct json text[2], struct json *out);

#endif
