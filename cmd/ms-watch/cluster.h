/* cluster - which cluster it is: the uid of its namespace kube-system.
 *
 * Who may not read that gets an id made from the server's address, the same
 * each time. A cluster that changes behind its address ends the program.
 */
#ifndef MS_CLUSTER_H
#define MS_CLUSTER_H

#include "failure.h"
#include "http.h"

/* f is NULL when the id is known; else why not, and r is the request. */
typedef void cluster_done(void *context, const struct failure *f,
    const struct http_request *r);

struct cluster {
	struct http *http;
	const struct kubeconfig *config;
	cluster_done *done;
	void *context;
	struct http_request *request; /* NULL: nothing is asked */
	char *id; /* NULL: not known yet */
	bool is_sure; /* it has been asked since cluster_doubt() */
	bool is_late; /* what is asked now was asked before that */
	int64_t again_at; /* ms: when to ask again, being in doubt */
};

/* All but the first four members zero. Ask; done is called once. */
void cluster_ask(struct cluster *c);
void cluster_free(struct cluster *c);

/* The connection has been lost: another server may answer the next time. */
void cluster_doubt(struct cluster *c);
/* Ask if in doubt. True: still in doubt. now: ms. */
bool cluster_tick(struct cluster *c, int64_t now);

#endif
