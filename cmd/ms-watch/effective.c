#include "effective.h"

#include <string.h>

static void
put_list(struct json *j, const char *key, const struct opts_list *list)
{
	if (!list->n)
		return;
	json_key(j, key);
	json_open(j, '[');
	for (size_t i = 0; i < list->n; i++) {
		json_comma(j);
		json_string(j, list->item[i], strlen(list->item[i]));
	}
	json_close(j, ']');
}

static void
put_text(struct json *j, const char *key, const char *text)
{
	if (text)
		json_member_text(j, key, span_of(text));
}

static void
put_events(struct json *j, unsigned events)
{
	static const char *const name[] = {"ADDED", "MODIFIED", "DELETED"};

	if (events == EVENTS_ALL)
		return;
	json_key(j, "events");
	json_open(j, '[');
	for (unsigned i = 0; i < 3; i++)
		if (events & 1u << i) {
			json_comma(j);
			json_string(j, name[i], strlen(name[i]));
		}
	json_close(j, ']');
}

static void
put_want(struct json *j, const struct want *w)
{
	json_open(j, '{');
	put_text(j, "depth", depth_name(w->depth));
	if (w->depth != DEPTH_OFF) {
		put_list(j, "namespaces", &w->namespaces);
		put_text(j, "labelSelector", w->labels);
		put_text(j, "fieldSelector", w->fields);
		put_events(j, w->events);
	}
	json_close(j, '}');
}

/* Whether anything is said but the source itself. */
static bool
has_said(const struct document *d)
{
	return d->profile || d->depth || d->has_namespaces || d->fallback.n ||
	    d->labels || d->n_rules || d->list || d->signatures;
}

static void
put_sources(struct json *j, const struct policy *p)
{
	json_key(j, "sources");
	json_open(j, '[');
	for (int i = 0; i < SOURCES; i++) {
		const struct document *d = &p->source[i];

		if (!has_said(d) && !(i == SOURCE_CUSTOM && p->has_custom))
			continue;
		json_comma(j);
		json_string(j, d->source, strlen(d->source));
	}
	json_close(j, ']');
}

void
effective_write(struct json *j, const struct policy *p, const struct wants *w)
{
	json_open(j, '{');
	put_text(j, "profile", policy_profile(p));
	put_sources(j, p);
	put_text(j, "signatures", policy_signatures(p));
	json_key(j, "resources");
	json_open(j, '{');
	for (size_t i = 0; i < w->n; i++) {
		json_key(j, w->item[i].resource->id);
		put_want(j, &w->item[i].want);
	}
	json_close(j, '}');
	json_close(j, '}');
}
