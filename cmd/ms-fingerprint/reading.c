#include "reading.h"

#include <stdlib.h>

#include "diag.h"

void
reading_free(struct reading *rd)
{
	for (size_t i = 0; i < LIKES; i++) {
		spots_free(&rd->kept[i].spots);
		free(rd->kept[i].said);
		json_release(&rd->kept[i].packed);
	}
	spots_free(&rd->own);
	json_release(&rd->text);
	json_release(&rd->packed);
	json_release(&rd->fresh);
	json_release(&rd->shared);
}

static void
forget(struct reading_kept *k, struct texts *words)
{
	pack_drop(words, (struct span){k->packed.p, k->packed.len});
	json_reset(&k->packed);
	k->catalog = NULL;
}

void
reading_forget(struct reading *rd, struct texts *words)
{
	for (size_t i = 0; i < LIKES; i++)
		forget(&rd->kept[i], words);
}

static uint64_t
mix(uint64_t h, uint64_t of)
{
	h = (h ^ of) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

/* The same application in another version has the same repositories. */
static uint64_t
hash_product(const struct reading *rd, uint64_t hash)
{
	struct span fact = {rd->text.p, rd->text.len}, repo;

	if (!fact.n || *fact.p != FACT_IMAGE)
		return hash;
	repo = image_repo((struct span){fact.p + 1, fact.n - 2});
	return table_hash(fact.p, (size_t)(repo.p + repo.n - fact.p), 0);
}

/* What the text of a spot comes to, packed into out. */
static struct reading_said
say(struct reading *rd, struct texts *words, struct json *out)
{
	struct span text = {rd->text.p, rd->text.len};
	struct reading_said said = {.bytes = (uint32_t)text.n,
	    .from = (uint32_t)out->len,
	    .hash = text.n ? table_hash(text.p, text.n, 0) : 0};

	said.product = hash_product(rd, said.hash);
	pack_facts(words, text, out);
	said.n = (uint32_t)out->len - said.from;
	return said;
}

static struct reading_said
say_spot(struct reading *rd, struct texts *words, const struct catalog *c,
    const struct spot *spot, struct json *out)
{
	json_reset(&rd->text);
	facts_put(c, spot, &rd->text);
	return say(rd, words, out);
}

/* ---- the document that others are like ---- */

static bool
is_kept(const struct reading_kept *k, const struct catalog *c,
    const struct record *r)
{
	return k->catalog == c && k->like == r->like &&
	    k->number == r->like->number &&
	    k->is_pod == span_eq(r->id.kind, "Pod") &&
	    k->is_job == span_eq(r->id.kind, "Job");
}

static void
keep(struct reading *rd, struct reading_kept *k, struct texts *words,
    const struct facts_paths *paths, const struct record *r)
{
	k->like = r->like;
	k->number = r->like->number;
	k->is_pod = span_eq(r->id.kind, "Pod");
	k->is_job = span_eq(r->id.kind, "Job");
	k->any = spots_find(&k->spots, paths, k->catalog, r, r->like);
	if (k->spots.n > k->size) {
		k->size = k->spots.n * 2;
		k->said = diag_alloc(k->said, k->size * sizeof(*k->said));
	}
	for (size_t i = 0; i < k->spots.n; i++)
		k->said[i] = say_spot(rd, words, k->catalog, &k->spots.spot[i],
		    &k->packed);
}

/* What is kept of the document that a record is like. NULL: its facts may stand
 * elsewhere. */
static struct reading_kept *
find_kept(struct reading *rd, struct texts *words,
    const struct facts_paths *paths, const struct catalog *c,
    const struct record *r)
{
	struct reading_kept *k = rd->kept, *last = k + LIKES - 1;

	if (!r->like)
		return NULL;
	while (k < last && k->like && k->like != r->like)
		k++;
	if (!is_kept(k, c, r)) {
		forget(k, words);
		k->catalog = c;
		keep(rd, k, words, paths, r);
	}
	return spots_hold(&k->spots, r->like) ? k : NULL;
}

/* ---- a record ---- */

/* False: there is no room for it. */
static bool
add(struct reading *rd, const struct reading_said *said, const char *packed)
{
	if (rd->bytes + said->bytes > FACTS_MAX)
		return false;
	rd->bytes += said->bytes;
	rd->hash = mix(rd->hash, said->hash);
	if (!rd->is_of_pod)
		rd->containers = mix(rd->containers, said->product);
	json_raw(&rd->packed, packed, said->n);
	return true;
}

static void
add_kept(struct reading *rd, const struct reading_kept *k,
    const struct reading_said *said)
{
	const char *packed = k->packed.p + said->from;

	if (add(rd, said, packed))
		json_raw(&rd->shared, packed, said->n);
}

/* What has been read into fresh. */
static void
add_fresh(struct reading *rd, struct texts *words, struct reading_said said)
{
	const char *packed = rd->fresh.p + said.from;

	if (add(rd, &said, packed))
		return;
	pack_drop(words, (struct span){packed, said.n});
	rd->fresh.len = said.from;
}

static void
take_kept(struct reading *rd, struct texts *words, struct reading_kept *k)
{
	struct spot there;

	for (size_t i = 0; i < k->spots.n; i++) {
		rd->is_of_pod |= k->spots.spot[i].fact == FACT_POD;
		if (spots_differ(&k->spots, i, k->like, &there))
			add_fresh(rd, words,
			    say_spot(rd, words, k->catalog, &there,
				&rd->fresh));
		else
			add_kept(rd, k, &k->said[i]);
	}
}

static void
take_own(struct reading *rd, struct texts *words, const struct catalog *c)
{
	const struct spots *s = &rd->own;

	for (size_t i = 0; i < s->n; i++) {
		rd->is_of_pod |= s->spot[i].fact == FACT_POD;
		add_fresh(rd, words,
		    say_spot(rd, words, c, &s->spot[i], &rd->fresh));
	}
}

static void
begin(struct reading *rd)
{
	json_reset(&rd->packed);
	json_reset(&rd->fresh);
	json_reset(&rd->shared);
	rd->hash = rd->containers = 0;
	rd->bytes = 0;
	rd->is_of_pod = false;
}

bool
reading_take(struct reading *rd, struct texts *words,
    const struct facts_paths *paths, const struct catalog *c,
    const struct record *r)
{
	struct reading_kept *k = find_kept(rd, words, paths, c, r);
	const struct spots *s = k ? &k->spots : &rd->own;

	begin(rd);
	if (!(k ? k->any : spots_find(&rd->own, paths, c, r, NULL)))
		return false;
	rd->ends = s->spot[0].fact == FACT_JOB;
	if (k)
		take_kept(rd, words, k);
	else
		take_own(rd, words, c);
	json_reset(&rd->text);
	facts_put_workload(r, &rd->text);
	add_fresh(rd, words, say(rd, words, &rd->fresh));
	return true;
}

void
reading_hand_over(struct reading *rd, struct texts *words)
{
	pack_keep(words, (struct span){rd->shared.p, rd->shared.len});
	json_reset(&rd->fresh);
}

void
reading_drop(struct reading *rd, struct texts *words)
{
	pack_drop(words, (struct span){rd->fresh.p, rd->fresh.len});
	json_reset(&rd->fresh);
}
