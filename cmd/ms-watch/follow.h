/* follow - one object of a known name, as it is now and whenever it changes.
 *
 * A list of that one name says how it is, a watch says that something has
 * happened; then, and when the watch ends, it is listed again. Who may get an
 * object but not list it sees a change after half a minute.
 */
#ifndef MS_FOLLOW_H
#define MS_FOLLOW_H

#include "catalog.h"
#include "http.h"

/* object: as the server says it, valid JSON; absent: there is none. Not called
 * while that cannot be known. May end the follow. */
typedef void follow_told(void *context, struct span object);

struct follow;

/* The one called name in namespace ns. told is called from
 * within http_turn() or follow_tick(). */
struct follow *follow_new(struct http *http, struct resource *r, const char *ns,
    const char *name, follow_told *told, void *context);
void follow_free(struct follow *f);

void follow_tick(struct follow *f, int64_t now);
int64_t follow_due(const struct follow *f);
/* Whether it has been told, or cannot be for the time being. */
bool follow_is_settled(const struct follow *f);

#endif
