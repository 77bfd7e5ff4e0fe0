#include "broker.h"

#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define CLIENT_NAME "meshsync" /* Meshery Server looks for it in /connz */
#define CONNECT_MS 5000
#define WRITE_MS 10000
#define FLUSH_MS 5000 /* one try; patience has several */
#define PING_MS 20000

struct broker {
	struct sink sink; /* first: a sink is a broker */
	const struct broker_settings *settings;
	natsConnection *nc;
	natsSubscription *sub;
	char name[URL_TEXT + 16];
	natsStatus failed; /* the first send that did, since the opening */
};

static enum sink_status
explain(struct broker *b, enum sink_status status, const char *what,
    const char *detail)
{
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
set_identity(natsOptions *o, const struct broker_settings *set)
{
	const struct url *u = &set->url;

	if (set->creds)
		return natsOptions_SetUserCredentialsFromFiles(o, set->creds,
		    NULL);
	if (*u->token)
		return natsOptions_SetToken(o, u->token);
	if (*u->user)
		return natsOptions_SetUserInfo(o, u->user, u->password);
	return NATS_OK;
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

static natsStatus
set_options(struct broker *b, natsOptions *o)
{
	const struct broker_settings *set = b->settings;
	char text[URL_TEXT + 32];
	bool is_v6 = strchr(set->url.host, ':') != NULL;
	natsStatus s;

	snprintf(text, sizeof(text), "nats://%s%s%s:%u", is_v6 ? "[" : "",
	    set->url.host, is_v6 ? "]" : "", set->url.port);
	if ((s = natsOptions_SetURL(o, text)) != NATS_OK ||
	    (s = natsOptions_SetName(o, CLIENT_NAME)) != NATS_OK ||
	    (s = natsOptions_SetAllowReconnect(o, false)) != NATS_OK ||
	    (s = natsOptions_SetIgnoreDiscoveredServers(o, true)) != NATS_OK ||
	    (s = natsOptions_SetTimeout(o, CONNECT_MS)) != NATS_OK ||
	    (s = natsOptions_SetPingInterval(o, PING_MS)) != NATS_OK ||
	    (s = natsOptions_SetMaxPingsOut(o, 3)) != NATS_OK ||
	    (s = natsOptions_SetWriteDeadline(o, WRITE_MS)) != NATS_OK ||
	    (s = natsOptions_SetErrorHandler(o, on_error, NULL)) != NATS_OK ||
	    (s = natsOptions_SetClosedCB(o, on_closed, b)) != NATS_OK ||
	    (s = set_identity(o, set)) != NATS_OK)
		return s;
	return set_tls(o, set);
}

static void
close_broker(struct sink *sink)
{
	struct broker *b = (struct broker *)sink;

	natsSubscription_Destroy(b->sub);
	b->sub = NULL;
	natsConnection_Destroy(b->nc);
	b->nc = NULL;
}

static enum sink_status
open_broker(struct sink *sink)
{
	struct broker *b = (struct broker *)sink;
	natsOptions *o = NULL;
	natsStatus s;
	const char *detail;

	close_broker(sink);
	b->failed = NATS_OK;
	s = natsOptions_Create(&o);
	if (s == NATS_OK)
		s = set_options(b, o);
	if (s == NATS_OK)
		s = natsConnection_Connect(&b->nc, o);
	if (s == NATS_OK && b->settings->requests)
		s = natsConnection_QueueSubscribe(&b->sub, b->nc,
		    REQUESTS_SUBJECT, REQUESTS_GROUP, on_request, b);
	detail = s == NATS_OK ? NULL : nats_GetLastError(NULL);
	natsOptions_Destroy(o);
	if (s == NATS_OK) {
		sink->max = (size_t)natsConnection_GetMaxPayload(b->nc);
		return SINK_OK;
	}
	close_broker(sink);
	return explain(b,
	    s == NATS_CONNECTION_AUTH_FAILED ? SINK_REFUSED : SINK_AWAY,
	    natsStatus_GetText(s), detail);
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

	(void)change; /* core NATS cannot tell what comes twice */
	return send_broker(sink, b->settings->subject, message);
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
	b->sink = (struct sink){.open = open_broker,
	    .put = put_broker,
	    .send = send_broker,
	    .flush = flush_broker,
	    .close = close_broker,
	    .is_up = is_up_broker,
	    .name = b->name};
	return &b->sink;
}
