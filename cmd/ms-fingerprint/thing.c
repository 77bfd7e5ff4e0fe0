#include "thing.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "pack.h"
#include "sync.h"

#define SAID_MAX 64 /* bytes of an annotation that may be a version */

struct thing_key {
	uint32_t cluster, ns, kind;
	struct span name;
};

static uint64_t
thing_hash(uint32_t cluster, uint32_t ns, uint32_t kind, struct span name)
{
	uint32_t ids[3] = {cluster, ns, kind};

	return table_hash(name.p, name.n, table_hash(ids, sizeof(ids), 0));
}

static uint64_t
hash_thing(const void *context, uint32_t id)
{
	const struct thing *t = &((const struct world *)context)->thing[id];

	return thing_hash(t->cluster, t->ns, t->kind,
	    span_of(thing_text(t, THING_NAME)));
}

static bool
equal_thing(const void *context, uint32_t id, const void *key)
{
	const struct thing *t = &((const struct world *)context)->thing[id];
	const struct thing_key *k = key;

	return t->ns == k->ns && t->kind == k->kind &&
	    t->cluster == k->cluster &&
	    span_eq(k->name, thing_text(t, THING_NAME));
}

static const struct table_ops thing_ops = {hash_thing, equal_thing};

void
things_init(struct world *w)
{
	w->free_thing = w->first_other = WORLD_NONE;
	table_init(&w->things, &thing_ops, w);
}

void
things_free(struct world *w)
{
	for (uint32_t i = 0; i < w->n_things; i++)
		if (w->thing[i].flags & WORLD_ALIVE)
			free(w->thing[i].text);
	free(w->thing);
	table_free(&w->things);
}

uint32_t
thing_find(const struct world *w, const struct identity *id)
{
	struct thing_key k = {.name = id->name};

	k.cluster = intern_find(&w->names, id->cluster);
	k.ns = intern_find(&w->names, id->ns);
	k.kind = intern_find(&w->names, id->kind);
	return table_find(&w->things,
	    thing_hash(k.cluster, k.ns, k.kind, k.name), &k);
}

const struct catalog_link *
thing_link(const struct catalog *c, const struct thing *t)
{
	const char *a = thing_text(t, THING_A), *b = thing_text(t, THING_B);

	switch (t->what) {
	case THING_CRD:
		return catalog_crd(c, span_of(a), span_of(b));
	case THING_CLASS:
		return catalog_find(c, KEY_CLASS, span_of(a));
	default:
		return NULL;
	}
}

static void
touch_api(struct world *w, const struct thing *t)
{
	const struct catalog *c = w->shapes->catalog;

	w->changes++;
	for (const struct catalog_link *k = thing_link(c, t); k;
	     k = catalog_next(c, k)) {
		w->dirty[k->print->product] |= WORLD_DIRTY_ALL;
		w->any_dirty = true;
	}
}

/* The namespace in NS/NAME. */
static struct span
ns_of(const char *place)
{
	return (struct span){place, strcspn(place, "/")};
}

/* What runs there may have one more thing that speaks for it, or one less. */
static void
touch_called(struct world *w, const struct thing *t)
{
	const char *p = thing_text(t, THING_A);

	for (; *p; p += strlen(p) + 1)
		world_touch_ns(w, world_ns(w, ns_of(p)));
}

static void
touch_thing(struct world *w, const struct thing *t)
{
	if (t->what == THING_SERVICE)
		world_touch_ns(w, t->ns);
	else if (t->what == THING_WEBHOOK)
		touch_called(w, t);
	else
		touch_api(w, t);
}

/* ---- lists: of the Services of each namespace, and of all else ---- */

static uint32_t *
list_of(struct world *w, const struct thing *t)
{
	return t->what == THING_SERVICE ? &w->first_service[t->ns] :
					  &w->first_other;
}

