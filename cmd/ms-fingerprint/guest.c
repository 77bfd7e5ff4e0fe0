#include "guest.h"

#include <stdlib.h>
#include <string.h>

struct guest_key {
	uint32_t place, outcome;
};

static uint64_t
hash_key(const struct guest_key *k)
{
	return table_hash(k, sizeof(*k), 0);
}

static struct guest_key
key_of(const struct guest *g)
{
	return (struct guest_key){g->place, g->outcome};
}

static uint64_t
hash_guest(const void *context, uint32_t id)
{
	struct guest_key k =
	    key_of(&((const struct world *)context)->guest[id]);

	return hash_key(&k);
}

static bool
equal_guest(const void *context, uint32_t id, const void *key)
{
	struct guest_key a =
	    key_of(&((const struct world *)context)->guest[id]);
	const struct guest_key *b = key;

	return a.place == b->place && a.outcome == b->outcome;
}

static const struct table_ops guest_ops = {hash_guest, equal_guest};

void
guests_init(struct world *w)
{
	w->free_guest = WORLD_NONE;
	table_init(&w->guests, &guest_ops, w);
}

void
guests_free(struct world *w)
{
	free(w->guest);
	table_free(&w->guests);
}

static uint32_t
new_id(struct world *w)
{
	uint32_t id = w->free_guest;

	if (id != WORLD_NONE) {
		w->free_guest = w->guest[id].next;
		return id;
	}
	w->guest = world_grow(w->guest, w->n_guests, &w->size_guests,
	    sizeof(*w->guest));
	return w->n_guests++;
}

static uint32_t
add(struct world *w, const struct guest_key *k)
{
	uint32_t id = new_id(w),
		 *first = &w->first_guest[world_ns_at(w, k->place)];

	w->guest[id] = (struct guest){.place = k->place,
	    .outcome = k->outcome,
	    .next = *first,
	    .before = WORLD_NONE};
	if (*first != WORLD_NONE)
		w->guest[*first].before = id;
	*first = id;
	table_insert(&w->guests, id);
	return id;
}

static void
drop(struct world *w, uint32_t id)
{
	struct guest *g = &w->guest[id];

	table_remove(&w->guests, id);
	if (g->before != WORLD_NONE)
		w->guest[g->before].next = g->next;
	else
		w->first_guest[world_ns_at(w, g->place)] = g->next;
	if (g->next != WORLD_NONE)
		w->guest[g->next].before = g->before;
	g->next = w->free_guest;
	w->free_guest = id;
}

void
guest_use(struct world *w, uint32_t place, uint32_t shape, bool waits, int pods)
{
	struct guest_key k = {place, w->shapes->shape[shape].outcome};
	uint32_t id = table_find(&w->guests, hash_key(&k), &k), *n;
	bool was;

	if (id == TABLE_NONE)
		id = add(w, &k);
	n = waits ? &w->guest[id].waiting : &w->guest[id].running;
	was = *n > 0;
	*n += (uint32_t)pods;
	if (was != (*n > 0))
		world_touch_shape(w, shape, world_ns_at(w, place));
	if (!w->guest[id].running && !w->guest[id].waiting)
		drop(w, id);
}

void
guests_forget(struct world *w)
{
	table_free(&w->guests);
	guests_init(w);
	w->n_guests = 0;
	if (w->n_first)
		memset(w->first_guest, 0xff,
		    w->n_first * sizeof(*w->first_guest));
}
