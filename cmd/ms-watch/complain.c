#include "complain.h"

#include "diag.h"

#define WARN_EVERY 30000 /* ms */
#define PATIENCE 4 /* refusals in a row that are no news */

static void
tell_unreachable(struct watch *w, const struct failure *f)
{
	struct watch_env *env = w->env;

	if (env->last_warning && env->now - env->last_warning < WARN_EVERY)
		return;
	env->last_warning = env->now;
	diag_warn("%s: %s: %s; trying again", env->http->config->server,
	    w->resource->id, f->why);
}

/* What a long run is made of: streams end, history expires, and a server asks
 * for patience (an edit of a CRD makes it do so for each of its watches). */
static bool
is_usual(const struct watch *w, const struct failure *f)
{
	return f->class == IN_CUT || f->class == IN_EXPIRED ||
	    f->class == IN_TOO_LARGE || f->class == IN_UNSUPPORTED ||
	    (f->class == IN_THROTTLED && w->machine.level < PATIENCE);
}

void
complain(struct watch *w, const struct failure *f)
{
	unsigned bit = 1u << f->class;

	if (f->class == IN_SERVER || f->class == IN_AUTH) {
		tell_unreachable(w, f);
		return;
	}
	if (is_usual(w, f) || w->told & bit) {
		diag_info("%s: %s", w->resource->id, f->why);
		return;
	}
	w->told |= bit;
	if (f->class == IN_METHOD)
		diag_warn("%s is not watched, all else is: %s", w->resource->id,
		    f->why);
	else if (f->class == IN_DENIED)
		diag_warn("%s is not watched, all else is: %s; allow list and "
			  "watch on it",
		    w->resource->id, f->why);
	else
		diag_warn("%s: %s; trying again", w->resource->id, f->why);
}
