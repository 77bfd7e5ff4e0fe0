#include "broker.h"

#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "jetstream.h"
#include "identity.h"

#define CLIENT_NAME "meshsync" /* Meshery Server looks for it in /connz */
#define CONNECT_MS 5000
#define WRITE_MS 10000
#define FLUSH_MS 5000 /* one try; patience has several */
#define PING_MS 20000
#define SERVERS 8 /* that are tried, with the one that is configured */

struct broker {
	struct sink sink; /* first: a sink is a broker */
	const struct broker_settings *settings;
	natsConnection *nc;
	natsSubscription *sub;
	struct jetstream *js; /* NULL: not wanted */
	char *known[SERVERS - 1]; /* URLs that the cluster has told */
	int n_known;
	char name[URL_TEXT + 16];
	natsStatus failed; /* the first send that did, since the opening */
};

/* What libnats says more, without the line of its source that it comes from;
 * NULL if it is the same again. */
static const char *
tidy(const char *what, const char *detail)
{
	const char *end;

	if (detail && *detail == '(' && (end = strstr(detail, "): ")))
		detail = end + 3;
	return detail && *detail && strcmp(detail, what) != 0 ? detail : NULL;
}

static enum sink_status
explain(struct broker *b, enum sink_status status, const char *what,
    const char *detail)
{
	detail = tidy(what, detail);
	snprintf(b->sink.why, sizeof(b->sink.why), "%s%s%s", what,
	    detail && *detail ? ": " : "", detail ? detail : "");
	return status;
}

static void
on_closed(natsConnection *nc, void *context)
{
	struct broker *b = context;

	(void)nc;
	b->settings->changed(b->settings->context);
}

/* Without a handler libnats prints to stderr. What matters is read back with
 * natsConnection_GetLastError, as this may be called too late. */
static void
on_error(natsConnection *nc, natsSubscription *sub, natsStatus err,
    void *context)
{
	(void)nc;
	(void)sub;
	(void)err;
	(void)context;
}

static void
on_request(natsConnection *nc, natsSubscription *sub, natsMsg *msg,
    void *context)
{
	struct broker *b = context;

	(void)nc;
	(void)sub;
	requests_take(b->settings->requests,
	    (struct span){natsMsg_GetData(msg),
		(size_t)natsMsg_GetDataLength(msg)});
	natsMsg_Destroy(msg);
	pulse_count(b->settings->pulse, PULSE_REQUESTS, 1);
	b->settings->changed(b->settings->context);
}

static natsStatus
set_tls(natsOptions *o, const struct broker_settings *set)
{
	natsStatus s = NATS_OK;

	if (!set->url.is_tls && !set->ca && !set->cert)
		return NATS_OK;
	s = natsOptions_SetSecure(o, true);
	if (s == NATS_OK)
		s = natsOptions_SetExpectedHostname(o, set->url.host);
	if (s == NATS_OK && set->ca)
		s = natsOptions_LoadCATrustedCertificates(o, set->ca);
	if (s == NATS_OK && set->cert)
		s = natsOptions_LoadCertificatesChain(o, set->cert, set->key);
	return s;
}

/* The place that is configured, and those that were told. */
static natsStatus
set_servers(struct broker *b, natsOptions *o)
{
	const char *server[SERVERS];
	char text[URL_TEXT + 32];

	snprintf(text, sizeof(text), "nats://%s", b->name);
	server[0] = text;
	for (int i = 0; i < b->n_known; i++)
		server[i + 1] = b->known[i];
	return natsOptions_SetServers(o, server, b->n_known + 1);
}

static natsStatus
set_options(struct broker *b, natsOptions *o)
{
	const struct broker_settings *set = b->settings;
	natsStatus s;

	if ((s = set_servers(b, o)) != NATS_OK ||
	    (s = natsOptions_SetNoRandomize(o, true)) != NATS_OK ||
	    (s = natsOptions_SetName(o, CLIENT_NAME)) != NATS_OK ||
	    (s = natsOptions_SetAllowReconnect(o, false)) != NATS_OK ||
	    (s = natsOptions_SetTimeout(o, CONNECT_MS)) != NATS_OK ||
	    (s = natsOptions_SetPingInterval(o, PING_MS)) != NATS_OK ||
	    (s = natsOptions_SetMaxPingsOut(o, 3)) != NATS_OK ||
	    (s = natsOptions_SetWriteDeadline(o, WRITE_MS)) != NATS_OK ||
	    (s = natsOptions_SetErrorHandler(o, on_error, NULL)) != NATS_OK ||
	    (s = natsOptions_SetClosedCB(o, on_closed, b)) != NATS_OK)
		return s;
	return set_tls(o, set);
}

static bool
is_known(const struct broker *b, const char *server)
{
	for (int i = 0; i < b->n_known; i++)
		if (strcmp(b->known[i], server) == 0)
			return true;
	return false;
}

/* Remember the rest of the cluster: the one that is configured may be the one
 * that goes. Those told last come first, and push out the oldest; what we have
 * named ourselves the library does not tell again. */
static void
learn_servers(struct broker *b)
{
	char **server = NULL;
	int n = 0;

	if (natsConnection_GetDiscoveredServers(b->nc, &server, &n) != NATS_OK)
		return;
	for (int i = 0; i < n; i++) {
		if (is_known(b, server[i])) {
			free(server[i]);
			continue;
		}
		if (b->n_known == SERVERS - 1)
			free(b->known[--b->n_known]);
		memmove(b->known + 1, b->known,
		    (size_t)b->n_known++ * sizeof(*b->known));
		b->known[0] = server[i];
	}
	free(server);
}

