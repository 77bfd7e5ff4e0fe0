#!/usr/bin/python3 -B
"""Watches: how they end, and what must not be lost or told twice when they do.
Numbers are those of the research's cases."""
import asyncio
import gzip
import json
import time
from email.utils import formatdate

from apiserver import BIN, CONFIGMAPS, PODS, Server, Watch, done, hurry, ok, \
    same, status_object

ONLY_PODS = ("--resource", "pods")


def is_event(kind, name):
    return lambda r: r["type"] == kind and \
        r["object"]["metadata"]["name"] == name


def watches(server):
    return [r for r in server.seen("/api/v1/pods") if r.is_watch() and
            not r.is_stream()]


def lists(server):
    return [r for r in server.seen("/api/v1/pods")
            if not r.is_watch() or r.is_stream()]


def gaps(requests, times):
    """Seconds between them, as ms-watch counts."""
    at = [r.time for r in requests]
    return [(b - a) * times for a, b in zip(at, at[1:])]


def synced(server, *args, env=None):
    w = Watch(server, *ONLY_PODS, *args, env=env)
    w.wait_ready()
    # one that is answered: a hook from here on is for the next
    server.wait(lambda: any(r.is_open and r.is_answered
                            for r in server.seen("/api/v1/pods")
                            if r.is_watch()), "a watch")
    return w


def first(answer, count=1):
    """Give this answer to the next watches that resume."""
    left = [count]

    async def hook(r):
        if not r.is_watch() or r.is_stream() or not left[0]:
            return False
        left[0] -= 1
        return await answer(r) or True
    return hook


async def expired_event(r):
    await r.start()
    await r.send({"type": "ERROR", "object": status_object(410, "Expired")})
    await r.end()


async def expired_answer(r):
    await r.fail(410, "Expired", "too old")


def test_bookmarks():
    with Server(PODS) as server, synced(server) as w:
        sent = []

        async def mark(r):
            await r.start()
            await r.send(server.bookmark(PODS, 5000))
            await asyncio.sleep(0.1)
            await r.end()
            sent.append(True)
        server.hook(first(mark))
        server.cut()
        server.wait(lambda: server.seen(resourceVersion="5000"),
                    "42. the watch goes on from a bookmark")
        same(w.find(lambda r: r["type"] == "BOOKMARK"), [],
             "42. bookmarks are not printed")
        same(len(lists(server)), 1, "42. nothing is listed again")


def test_resume():
    with Server(PODS) as server, synced(server) as w:
        server.put("pods", "a")
        w.wait(is_event("ADDED", "a"), "a")
        rv = str(server.rv)

        async def half(r):
            text = json.dumps(server.event(PODS, "ADDED", server.make(
                "pods", "b")))
            await r.start()
            await r.send(text[:40])
            await r.end()
        server.hook(first(half))
        server.cut()
        server.wait(lambda: len(server.seen(resourceVersion=rv)) == 2,
                    "36. half an event: the same version again")
        server.put("pods", "b")
        w.wait(is_event("ADDED", "b"), "b")
        same(len(w.find(is_event("ADDED", "b"))), 1, "36. it comes once")
        same(len(lists(server)), 1, "36. nothing is listed again")


def change_much(server):
    """One gone, one changed, one born again, 97 as they were."""
    server.delete("pods", "p000", quietly=True)
    server.put("pods", "p001", quietly=True)
    server.put("pods", "p002", quietly=True,
               uid="99999999-0000-4000-8000-000000000000")


DIFFERENCE = ["pods DELETED p000 synthetic 101", "pods MODIFIED p001 202",
              "pods DELETED p002 synthetic 103", "pods ADDED p002 203"]


def test_expired(how, answer, streams):
    with Server(PODS, streams=streams) as server:
        for i in range(100):
            server.put("pods", f"p{i:03d}")
        with synced(server) as w:
            before = len(w.records)
            server.hook(first(answer))
            change_much(server)
            server.compact()
            server.cut()
            w.wait_synced("pods.v1.", 2)
            told = w.digests(before)
            same(told[0], "pods begin expired", f"43. {how}: a new sync")
            same(told[-1], f"pods end {server.rv}", f"44. {how}: it ends")
            same(sorted(told[1:-1]), sorted(DIFFERENCE),
                 f"44. {how}: exactly the difference")
            begin = w.find(lambda r: r["ms"].get("phase") == "begin")[1]
            same(begin["ms"]["complete"], False, f"44. {how}: it says so")
            again = lists(server)[-1]
            same((again.query.get("resourceVersion"),
                  again.query.get("resourceVersionMatch")),
                 ("200", "NotOlderThan"), f"43. {how}: not older than ours")


