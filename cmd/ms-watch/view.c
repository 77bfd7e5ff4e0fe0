#include "view.h"

#include <string.h>

/* In the order of how far a watch has come. */
enum state {
	STATE_BACKOFF,
	STATE_DISCOVERING,
	STATE_SYNCING,
	STATE_DENIED,
	STATE_GONE,
	STATE_SYNCED
};

static const char *const names[] = {"backoff", "discovering", "syncing",
    "denied", "gone", "synced"};

static enum state
state_of(const struct machine *m)
{
	if (m->is_denied)
		return STATE_DENIED;
	switch (m->state) {
	case MACHINE_OVER:
		return STATE_GONE;
	case MACHINE_WATCHING:
		return STATE_SYNCED;
	case MACHINE_LISTING:
	case MACHINE_STREAMING:
		return STATE_SYNCING;
	case MACHINE_QUEUED:
		return m->synced ? STATE_SYNCING : STATE_DISCOVERING;
	case MACHINE_WAITING:
		break;
	}
	/* every stream ends some time, and is opened again */
	return m->then == THEN_WATCH && m->level <= 1 ? STATE_SYNCED :
							STATE_BACKOFF;
}

static void
add(struct view *v, const struct watch *w, enum state *least)
{
	enum state state = state_of(&w->machine);

	if (state <= *least) {
		*least = state;
		v->message = state == STATE_BACKOFF || state == STATE_DENIED ||
			state == STATE_GONE ?
		    w->answer.failure.why :
		    NULL;
	}
	v->is_synced &= w->machine.synced;
	v->is_metadata = w->ledger.scope.is_metadata;
	v->rv = v->watches++ ? NULL : w->answer.rv;
	v->objects += index_count(&w->ledger.index);
	if (w->machine.level > v->level)
		v->level = w->machine.level;
	if (v->watches == 1)
		v->tally = w->tally;
	else
		tally_add(&v->tally, &w->tally);
}

void
view_of(const struct watches *ws, size_t i, struct view *out)
{
	const struct resource *r = ws->kind[i].resource;
	enum state least = STATE_SYNCED;

	*out = (struct view){.resource = r, .is_synced = true};
	for (size_t j = 0; j < ws->n; j++) {
		const struct resource *of = ws->watch[j]->resource;

		if (of == r || strcmp(of->id, r->id) == 0)
			add(out, ws->watch[j], &least);
	}
	out->state = names[least];
}

bool
view_is_settled(const struct view *v)
{
	return v->is_synced || strcmp(v->state, "denied") == 0 ||
	    strcmp(v->state, "gone") == 0;
}
