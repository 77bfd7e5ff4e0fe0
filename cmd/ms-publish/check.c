#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "census.h"
#include "clock.h"
#include "diag.h"
#include "jetstream.h"
#include "requests.h"
#include "storefile.h"

#define ASK_MS 5000
#define DIAL_S 5
#define MARK_MS 10000 /* that a mark may take */
#define BUSY_MS 2000 /* that the snapshot may be locked */
#define LITTLE_ROOM (64ull << 20) /* free on the disk of the snapshot */

static void say(const char *verdict, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(const char *verdict, const char *fmt, ...)
{
	va_list ap;

	printf("%-6s ", verdict);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

/* ---- the way there ---- */

static int
connect_plainly(const struct addrinfo *a)
{
	struct timeval limit = {DIAL_S, 0};
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0), ok;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	ok = connect(fd, a->ai_addr, a->ai_addrlen);
	if (ok < 0 && (errno == EINPROGRESS || errno == EAGAIN))
		errno = ETIMEDOUT;
	if (ok < 0)
		ok = -errno;
	close(fd);
	errno = ok < 0 ? -ok : 0;
	return ok;
}

/* Whether the name is one, and anybody listens there. */
static int
check_place(const struct url *u)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char port[16];
	int code, ok = -1;

	snprintf(port, sizeof(port), "%u", u->port);
	code = getaddrinfo(u->host, port, &hints, &list);
	if (code != 0) {
		say("no",
		    "the broker's name %s is not known: %s; see to the host in "
		    "--to or BROKER_URL",
		    u->host, gai_strerror(code));
		return EXIT_TEMPORARY;
	}
	for (struct addrinfo *a = list; a && ok < 0; a = a->ai_next)
		ok = connect_plainly(a);
	freeaddrinfo(list);
	if (ok == 0)
		return 0;
	say("no",
	    "nothing answers at %s port %u: %m; is the broker running, and is "
	    "this its port?",
	    u->host, u->port);
	return EXIT_TEMPORARY;
}

/* What to do when the broker does not let us in. */
static const char *
advice(const struct broker_settings *set, enum sink_status status,
    const char *why)
{
	bool has_secret =
	    set->creds || set->auth || *set->url.token || *set->url.user;

	if (status == SINK_REFUSED && !has_secret)
		return "it wants credentials: put them into BROKER_URL, or "
		       "give --auth or --creds";
	if (status == SINK_REFUSED)
		return "see whether these credentials are what the broker's "
		       "configuration has now";
	if (strstr(why, "SSL") || strstr(why, "TLS") || set->url.is_tls ||
	    set->ca || set->cert)
		return "see to tls:// in the URL, --ca (who signed the "
		       "broker's certificate), and --cert with --key if it "
		       "wants ours";
	return "something else than a NATS server may listen there";
}

static int
check_entry(const struct broker_settings *set, struct sink *sink)
{
	enum sink_status status = sink->open(sink);

	if (status == SINK_OK)
		status = sink->flush(sink);
	if (status == SINK_OK) {
		say("yes", "broker %s lets us in; a message may have %zu bytes",
		    sink->name, sink->max);
		return 0;
	}
	say("no", "broker %s: %s; %s", sink->name, sink->why,
	    advice(set, status, sink->why));
	return status == SINK_REFUSED ? EXIT_PERMANENT : EXIT_TEMPORARY;
}

/* ---- permissions ---- */

/* The answer to what was sent last: denied, or not. */
static bool
is_denied(natsConnection *nc)
{
	const char *text = NULL;

	return natsConnection_FlushTimeout(nc, ASK_MS) != NATS_OK ||
	    natsConnection_GetLastError(nc, &text) == NATS_NOT_PERMITTED;
}

/* A stream would have to have this name, and none does, so none keeps it. */
static bool
publish_nothing(natsConnection *nc, const char *subject)
{
	natsMsg *msg = NULL;
	natsStatus s = natsMsg_Create(&msg, subject, NULL, "", 0);

	if (s == NATS_OK)
		s = natsMsgHeader_Set(msg, "Nats-Expected-Stream",
		    "meshsync-check");
	if (s == NATS_OK)
		s = natsConnection_PublishMsg(nc, msg);
	natsMsg_Destroy(msg);
	return s == NATS_OK;
}