static void
close_broker(struct sink *sink)
{
	struct broker *b = (struct broker *)sink;

	if (b->js)
		jetstream_close(b->js);
	natsSubscription_Destroy(b->sub);
	b->sub = NULL;
	natsConnection_Destroy(b->nc);
	b->nc = NULL;
}

static natsStatus
connect_to(struct broker *b, natsOptions *o)
{
	natsStatus s = set_options(b, o);

	if (s == NATS_OK)
		s = natsConnection_Connect(&b->nc, o);
	if (s == NATS_OK && b->settings->requests)
		s = natsConnection_QueueSubscribe(&b->sub, b->nc,
		    REQUESTS_SUBJECT, REQUESTS_GROUP, on_request, b);
	return s;
}

static enum sink_status
open_broker(struct sink *sink)
{
	struct broker *b = (struct broker *)sink;
	natsOptions *o = NULL;
	natsStatus s;
	enum sink_status status = SINK_OK;

	close_broker(sink);
	b->failed = NATS_OK;
	if (natsOptions_Create(&o) != NATS_OK)
		diag_nomem();
	if (!identity_set(o, b->settings, sink->why)) {
		natsOptions_Destroy(o);
		return SINK_REFUSED;
	}
	s = connect_to(b, o);
	if (s != NATS_OK)
		status = explain(b,
		    s == NATS_CONNECTION_AUTH_FAILED ? SINK_REFUSED : SINK_AWAY,
		    natsStatus_GetText(s), nats_GetLastError(NULL));
	natsOptions_Destroy(o);
	if (status == SINK_OK) {
		learn_servers(b);
		sink->max = (size_t)natsConnection_GetMaxPayload(b->nc);
		if (b->js)
			status =
			    jetstream_open(b->js, b->nc, &sink->max, sink->why);
	}
	if (status != SINK_OK)
		close_broker(sink);
	return status;
}

static bool
send_broker(struct sink *sink, const char *subject, struct span message)
{
	struct broker *b = (struct broker *)sink;
	natsStatus s;

	if (b->failed != NATS_OK)
		return false;
	s = natsConnection_Publish(b->nc, subject, message.p, (int)message.n);
	b->failed = s;
	return s == NATS_OK;
}

static bool
put_broker(struct sink *sink, int64_t change, struct span message)
{
	struct broker *b = (struct broker *)sink;

	if (!b->js || !jetstream_is_on(b->js))
		return send_broker(sink, b->settings->subject, message);
	if (b->failed == NATS_OK)
		b->failed = jetstream_put(b->js, change, message);
	return b->failed == NATS_OK;
}

/* A server that is silent is waited for on the same connection: what it has
 * not read yet it will read in order, before what is sent later. */
static natsStatus
wait_for_answer(struct broker *b)
{
	unsigned left = b->settings->patience * 1000, wait;
	natsStatus s;

	do {
		wait = left < FLUSH_MS ? left : FLUSH_MS;
		s = natsConnection_FlushTimeout(b->nc, (int64_t)wait);
		left -= wait;
		if (s == NATS_TIMEOUT && left)
			diag_info("the broker has been silent for %u s",
			    b->settings->patience - left / 1000);
	} while (s == NATS_TIMEOUT && left && !natsConnection_IsClosed(b->nc));
	return s;
}

static enum sink_status
flush_broker(struct sink *sink)
{
	struct broker *b = (struct broker *)sink;
	const char *text = NULL;
	natsStatus s = b->failed, last;

	if (s == NATS_OK)
		s = wait_for_answer(b);
	/* the reading thread has set this before it took the answer in */
	last = natsConnection_GetLastError(b->nc, &text);
	if (last == NATS_NOT_PERMITTED && text && strstr(text, "ublish"))
		return explain(b, SINK_REFUSED, "publishing is denied", text);
	if (s == NATS_OK && b->js && jetstream_is_on(b->js))
		return jetstream_flush(b->js, &sink->taken, sink->why);
	if (s == NATS_OK)
		return SINK_OK;
	return explain(b, s == NATS_TIMEOUT ? SINK_STALLED : SINK_AWAY,
	    natsStatus_GetText(s), last == NATS_OK ? NULL : text);
}

static bool
is_up_broker(struct sink *sink)
{
	struct broker *b = (struct broker *)sink;

	return b->nc && !natsConnection_IsClosed(b->nc);
}

natsConnection *
broker_connection(struct sink *sink)
{
	return ((struct broker *)sink)->nc;
}

struct sink *
broker_new(const struct broker_settings *settings)
{
	struct broker *b = diag_alloc(NULL, sizeof(*b));
	bool is_v6 = strchr(settings->url.host, ':') != NULL;

	memset(b, 0, sizeof(*b));
	if (nats_Open(-1) != NATS_OK)
		diag_die(EXIT_TEMPORARY, "unable to start libnats");
	b->settings = settings;
	snprintf(b->name, sizeof(b->name), "%s%s%s:%u", is_v6 ? "[" : "",
	    settings->url.host, is_v6 ? "]" : "", settings->url.port);
	if (settings->replicas)
		b->js = jetstream_new(settings->store_id, settings->subject,
		    settings->replicas, settings->patience);
	b->sink = (struct sink){.open = open_broker,
	    .put = put_broker,
	    .send = send_broker,
	    .flush = flush_broker,
	    .close = close_broker,
	    .is_up = is_up_broker,
	    .name = b->name};
	return &b->sink;
}
