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
	S_FORGET,
	S_FORGET_BODY,
	S_OF_RESOURCE,
	S_RESOURCES,
	S_SENT,
	S_HOLD,
	S_HELD,
	S_RENUMBER,
	S_RESYNC,
	S_CONFIRM,
	S_LABELS,
	S_LAST_ID,
	S_COUNT
};

struct store {
	char *path;
	bool is_temporary;
	int lock; /* descriptor of FILE.lock */
	sqlite3 *db, *reader;
	sqlite3_stmt *st[S_COUNT]; /* of db */
	sqlite3_stmt *st_read, *st_held, *st_dump; /* of reader */

	/* the turn */
	pthread_mutex_t mutex;
	pthread_cond_t turn;
	unsigned next_turn, serving;

	/* all below: by whoever holds the turn */
	int64_t change; /* the last number given */
	int64_t begun_at; /* the same, before the open transaction */
	_Atomic int64_t committed; /* the last number on disk */
	_Atomic int64_t confirmed;
	int64_t attempted; /* numbers above were never published */
};

/* Open or create; path NULL: a temporary file, for store_remove_temporary(). durable: survive
 * power loss, not only the death of processes. A file that is no store of ours
 * is set aside. Dies: 111 when another process writes to it, 100 when the path
 * is no use. */
void store_open(struct store *s, const char *path, bool durable);
/* Remove the temporary file, if there is one; at exit. */
void store_remove_temporary(void);

/* What no other store is called; at the start. */
#define STORE_ID 40
void store_id(struct store *s, char id[STORE_ID]);

/* Wait for the turn and begin a transaction. False: an error of the disk, and
 * the turn is not held. */
bool store_begin(struct store *s);
/* End the transaction and hand the turn on; false: nothing of it was done. */
bool store_commit(struct store *s);
void store_rollback(struct store *s);

/* Raise attempted to all that is committed, and return it: what the deliver
 * thread may read up to. Waits for the turn. */
int64_t store_attempt(struct store *s);

/* How many changes are not confirmed, deletions among them; -1: unknown. From
 * any thread. */
int64_t store_owed(struct store *s);

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
