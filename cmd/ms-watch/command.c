#include "command.h"

#include <string.h>
#include <strings.h>

#include "scan.h"

static const char *const verb[COMMANDS] = {
    [COMMAND_RESYNC] = "resync",
    [COMMAND_WATCH] = "watch",
    [COMMAND_UNWATCH] = "unwatch",
    [COMMAND_PROBE] = "probe",
    [COMMAND_MARK] = "mark",
    [COMMAND_SIGNATURES] = "signatures",
};

struct reader {
	struct command *c;
	struct span object;
	size_t used; /* of c->text */
	const char *why;
};

/* ---- members ---- */

/* A member's text; NULL if it is absent or null. A number stands for its
 * digits, as in a port. */
static const char *
text_of(struct reader *r, const char *key)
{
	struct span value = scan_get(r->object, key), text;
	char *at = r->c->text + r->used;

	if (scan_type(value) <= SCAN_NULL)
		return NULL;
	if (scan_type(value) == SCAN_NUMBER)
		text = value;
	else
		text = scan_text(value, at, sizeof(r->c->text) - r->used - 1);
	if (!text.p || memchr(text.p, '\0', text.n) ||
	    text.n >= sizeof(r->c->text) - r->used) {
		r->why = "a member is no text";
		return NULL;
	}
	memmove(at, text.p, text.n);
	at[text.n] = '\0';
	r->used += text.n + 1;
	return at;
}

static void
read_members(struct reader *r)
{
	struct command *c = r->c;
	const char *depth = text_of(r, "depth");

	c->resource = text_of(r, "resource");
	c->by = text_of(r, "by");
	c->ns = text_of(r, "namespace");
	c->service = text_of(r, "service");
	c->pod = text_of(r, "pod");
	c->port = text_of(r, "port");
	c->scheme = text_of(r, "scheme");
	c->path = text_of(r, "path");
	c->asked = text_of(r, "asked");
	c->depth = depth ? depth_of(depth) : DEPTH_FULL;
	if (!c->by)
		c->by = "";
	if (c->depth <= DEPTH_OFF)
		r->why = "its depth is neither full nor metadata";
}

/* ---- what a command needs ---- */

/* A name of Kubernetes, or of a port. */
static bool
is_name(const char *text)
{
	return text && *text && strlen(text) <= 253 &&
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.")] ==
	    '\0' &&
	    *text != '.';
}

/* Dots may be spelled in hexadecimal; a slash or a backslash so spelled may
 * become one where it is decoded. */
static bool
has_disguise(const char *path)
{
	for (const char *p = path; (p = strchr(p, '%')); p++)
		if (strncasecmp(p, "%2e", 3) == 0 ||
		    strncasecmp(p, "%2f", 3) == 0 ||
		    strncasecmp(p, "%5c", 3) == 0 ||
		    strncasecmp(p, "%25", 3) == 0)
			return true;
	return false;
}

/* A step that stays or goes up; some servers end a step at a semicolon. */
static bool
has_dots(const char *path)
{
	size_t n;

	for (const char *p = path; *p; p += n + (p[n] != '\0')) {
		n = strcspn(p, "/;?");
		if ((n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return true;
	}
	return false;
}

/* What comes behind .../proxy must not climb out of it. */
static bool
is_path(const char *path)
{
	if (!path || *path != '/' || strpbrk(path, "\\#"))
		return false;
	for (const char *p = path; *p; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	return !has_disguise(path) && !has_dots(path);
}

static const char *
judge_probe(const struct command *c)
{
	if (!c->id)
		return "a probe needs an id";
	if (!c->service == !c->pod)
		return "a probe needs a service or a pod";
	if (!is_name(c->ns) || !is_name(c->service ? c->service : c->pod))
		return "a probe needs the names of a namespace and of a "
		       "service or pod";
	if (!is_name(c->port) || strlen(c->port) > 15)
		return "a probe needs a port, a number or a name";
	if (c->scheme && strcmp(c->scheme, "http") != 0 &&
	    strcmp(c->scheme, "https") != 0)
		return "a probe's scheme is http or https";
	if (!is_path(c->path))
		return "a probe needs a path, which begins with a slash and "
		       "has no . or .. in it";
	return NULL;
}

static const char *
judge(const struct command *c)
{
	switch (c->verb) {
	case COMMAND_WATCH:
		return c->resource && *c->resource ? NULL :
						     "it names no resource";
	case COMMAND_PROBE:
		return judge_probe(c);
	case COMMAND_MARK:
		return c->id ? NULL : "a mark needs an id";
	case COMMAND_SIGNATURES:
		return c->path && *c->path == '/' ?
		    NULL :
		    "signatures need an absolute path";
	default:
		return NULL;
	}
}

/* ---- the whole ---- */

/* A command, or a REQUEST record around one. */
static struct span
unwrap(struct span line)
{
	if (scan_eq(scan_get(line, "type"), "REQUEST"))
		return scan_get(line, "object");
	return line;
}

static void
read_verb(struct reader *r)
{
	struct span value = scan_get(r->object, "command");
	int v = 0;

	while (v < COMMANDS && !scan_eq(value, verb[v]))
		v++;
	if (v == COMMANDS) {
		r->why =
		    value.n ? "there is no such command" : "it has no command";
		return;
	}
	r->c->verb = (enum command_verb)v;
	r->c->name = verb[v];
}

static void
read_id(struct reader *r)
{
	const char *id = text_of(r, "id");

	if (id && (!*id || strlen(id) > COMMAND_ID))
		r->why = "its id has no, or more than 128 bytes";
	else
		r->c->id = id;
}

int
command_read(struct command *c, const char *line, size_t n, const char **why)
{
	struct reader r = {.c = c, .object = {line, n}};
	struct scan_error err;

	*c = (struct command){0};
	if (n >= COMMAND_MAX) {
		*why = "it is longer than 4096 bytes";
		return -1;
	}
	if (scan_find(NULL, line, n, NULL, &err) < 0 ||
	    scan_type(r.object) != SCAN_OBJECT ||
	    scan_type(r.object = unwrap(r.object)) != SCAN_OBJECT) {
		*why = "it is no JSON object";
		return -1;
	}
	read_id(&r);
	if (!r.why)
		read_verb(&r);
	if (!r.why)
		read_members(&r);
	if (!r.why)
		r.why = judge(c);
	*why = r.why;
	return r.why ? -1 : 0;
}