def test_expired_twice():
    with Server(PODS, streams=False) as server:
        server.put("pods", "a")
        with synced(server) as w:
            refused = []

            async def answer(r):
                if r.query.get("resourceVersion") and len(refused) < 2:
                    refused.append(r.query["resourceVersion"])
                    await expired_answer(r)
                    return True
                return False
            server.hook(answer)
            server.cut()
            w.wait_synced("pods.v1.", 2)
            same(("resourceVersion" in lists(server)[-1].query), False,
                 "43. a second 410: the newest version")


def test_too_large():
    for form, body in (("as a cause", status_object(
            504, "Timeout", "Timeout", {"causes": [
                {"reason": "ResourceVersionTooLarge"}]})),
            ("in words", status_object(
                504, "Timeout", "Too large resource version: 9, current: 8"))):
        with Server(PODS, streams=False) as server, synced(server) as w:
            async def answer(r):
                if r.is_watch() or "resourceVersion" not in r.query:
                    return False
                await r.reply(504, body)
                return True
            server.hook(answer)
            server.hook(first(expired_event))
            server.cut()
            w.wait_synced("pods.v1.", 2)
            tried = [("resourceVersion" in r.query) for r in lists(server)
                     if not r.is_watch()]
            same(tried, [False, True, False],
                 f"31. too large a version, {form}: then without")


def test_retry_after():
    async def plain(r):
        await r.start(429, [("retry-after", "2")])
        await r.send(b"Too many requests, please try again later.\n")
        await r.end()

    async def dated(r):
        await r.start(429, [("retry-after", formatdate(
            time.time() + 3, usegmt=True))])
        await r.end()

    async def event(r):
        await r.start()
        await r.send({"type": "ERROR", "object": status_object(
            429, "TooManyRequests", "", {"retryAfterSeconds": 2})})
        await r.end()

    async def late(r):
        await asyncio.sleep(0.5)
        await plain(r)
    for name, answer, least in (
            ("seconds", plain, 1.9), ("a date", dated, 1.9),
            ("an ERROR event", event, 1.9),
            ("seconds, after some", late, 3.9)):
        with Server(PODS) as server, synced(server, env=hurry(4)) as w:
            server.hook(first(answer))
            server.cut()
            server.wait(lambda: len(watches(server)) >= 2, "a second watch")
            one, two = watches(server)[:2]
            waited = gaps([one, two], 4)
            ok(waited[0] >= least, f"45. 429 with {name}: not before", waited)
            same(one.query["resourceVersion"], two.query["resourceVersion"],
                 f"45. 429 with {name}: the same version")
            same(len(lists(server)), 1, f"45. 429 with {name}: no list")


def test_server_errors():
    with Server(PODS) as server, synced(server, env=hurry(5)) as w:
        async def sad(r):
            await r.fail(500, "InternalError", "sad")
        server.hook(first(sad, 3))
        server.cut()
        server.wait(lambda: len(watches(server)) == 4, "46. four watches")
        times = gaps(watches(server), 5)
        ok(times[0] >= 0.4 and times[2] >= 1.6, "46. ever longer pauses",
           times)
        same(len(lists(server)), 1, "46. errors of the server: no list")
        server.put("pods", "a")
        ok(w.wait(is_event("ADDED", "a"), "a"), "46. and then it goes on")
        same(w.stderr().count("500: sad"), 1, "one warning, not one each")


def test_short_ends():
    with Server(PODS) as server, synced(server, env=hurry(5)):
        async def close(r):
            await r.start()
            await r.end()
        server.hook(first(close, 1000))
        server.cut()
        server.wait(lambda: len(watches(server)) >= 4, "51. four watches")
        times = gaps(watches(server)[:4], 5)
        ok(sum(times) >= 2, "51. no hot loop", times)
        same(len(lists(server)), 1, "51. and no list")


# as a real server puts it
LONG = 'configmaps is forbidden: User "system:serviceaccount:' + \
    "meshery-operator:meshery-meshsync-with-a-long-name" * 2 + \
    '" cannot list resource "configmaps" in API group "" at the cluster scope'