static int
check_publish(natsConnection *nc, const char *subject)
{
	if (publish_nothing(nc, subject) && !is_denied(nc)) {
		say("yes", "we may publish on %s", subject);
		return 0;
	}
	say("no",
	    "we may not publish on %s: the broker's configuration has to allow "
	    "it to this user (permissions: publish)",
	    subject);
	return EXIT_PERMANENT;
}

static int
check_requests(natsConnection *nc)
{
	natsSubscription *sub = NULL;
	natsStatus s = natsConnection_QueueSubscribeSync(&sub, nc,
	    REQUESTS_SUBJECT, REQUESTS_GROUP "-check");
	bool ok = s == NATS_OK && !is_denied(nc);

	natsSubscription_Destroy(sub);
	if (ok)
		say("yes", "we may hear requests on " REQUESTS_SUBJECT);
	else
		say("no",
		    "we may not subscribe to " REQUESTS_SUBJECT
		    ": Meshery Server cannot ask for a resync or the store "
		    "(permissions: subscribe)");
	return ok ? 0 : EXIT_PERMANENT;
}

static int
check_jetstream(natsConnection *nc, const struct broker_settings *set)
{
	char why[SINK_WHY];

	switch (jetstream_ask(nc, set->subject, why)) {
	case JETSTREAM_THERE:
		say("yes", "JetStream keeps our messages: %s", why);
		return 0;
	case JETSTREAM_NOT_YET:
		say(set->replicas ? "yes" : "?",
		    "JetStream is there; the stream " JETSTREAM_NAME
		    " is not%s",
		    set->replicas ? ", and will be made" :
				    "; --jetstream would make it");
		return 0;
	case JETSTREAM_ABSENT:
		say(set->replicas ? "no" : "?", "the broker has no JetStream%s",
		    set->replicas ? ": messages reach who is subscribed at "
				    "that time; switch it on (jetstream {}), "
				    "or leave --jetstream out" :
				    ", and none is asked for");
		return set->replicas ? EXIT_PERMANENT : 0;
	default:
		say(set->replicas ? "no" : "?", "%s", why);
		return set->replicas ? EXIT_PERMANENT : 0;
	}
}

/* ---- a mark through all stages ---- */

/* Ask for it; false: nobody takes commands there. */
static bool
write_command(const char *fifo, const char *id)
{
	char line[256];
	int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC), n;
	bool ok;

	n = snprintf(line, sizeof(line),
	    "{\"command\":\"mark\",\"id\":\"%s\"}\n", id);
	ok = fd >= 0 && write(fd, line, (size_t)n) == n;
	if (fd >= 0)
		close(fd);
	return ok;
}

static int
check_mark(natsConnection *nc, const char *fifo)
{
	natsSubscription *sub = NULL;
	natsMsg *msg = NULL;
	char id[64], subject[96];
	int64_t start;
	natsStatus s;

	snprintf(id, sizeof(id), "check-%ld-%08x", (long)getpid(),
	    clock_jitter(UINT32_MAX));
	snprintf(subject, sizeof(subject), "meshsync.check.%s", id);
	s = natsConnection_SubscribeSync(&sub, nc, subject);
	if (s != NATS_OK || is_denied(nc)) {
		natsSubscription_Destroy(sub);
		say("no",
		    "we may not subscribe to meshsync.check.>, where "
		    "marks come out (permissions: subscribe)");
		return EXIT_PERMANENT;
	}
	start = clock_ms();
	if (!write_command(fifo, id)) {
		say("no", "nobody reads %s: is meshsync running?", fifo);
		natsSubscription_Destroy(sub);
		return EXIT_TEMPORARY;
	}
	s = natsSubscription_NextMsg(&msg, sub, MARK_MS);
	natsMsg_Destroy(msg);
	natsSubscription_Destroy(sub);
	if (s == NATS_OK)
		say("yes",
		    "a mark came through all stages and the broker in "
		    "%lld ms",
		    (long long)(clock_ms() - start));
	else
		say("no",
		    "a mark did not come back within %d s: a stage is "
		    "at work, or changes wait for the broker; meshsync "
		    "status says more",
		    MARK_MS / 1000);
	return s == NATS_OK ? 0 : EXIT_TEMPORARY;
}

