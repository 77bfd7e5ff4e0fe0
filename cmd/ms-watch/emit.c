#include "emit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "record.h"

void
emit_tick(struct emit *e)
{
	struct timespec now;
	struct tm utc;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	n = strftime(e->time, sizeof(e->time), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(e->time + n, sizeof(e->time) - n, ".%06ldZ",
	    now.tv_nsec / 1000);
}

/* ---- objects ---- */

static void
open_object(struct emit *e, struct json *j, const char *type,
    const struct resource *r, bool is_metadata)
{
	record_open(j, type);
	json_member_text(j, "cluster", span_of(e->cluster));
	json_member_text(j, "resource", span_of(r->id));
	json_member_text(j, "depth",
	    span_of(is_metadata ? "metadata" : "full"));
	json_member_text(j, "time", span_of(e->time));
}

static void
close_line(struct json *j)
{
	json_puts(j, "}\n");
}

/* What a list leaves out: kind and apiVersion, if the object lacks them. */
static void
stamp(struct json *j, const struct resource *r, const struct span *at)
{
	if (!at[OBJECT_KIND].n)
		json_member_text(j, "kind", span_of(r->kind));
	if (!at[OBJECT_API_VERSION].n)
		json_member_text(j, "apiVersion", span_of(r->api_version));
}

/* The key in front of a value of metadata, without its quotes. */
static struct span
key_before(struct span metadata, struct span value)
{
	static const char usual[] = "\"managedFields\":";
	size_t n = sizeof(usual) - 1;
	struct span key = {0}, k, v;
	struct scan_iter it;

	if ((size_t)(value.p - metadata.p) > n &&
	    memcmp(value.p - n, usual, n) == 0)
		return (struct span){value.p - n + 1, n - 3};
	scan_iter(&it, metadata);
	while (scan_member(&it, &k, &v))
		if (v.p == value.p)
			key = k;
	return key;
}

/* Texts of the metadata form say what carries them, not what they are about. */
static bool
is_form(const struct span *at)
{
	return scan_eq(at[OBJECT_KIND], "PartialObjectMetadata");
}

static void
add_edit(struct scan_edit *edit, size_t *n, struct span at, struct span with)
{
	size_t i = *n;

	for (; i > 0 && edit[i - 1].at.p > at.p; i--)
		edit[i] = edit[i - 1];
	edit[i] = (struct scan_edit){at, with};
	(*n)++;
}

static void
quote(char *out, size_t size, const char *text)
{
	snprintf(out, size, "\"%s\"", text);
}

static void
put_object(struct emit *e, struct json *j, const struct resource *r,
    const struct span *at, struct span object)
{
	struct json *stamped = &e->stamp;
	struct scan_edit edit[4];
	char kind[256], version[512];
	size_t n = 0;
	bool comma;

	if (!at[OBJECT_KIND].n || !at[OBJECT_API_VERSION].n) {
		struct span place = scan_insert(object, &comma);

		json_reset(stamped);
		stamp(stamped, r, at);
		if (comma)
			json_puts(stamped, ",");
		add_edit(edit, &n, place,
		    (struct span){stamped->p, stamped->len});
	}
	if (is_form(at)) {
		quote(kind, sizeof(kind), r->kind);
		quote(version, sizeof(version), r->api_version);
		add_edit(edit, &n, at[OBJECT_KIND], span_of(kind));
		if (at[OBJECT_API_VERSION].n)
			add_edit(edit, &n, at[OBJECT_API_VERSION],
			    span_of(version));
	}
	if (at[OBJECT_MANAGED_FIELDS].n && !e->settings->keep_managed_fields)
		add_edit(edit, &n,
		    scan_cut(at[OBJECT_METADATA],
			key_before(at[OBJECT_METADATA],
			    at[OBJECT_MANAGED_FIELDS]),
			at[OBJECT_MANAGED_FIELDS]),
		    (struct span){0});
	scan_splice(object, edit, n, j);
}

/* A server that indents has put line ends between the members. */
static void
keep_on_one_line(char *p, size_t n)
{
	char *end = p + n;

	while ((p = memchr(p, '\n', (size_t)(end - p))))
		*p++ = ' ';
}

/* Identity is all that is passed on of an object that no stage would take. */
static void emit_truncated(struct emit *e, const char *type,
    const struct resource *r, bool is_metadata, const struct span *at);

/* What a server sends that has no metadata form: metadata is cut out of it. */
static void
put_metadata(struct emit *e, struct json *j, const struct resource *r,
    const struct span *at)
{
	struct span metadata = at[OBJECT_METADATA];
	struct scan_edit edit = {{0}, {0}};
	size_t n = 0;

	json_open(j, '{');
	json_member_text(j, "kind", span_of(r->kind));
	json_member_text(j, "apiVersion", span_of(r->api_version));
	json_key(j, "metadata");
	if (at[OBJECT_MANAGED_FIELDS].n && !e->settings->keep_managed_fields) {
		edit.at = scan_cut(metadata,
		    key_before(metadata, at[OBJECT_MANAGED_FIELDS]),
		    at[OBJECT_MANAGED_FIELDS]);
		edit.with = (struct span){0};
		n = 1;
	}
	scan_splice(metadata, &edit, n, j);
	json_puts(j, "}");
}

void
emit_object(struct emit *e, const char *type, const struct resource *r,
    bool is_metadata, const struct span *at, struct span object)
{
	struct json *j = queue_line(e->queue);
	size_t from;

	is_metadata |= is_form(at);
	if (object.n > RECORD_MAX - 4096) {
		emit_truncated(e, type, r, is_metadata, at);
		return;
	}
	json_room(j, object.n + 1024);
	open_object(e, j, type, r, is_metadata);
	json_close(j, '}');
	json_key(j, "object");
	from = j->len;
	if (is_metadata && !is_form(at))
		put_metadata(e, j, r, at);
	else
		put_object(e, j, r, at, object);
	keep_on_one_line(j->p + from, j->len - from);
	close_line(j);
}

static void
put_text(struct json *j, const char *key, struct span text)
{
	if (text.n)
		json_member_text(j, key, text);
}

static void
put_identity(struct json *j, const struct resource *r,
    const struct index_key *key)
{
	json_close(j, '}');
	json_key(j, "object");
	json_open(j, '{');
	json_member_text(j, "apiVersion", span_of(r->api_version));
	json_member_text(j, "kind", span_of(r->kind));
	json_key(j, "metadata");
	json_open(j, '{');
	json_member_text(j, "name", key->name);
	put_text(j, "namespace", key->ns);
	put_text(j, "uid", key->uid);
	put_text(j, "resourceVersion", key->rv);
	json_puts(j, "}}");
	close_line(j);
}

static void
emit_truncated(struct emit *e, const char *type, const struct resource *r,
    bool is_metadata, const struct span *at)
{
	struct json *j = &e->queue->line;
	struct index_key key;
	char buf[OBJECT_TEXT];

	if (!object_key(at, &key, buf))
		return;
	open_object(e, j, type, r, is_metadata);
	json_member_span(j, "truncated", span_of("true"));
	put_identity(j, r, &key);
}

void
emit_deleted(struct emit *e, const struct resource *r, bool is_metadata,
    const struct index_key *key)
{
	struct json *j = queue_line(e->queue);

	open_object(e, j, "DELETED", r, is_metadata);
	json_member_span(j, "synthetic", span_of("true"));
	put_identity(j, r, key);
}

/* ---- marks ---- */

static struct json *
open_sync(struct emit *e, const struct resource *r, const char *phase)
{
	struct json *j = queue_line(e->queue);

	record_open(j, "SYNC");
	json_member_text(j, "cluster", span_of(e->cluster));
	if (r)
		json_member_text(j, "resource", span_of(r->id));
	json_member_text(j, "phase", span_of(phase));
	return j;
}

static void
close_sync(struct emit *e, struct json *j)
{
	json_member_text(j, "time", span_of(e->time));
	json_close(j, '}');
	close_line(j);
}

static void
put_scope(struct json *j, const struct scope *s)
{
	if (!s->ns && !s->labels && !s->fields)
		return;
	json_key(j, "scope");
	json_open(j, '{');
	if (s->ns) {
		json_key(j, "namespaces");
		json_open(j, '[');
		json_string(j, s->ns, strlen(s->ns));
		json_close(j, ']');
	}
	if (s->labels)
		json_member_text(j, "labelSelector", span_of(s->labels));
	if (s->fields)
		json_member_text(j, "fieldSelector", span_of(s->fields));
	json_close(j, '}');
}

void
emit_begin(struct emit *e, const struct resource *r, const char *cause,
    bool is_complete, const struct scope *scope)
{
	struct json *j = open_sync(e, r, "begin");

	json_member_text(j, "cause", span_of(cause));
	json_member_span(j, "complete",
	    span_of(is_complete ? "true" : "false"));
	put_scope(j, scope);
	close_sync(e, j);
}

void
emit_end(struct emit *e, const struct resource *r, const char *rv,
    uint64_t count)
{
	struct json *j = open_sync(e, r, "end");

	json_member_text(j, "rv", span_of(rv));
	json_member_int(j, "count", (int64_t)count);
	close_sync(e, j);
}

void
emit_phase(struct emit *e, const struct resource *r, const char *phase,
    const char *message)
{
	struct json *j = open_sync(e, r, phase);

	if (message)
		json_member_text(j, "message", span_of(message));
	close_sync(e, j);
}

void
emit_config(struct emit *e, struct span config)
{
	struct json *j = queue_line(e->queue);

	record_open(j, "CONFIG");
	json_member_text(j, "cluster", span_of(e->cluster));
	json_member_text(j, "time", span_of(e->time));
	json_close(j, '}');
	json_member_span(j, "object", config);
	close_line(j);
}

struct json *
emit_status_open(struct emit *e)
{
	struct json *j = queue_line(e->queue);

	record_open(j, "STATUS");
	json_member_text(j, "cluster", span_of(e->cluster));
	json_member_text(j, "time", span_of(e->time));
	json_close(j, '}');
	json_key(j, "object");
	json_open(j, '{');
	json_member_text(j, "apiVersion", span_of("meshsync.meshery.io/v1"));
	json_member_text(j, "kind", span_of("Status"));
	return j;
}

void
emit_status_close(struct emit *e)
{
	json_close(&e->queue->line, '}');
	close_line(&e->queue->line);
}

/* ---- commands ---- */

static struct json *
open_reply(struct emit *e, const char *type, const char *key, const char *text)
{
	struct json *j = queue_line(e->queue);

	record_open(j, type);
	json_member_text(j, "cluster", span_of(e->cluster));
	json_member_text(j, key, span_of(text));
	return j;
}

static void
close_ms(struct emit *e, struct json *j)
{
	json_member_text(j, "time", span_of(e->time));
	json_close(j, '}');
}

void
emit_signatures(struct emit *e, const char *source, struct span data)
{
	struct json *j = open_reply(e, "SIGNATURES", "source", source);
	size_t from;

	close_ms(e, j);
	json_key(j, "object");
	json_open(j, '{');
	from = j->len;
	json_member_span(j, "data", data);
	keep_on_one_line(j->p + from, j->len - from);
	json_close(j, '}');
	close_line(j);
}

void
emit_mark(struct emit *e, const char *id, const char *asked)
{
	struct json *j = open_reply(e, "MARK", "id", id);

	if (asked)
		json_member_text(j, "asked", span_of(asked));
	close_ms(e, j);
	close_line(j);
}

struct json *
emit_answer_open(struct emit *e, const char *id, const char *command)
{
	struct json *j = open_reply(e, "ANSWER", "id", id);

	close_ms(e, j);
	json_key(j, "object");
	json_open(j, '{');
	if (command)
		json_member_text(j, "command", span_of(command));
	return j;
}

void
emit_answer_close(struct emit *e)
{
	json_close(&e->queue->line, '}');
	close_line(&e->queue->line);
}

/* ---- ready ---- */

void
emit_ready_open(struct emit *e, bool is_complete)
{
	struct json *j = open_sync(e, NULL, "ready");

	json_member_span(j, "complete",
	    span_of(is_complete ? "true" : "false"));
	json_key(j, "resources");
	json_open(j, '{');
}

void
emit_ready_resource(struct emit *e, const struct resource *r, const char *state)
{
	json_member_text(&e->queue->line, r->id, span_of(state));
}

void
emit_ready_close(struct emit *e)
{
	json_close(&e->queue->line, '}');
	close_sync(e, &e->queue->line);
}