def test_denied():
    with Server(PODS, CONFIGMAPS) as server:
        for name in ("a", "b"):
            server.put("pods", name)

        async def forbid(r):
            if r.path != "/api/v1/configmaps":
                return False
            await r.fail(403, "Forbidden", LONG)
            return True
        server.hook(forbid)
        with Watch(server) as w:
            ready = w.wait_ready()[0]["ms"]
            same(ready["resources"],
                 {"pods.v1.": "synced", "configmaps.v1.": "denied"},
                 "47. one forbidden kind, and ready comes")
            said = [d for d in w.digests() if d.startswith("configmaps")]
            same(said, ["configmaps denied"], "47. it is told as denied")
            ok("configmaps.v1. is not watched" in w.stderr() and
               LONG in w.stderr(), "47. with the reason, however long",
               w.stderr())
            same(w.stop(), 0, "47. SIGTERM: 0")
        with Watch(server, "--once") as w:
            same(w.end(), 0, "--once with a forbidden kind: 0")


def test_revoked():
    with Server(PODS) as server:
        server.put("pods", "a")
        with synced(server) as w:
            async def forbid(r):
                await r.fail(403, "Forbidden", "no more")
                return True
            server.hook(forbid)
            server.cut()
            w.wait(lambda r: r["ms"].get("phase") == "denied", "denied")
            same(w.find(lambda r: r["type"] == "DELETED"), [],
                 "47. rights that are taken away delete nothing")


def test_go_away():
    resources = [PODS, CONFIGMAPS]
    with Server(*resources) as server, Watch(server) as w:
        w.wait_ready()
        server.wait(lambda: sum(r.is_open for r in server.requests) == 2,
                    "two watches")
        streams = sorted(r.stream for r in server.requests if r.is_open)

        async def bye():
            server.links[0].go_away(streams[0])
        server.run(bye())
        server.wait(lambda: len(server.links) == 2,
                    "49. GOAWAY: a new connection")
        server.put("pods", "a")
        server.put("configmaps", "b")
        ok(w.wait(is_event("ADDED", "a"), "a") and
           w.wait(is_event("ADDED", "b"), "b"), "49. both go on")
        same(len([r for r in server.requests if r.is_stream()]), 2,
             "49. without a list")


def test_odd_events():
    with Server(PODS) as server:
        server.put("pods", "known")
        with synced(server) as w:
            before = len(w.records)
            known = server.select(PODS, None)[0]

            async def odd(r):
                newer = json.loads(json.dumps(known))
                newer["metadata"]["resourceVersion"] = "150"
                other = server.make("pods", "other")
                other["metadata"]["resourceVersion"] = "151"
                await r.start()
                for kind, obj in (("NOVEL", {"x": 1}), ("ADDED", known),
                                  ("ADDED", newer), ("DELETED", other),
                                  ("MODIFIED", other)):
                    await r.send(server.event(PODS, kind, obj))
                await r.until_closed()
            server.hook(first(odd))
            server.cut()
            w.wait(is_event("ADDED", "other"), "the last of them")
            same(w.digests(before),
                 ["pods MODIFIED known 150", "pods DELETED other 151",
                  "pods ADDED other 151"],
                 "53. odd events are told as what they are")


def test_no_version():
    """An event that says nowhere to go on from: the server is asked what there
    is."""
    with Server(PODS) as server:
        server.put("pods", "a")
        server.put("pods", "b")
        with synced(server) as w:
            before = len(w.records)

            async def bare(r):
                gone = server.make("pods", "a")
                await server._delete(("pods", "default", "a"), True)
                await r.start()
                await r.send(server.event(PODS, "DELETED", gone))
                await r.until_closed()
            server.hook(first(bare))
            server.cut()
            w.wait_synced("pods.v1.", 2)
            same(w.digests(before), [
                "pods begin expired", "pods DELETED a synthetic 101",
                f"pods end {server.rv}"],
                 "53. an event without resourceVersion: a list")


def test_poison():
    with Server(PODS) as server, synced(server, env=hurry(20)) as w:
        async def poison(r):
            await r.start()
            await r.send("}poison\n")
            await r.until_closed()
        server.hook(first(poison, 3))
        server.cut()
        w.wait_synced("pods.v1.", 2)
        same(len(watches(server)), 3, "poison at a version three times: a list")


