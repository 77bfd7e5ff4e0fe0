#include "format.h"

#include <stdio.h>
#include <string.h>

#include "event.h"
#include "yamldoc.h"

static const char *const name[] = {"meshery", "event", "record", "yaml"};

void
format_release(struct format *f)
{
	meshery_release(&f->meshery);
	json_release(&f->out);
	json_release(&f->more);
	json_release(&f->text[0]);
	json_release(&f->text[1]);
	tape_release(&f->tape);
}

int
format_named(const char *text)
{
	for (int i = 0; i < (int)(sizeof(name) / sizeof(*name)); i++)
		if (strcmp(text, name[i]) == 0)
			return i;
	return -1;
}

/* ---- record ---- */

static void
put_text(struct json *j, const char *key, struct span text)
{
	if (text.n)
		json_member_text(j, key, text);
}

static void
put_record(struct json *j, const struct change *c)
{
	record_open(j, record_type_name(c->type));
	put_text(j, "cluster", c->id.cluster);
	put_text(j, "resource", c->resource);
	put_text(j, "depth", c->depth);
	if (c->ms.n) {
		json_comma(j);
		json_span(j, c->ms);
	}
	json_close(j, '}');
	json_member_span(j, "object", c->object);
	json_close(j, '}');
}

/* ---- meshery, and what is made of it ---- */

/* What --enrich adds to a message. */
static struct span
enrichment(struct json *out, struct span ms)
{
	static const char *const told[] = {"app", "origin", "prints"};
	struct span value;

	json_reset(out);
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		value = scan_get(ms, told[i]);
		if (!value.n)
			continue;
		if (out->len)
			json_raw(out, ",", 1);
		json_raw(out, "\"", 1);
		json_puts(out, told[i]);
		json_raw(out, "\":", 2);
		json_span(out, value);
	}
	return (struct span){out->p, out->len};
}

static bool
make_meshery(struct format *f, const struct change *c, struct span *message)
{
	struct meshery *m = &f->meshery;

	m->enrich = (struct span){NULL, 0};
	if (f->enrich && c->ms.n) {
		json_reset(&f->out);
		json_open(&f->out, '{');
		json_span(&f->out, c->ms);
		json_close(&f->out, '}');
		m->enrich =
		    enrichment(&f->more, (struct span){f->out.p, f->out.len});
	}
	return meshery_message(m, c->type, c->object, c->id.cluster, message);
}

bool
format_resource(struct format *f, const struct change *c, struct span *resource)
{
	size_t before = sizeof(MESHERY_HEAD "\",\"Request\":null,"
					    "\"Object\":") -
	    1 + strlen(record_type_name(c->type));

	if (!make_meshery(f, c, resource))
		return false;
	*resource =
	    (struct span){resource->p + before, resource->n - before - 1};
	return true;
}

/* The object of a message, as a document of YAML. */
static bool
make_yaml(struct format *f, const struct change *c, struct span *message)
{
	if (!format_resource(f, c, message))
		return false;
	tape_read(&f->tape, *message);
	json_reset(&f->out);
	yaml_write(&f->tape, f->text, &f->out);
	json_puts(&f->out, "---");
	*message = (struct span){f->out.p, f->out.len};
	return true;
}

bool
format_change(struct format *f, const struct change *c, struct span *message)
{
	if (f->kind == FORMAT_MESHERY)
		return make_meshery(f, c, message);
	if (f->kind == FORMAT_YAML)
		return make_yaml(f, c, message);
	json_reset(&f->out);
	if (f->kind == FORMAT_RECORD)
		put_record(&f->out, c);
	else
		event_write(&f->out, &f->more, c, f->has_colour);
	*message = (struct span){f->out.p, f->out.len};
	return true;
}

bool
format_tells_state(const struct format *f)
{
	return f->kind != FORMAT_EVENT;
}

size_t
format_type_end(const struct format *f, const struct change *c)
{
	static const size_t before[] = {[FORMAT_MESHERY] =
					    sizeof(MESHERY_HEAD) - 1,
	    [FORMAT_EVENT] = 0,
	    [FORMAT_RECORD] = sizeof("{\"type\":\"") - 1};

	if (f->kind == FORMAT_YAML)
		return 0; /* it does not tell the type */
	return before[f->kind] + strlen(record_type_name(c->type));
}
