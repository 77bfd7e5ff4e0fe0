/* policy - what is watched, and how: the effective configuration.
 *
 * A pure function of what the sources say (documents, in the order of
 * precedence), what other stages have asked for (claims) and what the server
 * serves. For each question about a resource the first source that says
 * anything decides; what nobody says is decided by the profile.
 */
#ifndef MS_POLICY_H
#define MS_POLICY_H

#include "catalog.h"
#include "document.h"

enum policy_source {
	SOURCE_FLAGS,
	SOURCE_CUSTOM, /* the MeshSync custom resource */
	SOURCE_FILE,
	SOURCES
};

/* A stage wants more of a resource than the profile gives. */
struct claim {
	char *by, *name; /* who; kubectl's spelling */
	enum depth depth;
};

struct policy {
	struct document source[SOURCES];
	bool has_custom; /* there is a custom resource, whatever it says */
	struct claim *claim;
	size_t n_claims;
};

struct wanted {
	struct resource *resource; /* the catalog's */
	struct want want;
	bool is_fixed; /* a source said how deep: claims are of no avail */
};

struct wants {
	struct wanted *item; /* in the order of starting: owners first */
	size_t n;
};

void policy_free(struct policy *p);

/* All that can be watched, with what is off. wants_free() gives it back. */
void policy_decide(const struct policy *p, const struct catalog *c,
    struct wants *out);
void wants_free(struct wants *w);

const char *policy_profile(const struct policy *p);
/* The ConfigMap (NAMESPACE/NAME) with signatures, or NULL. */
const char *policy_signatures(const struct policy *p);

/* Tell each name of a source that means nothing here, and why. */
void policy_unknown(const struct policy *p, const struct catalog *c,
    enum policy_source source,
    void (*tell)(void *context, const char *name, const char *why),
    void *context);

/* Ask for a resource on behalf of by, again with another depth perhaps; and
 * release it (NULL: all that by has asked for). False: nothing has changed. */
bool policy_claim(struct policy *p, const char *by, const char *name,
    enum depth depth);
bool policy_release(struct policy *p, const char *by, const char *name);

#endif
