/* dump - the snapshot, told to one who asks for it.
 *
 * As upstream does, in messages of at most five objects that have no type; but
 * in fewer when five are more than the broker takes. The deliver thread's.
 */
#ifndef MS_DUMP_H
#define MS_DUMP_H

#include "format.h"
#include "sink.h"
#include "store.h"

/* An envelope of upstream's up to its object. */
#define DUMP_HEAD(type) \
	"{\"ObjectType\":\"" type \
	"\",\"EventType\":\"\",\"Request\":null,\"Object\":"

/* Whether the addresses of all Services have been dialled. Asking for one that
 * has not begins it. */
bool dump_is_dialled(struct store *s, struct format *f);

/* Send all objects to the subject; what is not dialled yet is told without its
 * address. False: the sink has to be flushed, and tells why it failed. */
bool dump_send(struct store *s, struct format *f, struct sink *sink,
    const char *subject);

#endif
