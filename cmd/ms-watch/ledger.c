#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

void
ledger_init(struct ledger *l, struct emit *emit, struct intern *names,
    struct tally *tally, struct resource *r, const struct scope *scope)
{
	*l = (struct ledger){.emit = emit,
	    .tally = tally,
	    .resource = resource_hold(r)};
	scope_copy(&l->scope, scope);
	index_init(&l->index, names);
}

void
ledger_free(struct ledger *l)
{
	index_free(&l->index);
	resource_drop(l->resource);
	scope_free(&l->scope);
}

/* ---- snapshots ---- */

void
ledger_begin(struct ledger *l, const char *cause, bool is_complete)
{
	l->is_complete = is_complete;
	l->count = 0;
	index_begin(&l->index);
	emit_begin(l->emit, l->resource, cause, is_complete, &l->scope);
}

static void
tell_deleted(struct ledger *l, const struct index_key *key)
{
	l->tally->synthesized++;
	emit_deleted(l->emit, l->resource, l->scope.is_metadata, key);
}

static void
on_gone(void *context, const struct index_key *key)
{
	tell_deleted(context, key);
}

void
ledger_end(struct ledger *l, const char *rv)
{
	index_sweep(&l->index, on_gone, l);
	emit_end(l->emit, l->resource, rv, l->count);
	l->has_refused = false;
	diag_info("%s%s%s: %llu objects", l->resource->id,
	    l->scope.ns ? " " : "", l->scope.ns ? l->scope.ns : "",
	    (unsigned long long)l->count);
}

/* ---- objects ---- */

static bool
read_key(struct ledger *l, const struct span *at, struct index_key *key,
    char buf[OBJECT_TEXT])
{
	if (object_key(at, key, buf))
		return true;
	if (!l->has_refused)
		diag_warn("%s: an object lacks name, uid or resourceVersion: "
			  "such objects are left out",
		    l->resource->id);
	l->has_refused = true;
	return false;
}

static void
tell_replaced(struct ledger *l, const struct index_key *key,
    const struct index_seen *seen)
{
	struct index_key old = {key->ns, key->name, seen->old_uid,
	    seen->old_rv};

	tell_deleted(l, &old);
}

bool
ledger_present(struct ledger *l, const struct span *at, struct span object,
    bool in_snapshot, struct index_key *key, char buf[OBJECT_TEXT])
{
	struct index_seen seen;
	const char *type = "ADDED";

	if (!read_key(l, at, key, buf))
		return false;
	switch (index_put(&l->index, key, &seen)) {
	case INDEX_NEW:
		break;
	case INDEX_SAME:
		/* A page that is read again names the same twice. */
		if (!in_snapshot || !l->is_complete || seen.marked) {
			l->tally->suppressed++;
			return true;
		}
		break;
	case INDEX_CHANGED:
		type = "MODIFIED";
		break;
	case INDEX_REPLACED:
		tell_replaced(l, key, &seen);
		break;
	}
	emit_object(l->emit, type, l->resource, l->scope.is_metadata, at,
	    object);
	l->count++;
	return true;
}

bool
ledger_deleted(struct ledger *l, const struct span *at, struct span object,
    struct index_key *key, char buf[OBJECT_TEXT])
{
	if (!read_key(l, at, key, buf))
		return false;
	index_remove(&l->index, key);
	emit_object(l->emit, "DELETED", l->resource, l->scope.is_metadata, at,
	    object);
	return true;
}
