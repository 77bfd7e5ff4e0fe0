/* answers - what running instances said of their versions, by the digest of
 * their image: what one has said is true of all that run the same bytes.
 *
 * An image is asked about once, and again if nothing came of it: each time
 * after twice as many turns, which are counted by whoever asks, and not for
 * ever.
 */
#ifndef MS_ANSWERS_H
#define MS_ANSWERS_H

#include "intern.h"

#define ANSWERS_TRIES 12

struct answer {
	char *version; /* NULL: none has come */
	char *pod; /* NAMESPACE/NAME of who was asked last, or has told it */
	char *at; /* :PORT/PATH of it; both NULL: not known */
	uint32_t cluster, ns; /* of that pod, in world.names */
	uint32_t turn; /* when it is asked again, or has kept silent too long */
	uint8_t tries; /* that came to nothing */
	bool is_out; /* an answer may still come */
};

struct answers {
	struct intern keys; /* product@digest */
	struct answer *answer; /* by number */
	uint32_t size, out; /* places; how many are out */
};

void answers_init(struct answers *a);
void answers_free(struct answers *a);

/* What is known about it; NULL: nobody was asked. a may be NULL. */
struct answer *answers_find(const struct answers *a, const char *product,
    struct span digest);
struct answer *answers_at(const struct answers *a, struct span key);
/* A place to keep it. Other places may move. */
struct answer *answers_put(struct answers *a, struct span key);

/* Who is asked, or has answered. */
void answers_note(struct answer *at, const char *ns, const char *pod,
    const char *port, const char *path);
/* That one is asked, and has until this turn. */
void answers_ask(struct answers *a, struct answer *at, uint32_t turn);
/* Nobody is waited for any more. */
void answers_end(struct answers *a, struct answer *at);
/* Nothing came of it by this turn. Tries come in pairs, of which the second
 * asks the other way (see probe.c) without waiting, if that may help. */
void answers_fail(struct answers *a, struct answer *at, uint32_t turn,
    bool other_way);
/* Others may be asked in another way from now on: no try has been. */
void answers_retry(struct answers *a);
/* Take an answer in. */
void answers_take(struct answers *a, struct answer *at, struct span version);

/* product@digest, made in buf; absent: it does not fit. */
#define ANSWERS_KEY 120
struct span answers_key(const char *product, struct span digest,
    char buf[ANSWERS_KEY]);

#endif