def test_gzip():
    with Server(PODS) as server, synced(server) as w:
        async def compress(r):
            await r.start(200, [("content-encoding", "gzip")])
            await r.send(gzip.compress(b'{"type":"ADDED"'))
            await r.send(gzip.compress(b'}\n'))
            await r.until_closed()
        server.hook(first(compress))
        server.cut()
        server.wait(lambda: len(watches(server)) == 2, "another watch")
        ok("makes no sense" in w.stderr(), "37. a gzipped watch is an error",
           w.stderr())
        same([r for r in server.requests if r.is_watch() and
              "accept-encoding" in r.headers], [],
             "37. which nobody asked for")


def memory(w, name):
    with open(f"/proc/{w.process.pid}/status") as f:
        return next(int(x.split()[1]) for x in f if x.startswith(name))


def test_big_object():
    with Server(PODS) as server, synced(server) as w:
        big = server.make("pods", "big", data="x" * (33 << 20))
        before = memory(w, "VmRSS")

        async def send():
            await server._put(("pods", "default", "big"), big, False)
        asyncio.run_coroutine_threadsafe(send(), server.loop)
        found = w.wait(lambda r: r["type"] == "ADDED", "the big one")
        same((found[0]["ms"].get("truncated"), found[0]["object"]["metadata"]),
             (True, big["metadata"]), "54. an object over the cap: identity")
        server.put("pods", "small")
        ok(w.wait(is_event("ADDED", "small"), "small"), "54. and on it goes")
        after = memory(w, "VmRSS")
        ok(after - before <= 4096 or "san" in BIN, "54. memory is given back",
           f"{before} {after} KiB, of {memory(w, 'VmHWM')}")


def test_requests():
    with Server(PODS) as server, synced(server) as w:
        server.put("pods", "a")
        w.wait(is_event("ADDED", "a"), "a")
        server.cut()
        server.wait(lambda: watches(server), "a second watch")
        agents = {r.headers.get("user-agent") for r in server.requests}
        ok(all(a and a.startswith("meshsync/") for a in agents),
           "64. the user agent is ours", agents)
        ok(all("sendInitialEvents" in r.query for r in server.requests
               if "resourceVersionMatch" in r.query),
           "64. resourceVersionMatch only with sendInitialEvents")
        times = [int(r.query["timeoutSeconds"]) for r in server.requests
                 if r.is_watch()]
        ok(all(300 <= t < 600 for t in times), "watches have an end", times)
        ok(all(r.query.get("allowWatchBookmarks") == "true"
               for r in watches(server)), "and bookmarks")
        ok(server.connections <= 3, "connections are shared",
           server.connections)


def test_selectors():
    with Server(PODS) as server:
        server.put("pods", "a", namespace="one")
        server.put("pods", "b", namespace="two")
        server.put("pods", "c", namespace="three")
        with Watch(server, *ONLY_PODS, "-n", "one,two", "-l", "a=b,c in (d)"
                   ) as w:
            w.wait_ready()
            same(w.digests(), [
                "pods begin start", "pods ADDED a 101",
                f"pods end {server.rv}", "pods begin start",
                "pods ADDED b 102", f"pods end {server.rv}", "ready"],
                 "-n: only these namespaces, one after the other")
            scopes = [r["ms"]["scope"] for r in w.records
                      if r["ms"].get("phase") == "begin"]
            same(scopes, [{"namespaces": [n], "labelSelector": "a=b,c in (d)"}
                          for n in ("one", "two")], "and begin says so")
            same({r.query.get("labelSelector") for r in server.requests
                  if r.path.endswith("/pods")}, {"a=b,c in (d)"},
                 "-l is passed on")


test_bookmarks()
test_resume()
for streams in (True, False):
    kind = "stream" if streams else "list"
    test_expired(f"ERROR 410, {kind}", expired_event, streams)
    test_expired(f"HTTP 410, {kind}", expired_answer, streams)
test_expired_twice()
test_too_large()
test_retry_after()
test_server_errors()
test_short_ends()
test_denied()
test_revoked()
test_go_away()
test_odd_events()
test_no_version()
test_poison()
test_gzip()
test_big_object()
test_requests()
test_selectors()
done()
