#include "reading.h"

#include <stdlib.h>

#include "diag.h"

void
reading_free(struct reading *rd)
{
	for (size_t i = 0; i < LIKES; i++) {
		spots_free(&rd->kept[i].spots);
		free(rd->kept[i].said);
		free(rd->kept[i].head);
		json_release(&rd->kept[i].packed);
	}
	spots_free(&rd->own);
	json_release(&rd->text);
	json_release(&rd->packed);
	free(rd->fresh);
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

/* What a spot begins with, which is held from here on. */
static struct reading_head
say_head(struct reading *rd, struct texts *words, const struct spot *spot)
{
	struct span text;

	json_reset(&rd->text);
	facts_head(spot, &rd->text);
	text = (struct span){rd->text.p, rd->text.len};
	return (struct reading_head){table_hash(text.p, text.n, 0),
	    texts_hold(words, text), (uint32_t)text.n};
}

static struct reading_said
say_behind(struct texts *words, const struct reading_head *head,
    const struct spot *spot, struct json *out)
{
	struct reading_said said = {.from = (uint32_t)out->len};
	char buf[FACTS_PAIR];
	struct span text;

	if (!facts_text(spot, buf, &text))
		return said;
	said.bytes = head->bytes + (uint32_t)text.n + 1;
	said.hash = said.product =
	    mix(head->hash, text.n ? table_hash(text.p, text.n, 0) : 0);
	pack_behind(words, head->word, text, out);
	said.n = (uint32_t)out->len - said.from;
	return said;
}

/* head as say_head() gives it, if there is one. */
static struct reading_said
say_spot(struct reading *rd, struct texts *words, const struct catalog *c,
    const struct reading_head *head, const struct spot *spot, struct json *out)
{
	if (facts_has_head(spot->fact))
		return say_behind(words, head, spot, out);
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
		k->head = diag_alloc(k->head, k->size * sizeof(*k->head));
	}
	for (size_t i = 0; i < k->spots.n; i++) {
		const struct spot *spot = &k->spots.spot[i];

		if (facts_has_head(spot->fact)) {
			k->head[i] = say_head(rd, words, spot);
			pack_number(&k->packed, k->head[i].word);
		}
		k->said[i] = say_spot(rd, words, k->catalog, &k->head[i], spot,
		    &k->packed);
	}
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

/* Whether there is room for it among the others. */
static bool
has_room(const struct reading *rd, const struct reading_said *said)
{
	return rd->bytes + said->bytes <= FACTS_MAX;
}

static void
count(struct reading *rd, const struct reading_said *said)
{
	rd->bytes += said->bytes;
	rd->hash = mix(rd->hash, said->hash);
	if (!rd->is_of_pod)
		rd->containers = mix(rd->containers, said->product);
}

static void
add_kept(struct reading *rd, const struct reading_kept *k,
    const struct reading_said *said)
{
	if (!has_room(rd, said))
		return;
	count(rd, said);
	json_raw(&rd->packed, k->packed.p + said->from, said->n);
}

/* What has been read to the end of the packed form, of this record alone. */
static void
add_fresh(struct reading *rd, struct texts *words, struct reading_said said)
{
	struct reading_part part = {said.from, said.from + said.n};
	struct reading_part *last;

	if (!has_room(rd, &said)) {
		pack_drop(words,
		    (struct span){rd->packed.p + said.from, said.n});
		rd->packed.len = said.from;
		return;
	}
	count(rd, &said);
	last = rd->n_fresh ? &rd->fresh[rd->n_fresh - 1] : NULL;
	if (last && last->to == part.from) {
		last->to = part.to;
		return;
	}
	if (rd->n_fresh == rd->size_fresh) {
		rd->size_fresh = rd->size_fresh ? rd->size_fresh * 2 : 32;
		rd->fresh =
		    diag_alloc(rd->fresh, rd->size_fresh * sizeof(*rd->fresh));
	}
	rd->fresh[rd->n_fresh++] = part;
}

static void
take_kept(struct reading *rd, struct texts *words, struct reading_kept *k)
{
	for (size_t i = 0; i < k->spots.n; i++) {
		const struct spot *spot = &k->spots.spot[i];

		rd->is_of_pod |= spot->fact == FACT_POD;
		if (spots_differ(&k->spots, i, k->like))
			add_fresh(rd, words,
			    say_spot(rd, words, k->catalog, &k->head[i], spot,
				&rd->packed));
		else
			add_kept(rd, k, &k->said[i]);
	}
}

static void
take_own(struct reading *rd, struct texts *words, const struct catalog *c)
{
	for (size_t i = 0; i < rd->own.n; i++) {
		const struct spot *spot = &rd->own.spot[i];
		bool has_head = facts_has_head(spot->fact);
		struct reading_head head = {0};

		rd->is_of_pod |= spot->fact == FACT_POD;
		if (has_head)
			head = say_head(rd, words, spot);
		add_fresh(rd, words,
		    say_spot(rd, words, c, &head, spot, &rd->packed));
		if (has_head)
			texts_drop(words, head.word);
	}
}

static void
begin(struct reading *rd)
{
	json_reset(&rd->packed);
	rd->n_fresh = 0;
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
	add_fresh(rd, words, say(rd, words, &rd->packed));
	return true;
}

static struct span
part_of(const struct reading *rd, uint32_t from, uint32_t to)
{
	return (struct span){rd->packed.p + from, to - from};
}

void
reading_hand_over(struct reading *rd, struct texts *words)
{
	uint32_t from = 0;

	for (size_t i = 0; i < rd->n_fresh; i++) {
		pack_keep(words, part_of(rd, from, rd->fresh[i].from));
		from = rd->fresh[i].to;
	}
	pack_keep(words, part_of(rd, from, (uint32_t)rd->packed.len));
	rd->n_fresh = 0;
}

void
reading_drop(struct reading *rd, struct texts *words)
{
	for (size_t i = 0; i < rd->n_fresh; i++)
		pack_drop(words,
		    part_of(rd, rd->fresh[i].from, rd->fresh[i].to));
	rd->n_fresh = 0;
}
