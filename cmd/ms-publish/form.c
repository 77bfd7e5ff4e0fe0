#include "form.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "gate.h"

#define FORM 1024

/* Longer lists of namespaces count up to there. */
static void
describe(const struct format *f, bool redact, bool dials, char text[FORM])
{
	snprintf(text, FORM,
	    "format %d fix %u enrich %d redact %d events %u %s"
	    "namespaces %s",
	    (int)f->kind, f->meshery.fix, f->enrich, redact, f->gate->types,
	    dials ? "" : "dial 0 ",
	    f->gate->namespaces ? f->gate->namespaces : "all");
}

/* Whether the snapshot was told in another form than this. A new one was not
 * told at all. */
static bool
was_other(struct store *s, const char *text)
{
	sqlite3_stmt *st;
	bool is_other = false;

	if (sqlite3_prepare_v2(s->db,
		"SELECT value FROM state WHERE name = 'form'", -1, &st,
		NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(st) == SQLITE_ROW)
		is_other = !span_eq(store_column(st, 0), text);
	sqlite3_finalize(st);
	return is_other;
}

static bool
write_form(struct store *s, const char *text)
{
	sqlite3_stmt *st;
	bool is_done;

	if (sqlite3_prepare_v2(s->db,
		"INSERT OR REPLACE INTO state VALUES ('form', ?1)", -1, &st,
		NULL) != SQLITE_OK)
		return false;
	store_bind_text(st, 1, span_of(text));
	is_done = sqlite3_step(st) == SQLITE_DONE;
	sqlite3_finalize(st);
	return is_done;
}

bool
form_keep(struct store *s, const struct format *f, bool redact, bool dials)
{
	char text[FORM];

	describe(f, redact, dials, text);
	if (was_other(s, text)) {
		diag_info("what is published changes: all of it goes out "
			  "again");
		if (!store_resync(s))
			return false;
	}
	if (write_form(s, text))
		return true;
	store_complain(s, s->db);
	return false;
}
