#include "silence.h"

/* Since when nothing has come, not counting the time that we did not read. */
static int64_t
quiet_since(const struct watch *w, int64_t heard)
{
	return heard > w->env->reading_since ? heard : w->env->reading_since;
}

/* The objects of a streaming list come without pause; after that a watch may be
 * silent for a minute. */
int64_t
silence_until(const struct watch *w, enum machine_input *class,
    const char **why)
{
	int64_t dead;

	if (!w->is_open || w->machine.state == MACHINE_STREAMING) {
		*class = w->is_open ? IN_UNSUPPORTED : IN_SERVER;
		*why = "nothing has come for 30 s";
		return quiet_since(w, w->request->heard) + HTTP_SILENCE;
	}
	dead = http_replace_at(w->request);
	if (dead != INT64_MAX) {
		*class = IN_EOF;
		*why = "there is a new client certificate";
		return dead;
	}
	*class = IN_CUT;
	dead = quiet_since(w, http_link_heard(w->request)) +
	    w->env->http->links.dead_after;
	*why = dead < w->deadline ?
	    "the connection is dead" :
	    "the server has not ended the watch in time";
	return dead < w->deadline ? dead : w->deadline;
}

bool
silence_is_of_link(const struct watch *w)
{
	int64_t heard = http_link_heard(w->request);

	if (!w->is_open)
		return http_is_unheard(w->request);
	return w->env->now >=
	    quiet_since(w, heard) + w->env->http->links.dead_after;
}
