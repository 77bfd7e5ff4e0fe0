#!/usr/bin/python3
"""Health and metrics over HTTP: cases 43 and 47 of the contract's health
endpoints, what /readyz?verbose says, and a lint of /metrics as promtool's."""
from chaos import *
from stream import Cluster, CLUSTER, TIME, dump, record
import re
import urllib.error
import urllib.request


def get(port, path, method="GET"):
    r = urllib.request.Request("http://127.0.0.1:%d%s" % (port, path),
                               method=method,
                               data=b"x" * 70000 if method == "POST" else None)
    try:
        with urllib.request.urlopen(r, timeout=LIMIT) as f:
            return f.status, f.read().decode(), f.headers["Content-Type"]
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(), e.headers["Content-Type"]
    except urllib.error.URLError as e:
        return 0, str(e), ""


def answers(port, path, status, body):
    return until(lambda: get(port, path)[:2] == (status, body))


def says(port, line):
    return until(lambda: re.search(line, get(port, "/readyz?verbose")[1],
                                   re.M)) or \
        note(get(port, "/readyz?verbose")[1])


def series(text):
    """The samples, as {name{labels}: value}."""
    return dict(x.rsplit(" ", 1) for x in text.splitlines()
                if x and not x.startswith("#"))


UNITS = ("seconds", "bytes")
BAD_UNITS = ("milliseconds", "ms", "minutes", "hours", "kilobytes", "mb",
             "percent")


def lint(text):
    """What is wrong with an exposition: the rules of promtool check metrics,
    and of the format itself."""
    wrong, helps, types, seen, last = [], {}, {}, set(), None
    if not text.endswith("\n"):
        wrong.append("no newline at the end")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, _, words = line[7:].partition(" ")
            if name in helps:
                wrong.append("HELP twice: " + name)
            if not words:
                wrong.append("no words of help: " + name)
            helps[name] = last = name
            continue
        if line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            if name in types or name != last:
                wrong.append("TYPE twice, or away from its HELP: " + name)
            types[name] = kind
            continue
        m = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? '
                         r'(-?[0-9.e+-]+|NaN|[+-]Inf)', line)
        if not m:
            wrong.append("no sample: " + line)
            continue
        name, labels = m.group(1), m.group(2)
        if name != last:
            wrong.append("not behind its TYPE: " + line)
        if (name, labels) in seen:
            wrong.append("twice: " + line)
        seen.add((name, labels))
        if labels and not re.fullmatch(
                r'[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
                r'(,[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\[\\"n])*")*', labels):
            wrong.append("labels: " + line)
    for name, kind in types.items():
        if kind not in ("counter", "gauge"):
            wrong.append("type %s: %s" % (kind, name))
        if (kind == "counter") != name.endswith("_total"):
            wrong.append("_total and counter go together: " + name)
        if re.search("[A-Z:]|__", name) or not re.match(
                "meshsync_|process_", name):
            wrong.append("name: " + name)
        if set(name.split("_")) & set(BAD_UNITS):
            wrong.append("unit: " + name)
        for unit in UNITS:
            if unit in name.split("_") and not re.search(
                    unit + "(_total)?$", name):
                wrong.append("the unit is not last: " + name)
        if re.search("counter|gauge|metric", name):
            wrong.append("its type is in its name: " + name)
        if not any(n == name for n, _ in seen):
            wrong.append("no samples: " + name)
    if helps.keys() != types.keys():
        wrong.append("HELP without TYPE: %s" % (helps.keys() ^ types.keys()))
    return wrong


STATUS = {
    "apiVersion": "meshsync.meshery.io/v1", "kind": "Status",
    "ms-watch": {
        "version": "0.1.0", "cpuSecondsTotal": 2.5, "heapBytes": 4711, "ready": True, "connections": {"h2": 2},
        "connectionsTotal": 3, "streams": 23, "recordsTotal": 60,
        "receivedBytesTotal": 123456, "queueBytes": 0,
        "queueBlockedSecondsTotal": 1.25, "goawaysTotal": 1,
        "discovery": {"generation": 1, "complete": True, "ageSeconds": 3.5},
        "credential": {"source": "exec", "ageSeconds": 60.0,
                       "expirySeconds": 840, "readsTotal": 2,
                       "failuresTotal": 0, "refusedTotal": 1},
        "resources": {
            "pods.v1.": {
                "state": "synced", "synced": True, "depth": "full",
                "objects": 20, "lastByteSeconds": 0.1,
                "lastEventSeconds": 0.2, "lastBookmarkSeconds": 40,
                "eventsTotal": {"ADDED": 20, "BOOKMARK": 2},
                "synthesizedTotal": 1, "suppressedTotal": 2,
                "requestsTotal": {"list": {"ok": 1}, "watch": {"eof": 2}},
                "relistsTotal": {"expired": 1},
                "throttledSecondsTotal": 0.5, "backoffLevel": 0,
                "decodeErrorsTotal": 0},
            "secrets.v1.": {"state": "denied", "synced": False,
                            "message": 'secrets is "forbidden"\n',
                            "eventsTotal": {}}}},
    "ms-classify": {"in": 9, "out": 10, "dropped": 1, "bytesIn": 99,
                    "bytesOut": 999, "cpuMs": 1500, "heap": 4096,
                    "objects": 8, "amended": 1, "redacted": 2,
                    "laterTotal": 5, "in_valid": 3, "later": 6},
    "ms-fingerprint": {"in": 10, "out": 11, "dropped": 0, "bytesIn": 1,
                       "bytesOut": 2, "cpuMs": 3, "heap": 4, "objects": 5,
                       "amended": 6, "infrastructures": 7}}

