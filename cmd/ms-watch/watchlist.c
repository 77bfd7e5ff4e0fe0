#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diag.h"
#include "document.h"

/* The watch-list of MeshSync 1.0: a ConfigMap in the custom resource, whose
 * data holds JSON texts. Keys within those are found in any case, as Go does;
 * names and types of events count in their own case only. */

static int
wrong(char err[CONFIG_ERROR], const char *what)
{
	snprintf(err, CONFIG_ERROR, "%s", what);
	return -1;
}

static int
wrong_in(char err[CONFIG_ERROR], const char *list, const char *what)
{
	snprintf(err, CONFIG_ERROR, "the %s %s", list, what);
	return -1;
}

static struct span
get(struct span object, const char *key)
{
	return scan_type(object) == SCAN_OBJECT ? scan_get(object, key) :
						  (struct span){0};
}

/* A string's text, terminated, the caller's to free. NULL: it is none. */
static char *
text_of(struct span value, size_t *n)
{
	char *text, *buf;
	struct span decoded;

	if (scan_type(value) != SCAN_STRING)
		return NULL;
	buf = diag_alloc(NULL, value.n + 1);
	decoded = scan_text(value, buf, value.n);
	text = diag_strndup(decoded.p ? decoded.p : "", decoded.n);
	*n = decoded.n;
	free(buf);
	return text;
}

/* ---- entries ---- */

static struct span
get_any_case(struct span object, const char *key)
{
	struct span k, v, found = {0};
	struct scan_iter it;

	scan_iter(&it, object);
	while (scan_member(&it, &k, &v))
		if (k.n == strlen(key) && strncasecmp(k.p, key, k.n) == 0)
			found = v;
	return found;
}

static unsigned
event_of(struct span type)
{
	return (scan_eq(type, "ADDED") ? EVENT_ADDED : 0) |
	    (scan_eq(type, "MODIFIED") ? EVENT_MODIFIED : 0) |
	    (scan_eq(type, "DELETED") ? EVENT_DELETED : 0);
}

/* None without a list. -1: it is no list of texts. */
static int
read_events(struct span list, unsigned *events)
{
	struct scan_iter it;
	struct span one;

	*events = 0;
	if (scan_type(list) <= SCAN_NULL)
		return 0;
	if (scan_type(list) != SCAN_ARRAY)
		return -1;
	scan_iter(&it, list);
	while (scan_element(&it, &one)) {
		if (scan_type(one) != SCAN_STRING)
			return -1;
		*events |= event_of(one);
	}
	return 0;
}

static bool
is_listed(const struct document *d, const char *name)
{
	for (size_t i = 0; i < d->n_listed; i++)
		if (strcmp(d->listed[i].name, name) == 0)
			return true;
	return false;
}

/* One entry: a name, or a name and the events. -1: it is neither. */
static int
read_entry(struct document *d, enum document_list list, struct span entry)
{
	unsigned events = EVENTS_ALL;
	size_t n;
	char *name;

	if (list == LIST_WHITE && scan_type(entry) != SCAN_OBJECT)
		return -1;
	if (list == LIST_WHITE) {
		if (read_events(get_any_case(entry, "Events"), &events) < 0)
			return -1;
		entry = get_any_case(entry, "Resource");
		if (scan_type(entry) <= SCAN_NULL) /* it names nothing */
			return 0;
	}
	if (!(name = text_of(entry, &n)))
		return -1;
	if (!is_listed(d, name)) /* the first one counts */
		document_list(d, list, name, events);
	free(name);
	return 0;
}

static int
read_entries(struct document *d, enum document_list list, struct span array)
{
	struct scan_iter it;
	struct span entry;

	if (scan_type(array) != SCAN_ARRAY)
		return -1;
	scan_iter(&it, array);
	while (scan_element(&it, &entry))
		if (read_entry(d, list, entry) < 0)
			return -1;
	return 0;
}

static void
forget_list(struct document *d)
{
	for (size_t i = 0; i < d->n_listed; i++)
		free(d->listed[i].name);
	free(d->listed);
	d->listed = NULL;
	d->n_listed = 0;
	d->list = LIST_NONE;
}

/* An empty list is a list: it lets nothing through, or everything. */
static int
read_list(struct document *d, enum document_list list, const char *text,
    size_t n, char err[CONFIG_ERROR])
{
	const char *name = list == LIST_WHITE ? "whitelist" : "blacklist";
	struct scan_error bad;

	while (n && strchr(" \t\r\n", *text))
		text++, n--;
	if (scan_find(NULL, text, n, NULL, &bad) < 0)
		return wrong_in(err, name, "is no JSON");
	d->list = list;
	if (read_entries(d, list, (struct span){text, n}) == 0)
		return 0;
	forget_list(d);
	return wrong_in(err, name,
	    list == LIST_WHITE ?
		"is not a list of objects with Resource and Events" :
		"is not a list of names");
}

/* ---- the lists ---- */

static int
read_lists(struct document *d, struct span data, bool has_own,
    char err[CONFIG_ERROR])
{
	size_t n_white = 0, n_black = 0;
	char *white = text_of(get(data, "whitelist"), &n_white);
	char *black = text_of(get(data, "blacklist"), &n_black);
	int status = 0;

	if (n_white && n_black)
		status = wrong(err,
		    "it has a whitelist and a blacklist: only one of them is "
		    "possible");
	else if (n_white)
		status = read_list(d, LIST_WHITE, white, n_white, err);
	else if (n_black)
		status = read_list(d, LIST_BLACK, black, n_black, err);
	else if (!has_own)
		status =
		    wrong(err, "it has neither a whitelist nor a blacklist");
	free(white);
	free(black);
	return status;
}

int
document_custom(struct document *d, struct span spec, char err[CONFIG_ERROR])
{
	struct span list, data;
	size_t n;
	char *text;
	int status;

	if (scan_type(spec) != SCAN_OBJECT)
		return wrong(err, "it has no spec");
	list = get(spec, "watch-list");
	if (scan_type(list) != SCAN_OBJECT)
		list = get(spec, "informer_config");
	if (scan_type(list) != SCAN_OBJECT)
		return wrong(err, "its spec has no watch-list");
	data = get(list, "data");
	text = text_of(get(data, "config"), &n);
	status = read_lists(d, data, text != NULL, err);
	if (text && document_read(d, "config", text, n, err) < 0)
		status = -1;
	free(text);
	return status;
}
