/* broker - a NATS server as a sink.
 *
 * libnats connects once and never by itself again: its own reconnection keeps
 * messages in a buffer that can be lost, so the deliver thread opens anew and
 * sends what is not confirmed. A flush is confirmed when the server has
 * answered it and has denied nothing meanwhile: a denied publish makes neither
 * Publish nor Flush fail. Every write has a deadline.
 */
#ifndef MS_BROKER_H
#define MS_BROKER_H

#include "pulse.h"
#include "requests.h"
#include "sink.h"
#include "url.h"

struct broker_settings {
	struct url url;
	const char *subject; /* of messages about changes */
	const char *creds, *ca, *cert, *key; /* files, or NULL */
	unsigned patience; /* seconds that a silent server is waited for */
	void (*changed)(void *); /* called when the connection is gone */
	void *context;
	struct requests *requests; /* gets what is asked of us; or NULL */
	struct pulse *pulse; /* counts it; NULL if requests is */
};

/* The settings stay the caller's, for as long as the sink is used. */
struct sink *broker_new(const struct broker_settings *settings);

#endif