http = free_port()
nats = Nats()
store = path("health.db")
c = Cluster(3, 20)
p = Publish(nats.url(), "--listen", "127.0.0.1:%d" % http, store=store)
ok(answers(http, "/healthz", 200, "ok"), "43: /healthz is 200 ok at once")
ok(get(http, "/readyz")[:2] == (503, "not ready"),
   "43: /readyz is 503 not ready without a broker")
ok(says(http, r"^\[-\]broker failed: 127.0.0.1:\d+: "),
   "/readyz?verbose says that the broker is away, and why")
p.feed(c.sync())
ok(says(http, r"^\[\+\]backlog: 20 changes wait, the oldest for \d+ s$"),
   "and how much waits, and for how long")
ok(get(http, "/readyz?verbose")[0] == 503, "and is 503")
age = series(get(http, "/metrics")[1])["meshsync_backlog_age_seconds"]
ok(until(lambda: float(series(get(http, "/metrics")[1])
                       ["meshsync_backlog_age_seconds"]) > float(age)),
   "the backlog grows older")
nats.up()
ok(answers(http, "/readyz", 200, "ok"), "43: /readyz is 200 ok with one")
ok(says(http, "^readyz check passed$"), "/readyz?verbose passes")
code, said, kind = get(http, "/readyz?verbose")
ok(code == 200 and "[+]broker ok: 127.0.0.1:" in said and
   "[+]resources ok: 3 synced, 0 denied, 0 not synced" in said and
   "[+]backlog: none" in said and "[+]confirmed: change 20, " in said and
   "[+]snapshot ok: 20 objects in " + store in said,
   "in words: broker, resources, snapshot, backlog, last confirmed") or \
    note(said)

# Resources that are not as one might wish.
p.feed([record("SYNC", {"resource": "secrets.v1.", "phase": "denied"}),
        record("SYNC", {"resource": "foos.v1.x", "phase": "begin",
                        "complete": True}),
        record("SYNC", {"resource": "pods.v1.", "phase": "begin",
                        "complete": False})])
ok(says(http, r"^\[-\]resource foos.v1.x is syncing$"),
   "a resource that is not synced is named")
said = get(http, "/readyz?verbose")
ok(said[0] == 503 and "resources failed: 3 synced, 1 denied, 1 not synced"
   in said[1], "and it is 503; a relist of differences is no matter")
p.feed([dump({"type": "STATUS", "ms": {"cluster": CLUSTER, "time": TIME},
              "object": STATUS}),
        record("SYNC", {"resource": "foos.v1.x", "phase": "gone"})])
ok(says(http, r'^\[!\]resource secrets.v1. is denied: secrets is "forbidden" '
        r'$'), "of a denied one, what the API server said")
ok(get(http, "/readyz?verbose")[0] == 200, "a denied one is no failure")
ok(says(http, r"^\[\+\]stages ok: "), "and when the stages were heard of")

away = json.loads(json.dumps(STATUS))
away["ms-watch"]["resources"]["pods.v1."].update(
    state="backoff", message="unable to reach 10.0.0.1: Connection refused")
p.feed([dump({"type": "STATUS", "object": away})])
ok(says(http, r"^\[!\]watches partly failed: 1 of 2 resources cannot be "
        r"watched now: unable to reach 10.0.0.1: Connection refused$"),
   "what is synced and cannot be watched now is told")
del away["ms-watch"]["resources"]["secrets.v1."]
p.feed([dump({"type": "STATUS", "object": away})])
ok(says(http, r"^\[-\]watches failed: 1 of 1 ") and
   get(http, "/readyz?verbose")[0] == 503, "if it is all, that is a failure")
p.feed([dump({"type": "STATUS", "ms": {"cluster": CLUSTER, "time": TIME},
              "object": STATUS})])
ok(says(http, r"^\[\+\]watches ok: 2 resources$"), "and when it is over")

# Metrics.
code, text, kind = get(http, "/metrics")
ok(code == 200 and kind == "text/plain; version=0.0.4; charset=utf-8",
   "/metrics is Prometheus text")