static void
link_thing(struct world *w, uint32_t id)
{
	struct thing *t = &w->thing[id];
	uint32_t *first = list_of(w, t);

	t->next = *first;
	t->before = WORLD_NONE;
	if (*first != WORLD_NONE)
		w->thing[*first].before = id;
	*first = id;
}

static void
unlink_thing(struct world *w, uint32_t id)
{
	const struct thing *t = &w->thing[id];

	if (t->before != WORLD_NONE)
		w->thing[t->before].next = t->next;
	else
		*list_of(w, t) = t->next;
	if (t->next != WORLD_NONE)
		w->thing[t->next].before = t->before;
}

uint32_t
thing_first_service(const struct world *w, uint32_t ns)
{
	return ns < w->n_first ? w->first_service[ns] : WORLD_NONE;
}

uint32_t
thing_first_other(const struct world *w)
{
	return w->first_other;
}

/* ---- things come and go ---- */

void
thing_forget(struct world *w, uint32_t id)
{
	struct thing *t = &w->thing[id];

	table_remove(&w->things, id);
	unlink_thing(w, id);
	touch_thing(w, t);
	free(t->text);
	t->flags = 0;
	t->next = w->free_thing;
	w->free_thing = id;
}

static uint32_t
new_thing(struct world *w)
{
	uint32_t id = w->free_thing;

	if (id != WORLD_NONE) {
		w->free_thing = w->thing[id].next;
		return id;
	}
	w->thing = world_grow(w->thing, w->n_things, &w->size_things,
	    sizeof(*w->thing));
	return w->n_things++;
}

static size_t
text_length(const struct thing *t)
{
	const char *p = thing_text(t, THING_RESOURCE);

	return (size_t)(p - t->text) + strlen(p) + 1;
}

/* Put the text in w->buf under the record's name. Returns the number. */
static uint32_t
put_thing(struct world *w, const struct record *r, enum thing_what what,
    const uint32_t part[THING_PARTS])
{
	uint32_t id = thing_find(w, &r->id);
	struct thing *t;
	bool is_new = id == TABLE_NONE;

	if (is_new)
		id = new_thing(w);
	t = &w->thing[id];
	if (is_new)
		*t = (struct thing){.flags = WORLD_ALIVE,
		    .what = (uint8_t)what,
		    .cluster = intern_put(&w->names, r->id.cluster),
		    .ns = world_ns(w, r->id.ns),
		    .kind = intern_put(&w->names, r->id.kind)};
	t->sync = sync_of(w, r);
	t->epoch = w->sync[t->sync].epoch;
	if (!is_new && text_length(t) == w->buf.len &&
	    memcmp(t->text, w->buf.p, w->buf.len) == 0)
		return id;
	if (!is_new)
		touch_thing(w, t);
	free(t->text);
	t->text = diag_strndup(w->buf.p, w->buf.len);
	memcpy(t->part, part, sizeof(t->part));
	if (is_new) {
		table_insert(&w->things, id);
		link_thing(w, id);
	}
	touch_thing(w, t);
	return id;
}

/* The next part of a thing's text. */
static uint32_t
begin_part(struct world *w)
{
	return (uint32_t)w->buf.len;
}

static void
put_part(struct world *w, struct span text)
{
	if (text.n && memchr(text.p, '\0', text.n))
		text.n = 0;
	json_span(&w->buf, text);
	json_raw(&w->buf, "", 1);
}

static void
put_selector(struct world *w, struct span selector)
{
	struct scan_iter it;
	struct span key, value, text;
	char buf[512];

	scan_iter(&it, selector);
	while (scan_member(&it, &key, &value)) {
		text = scan_text(value, buf, sizeof(buf));
		if (!text.p || facts_is_mark(key) ||
		    memchr(text.p, '\0', text.n))
			continue;
		json_puts(&w->buf, (const char[]){FACT_LABEL, '\0'});
		json_span(&w->buf, key);
		json_puts(&w->buf, "=");
		json_span(&w->buf, text);
		json_raw(&w->buf, "", 1);
	}
	json_raw(&w->buf, "", 1);
}

