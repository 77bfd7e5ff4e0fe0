#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "probe.h"

void
answer_plans_init(struct answer_plans *plans)
{
	object_plan_item(&plans->item);
	object_plan_event(&plans->event);
}

void
answer_init(struct answer *a, struct ledger *ledger,
    const struct answer_plans *plans)
{
	*a = (struct answer){.ledger = ledger, .plans = plans};
}

void
answer_drop(struct answer *a)
{
	intake_release(&a->intake);
	snapshot_release(&a->page);
}

void
answer_free(struct answer *a)
{
	answer_drop(a);
	free(a->rv);
	free(a->next);
	free(a->page_rv);
}

void
answer_begin(struct answer *a, enum answer_form form, bool is_first)
{
	if (is_first) {
		free(a->next);
		free(a->page_rv);
		a->next = a->page_rv = NULL;
	}
	a->form = form;
	a->has_failed = a->has_changed = false;
	a->events = 0;
}

void
answer_put(struct answer *a, const char *p, size_t n)
{
	if (!a->has_failed)
		intake_put(&a->intake, p, n);
}

static void
set_text(char **at, struct span text)
{
	size_t n = *at ? strlen(*at) : 0;

	/* Mostly as long as the one before: no allocation for an event. */
	if (!*at || n < text.n)
		*at = diag_alloc(*at, text.n + 1);
	memcpy(*at, text.p, text.n);
	(*at)[text.n] = '\0';
}

static void
garbled(struct answer *a, const struct scan_error *err)
{
	failure_set(&a->failure, IN_GARBLED, "the answer makes no sense: %s",
	    err->what);
	a->has_failed = true;
}

/* ---- events ---- */

/* Of something that has a name and no version nothing can be told; only a list
 * says what has become of it. */
static void
check_version(struct answer *a, const struct stream_event *event)
{
	if (scan_type(event->at[OBJECT_NAME]) != SCAN_STRING)
		return;
	failure_set(&a->failure, IN_EXPIRED,
	    "an event without uid or resourceVersion");
	a->has_failed = true;
}

static void
take_change(struct answer *a, const struct stream_event *event)
{
	bool is_initial = a->form == ANSWER_STREAM, is_known;
	struct span object = event->at[EVENT_OBJECT];
	struct index_key key;
	char buf[OBJECT_TEXT];

	if (event->type == STREAM_DELETED)
		is_known =
		    ledger_deleted(a->ledger, event->at, object, &key, buf);
	else
		is_known = ledger_present(a->ledger, event->at, object,
		    is_initial, &key, buf);
	/* Objects of a streaming list come in any order: only its mark says
	 * where to go on. */
	if (!is_known && !is_initial)
		check_version(a, event);
	if (!is_known || is_initial)
		return;
	set_text(&a->rv, key.rv);
	a->has_changed = true;
}

void
answer_regressed(struct answer *a, struct span rv)
{
	failure_set(&a->failure, IN_REGRESSED,
	    "the server stands at resourceVersion %.*s, and has stood at %s "
	    "before: it has been set back",
	    (int)rv.n, rv.p, a->rv);
	a->has_failed = true;
}

/* True: it ends a streaming list. */
static bool
take_bookmark(struct answer *a, const struct stream_event *event)
{
	char buf[256];
	struct span rv = scan_text(event->at[OBJECT_RV], buf, sizeof(buf));
	bool is_initial = a->form == ANSWER_STREAM;
	bool is_mark = is_initial && stream_is_mark(event);

	a->has_bookmarks |= !is_initial;
	if (rv.n && !is_initial && probe_is_earlier(rv, span_of(a->rv))) {
		answer_regressed(a, rv);
		return false;
	}
	if (rv.n && (is_mark || !is_initial))
		set_text(&a->rv, rv);
	return is_mark && a->rv;
}

static void
take_error(struct answer *a, const struct stream_event *event)
{
	failure_of_status(&a->failure, event->at[EVENT_OBJECT],
	    a->form == ANSWER_STREAM);
	a->has_failed = true;
}

static void
take_unknown(const struct answer *a, const struct stream_event *event)
{
	char buf[64];
	struct span type = scan_text(event->at[EVENT_TYPE], buf, sizeof(buf));

	diag_info("%s: unknown event type %.*s", a->ledger->resource->id,
	    (int)type.n, type.n ? type.p : "");
}

/* True: it ends a streaming list. */
static bool
take_event(struct answer *a, const struct stream_event *event)
{
	a->events++;
	a->ledger->tally->events[event->type]++;
	switch (event->type) {
	case STREAM_ADDED:
	case STREAM_MODIFIED:
	case STREAM_DELETED:
		take_change(a, event);
		break;
	case STREAM_BOOKMARK:
		return take_bookmark(a, event);
	case STREAM_ERROR:
		take_error(a, event);
		break;
	case STREAM_UNKNOWN:
		take_unknown(a, event);
		break;
	}
	return false;
}

static enum machine_input
decode_events(struct answer *a)
{
	struct stream_event event;
	struct scan_error err;

	while (!a->has_failed)
		switch (
		    stream_next(&a->intake, &a->plans->event, &event, &err)) {
		case STREAM_EVENT:
			if (!take_event(a, &event))
				break;
			a->form = ANSWER_WATCH;
			return IN_END;
		case STREAM_BAD:
			garbled(a, &err);
			break;
		default:
			return IN_NOTHING;
		}
	return a->failure.class;
}

/* ---- pages ---- */

static void
take_item(struct answer *a, const struct span *at, struct span object)
{
	struct index_key key;
	char buf[OBJECT_TEXT];

	a->ledger->tally->events[STREAM_ADDED]++;
	ledger_present(a->ledger, at, object, true, &key, buf);
}

/* IN_END: the page is whole. */
static enum machine_input
decode_page(struct answer *a)
{
	struct span item, at[OBJECT_SLOTS];
	struct scan_error err;

	while (!a->has_failed)
		switch (snapshot_next(&a->page, &a->intake, &a->plans->item,
		    &item, at, &err)) {
		case SNAPSHOT_ONE:
			take_item(a, at, item);
			break;
		case SNAPSHOT_BAD:
			garbled(a, &err);
			break;
		case SNAPSHOT_MORE:
			return IN_NOTHING;
		case SNAPSHOT_DONE:
			return IN_END;
		}
	return a->failure.class;
}

/* The version of the first page is that of all. */
static enum machine_input
finish_page(struct answer *a)
{
	if (!a->page_rv)
		set_text(&a->page_rv, span_of(a->page.rv));
	free(a->next);
	a->next = a->page.next;
	a->page.next = NULL;
	if (a->next)
		return IN_PAGE;
	set_text(&a->rv, span_of(a->page_rv));
	return IN_END;
}

/* ---- both ---- */

enum machine_input
answer_decode(struct answer *a)
{
	/* A page is whole only when nothing follows it. */
	return a->form == ANSWER_PAGE ? decode_page(a) : decode_events(a);
}

enum machine_input
answer_finish(struct answer *a)
{
	enum machine_input in;

	intake_finish(&a->intake);
	in = answer_decode(a);
	if (in == IN_END && a->form == ANSWER_PAGE)
		return finish_page(a);
	return in == IN_NOTHING ? IN_EOF : in;
}
