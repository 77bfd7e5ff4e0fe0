#include "secrets.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

void
secrets_mask(struct secrets *s, const struct record *r, struct change *c)
{
	if (!s->is_on || !redact_find(&s->found, r))
		return;
	json_reset(&s->object);
	scan_splice(c->object, s->found.edit, s->found.n, &s->object);
	c->object = (struct span){s->object.p, s->object.len};
}

void
secrets_free(struct secrets *s)
{
	redact_free(&s->found);
	json_release(&s->object);
}

/* A body as a record that has no more than it. False: it is masked already. */
static bool
mask_body(struct secrets *s, struct span body, struct change *c)
{
	struct record r = {.id.kind = span_of("Secret")};

	r.at[AT_OBJECT] = c->object = body;
	secrets_mask(s, &r, c);
	return c->object.p != body.p;
}

/* True when all rows were seen; *masked: how many had something to hide. */
static bool
mask_rows(sqlite3_stmt *read, sqlite3_stmt *write, size_t *masked)
{
	struct secrets s = {.is_on = true};
	struct change c;
	int code;

	while ((code = sqlite3_step(read)) == SQLITE_ROW) {
		if (!mask_body(&s, store_column(read, 1), &c))
			continue;
		++*masked;
		sqlite3_bind_int64(write, 1, sqlite3_column_int64(read, 0));
		sqlite3_bind_text(write, 2, c.object.p, (int)c.object.n,
		    SQLITE_STATIC);
		code = sqlite3_step(write);
		sqlite3_reset(write);
		if (code != SQLITE_DONE)
			break;
	}
	secrets_free(&s);
	return code == SQLITE_DONE;
}

/* With secure_delete what is overwritten is wiped, not only forgotten; and the
 * log, which has pages of before, is emptied. */
bool
secrets_mask_stored(struct store *store)
{
	sqlite3_stmt *read = NULL, *write = NULL;
	bool is_done = false;
	size_t masked = 0;

	sqlite3_exec(store->db, "PRAGMA secure_delete=ON", NULL, NULL, NULL);
	if (sqlite3_prepare_v2(store->db,
		"SELECT id, body FROM row JOIN object USING (id)"
		" WHERE kind = 'Secret'",
		-1, &read, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(store->db,
		"UPDATE object SET body = ?2 WHERE id = ?1", -1, &write,
		NULL) == SQLITE_OK &&
	    store_begin(store)) {
		is_done = mask_rows(read, write, &masked);
		if (is_done)
			is_done = store_commit(store);
		else
			store_rollback(store);
	}
	if (!is_done)
		store_complain(store, store->db);
	sqlite3_finalize(read);
	sqlite3_finalize(write);
	if (masked)
		store_fold(store);
	sqlite3_exec(store->db, "PRAGMA secure_delete=OFF", NULL, NULL, NULL);
	return is_done;
}
