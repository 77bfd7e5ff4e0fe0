/* store - the snapshot of all objects, which is the outbox too.
 *
 * One row an object, and the bytes of the object in a table of their own. Each
 * change of a row takes the next change number; what the consumer has
 * confirmed is one number, so that what is owed is `change > confirmed`. A
 * deleted row stays until its deletion is confirmed.
 *
 * Two threads use a store. Whoever writes holds the turn, which is handed on in
 * the order of asking, so that neither starves the other; nobody waits for
 * stdin or a broker while holding it. Reading goes through a connection of the
 * deliver thread's own.
 *
 * Errors of the disk: store_commit() and the functions that write return false,
 * and then the transaction has to be rolled back and done again; a file found
 * to be corrupt is set aside and the program ends (111), to be started again.
 */
#ifndef MS_STORE_H
#define MS_STORE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "scan.h"

enum store_statement {
	S_BEGIN,
	S_COMMIT,
	S_ROLLBACK,
	S_FIND,
	S_FIND_DEAD,
	S_INSERT,
	S_INSERT_BODY,
	S_UPDATE,
	S_UPDATE_BODY,
	S_UPDATE_MS,
	S_BURY,
	S_OWE,
	S_OWE_NOT,
	S_PAID,
	S_FORGET,
	S_FORGET_BODY,
	S_FORGET_SENT,
	S_OF_RESOURCE,
	S_RESOURCES,
	S_SENT,
	S_TOLD,
	S_TELL_LATER,
	S_HOLD,
	S_HELD,
	S_RENUMBER,
	S_RESYNC,
	S_RESYNC_CLEAR,
	S_RESYNC_OWE,
	S_CONFIRM,
	S_BODY,
	S_IDS,
	S_LAST_ID,
	S_COUNT
};

/* Ids of rows. */
struct store_ids {
	int64_t *id;
	size_t n, size;
};

struct store_numbers {
	int64_t change, last_id;
	size_t n_free;
};

struct store {
	char *path;
	sqlite3 *db, *reader;
	sqlite3_stmt *st[S_COUNT]; /* of db */
	sqlite3_stmt *st_read, *st_held, *st_dump, *st_services,
	    *st_sent; /* of reader */

	/* the turn */
	pthread_mutex_t mutex;
	pthread_cond_t turn;
	unsigned next_turn, serving;

	/* all below: by whoever holds the turn */
	int64_t change; /* the last number given */
	int64_t last_id; /* the highest id of a row */
	struct store_ids free, freed; /* lower ones; the open transaction's */
	struct store_numbers begun; /* before the open transaction */
	_Atomic int64_t committed; /* the last number on disk */
	_Atomic int64_t confirmed;
	int64_t attempted; /* numbers above were never published */
};

/* Open or create; path NULL: a temporary file (storefile.h). durable: survive
 * power loss, not only the death of processes. Dies: 111 when another process
 * writes to it, 100 when the path is no use. */
void store_open(struct store *s, const char *path, bool durable);

/* What no other store is called; at the start. */
#define STORE_ID 40
void store_id(struct store *s, char id[STORE_ID]);

/* Wait for the turn and begin a transaction. False: an error of the disk, and
 * the turn is not held. */
bool store_begin(struct store *s);
/* End the transaction and hand the turn on; false: nothing of it was done. */
bool store_commit(struct store *s);
void store_rollback(struct store *s);

/* Give back the memory that a burst took: both threads' pages, and the heap's.
 * For the deliver thread, outside a transaction. */
void store_rest(struct store *s);

/* An id for a new row, and an id given back with its row: inside a transaction,
 * and only if that is committed. Ids are used again, as memory is kept by id. */
int64_t store_take_id(struct store *s);
void store_free_id(struct store *s, int64_t id);

/* Raise attempted to all that is committed, and return it: what the deliver
 * thread may read up to. Waits for the turn. */
int64_t store_attempt(struct store *s);

/* Every live row takes a new number and is born with it: all is owed again, as
 * ADDED. False: not done. */
bool store_resync(struct store *s);

/* How many changes are not confirmed, deletions among them; -1: unknown. From
 * any thread. */
int64_t store_owed(struct store *s);

/* Put what the write-ahead log holds into the file, so that a copy of the file
 * alone is whole. A reader may prevent it, and nothing is lost then. From any
 * thread. */
void store_fold(struct store *s);

/* For the modules that are the store's: run a statement that has been bound.
 * True: a row (store_row) or done (store_run); the statement is reset by
 * store_run and store_done. A failed one was reset, and warned about. */
bool store_run(struct store *s, enum store_statement st);
bool store_row(struct store *s, enum store_statement st, bool *failed);
void store_done(struct store *s, enum store_statement st);

/* Bind plain text, borrowed until the statement ran. */
void store_bind_text(sqlite3_stmt *st, int at, struct span text);
struct span store_column(sqlite3_stmt *st, int at);

/* After an error of the disk: say what is wrong, not too often. */
void store_complain(struct store *s, sqlite3 *db);

#endif
