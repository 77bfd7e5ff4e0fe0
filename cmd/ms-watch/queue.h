/* queue - lines on their way to stdout, written by a thread of its own.
 *
 * So the network, timers and signals go on while the reader of the pipe takes
 * its time. The queue is bounded by its user: while queue_is_full() nothing is
 * read from the server. Nothing is ever dropped.
 *
 * When the reader has gone the process ends by SIGPIPE, quietly.
 */
#ifndef MS_QUEUE_H
#define MS_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

#include "json.h"

#define QUEUE_FULL (16u << 20) /* bytes: stop reading */
#define QUEUE_ROOM (8u << 20) /* bytes: read again */

struct queue_block;

struct queue {
	struct json line; /* what is being put together, whole lines */
	uint64_t lines; /* that were begun, so far */
	int fd;
	int wake; /* readable: there is room again, or an error */

	pthread_t thread;
	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t more, less;
	struct queue_block *first, **last, *spare;
	size_t bytes;
	bool is_closed, was_full, is_awake;
	int error; /* errno of a failed write */
};

/* Starts the thread. Signals that shall not reach it must be blocked before. */
void queue_open(struct queue *q, int fd);

/* Where to append whole lines, each with its newline; good until the next
 * call of any of these. */
struct json *queue_line(struct queue *q);
/* Let the writer have what was appended. */
void queue_push(struct queue *q);

/* What is not written yet. */
size_t queue_bytes(struct queue *q);

/* Whether to stop reading. Once true, q->wake becomes readable when it is
 * false again. Dies (111) if writing has failed. */
bool queue_is_full(struct queue *q);

/* Write all that is left, and free the queue. False: that takes longer than ms
 * milliseconds; call again. Dies as queue_is_full() does. */
bool queue_close(struct queue *q, int ms);

#endif
