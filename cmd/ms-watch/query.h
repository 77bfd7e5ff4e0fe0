/* query - the paths and queries of requests for a collection.
 *
 * Each appends to a path; values are escaped. What the API server refuses is
 * not to be had: resourceVersion beside continue, resourceVersionMatch on a
 * watch that wants no initial events.
 */
#ifndef MS_QUERY_H
#define MS_QUERY_H

#include "catalog.h"
#include "json.h"
#include "want.h"

/* Text as it has to stand in a path or a query. */
void query_escape(struct json *j, const char *text);

/* The collection, limited to scope. */
void query_path(struct json *j, const struct resource *r,
    const struct scope *scope);

/* A page of at most limit objects (0: all). token continues a list; without
 * one it begins, not older than rv (NULL: the newest). */
void query_page(struct json *j, unsigned limit, const char *token,
    const char *rv);

/* A watch of so many seconds: of changes since rv; or a streaming list, not
 * older than rv (NULL: the newest). */
void query_watch(struct json *j, unsigned seconds, const char *rv);
void query_stream(struct json *j, unsigned seconds, const char *rv);
/* A watch without bookmarks. */
void query_changes(struct json *j, unsigned seconds, const char *rv);

#endif
