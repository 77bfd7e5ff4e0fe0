/* ms-classify - say where objects come from, and keep secrets back.
 *
 * In: records, or what kubectl and curl print of Kubernetes objects.
 * Out: the same records; those that carry an object have ms.origin (greenfield
 * or brownfield, own or inherited from an owner), ms.app, and Secrets without
 * their values. What is learnt about an object that has passed goes out as
 * AMEND. Ends at the end of its input. */
#include "family.h"
#include "input.h"
#include "opts.h"
#include "redact.h"
#include "sandbox.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HELP \
	"usage: ms-classify [--no-redact | --redact-only] [--cluster ID]\n" \
	"\n" \
	"Tell greenfield from brownfield objects, name their applications and\n" \
	"mask the values of Secrets. Reads records, kubectl's JSON or watch\n" \
	"events on stdin, writes records on stdout.\n" \
	"\n" \
	"      --no-redact       let the values of Secrets pass (so does\n" \
	"                        MESHSYNC_REDACT_SECRETS=false)\n" \
	"      --redact-only     mask Secrets, do nothing else\n" \
	"      --cluster ID      ms.cluster for input that has none\n" OPTS_COMMON_HELP

enum { OPT_NO_REDACT = OPTS_LONG, OPT_REDACT_ONLY, OPT_CLUSTER };

static const struct option longopts[] = {
    {"no-redact", no_argument, NULL, OPT_NO_REDACT},
    {"redact-only", no_argument, NULL, OPT_REDACT_ONLY},
    {"cluster", required_argument, NULL, OPT_CLUSTER},
    OPTS_COMMON,
};

struct classify {
	struct input in;
	struct family family;
	struct redact redact;
	bool masks, only_masks;
	uint64_t redacted, amended; /* records */
	struct span cluster; /* of --cluster */
	struct json quoted_cluster, origin, app, amend;
};

static void
parse_options(struct classify *c, int argc, char **argv)
{
	const char *env = getenv("MESHSYNC_REDACT_SECRETS");
	int opt;

	c->masks =
	    !env || (strcasecmp(env, "false") != 0 && strcmp(env, "0") != 0);
	while ((opt = getopt_long(argc, argv, ":" OPTS_SHORT, longopts,
		    NULL)) != -1)
		switch (opt) {
		case OPT_NO_REDACT:
			c->masks = false;
			break;
		case OPT_REDACT_ONLY:
			c->only_masks = true;
			break;
		case OPT_CLUSTER:
			c->cluster = span_of(optarg);
			json_reset(&c->quoted_cluster);
			json_string(&c->quoted_cluster, optarg, strlen(optarg));
			break;
		default:
			opts_common(opt, argv, HELP);
		}
	if (optind < argc)
		opts_wrong("unexpected argument '%s'", argv[optind]);
	if (c->only_masks && !c->masks)
		opts_wrong("--redact-only with redaction switched off");
}

/* An object that has passed has another origin now. */
static void
amend(void *context, const struct identity *id, struct span resource,
    struct origin origin)
{
	struct classify *c = context;
	struct json *j = &c->amend, quoted = {0};
	struct identity named = *id;
	struct span line;

	if (!named.cluster.n)
		named.cluster = c->cluster;
	if (resource.n)
		json_string(&quoted, resource.p, resource.n);
	json_reset(j);
	record_open(j, "AMEND");
	record_identity(j, &named, (struct span){quoted.p, quoted.len});
	json_key(j, "origin");
	origin_write(origin, &c->family.texts, j);
	json_puts(j, "}}");
	json_release(&quoted);
	line = (struct span){j->p, j->len};
	lines_put(&c->in.rs.io, &line, 1);
	c->amended++;
}

/* Where a record with an object comes from, itself and through its owner. A
 * deletion that carries no labels tells what was known of the object. */
static struct origin
find_origin(struct classify *c, const struct record *r)
{
	struct origin known, own = origin_own(r, &c->family.texts);

	if (r->type != RECORD_DELETED)
		return family_put(&c->family, r, own);
	if (family_drop(&c->family, r, &known))
		return known;
	return own;
}

static void
put_object(struct classify *c, const struct record *r)
{
	struct record_member set[4];
	size_t n = 0;

	json_reset(&c->origin);
	json_reset(&c->app);
	if (c->cluster.n && !r->id.cluster.n)
		set[n++] = (struct record_member){"cluster",
		    {c->quoted_cluster.p, c->quoted_cluster.len}};
	if (!c->only_masks) {
		origin_write(find_origin(c, r), &c->family.texts, &c->origin);
		set[n++] = (struct record_member){"origin",
		    {c->origin.p, c->origin.len}};
		origin_write_app(r, &c->app);
		set[n++] = (struct record_member){"app",
		    {c->app.len ? c->app.p : NULL, c->app.len}};
	}
	c->redact.n = 0;
	if (c->masks && redact_find(&c->redact, r)) {
		set[n++] = (struct record_member){"redacted", span_of("true")};
		c->redacted++;
	}
	record_put(&c->in.rs, r, set, n, c->redact.edit, c->redact.n);
	if (!c->only_masks && r->type != RECORD_DELETED)
		family_settle(&c->family, r);
}

/* Forget what a complete sync did not name. A sync of a part of a resource
 * says nothing about the rest. */
static void
follow_sync(struct classify *c, const struct record *r)
{
	char buf[256];
	struct span resource = scan_text(r->at[AT_RESOURCE], buf, sizeof(buf));

	if (!resource.n)
		return;
	if (scan_eq(r->at[AT_PHASE], "gone"))
		family_gone(&c->family, resource);
	if (scan_eq(r->at[AT_PHASE], "begin") &&
	    scan_type(r->at[AT_COMPLETE]) == SCAN_TRUE &&
	    !scan_get(r->at[AT_MS], "scope").n)
		family_sync_begin(&c->family, resource);
	if (scan_eq(r->at[AT_PHASE], "end"))
		family_sync_end(&c->family, resource);
}

static void
put_status(struct classify *c, const struct record *r)
{
	const struct status_count own[] = {{"objects", c->family.by_uid.used},
	    {"amended", c->amended}, {"redacted", c->redacted}};

	status_put(&c->in.rs, r, own, sizeof(own) / sizeof(*own));
}

static void
classify(struct classify *c, const struct record *r)
{
	/* it says who, not what: of one that stays nothing can be told */
	bool is_truncated = r->type != RECORD_DELETED &&
	    scan_type(r->at[AT_TRUNCATED]) == SCAN_TRUE;

	if (record_has_state(r) && !is_truncated)
		put_object(c, r);
	else if (r->type == RECORD_STATUS)
		put_status(c, r);
	else
		record_put(&c->in.rs, r, NULL, 0, NULL, 0);
	if (record_has_state(r) && is_truncated)
		family_name(&c->family, r);
	if (r->type == RECORD_SYNC)
		follow_sync(c, r);
}

static void
release(struct classify *c)
{
	input_release(&c->in);
	family_free(&c->family);
	redact_free(&c->redact);
	json_release(&c->origin);
	json_release(&c->app);
	json_release(&c->quoted_cluster);
	json_release(&c->amend);
}

int
main(int argc, char **argv)
{
	struct classify c = {0};
	struct record r;

	opts_start("ms-classify");
	parse_options(&c, argc, argv);
	input_init(&c.in, 0, 1, RECORD_MAX);
	origin_paths(&c.in.rs.plan);
	family_init(&c.family, amend, &c);
	sandbox_enter();
	while (input_next(&c.in, &r))
		classify(&c, &r);
	lines_flush(&c.in.rs.io);
	release(&c);
	return 0;
}
