/* thing - Services, CRDs, classes and the configurations of webhooks: objects
 * without containers that speak for a product. */
#ifndef MS_THING_H
#define MS_THING_H

#include "world.h"

void things_init(struct world *w);
void things_free(struct world *w);

/* TABLE_NONE: there is none. */
uint32_t thing_find(const struct world *w, const struct identity *id);
void thing_forget(struct world *w, uint32_t id);
/* Forget the one that a record names, if there is one. */
void thing_drop(struct world *w, const struct record *r);

/* Take in a Service, or forget the one that a DELETED record names. Returns
 * its number, or WORLD_NONE. */
uint32_t thing_service(struct world *w, const struct record *r);
/* Take in a CRD, an IngressClass or a GatewayClass. Returns its number. */
uint32_t thing_api(struct world *w, const struct record *r);

/* Take in a MutatingWebhookConfiguration or a Validating one. Returns its
 * number. */
uint32_t thing_webhook(struct world *w, const struct record *r);

/* The Service that a webhook's NS/NAME names; NULL: there is none. */
const struct thing *thing_called(const struct world *w,
    const struct thing *webhook, const char *place);

/* Remember what is told of its prints. True if that is something new. */
bool thing_is_news(struct thing *t, struct span prints);

/* The prints that a CRD or class matches; NULL: none. */
const struct catalog_link *thing_link(const struct catalog *c,
    const struct thing *t);

/* What a Service asks of labels, as shapes have them. All zero at first; valid
 * until shapes come or go. */
struct selector {
	struct json fact; /* each as pack_find() makes it, behind its length */
};

/* False: nothing can be selected by it. */
bool selector_of(const struct world *w, const struct thing *service,
    struct selector *s);
/* Whether all is among a shape's labels. */
bool selector_selects(const struct selector *s, const struct world *w,
    uint32_t shape);

/* The first Service of a namespace, or the first of all other things; the next
 * one is w->thing[that].next. WORLD_NONE: none. */
uint32_t thing_first_service(const struct world *w, uint32_t ns);
uint32_t thing_first_other(const struct world *w);

static inline const char *
thing_text(const struct thing *t, enum thing_part part)
{
	return t->text + t->part[part];
}

#endif