wrong = lint(text)
ok(not wrong, "its lint is clean") or note("\n".join(wrong))
m = series(text)
for name, value in {
        'meshsync_messages_published_total{event="ADDED"}': 20,
        "meshsync_broker_up": 1, "meshsync_broker_connections_total": 1,
        "meshsync_backlog_changes": 0, "meshsync_backlog_age_seconds": 0,
        "meshsync_confirmed_change": 20, "meshsync_ready": 1,
        'meshsync_objects{resource="deployments.v1.apps"}': 6,
        'meshsync_resource_state{resource="pods.v1.",state="synced"}': 1,
        'meshsync_stage_cpu_seconds_total{stage="ms-classify"}': 1.5,
        'meshsync_stage_cpu_seconds_total{stage="ms-watch"}': 2.5,
        'meshsync_stage_heap_bytes{stage="ms-watch"}': 4711,
        'meshsync_stage_records_written_total{stage="ms-watch"}': 60,
        'meshsync_stage_read_bytes_total{stage="ms-watch"}': 123456,
        'meshsync_stage_records_read_total{stage="ms-fingerprint"}': 10,
        'meshsync_stage_records_written_total{stage="ms-publish"}': 20,
        "meshsync_classify_redacted_total": 2,
        "meshsync_classify_later_total": 5, "meshsync_classify_later": 6,
        "meshsync_fingerprint_infrastructures": 7,
        "meshsync_watch_streams": 23,
        'meshsync_watch_connections{protocol="h2"}': 2,
        "meshsync_watch_credential_expiry_seconds": 840,
        "meshsync_watch_queue_blocked_seconds_total": 1.25,
        "meshsync_watch_discovery_complete": 1,
        'meshsync_watch_objects{resource="pods.v1."}': 20,
        'meshsync_watch_synced{resource="secrets.v1."}': 0,
        'meshsync_watch_events_total{resource="pods.v1.",event="ADDED"}': 20,
        'meshsync_watch_requests_total{resource="pods.v1.",request="watch",'
        'outcome="eof"}': 2}.items():
    ok(float(m.get(name, "NaN")) == value, name) or note(m.get(name))
ok(float(m['meshsync_stage_records_read_total{stage="ms-publish"}']) > 20 and
   float(m["process_resident_memory_bytes"]) > 1e6 and
   abs(float(m["process_start_time_seconds"]) - time.time()) < 600 and
   float(m["meshsync_pipe_latency_seconds"]) >= 0,
   "what depends on the run is there too")

# Odd names must not break the format.
p.feed([record("SYNC", {"resource": 'a"\\b\nc', "phase": "denied"}),
        dump({"type": "STATUS", "object": {"ms-watch": {"resources": {
            'x"\\y': {"objects": 1}, "z": 3}, "connections": 7,
            "discovery": []}, "ms-classify": [], "ms-publish": {"in": 1}}})])
ok(until(lambda: "meshsync_watch_objects" in get(http, "/metrics")[1] and
         'x\\"\\\\y' in get(http, "/metrics")[1]), "odd names are escaped")
wrong = lint(get(http, "/metrics")[1])
ok(not wrong, "and lint is clean again") or note("\n".join(wrong))

# Of HTTP: any method, other paths, many at once.
ok(get(http, "/healthz", "POST")[:2] == (200, "ok") and
   get(http, "/readyz", "HEAD")[0] == 200, "any method will do")
ok(get(http, "/")[0] == 404, "other paths are 404")
idle = [socket.create_connection(("127.0.0.1", http)) for _ in range(8)]
ok(answers(http, "/healthz", 200, "ok"), "idle connections do not block it")
for s in idle:
    s.close()

# The port is taken: told, and the run goes on.
q = Publish(nats.url(), "--listen", "127.0.0.1:%d" % http,
            store=path("other.db"))
q.feed(c.sync())
ok(q.end() == 0 and "unable to listen on 127.0.0.1:%d: Address already in use"
   % http in q.said(), "43: a busy port is warned about; the run goes on")
ok(owed(path("other.db")) == 0, "and everything is published")
nats.kill()
ok(says(http, r"^\[-\]broker failed: "), "the broker goes: it is said")
ok(get(http, "/readyz")[:2] == (200, "ok"), "43: /readyz stays 200 ok")
ok(float(series(get(http, "/metrics")[1])["meshsync_broker_up"]) == 0,
   "and meshsync_broker_up is 0")
key = next(k for k in c.live if k[0] == 2)
p.feed([record("DELETED", Cluster.ms(2), c.live[key])])
ok(says(http, r"^\[\+\]backlog: 1 change waits, the oldest for \d+ s$"),
   "a deletion waits")
ok(series(get(http, "/metrics")[1])[
    'meshsync_objects{resource="deployments.v1.apps"}'] == "5" and
   says(http, r"^\[\+\]snapshot ok: 19 objects in "),
   "and is no object any more")
p.kill()

for where in ("x", ":", "1.2.3.4:", ":70000", "[::1]:x"):
    s = subprocess.run([PUBLISH, "--to", "-", "--listen", where], input=b"",
                       capture_output=True, timeout=LIMIT)
    ok(s.returncode == 100 and s.stderr.count(b"\n") == 1,
       "--listen %s is a wrong use" % where) or note(s.stderr.decode())
for where in (":0", "[::1]:0", "127.0.0.1:0", "localhost:0"):
    s = subprocess.run([PUBLISH, "-v", "--to", "-", "--listen", where],
                       input=b"", capture_output=True, timeout=LIMIT)
    ok(s.returncode == 0 and b"listening on port " in s.stderr,
       "--listen %s" % where) or note(s.stderr.decode())
done()
