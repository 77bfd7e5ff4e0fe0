/* broker - a NATS server as a sink.
 *
 * Each opening begins from nothing: names are resolved, and files with
 * credentials and certificates read, as they are then. The place that is
 * configured comes first, then those that its cluster has told us of.
 *
 * libnats connects once and never by itself again: its own reconnection keeps
 * messages in a buffer that can be lost, so the deliver thread opens anew and
 * sends what is not confirmed. A flush is confirmed when the server has
 * answered it and has denied nothing meanwhile: a denied publish makes neither
 * Publish nor Flush fail. With JetStream the stream's acknowledgements count.
 * Every write has a deadline.
 */
#ifndef MS_BROKER_H
#define MS_BROKER_H

#include <nats/nats.h>

#include "pulse.h"
#include "requests.h"
#include "sink.h"
#include "url.h"

struct broker_settings {
	struct url url;
	const char *subject; /* of messages about changes */
	/* files, or NULL; auth holds a token, or USER:PASSWORD */
	const char *auth, *creds, *ca, *cert, *key;
	unsigned replicas; /* of the stream, 0: core NATS */
	const char *store_id; /* of the snapshot, if replicas is not 0 */
	unsigned patience; /* seconds that a silent server is waited for */
	void (*changed)(void *); /* called when the connection is gone */
	void *context;
	struct requests *requests; /* gets what is asked of us; or NULL */
	struct pulse *pulse; /* counts it; NULL if requests is */
};

/* The settings stay the caller's, for as long as the sink is used. */
struct sink *broker_new(const struct broker_settings *settings);

/* The connection of a sink that is open. */
natsConnection *broker_connection(struct sink *sink);

#endif
