/* refusal - failures at the start that trying again does not cure.
 *
 * A server that is not trusted, and one that does not take our credentials even
 * after they have been read again: only a person can help, and is told how.
 */
#ifndef MS_REFUSAL_H
#define MS_REFUSAL_H

#include "failure.h"
#include "http.h"

/* Dies (100) if it is one of these; else returns. */
void refusal_check(const struct kubeconfig *config, const struct failure *f,
    const struct http_request *r);
/* Behind the reason why the server cannot be reached: what to look at, if there
 * was no answer at all; else "". */
const char *refusal_hint(const struct http_request *r);

#endif
