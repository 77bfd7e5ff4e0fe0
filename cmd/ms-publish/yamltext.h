/* yamltext - one text in YAML, in the style that goyaml would choose.
 *
 * Plain where it cannot be taken for anything else; as a block where it has
 * more than one line; in quotes otherwise, folded at spaces beyond column 80.
 */
#ifndef MS_YAMLTEXT_H
#define MS_YAMLTEXT_H

#include "json.h"
#include "scan.h"

/* Append text: plain UTF-8 with four terminators behind it. indent: the columns that further lines
 * stand in. is_key: it has to stay on one line. */
void yamltext_write(struct span text, int indent, bool is_key,
    struct json *out);

bool yamltext_has_break(struct span text);

#endif
