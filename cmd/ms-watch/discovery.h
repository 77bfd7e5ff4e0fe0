/* discovery - ask the server what it serves.
 *
 * The aggregated form is two documents, asked for with their ETags so that an
 * unchanged answer costs nothing; servers and proxies without it are asked
 * group by group, and a group that fails is unknown, not gone.
 */
#ifndef MS_DISCOVERY_H
#define MS_DISCOVERY_H

#include "catalog.h"
#include "failure.h"
#include "http.h"

enum discovery_result {
	DISCOVERY_FOUND,
	DISCOVERY_UNCHANGED,
	DISCOVERY_FAILED
};

struct discovery;

/* found: catalog is the callee's to free. failed: f says why; request is the
 * one that failed. */
typedef void discovery_done(void *context, enum discovery_result result,
    struct catalog *catalog, const struct failure *f,
    struct http_request *request);

struct discovery *discovery_new(struct http *http, discovery_done *done,
    void *context);
void discovery_free(struct discovery *d);

/* Ask; done is called later, once. Not while an earlier call is under way. */
void discovery_start(struct discovery *d);
bool discovery_is_busy(const struct discovery *d);

#endif
