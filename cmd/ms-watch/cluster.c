#include "cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "table.h"

#define TIMEOUT 30 /* s */
#define AGAIN 2000 /* ms, between questions in doubt */

/* An id that is the same each time, for who may not read the real one. */
static char *
make_id(const struct cluster *c)
{
	const char *server = c->config->server;
	uint64_t a = table_hash(server, strlen(server), 1);
	uint64_t b = table_hash(server, strlen(server), 2);
	char text[40];

	snprintf(text, sizeof(text), "%08x-%04x-8%03x-8%03x-%012llx",
	    (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
	    (unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0xfff),
	    (unsigned long long)(b & 0xffffffffffffull));
	return diag_strndup(text, strlen(text));
}

static char *
read_id(const struct http_request *r)
{
	struct span doc = http_object(r), uid;
	char buf[128];

	if (!doc.n)
		return NULL;
	uid = scan_get(doc, "metadata");
	if (scan_type(uid) != SCAN_OBJECT)
		return NULL;
	uid = scan_text(scan_get(uid, "uid"), buf, sizeof(buf));
	return uid.n ? diag_strndup(uid.p, uid.n) : NULL;
}

/* Takes id. */
static void
know(struct cluster *c, char *id)
{
	if (c->id && strcmp(c->id, id) != 0)
		diag_die(EXIT_TEMPORARY,
		    "%s is another cluster now (its "
		    "kube-system is %s, it was %s): starting anew is the only "
		    "way on",
		    c->config->server, id, c->id);
	if (c->id)
		free(id);
	else
		c->id = id;
	c->is_sure = !c->is_late;
}

static bool
is_refused(const struct failure *f)
{
	return f->class == IN_DENIED || f->class == IN_MISSING;
}

static void
on_answer(void *context, struct http_request *r)
{
	struct cluster *c = context;
	struct failure f;
	char *id = NULL;

	c->request = NULL;
	if (r->result != CURLE_OK)
		failure_set(&f, IN_SERVER, "%s", http_why(r));
	else
		failure_of_answer(&f, r->status,
		    (struct span){r->body.p, r->body.len}, NULL, false);
	if (r->result == CURLE_OK && r->status == 200) {
		if ((id = read_id(r)))
			know(c, id);
		else
			failure_set(&f, IN_GARBLED,
			    "the answer for kube-system has no uid");
	} else if (!c->id && is_refused(&f)) {
		id = make_id(c);
		diag_warn(
		    "the id of the cluster cannot be read (%s): %s, "
		    "made from the server's address, stands for it; allow get "
		    "on namespace kube-system",
		    f.why, id);
		know(c, id);
	}
	/* Who may not read it cannot be any surer. */
	c->is_sure |= r->result == CURLE_OK && is_refused(&f);
	c->is_late = false;
	c->done(c->context, c->id ? NULL : &f, r);
}

void
cluster_ask(struct cluster *c)
{
	struct http_ask ask = {.path = "/api/v1/namespaces/kube-system",
	    .accept = HTTP_METADATA,
	    .timeout = TIMEOUT,
	    .done = on_answer,
	    .context = c};

	c->request = http_get(c->http, &ask);
}

void
cluster_doubt(struct cluster *c)
{
	c->is_sure = false;
	/* What is under way may have been asked on the old connection. */
	c->is_late = c->request;
	c->again_at = 0;
}

bool
cluster_tick(struct cluster *c, int64_t now)
{
	if (c->is_sure || !c->id)
		return false;
	if (!c->request && now >= c->again_at) {
		c->again_at = now + AGAIN;
		cluster_ask(c);
	}
	return true;
}

void
cluster_free(struct cluster *c)
{
	if (c->request)
		http_cancel(c->request);
	free(c->id);
}
