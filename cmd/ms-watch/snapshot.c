#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

void
snapshot_release(struct snapshot *s)
{
	free(s->rv);
	free(s->next);
	*s = (struct snapshot){0};
}

static enum snapshot_result
bad(struct scan_error *err, const char *what)
{
	*err = (struct scan_error){what, 0};
	return SNAPSHOT_BAD;
}

/* A string's text, the caller's to free; NULL if it is none or empty. */
static char *
copy_text(struct span value)
{
	char *buf = diag_alloc(NULL, value.n + 1);
	struct span text = scan_text(value, buf, value.n);
	char *copy = text.n ? diag_strndup(text.p, text.n) : NULL;

	free(buf);
	return copy;
}

static void
note_key(struct snapshot *s, struct span value)
{
	struct span text = scan_text(value, s->key, sizeof(s->key) - 1);

	if (text.n >= sizeof(s->key))
		text.n = 0;
	if (text.n)
		memmove(s->key, text.p, text.n);
	s->key[text.n] = '\0';
	s->state = SNAPSHOT_COLON;
}

static void
note_metadata(struct snapshot *s, struct span value)
{
	if (scan_type(value) != SCAN_OBJECT)
		return;
	free(s->rv);
	free(s->next);
	s->rv = copy_text(scan_get(value, "resourceVersion"));
	s->next = copy_text(scan_get(value, "continue"));
}

static void
note_kind(struct snapshot *s, struct span value)
{
	char *kind = copy_text(value);
	size_t n = kind ? strlen(kind) : 0;

	s->is_list = n >= 4 && strcmp(kind + n - 4, "List") == 0;
	free(kind);
}

/* A member of the list other than an array of items. */
static enum snapshot_result
note_member(struct snapshot *s, struct span value, struct scan_error *err)
{
	s->state = SNAPSHOT_AFTER_VALUE;
	if (strcmp(s->key, "items") == 0) {
		if (scan_type(value) != SCAN_NULL)
			return bad(err, "items is not a list");
		s->has_items = true;
	} else if (strcmp(s->key, "metadata") == 0) {
		note_metadata(s, value);
	} else if (strcmp(s->key, "kind") == 0) {
		note_kind(s, value);
	}
	return SNAPSHOT_ONE;
}

/* What stands between values. c is the byte at the front. SNAPSHOT_ONE: there
 * was something. */
static enum snapshot_result
take_mark(struct snapshot *s, struct intake *in, int c, struct scan_error *err)
{
	static const struct {
		char mark;
		enum snapshot_state then;
	} step[][2] = {[SNAPSHOT_START] = {{'{', SNAPSHOT_FIRST_KEY}},
	    [SNAPSHOT_FIRST_KEY] = {{'}', SNAPSHOT_CLOSED}},
	    [SNAPSHOT_COLON] = {{':', SNAPSHOT_VALUE}},
	    [SNAPSHOT_AFTER_VALUE] = {{',', SNAPSHOT_KEY},
		{'}', SNAPSHOT_CLOSED}},
	    [SNAPSHOT_FIRST_ITEM] = {{']', SNAPSHOT_AFTER_VALUE}},
	    [SNAPSHOT_AFTER_ITEM] = {{',', SNAPSHOT_ITEM},
		{']', SNAPSHOT_AFTER_VALUE}},
	    [SNAPSHOT_CLOSED] = {{0}}};

	for (int i = 0; i < 2; i++)
		if (step[s->state][i].mark == c && c) {
			s->state = step[s->state][i].then;
			intake_skip(in, 1);
			return SNAPSHOT_ONE;
		}
	return bad(err,
	    s->state == SNAPSHOT_CLOSED ? "something follows the list" :
					  "it is not a list");
}

static bool
wants_value(const struct snapshot *s, int c)
{
	switch (s->state) {
	case SNAPSHOT_FIRST_KEY:
		return c != '}';
	case SNAPSHOT_FIRST_ITEM:
		return c != ']';
	case SNAPSHOT_KEY:
	case SNAPSHOT_VALUE:
	case SNAPSHOT_ITEM:
		return true;
	default:
		return false;
	}
}

static bool
is_item(const struct snapshot *s)
{
	return s->state == SNAPSHOT_ITEM || s->state == SNAPSHOT_FIRST_ITEM;
}

static enum snapshot_result
take_value(struct snapshot *s, struct intake *in, const struct scan_plan *plan,
    struct span *value, struct span *at, struct scan_error *err)
{
	switch (intake_value(in, is_item(s) ? plan : NULL, at, value, err)) {
	case INTAKE_MORE:
		return SNAPSHOT_MORE;
	case INTAKE_BAD:
		return SNAPSHOT_BAD;
	case INTAKE_VALUE:
		break;
	}
	if (is_item(s))
		return scan_type(*value) == SCAN_OBJECT ?
		    SNAPSHOT_ONE :
		    bad(err, "an item is not an object");
	if (s->state == SNAPSHOT_VALUE)
		return note_member(s, *value, err);
	if (scan_type(*value) != SCAN_STRING)
		return bad(err, "it is not a list");
	note_key(s, *value);
	return SNAPSHOT_ONE;
}

static enum snapshot_result
finish(const struct snapshot *s, struct intake *in, struct scan_error *err)
{
	if (!in->is_whole)
		return SNAPSHOT_MORE;
	if (s->state != SNAPSHOT_CLOSED)
		return bad(err, "the list ends early");
	if (!s->is_list || !s->has_items || !s->rv)
		return bad(err, "it is not a list");
	return SNAPSHOT_DONE;
}

enum snapshot_result
snapshot_next(struct snapshot *s, struct intake *in,
    const struct scan_plan *plan, struct span *item, struct span *at,
    struct scan_error *err)
{
	enum snapshot_result r = SNAPSHOT_ONE;

	while (r == SNAPSHOT_ONE) {
		int c = intake_peek(in);
		bool at_item = is_item(s);

		if (c < 0)
			return finish(s, in, err);
		if (s->state == SNAPSHOT_VALUE && c == '[' &&
		    strcmp(s->key, "items") == 0) {
			intake_skip(in, 1);
			s->has_items = true;
			s->state = SNAPSHOT_FIRST_ITEM;
			continue;
		}
		if (!wants_value(s, c)) {
			r = take_mark(s, in, c, err);
			continue;
		}
		r = take_value(s, in, plan, item, at, err);
		if (r == SNAPSHOT_ONE && at_item) {
			s->state = SNAPSHOT_AFTER_ITEM;
			return r;
		}
	}
	return r;
}