struct port {
	struct span name, number, target, node, protocol, app;
};

static struct port
read_port(struct walk *w)
{
	struct port p = {.name = {0}};
	struct span key, value;

	if (!walk_enter(w, '{')) {
		walk_pass(w);
		return p;
	}
	while (walk_member(w, &key)) {
		value = walk_pass(w);
		if (scan_key_eq(key, "name"))
			p.name = scan_text(value, NULL, 0);
		else if (scan_key_eq(key, "port"))
			p.number = value;
		else if (scan_key_eq(key, "targetPort"))
			p.target = value;
		else if (scan_key_eq(key, "nodePort"))
			p.node = value;
		else if (scan_key_eq(key, "protocol"))
			p.protocol = value;
		else if (scan_key_eq(key, "appProtocol"))
			p.app = value;
	}
	return p;
}

/* What is spoken at a Service's port, where that is said: a scheme, "tcp" if it
 * is none that we know; else empty. */
static const char *
scheme_of(const struct port *p)
{
	static const struct {
		const char *protocol, *scheme;
	} known[] = {{"http", "http"}, {"https", "https"}, {"http2", "http"},
	    {"kubernetes.io/h2c", "http"}, {"kubernetes.io/ws", "http"},
	    {"kubernetes.io/wss", "https"}};

	if (scan_eq(p->protocol, "UDP"))
		return "udp";
	if (scan_eq(p->protocol, "SCTP"))
		return "sctp";
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (scan_eq(p->app, known[i].protocol))
			return known[i].scheme;
	return scan_type(p->app) == SCAN_STRING ? "tcp" : "";
}

/* NAME NUMBER TARGET SCHEME NODE: the latter is the port of nodes, or None
 * where there is nothing before the pods, as the API spells it. */
static void
put_port(struct world *w, const struct port *p, bool headless)
{
	struct span target = p->target;
	int64_t n;

	if (!scan_is_port(p->number))
		return;
	if (scan_type(target) == SCAN_STRING)
		target = scan_text(target, NULL, 0);
	else if (!scan_int(target, &n) || n < 1)
		target = p->number;
	if ((p->name.n && memchr(p->name.p, ' ', p->name.n)) ||
	    (target.n && memchr(target.p, ' ', target.n)))
		return;
	json_span(&w->buf, p->name);
	json_puts(&w->buf, " ");
	json_span(&w->buf, p->number);
	json_puts(&w->buf, " ");
	json_span(&w->buf, target);
	json_puts(&w->buf, " ");
	json_puts(&w->buf, scheme_of(p));
	json_puts(&w->buf, " ");
	if (headless)
		json_puts(&w->buf, "None");
	else if (scan_is_port(p->node))
		json_span(&w->buf, p->node);
	json_raw(&w->buf, "", 1);
}

static void
put_ports(struct world *w, struct walk list, bool headless)
{
	struct port port;

	if (walk_enter(&list, '['))
		while (walk_element(&list)) {
			port = read_port(&list);
			put_port(w, &port, headless);
		}
	json_raw(&w->buf, "", 1);
}

static void
put_address(struct world *w, struct span value)
{
	struct span text = scan_text(value, NULL, 0);

	/* what was not written into a URL plainly is no address */
	if (!text.n || memchr(text.p, '"', text.n) ||
	    memchr(text.p, '\\', text.n) || memchr(text.p, '/', text.n))
		return;
	json_span(&w->buf, text);
	json_raw(&w->buf, "", 1);
}

/* Where it can be reached from outside the cluster. */
static void
put_addresses(struct world *w, const struct record *r)
{
	struct scan_iter it;
	struct span value, ip;

	scan_iter(&it, r->at[w->balanced]);
	while (scan_element(&it, &value)) {
		ip = scan_get(value, "ip");
		put_address(w, ip.n ? ip : scan_get(value, "hostname"));
	}
	scan_iter(&it, r->at[w->external]);
	while (scan_element(&it, &value))
		put_address(w, value);
	json_raw(&w->buf, "", 1);
}

