/* answer - the body of one answer, decoded into a ledger as it comes.
 *
 * A page of a list, a streaming list, or the changes of a watch. It also keeps
 * where to go on: the token of the next page, and the resourceVersion that a
 * watch may be resumed at, which outlive the answer.
 */
#ifndef MS_ANSWER_H
#define MS_ANSWER_H

#include "failure.h"
#include "ledger.h"
#include "snapshot.h"
#include "stream.h"

enum answer_form {
	ANSWER_PAGE,
	ANSWER_STREAM, /* a streaming list, which goes on as a watch */
	ANSWER_WATCH
};

/* Where things are; the same for all. */
struct answer_plans {
	struct scan_plan item, event;
};

struct answer {
	struct ledger *ledger;
	const struct answer_plans *plans;
	enum answer_form form;
	struct intake intake;
	struct snapshot page;
	bool has_failed, has_changed; /* changed: objects, by events */
	bool has_bookmarks; /* there has been one, in any answer */
	unsigned events; /* that have come */
	struct failure failure; /* of has_failed, or noted by the owner */
	char *rv; /* where to go on watching */
	char *next, *page_rv; /* of a list under way */
};

void answer_plans_init(struct answer_plans *plans);

void answer_init(struct answer *a, struct ledger *ledger,
    const struct answer_plans *plans);
void answer_free(struct answer *a);

/* Expect this form. is_first: a new list, so nothing is left of another. */
void answer_begin(struct answer *a, enum answer_form form, bool is_first);
/* Drop what is not decoded. */
void answer_drop(struct answer *a);

void answer_put(struct answer *a, const char *p, size_t n);

/* Decode what has come. IN_END: the mark of a streaming list, call again.
 * IN_NOTHING: all is done that can be. Else: it has failed, see .failure. */
enum machine_input answer_decode(struct answer *a);

/* It fails, as the server stands at rv, which is before our version. */
void answer_regressed(struct answer *a, struct span rv);

/* All has come: IN_PAGE or IN_END (a page), IN_EOF, or the failure. */
enum machine_input answer_finish(struct answer *a);

#endif
