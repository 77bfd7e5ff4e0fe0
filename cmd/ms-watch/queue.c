#include "queue.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"

#define BLOCK (128u << 10) /* bytes that are handed over at once */

struct queue_block {
	struct queue_block *next;
	struct json text;
};

/* ---- the writer ---- */

/* The shell and the supervisor know this death; a message would blame us. */
static void
die_of_pipe(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGPIPE);
}

/* 0, or errno. The descriptor may be non-blocking by another's doing. */
static int
write_all(int fd, const char *p, size_t n)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k >= 0) {
			p += k;
			n -= (size_t)k;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			poll(&ready, 1, -1);
		} else if (errno == EPIPE) {
			die_of_pipe();
			return EPIPE;
		} else if (errno != EINTR) {
			return errno;
		}
	}
	return 0;
}

static void
wake_reader(struct queue *q)
{
	uint64_t one = 1;

	if (write(q->wake, &one, sizeof(one)) > 0)
		q->is_awake = true;
}

/* Keep one block's memory for the next, free what else there is. */
static void
put_aside(struct queue *q, struct queue_block *block)
{
	if (q->spare || block->text.cap > 2 * BLOCK) {
		json_release(&block->text);
		free(block);
		return;
	}
	json_reset(&block->text);
	q->spare = block;
}

static void
written(struct queue *q, struct queue_block *block, int error)
{
	pthread_mutex_lock(&q->mutex);
	q->bytes -= block->text.len;
	q->error = error;
	put_aside(q, block);
	if (error || (q->was_full && q->bytes <= QUEUE_ROOM)) {
		q->was_full = false;
		wake_reader(q);
	}
	pthread_cond_signal(&q->less);
	pthread_mutex_unlock(&q->mutex);
}

/* The oldest block, waited for; NULL when all is written and closed. */
static struct queue_block *
take_block(struct queue *q)
{
	struct queue_block *block;

	pthread_mutex_lock(&q->mutex);
	while (!q->first && !q->is_closed)
		pthread_cond_wait(&q->more, &q->mutex);
	block = q->first;
	if (block && !(q->first = block->next))
		q->last = &q->first;
	pthread_mutex_unlock(&q->mutex);
	return block;
}

static void *
run_writer(void *context)
{
	struct queue *q = context;
	struct queue_block *block;
	int error = 0;

	while (!error && (block = take_block(q))) {
		error = write_all(q->fd, block->text.p, block->text.len);
		written(q, block, error);
	}
	return NULL;
}

/* ---- the other side ---- */

void
queue_open(struct queue *q, int fd)
{
	pthread_condattr_t attr;

	*q = (struct queue){.fd = fd, .last = &q->first};
	q->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->wake < 0)
		diag_die(EXIT_TEMPORARY, "unable to open an eventfd: %m");
	pthread_mutex_init(&q->mutex, NULL);
	pthread_cond_init(&q->more, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->less, &attr);
	pthread_condattr_destroy(&attr);
	if ((errno = pthread_create(&q->thread, NULL, run_writer, q)) != 0)
		diag_die(EXIT_TEMPORARY, "unable to start a thread: %m");
}

struct json *
queue_line(struct queue *q)
{
	q->lines++;
	if (q->line.len >= BLOCK)
		queue_push(q);
	return &q->line;
}

size_t
queue_bytes(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->mutex);
	n = q->bytes;
	pthread_mutex_unlock(&q->mutex);
	return n + q->line.len;
}

static struct queue_block *
new_block(struct queue *q)
{
	struct queue_block *block = q->spare;

	q->spare = NULL;
	if (!block) {
		block = diag_alloc(NULL, sizeof(*block));
		block->text = (struct json){0};
	}
	block->next = NULL;
	return block;
}

void
queue_push(struct queue *q)
{
	struct queue_block *block;
	struct json text = q->line;

	if (text.len == 0)
		return;
	pthread_mutex_lock(&q->mutex);
	block = new_block(q);
	q->line = block->text; /* its memory, for the next lines */
	block->text = text;
	*q->last = block;
	q->last = &block->next;
	q->bytes += text.len;
	pthread_cond_signal(&q->more);
	pthread_mutex_unlock(&q->mutex);
}

static void
die_of(int error)
{
	errno = error;
	diag_die(EXIT_TEMPORARY, "unable to write to stdout: %m");
}

bool
queue_is_full(struct queue *q)
{
	bool is_full;
	uint64_t n;
	int error;

	pthread_mutex_lock(&q->mutex);
	is_full = q->bytes > (q->was_full ? QUEUE_ROOM : QUEUE_FULL);
	q->was_full = is_full;
	error = q->error;
	if (q->is_awake && read(q->wake, &n, sizeof(n)) > 0)
		q->is_awake = false;
	pthread_mutex_unlock(&q->mutex);
	if (error) {
		pthread_join(q->thread, NULL); /* it ends by itself */
		die_of(error);
	}
	return is_full;
}

/* Wait for the writer to be done, ms milliseconds at most. */
static bool
wait_drained(struct queue *q, int ms)
{
	struct timespec until = clock_after(ms);
	bool is_done;
	int r = 0;

	pthread_mutex_lock(&q->mutex);
	while (q->bytes > 0 && !q->error && r == 0)
		r = pthread_cond_timedwait(&q->less, &q->mutex, &until);
	is_done = q->bytes == 0 || q->error;
	pthread_mutex_unlock(&q->mutex);
	return is_done;
}

bool
queue_close(struct queue *q, int ms)
{
	queue_push(q);
	pthread_mutex_lock(&q->mutex);
	q->is_closed = true;
	pthread_cond_signal(&q->more);
	pthread_mutex_unlock(&q->mutex);
	if (!wait_drained(q, ms))
		return false;
	pthread_join(q->thread, NULL);
	if (q->error)
		die_of(q->error);
	pthread_mutex_destroy(&q->mutex);
	pthread_cond_destroy(&q->more);
	pthread_cond_destroy(&q->less);
	if (q->spare)
		json_release(&q->spare->text);
	free(q->spare);
	json_release(&q->line);
	close(q->wake);
	return true;
}
