/* answers - what running instances said of their versions, by the digest of
 * their image: what one has said is true of all that run the same bytes. */
#ifndef MS_ANSWERS_H
#define MS_ANSWERS_H

#include "intern.h"

struct answers {
	struct intern keys; /* product@digest, each asked about once */
	char **version; /* by number; NULL: none has come */
	uint32_t size;
};

void answers_init(struct answers *a);
void answers_free(struct answers *a);

/* Absent: nothing was said. a may be NULL. */
struct span answers_version(const struct answers *a, const char *product,
    struct span digest);
/* Note that it is asked about. False: it was before. */
bool answers_ask(struct answers *a, struct span key);
/* Take an answer in. False: nobody has asked, or it is known. */
bool answers_take(struct answers *a, struct span key, struct span version);

/* product@digest, made in buf; absent: it does not fit. */
#define ANSWERS_KEY 120
struct span answers_key(const char *product, struct span digest,
    char buf[ANSWERS_KEY]);

#endif
