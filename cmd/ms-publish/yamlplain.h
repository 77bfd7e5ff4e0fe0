/* yamlplain - what a text could be taken for if it had no quotes, by YAML 1.1 as
 * goyaml reads it.
 */
#ifndef MS_YAMLPLAIN_H
#define MS_YAMLPLAIN_H

#include "scan.h"

/* Whether it would be null, a boolean, a number or a time. */
bool yamlplain_is_other(struct span text);

#endif
