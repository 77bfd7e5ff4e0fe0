#include "reading.h"

#include <stdlib.h>

#include "diag.h"

void
reading_init(struct reading *rd, struct texts *words)
{
	*rd = (struct reading){.words = words};
	/* so that there is a place in each, though nothing stands there */
	for (size_t i = 0; i < LIKES; i++)
		json_room(&rd->kept[i].packed, 1);
	json_room(&rd->text, 1);
	json_room(&rd->fresh, 1);
	json_room(&rd->packed, 1);
}

void
reading_free(struct reading *rd)
{
	for (size_t i = 0; i < LIKES; i++) {
		spots_free(&rd->kept[i].spots);
		free(rd->kept[i].said);
		free(rd->kept[i].head);
		free(rd->kept[i].run);
		json_release(&rd->kept[i].packed);
	}
	spots_free(&rd->own);
	json_release(&rd->text);
	json_release(&rd->fresh);
	json_release(&rd->packed);
}

static void
forget(struct reading *rd, struct reading_kept *k)
{
	pack_drop(rd->words, (struct span){k->packed.p, k->packed.len});
	json_reset(&k->packed);
	k->catalog = NULL;
}

void
reading_forget(struct reading *rd)
{
	for (size_t i = 0; i < LIKES; i++)
		forget(rd, &rd->kept[i]);
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

static uint64_t
hash_text(const struct reading *rd)
{
	return rd->text.len ? table_hash(rd->text.p, rd->text.len, 0) : 0;
}

/* What the text of a spot comes to, packed into out. */
static struct reading_said
say(struct reading *rd, struct json *out)
{
	struct span text = {rd->text.p, rd->text.len};
	struct reading_said said = {.bytes = (uint32_t)text.n,
	    .from = (uint32_t)out->len,
	    .hash = hash_text(rd)};

	said.product = hash_product(rd, said.hash);
	pack_facts(rd->words, text, out);
	said.n = (uint32_t)out->len - said.from;
	return said;
}

/* What a spot begins with, which is held from here on. */
static struct reading_head
say_head(struct reading *rd, const struct spot *spot)
{
	struct span text;

	json_reset(&rd->text);
	facts_head(spot, &rd->text);
	text = (struct span){rd->text.p, rd->text.len};
	return (struct reading_head){table_hash(text.p, text.n, 0),
	    texts_hold(rd->words, text), (uint32_t)text.n};
}

static struct reading_said
say_behind(struct reading *rd, const struct reading_head *head,
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
	pack_behind(rd->words, head->word, text, out);
	said.n = (uint32_t)out->len - said.from;
	return said;
}

/* The text of a spot, to be said then. */
static void
read_spot(struct reading *rd, const struct catalog *c, const struct spot *spot)
{
	json_reset(&rd->text);
	facts_put(c, spot, &rd->text);
}

/* head as say_head() gives it, if there is one. */
static struct reading_said
say_spot(struct reading *rd, const struct catalog *c,
    const struct reading_head *head, const struct spot *spot, struct json *out)
{
	if (facts_has_head(spot->fact))
		return say_behind(rd, head, spot, out);
	read_spot(rd, c, spot);
	return say(rd, out);
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

/* What a container is started with stands behind its name: the end of such a run
 * of spots; i if none begins there. */
static size_t
run_end(const struct spots *s, size_t i)
{
	while (i < s->n && facts_is_start(s->spot[i].fact))
		i++;
	return i;
}

static void
make_room(struct reading_kept *k, size_t n)
{
	if (n <= k->size)
		return;
	k->size = n * 2;
	k->said = diag_alloc(k->said, k->size * sizeof(*k->said));
	k->head = diag_alloc(k->head, k->size * sizeof(*k->head));
	k->run = diag_alloc(k->run, k->size * sizeof(*k->run));
}

/* Spots from i on, which have been kept one by one, as a phrase too. */
static void
keep_run(struct reading *rd, struct reading_kept *k, size_t i)
{
	uint32_t from = k->said[i].from, at = (uint32_t)k->packed.len;
	size_t n = k->packed.len - from;

	json_room(&k->packed, n); /* which moves what is there */
	json_raw(&k->packed, k->packed.p + from, n);
	pack_phrase(rd->words, at, (struct span){0}, &k->packed);
	k->run[i] = (struct reading_part){at, (uint32_t)k->packed.len - at};
}

static void
keep(struct reading *rd, struct reading_kept *k,
    const struct facts_paths *paths, const struct record *r)
{
	size_t first = 0;

	k->like = r->like;
	k->number = r->like->number;
	k->is_pod = span_eq(r->id.kind, "Pod");
	k->is_job = span_eq(r->id.kind, "Job");
	k->any = spots_find(&k->spots, paths, k->catalog, r, r->like);
	make_room(k, k->spots.n);
	for (size_t i = 0; i < k->spots.n; i++) {
		const struct spot *spot = &k->spots.spot[i];

		if (facts_has_head(spot->fact)) {
			k->head[i] = say_head(rd, spot);
			pack_number(&k->packed, k->head[i].word);
		}
		k->said[i] =
		    say_spot(rd, k->catalog, &k->head[i], spot, &k->packed);
		if (!facts_is_start(spot->fact))
			first = i + 1;
		else if (run_end(&k->spots, i) == i + 1)
			keep_run(rd, k, first);
	}
}

/* What is kept of the document that a record is like. NULL: its facts may stand
 * elsewhere. */
static struct reading_kept *
find_kept(struct reading *rd, const struct facts_paths *paths,
    const struct catalog *c, const struct record *r)
{
	struct reading_kept *k = rd->kept, *last = k + LIKES - 1;

	if (!r->like)
		return NULL;
	while (k < last && k->like && k->like != r->like)
		k++;
	if (!is_kept(k, c, r)) {
		forget(rd, k);
		k->catalog = c;
		keep(rd, k, paths, r);
	}
	return spots_hold(&k->spots, r->like) ? k : NULL;
}

/* ---- a record ---- */

/* False: there is no room for it among the others. */
static bool
count(struct reading *rd, const struct reading_said *said, enum fact fact)
{
	if (rd->bytes + said->bytes > FACTS_MAX)
		return false;
	rd->bytes += said->bytes;
	rd->hash = mix(rd->hash, said->hash);
	rd->is_of_pod |= fact == FACT_POD;
	if (!rd->is_of_pod)
		rd->containers = mix(rd->containers, said->product);
	return true;
}

/* What has been packed last, of this record alone. */
static void
add_own(struct reading *rd, enum fact fact, struct reading_said said)
{
	if (count(rd, &said, fact))
		return;
	pack_drop(rd->words, (struct span){rd->packed.p + said.from, said.n});
	rd->packed.len = said.from;
}

static void
add_kept(struct reading *rd, const struct reading_kept *k, uint32_t from,
    uint32_t n)
{
	struct span packed = {k->packed.p + from, n};

	pack_keep(rd->words, packed);
	json_span(&rd->packed, packed);
}

static void
take_own(struct reading *rd, const struct catalog *c, const struct spot *spot)
{
	struct reading_head head = {0};
	bool has_head = facts_has_head(spot->fact);

	if (has_head)
		head = say_head(rd, spot);
	add_own(rd, spot->fact, say_spot(rd, c, &head, spot, &rd->packed));
	if (has_head)
		texts_drop(rd->words, head.word);
}

static void
take_kept(struct reading *rd, struct reading_kept *k, size_t i)
{
	const struct spot *spot = &k->spots.spot[i];

	if (spots_differ(&k->spots, i, k->like))
		add_own(rd, spot->fact,
		    say_spot(rd, k->catalog, &k->head[i], spot, &rd->packed));
	else if (count(rd, &k->said[i], spot->fact))
		add_kept(rd, k, k->said[i].from, k->said[i].n);
}

/* k: of the document that the record is like, if it is. */
static void
take_spot(struct reading *rd, const struct catalog *c, struct reading_kept *k,
    size_t i)
{
	if (k)
		take_kept(rd, k, i);
	else
		take_own(rd, c, &rd->own.spot[i]);
}

/* Whether there are other facts at a spot, which are read then: of flags the
 * values are none. */
static bool
is_said_anew(struct reading *rd, struct reading_kept *k, size_t i)
{
	if (!spots_differ(&k->spots, i, k->like))
		return false;
	read_spot(rd, k->catalog, &k->spots.spot[i]);
	return hash_text(rd) != k->said[i].hash;
}

/* A spot of a run, whose words are held only if they are fresh. False: it is not
 * as it is in the document that is kept. */
static bool
take_of_run(struct reading *rd, const struct catalog *c, struct reading_kept *k,
    size_t i)
{
	const struct spot *spot = k ? &k->spots.spot[i] : &rd->own.spot[i];
	struct reading_said said;

	if (!k) {
		read_spot(rd, c, spot);
	} else if (!is_said_anew(rd, k, i)) {
		if (!count(rd, &k->said[i], spot->fact))
			return false;
		json_raw(&rd->packed, k->packed.p + k->said[i].from,
		    k->said[i].n);
		return true;
	}
	said = say(rd, &rd->packed);
	add_own(rd, spot->fact, said);
	json_raw(&rd->fresh, rd->packed.p + said.from,
	    rd->packed.len - said.from);
	return false;
}

/* Spots of a run are held together, by the phrase that they become. */
static void
take_run(struct reading *rd, const struct catalog *c, struct reading_kept *k,
    size_t i, size_t end)
{
	size_t from = rd->packed.len, first = i;
	bool same = true;

	json_reset(&rd->fresh);
	for (; i < end; i++)
		same &= take_of_run(rd, c, k, i);
	if (!same) {
		pack_phrase(rd->words, from,
		    (struct span){rd->fresh.p, rd->fresh.len}, &rd->packed);
		return;
	}
	rd->packed.len = from;
	add_kept(rd, k, k->run[first].from, k->run[first].n);
}

static void
take_spots(struct reading *rd, const struct catalog *c, struct reading_kept *k)
{
	const struct spots *s = k ? &k->spots : &rd->own;

	for (size_t i = 0; i < s->n;) {
		size_t end = run_end(s, i);

		if (end > i) {
			take_run(rd, c, k, i, end);
			i = end;
		} else {
			take_spot(rd, c, k, i++);
		}
	}
}

static void
begin(struct reading *rd)
{
	json_reset(&rd->packed);
	rd->hash = rd->containers = 0;
	rd->bytes = 0;
	rd->is_of_pod = false;
}

bool
reading_take(struct reading *rd, const struct facts_paths *paths,
    const struct catalog *c, const struct record *r)
{
	struct reading_kept *k = find_kept(rd, paths, c, r);
	const struct spots *s = k ? &k->spots : &rd->own;

	begin(rd);
	if (!(k ? k->any : spots_find(&rd->own, paths, c, r, NULL)))
		return false;
	rd->ends = s->spot[0].fact == FACT_JOB;
	take_spots(rd, c, k);
	json_reset(&rd->text);
	facts_put_workload(r, &rd->text);
	add_own(rd, FACT_WORKLOAD, say(rd, &rd->packed));
	return true;
}

void
reading_drop(struct reading *rd)
{
	pack_drop(rd->words, (struct span){rd->packed.p, rd->packed.len});
	json_reset(&rd->packed);
}

void
reading_hand_over(struct reading *rd)
{
	json_reset(&rd->packed);
}
