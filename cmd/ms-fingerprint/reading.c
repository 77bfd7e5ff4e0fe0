#include "reading.h"

#include <stdlib.h>

#include "diag.h"

void
reading_free(struct reading *rd)
{
	spots_free(&rd->spots);
	spots_free(&rd->own);
	free(rd->said);
	json_release(&rd->kept);
	json_release(&rd->text);
	json_release(&rd->packed);
	json_release(&rd->fresh);
	json_release(&rd->shared);
}

void
reading_forget(struct reading *rd, struct texts *words)
{
	pack_drop(words, (struct span){rd->kept.p, rd->kept.len});
	json_reset(&rd->kept);
	rd->catalog = NULL;
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
is_kept(const struct reading *rd, const struct catalog *c,
    const struct record *r)
{
	return rd->catalog == c && rd->number == r->like->number &&
	    rd->is_pod == span_eq(r->id.kind, "Pod") &&
	    rd->is_job == span_eq(r->id.kind, "Job");
}

static void
keep(struct reading *rd, struct texts *words, const struct facts_paths *paths,
    const struct catalog *c, const struct record *r)
{
	reading_forget(rd, words);
	rd->number = r->like->number;
	rd->catalog = c;
	rd->is_pod = span_eq(r->id.kind, "Pod");
	rd->is_job = span_eq(r->id.kind, "Job");
	rd->any = spots_find(&rd->spots, paths, c, r, r->like);
	if (rd->spots.n > rd->size) {
		rd->size = rd->spots.n * 2;
		rd->said = diag_alloc(rd->said, rd->size * sizeof(*rd->said));
	}
	for (size_t i = 0; i < rd->spots.n; i++)
		rd->said[i] =
		    say_spot(rd, words, c, &rd->spots.spot[i], &rd->kept);
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
add_kept(struct reading *rd, const struct reading_said *said)
{
	const char *packed = rd->kept.p + said->from;

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
take_kept(struct reading *rd, struct texts *words, const struct like *like)
{
	struct spot there;

	for (size_t i = 0; i < rd->spots.n; i++) {
		rd->is_of_pod |= rd->spots.spot[i].fact == FACT_POD;
		if (spots_differ(&rd->spots, i, like, &there))
			add_fresh(rd, words,
			    say_spot(rd, words, rd->catalog, &there,
				&rd->fresh));
		else
			add_kept(rd, &rd->said[i]);
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

/* Whether the record is read by what is kept of the one that it is like. */
static bool
is_like(struct reading *rd, struct texts *words,
    const struct facts_paths *paths, const struct catalog *c,
    const struct record *r)
{
	if (!r->like || !like_keeps(r->like))
		return false;
	if (!is_kept(rd, c, r))
		keep(rd, words, paths, c, r);
	return spots_hold(&rd->spots, r->like);
}

bool
reading_take(struct reading *rd, struct texts *words,
    const struct facts_paths *paths, const struct catalog *c,
    const struct record *r)
{
	bool like = is_like(rd, words, paths, c, r);
	const struct spots *s = like ? &rd->spots : &rd->own;

	begin(rd);
	if (!(like ? rd->any : spots_find(&rd->own, paths, c, r, NULL)))
		return false;
	rd->ends = s->spot[0].fact == FACT_JOB;
	if (like)
		take_kept(rd, words, r->like);
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