static int
check_broker(struct broker_settings *set, const char *control)
{
	unsigned replicas = set->replicas;
	struct sink *sink;
	natsConnection *nc;
	int code = check_place(&set->url), worst;

	if (code)
		return code;
	set->replicas = 0; /* a check makes no stream */
	sink = broker_new(set);
	set->replicas = replicas;
	if ((worst = check_entry(set, sink)) != 0)
		return worst;
	nc = broker_connection(sink);
	/* the last error is all that one is told of: ask for one at a time */
	if ((code = check_requests(nc)) != 0)
		worst = code;
	sink->close(sink);
	if (sink->open(sink) != SINK_OK) {
		say("no", "the connection was lost: %s", sink->why);
		return EXIT_TEMPORARY;
	}
	nc = broker_connection(sink);
	if ((code = check_publish(nc, set->subject)) != 0)
		worst = code;
	if ((code = check_jetstream(nc, set)) != 0)
		worst = code;
	if (!worst && control)
		worst = check_mark(nc, control);
	sink->close(sink);
	return worst;
}

/* ---- the snapshot ---- */

/* Who writes to it now: a pid; 0: nobody. */
static long
writer_of(const char *path)
{
	char name[4096], text[32] = "";
	long pid = 0;
	int fd;

	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK &&
	    read(fd, text, sizeof(text) - 1) > 0)
		pid = strtol(text, NULL, 10);
	close(fd);
	return pid;
}

/* A file that is there: is it a snapshot of ours? */
static int
check_content(const char *path)
{
	sqlite3 *db = NULL;
	bool is_used = writer_of(path) != 0;
	char words[CENSUS_WORDS];
	const char *wrong;
	int version, code, exit_code = 0;
	int64_t n;

	sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
	sqlite3_busy_timeout(db, BUSY_MS);
	wrong = storefile_examine(db, &version, &code);
	if (code != SQLITE_OK) {
		say("no", "the snapshot %s cannot be read: %s", path,
		    sqlite3_errmsg(db));
		exit_code = EXIT_TEMPORARY;
	} else if (wrong) {
		say("no",
		    "%s is no snapshot that can be used (%s): it would be set "
		    "aside and a new one begun; see whether another file is "
		    "meant",
		    path, wrong);
		exit_code = EXIT_PERMANENT;
	} else if (!version) {
		say("yes", "snapshot %s is empty yet, and will be made", path);
	} else {
		n = storefile_ask(db, "SELECT count(*) FROM objects", &code);
		say("yes", "snapshot %s: %lld object%s, %s%s", path,
		    (long long)n, n == 1 ? "" : "s",
		    census_waiting(storefile_ask(db,
				       "SELECT count(*) FROM waiting", &code),
			words),
		    is_used ? "; it is in use, as while meshsync runs" : "");
	}
	sqlite3_close(db);
	return exit_code;
}

static int
check_store(const char *path)
{
	char *copy, *folder;
	struct statvfs fs;
	int code = 0;

	if (!path) {
		say("?",
		    "no --store: the snapshot is a temporary file, and what is "
		    "deleted while nothing runs goes unnoticed");
		return 0;
	}
	copy = diag_strndup(path, strlen(path));
	folder = dirname(copy);
	if (access(folder, W_OK | X_OK) < 0) {
		say("no", "the snapshot cannot be written: %s: %m", folder);
		code = EXIT_PERMANENT;
	} else if (statvfs(folder, &fs) == 0 &&
	    (unsigned long long)fs.f_bavail * fs.f_frsize < LITTLE_ROOM) {
		say("no", "the disk of %s is nearly full: %llu MiB are free",
		    folder,
		    ((unsigned long long)fs.f_bavail * fs.f_frsize) >> 20);
		code = EXIT_TEMPORARY;
	} else if (access(path, F_OK) < 0) {
		say("yes", "snapshot %s is not there yet, and will be made",
		    path);
	} else {
		code = check_content(path);
	}
	free(copy);
	return code;
}

static void
nothing_changes(void *unused)
{
	(void)unused;
}

int
check_run(struct broker_settings *set, bool has_broker, const char *store,
    const char *control)
{
	int broker = 0, snapshot;

	set->changed = nothing_changes;
	if (has_broker)
		broker = check_broker(set, control);
	else
		say("yes", "no broker: messages are only printed");
	snapshot = has_broker || store ? check_store(store) : 0;
	if (fflush(stdout) != 0)
		diag_die(EXIT_TEMPORARY, "unable to write to stdout: %m");
	return broker ? broker : snapshot;
}