void
thing_drop(struct world *w, const struct record *r)
{
	uint32_t id = thing_find(w, &r->id);

	if (id != TABLE_NONE)
		thing_forget(w, id);
}

/* The parts that all things have. */
static void
put_identity(struct world *w, const struct record *r,
    uint32_t part[THING_PARTS])
{
	json_reset(&w->buf);
	part[THING_NAME] = begin_part(w);
	put_part(w, r->id.name);
	part[THING_UID] = begin_part(w);
	put_part(w, r->id.uid);
	part[THING_API] = begin_part(w);
	put_part(w, r->id.api_version);
}

uint32_t
thing_service(struct world *w, const struct record *r)
{
	bool headless = scan_eq(r->at[w->cluster_ip], "None");
	uint32_t part[THING_PARTS];

	if (r->type == RECORD_DELETED)
		thing_drop(w, r);
	if (r->type == RECORD_DELETED || !r->at[w->spec].n)
		return WORLD_NONE;
	put_identity(w, r, part);
	part[THING_SAID] = begin_part(w);
	put_addresses(w, r);
	part[THING_A] = begin_part(w);
	/* one that is only another name selects nothing, whatever it says */
	if (scan_eq(r->at[w->service_type], "ExternalName"))
		put_part(w, span_of(""));
	else
		put_selector(w, r->at[w->selector]);
	part[THING_B] = begin_part(w);
	put_ports(w, record_walk(r, w->ports), headless);
	part[THING_RESOURCE] = begin_part(w);
	put_part(w, r->at[AT_RESOURCE]);
	return put_thing(w, r, THING_SERVICE, part);
}

static void
put_pair(struct world *w, struct span key, struct span value)
{
	char buf[SAID_MAX];
	struct span text = scan_text(value, buf, sizeof(buf));

	if (!text.n || text.n > SAID_MAX || memchr(text.p, '\0', text.n))
		return;
	json_span(&w->buf, key);
	json_puts(&w->buf, "=");
	json_span(&w->buf, text);
	json_raw(&w->buf, "", 1);
}

/* What may say a version, whoever will ask: the usual label, whose key is left
 * out, and all short annotations. */
static void
put_said(struct world *w, const struct record *r)
{
	struct scan_iter it;
	struct span key, value;

	put_pair(w, span_of(""),
	    scan_get(r->at[AT_LABELS], "app.kubernetes.io/version"));
	scan_iter(&it, r->at[AT_ANNOTATIONS]);
	while (scan_member(&it, &key, &value))
		put_pair(w, key, value);
	json_raw(&w->buf, "", 1);
}

/* A CRD is known by its name, which is plural.group. */
static void
put_api(struct world *w, const struct record *r, enum thing_what what,
    uint32_t part[THING_PARTS])
{
	const char *dot = memchr(r->id.name.p, '.', r->id.name.n);
	struct span controller = r->at[w->controller], a = {0}, b = {0};

	if (!controller.n)
		controller = r->at[w->controller_name];
	if (what == THING_CRD && dot) {
		a = (struct span){r->id.name.p, (size_t)(dot - r->id.name.p)};
		b = (struct span){dot + 1, r->id.name.n - a.n - 1};
	} else if (what == THING_CLASS) {
		a = scan_text(controller, NULL, 0);
	}
	part[THING_A] = begin_part(w);
	put_part(w, a);
	part[THING_B] = begin_part(w);
	put_part(w, b);
	part[THING_RESOURCE] = begin_part(w);
	put_part(w, r->at[AT_RESOURCE]);
}

