/* marks - MARK records that wait for the changes before them.
 *
 * A mark goes out on meshsync.check.<id>, and only once all changes that came
 * before it are confirmed. Marks live in memory: whoever sent one that a crash
 * swallowed gets no answer, and may ask again. From any thread.
 */
#ifndef MS_MARKS_H
#define MS_MARKS_H

#include <pthread.h>

#include "ration.h"
#include "scan.h"

#define MARKS 1024 /* that may wait */

struct mark {
	int64_t change; /* the last before it */
	char *subject, *line;
	size_t n; /* bytes of line */
};

struct marks {
	pthread_mutex_t lock;
	struct mark mark[MARKS];
	size_t n;
	struct ration dropped;
};

void marks_init(struct marks *m);

/* Take one in; an id that makes no subject is warned about and dropped. */
void marks_put(struct marks *m, int64_t change, struct span id,
    struct span line);

/* The first mark, if all before it is confirmed: valid until it is dropped. */
bool marks_next(struct marks *m, int64_t confirmed, struct mark *mark);
void marks_drop(struct marks *m);

/* How many wait. */
size_t marks_count(struct marks *m);

#endif