uint32_t
thing_api(struct world *w, const struct record *r)
{
	bool is_crd = span_eq(r->id.kind, "CustomResourceDefinition");
	enum thing_what what = is_crd ? THING_CRD : THING_CLASS;
	uint32_t part[THING_PARTS];

	put_identity(w, r, part);
	part[THING_SAID] = begin_part(w);
	put_said(w, r);
	put_api(w, r, what, part);
	return put_thing(w, r, what, part);
}

/* The Service that each webhook calls; one that calls a URL is called by none
 * of ours. */
static void
put_called(struct world *w, struct span webhooks)
{
	struct scan_iter it;
	struct span hook, service, ns, name;

	scan_iter(&it, webhooks);
	while (scan_element(&it, &hook)) {
		service = scan_get(scan_get(hook, "clientConfig"), "service");
		ns = scan_text(scan_get(service, "namespace"), NULL, 0);
		name = scan_text(scan_get(service, "name"), NULL, 0);
		if (!ns.n || !name.n)
			continue;
		json_span(&w->buf, ns);
		json_puts(&w->buf, "/");
		json_span(&w->buf, name);
		json_raw(&w->buf, "", 1);
	}
	json_raw(&w->buf, "", 1);
}

static void
put_hook_names(struct world *w, struct span webhooks)
{
	struct scan_iter it;
	struct span hook, name;

	scan_iter(&it, webhooks);
	while (scan_element(&it, &hook)) {
		name = scan_text(scan_get(hook, "name"), NULL, 0);
		if (!name.n)
			continue;
		json_span(&w->buf, name);
		json_raw(&w->buf, "", 1);
	}
	json_raw(&w->buf, "", 1);
}

uint32_t
thing_webhook(struct world *w, const struct record *r)
{
	uint32_t part[THING_PARTS];

	put_identity(w, r, part);
	part[THING_SAID] = begin_part(w);
	put_part(w, span_of(""));
	part[THING_A] = begin_part(w);
	put_called(w, r->at[w->webhooks]);
	part[THING_B] = begin_part(w);
	put_hook_names(w, r->at[w->webhooks]);
	part[THING_RESOURCE] = begin_part(w);
	put_part(w, r->at[AT_RESOURCE]);
	return put_thing(w, r, THING_WEBHOOK, part);
}

const struct thing *
thing_called(const struct world *w, const struct thing *webhook,
    const char *place)
{
	struct span ns = ns_of(place);
	struct identity id = {.kind = span_of("Service"),
	    .cluster = intern_text(&w->names, webhook->cluster),
	    .ns = ns,
	    .name = span_of(place + ns.n + 1)};
	uint32_t found = thing_find(w, &id);

	return found != TABLE_NONE && w->thing[found].what == THING_SERVICE ?
	    &w->thing[found] :
	    NULL;
}

bool
thing_is_news(struct thing *t, struct span prints)
{
	uint64_t hash = prints.n ? table_hash(prints.p, prints.n, 1) : 0;
	bool news = hash != t->told;

	t->told = hash;
	return news;
}

bool
selector_of(const struct world *w, const struct thing *service,
    struct selector *s)
{
	const char *p = thing_text(service, THING_A);

	json_reset(&s->fact);
	for (; *p; p += strlen(p) + 1) {
		size_t at = s->fact.len, n = 0; /* its place; known later */

		json_raw(&s->fact, (const char *)&n, sizeof(n));
		if (!pack_find(&w->shapes->texts, span_of(p), &s->fact))
			return false;
		n = s->fact.len - at - sizeof(n);
		memcpy(s->fact.p + at, &n, sizeof(n));
	}
	return s->fact.len > 0;
}

bool
selector_selects(const struct selector *s, const struct world *w,
    uint32_t shape)
{
	size_t n;

	for (size_t i = 0; i < s->fact.len; i += sizeof(n) + n) {
		memcpy(&n, s->fact.p + i, sizeof(n));
		if (!shape_has(w->shapes, shape,
			(struct span){s->fact.p + i + sizeof(n), n}))
			return false;
	}
	return true;
}
