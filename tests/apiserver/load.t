#!/usr/bin/python3 -B
"""What ms-watch asks of a server that has much to serve, or too much to do.
Numbers are those of the research's cases."""
import asyncio
import math

from apiserver import BIN, CONFIGMAPS, DEPLOYMENTS, PODS, Resource, Server, \
    Watch, done, hurry, ok, same

HURRY = 5           # times that the clock of ms-watch runs faster
FAST = hurry(HURRY)
LEVEL = "x-kubernetes-pf-prioritylevel-uid"


def kinds(n):
    return [Resource(f"foos{i:03d}", "Foo", f"g{i % 7}.example.com",
                     namespaced=False) for i in range(n)]


def is_watched(server, n):
    return lambda: len({r.path for r in list(server.requests)
                        if r.is_open and r.is_watch()}) == n


def starts(server, since=0):
    """When watches were asked for, in seconds of ms-watch."""
    at = sorted(r.time for r in server.requests[since:] if r.is_watch())
    return [(t - at[0]) * HURRY for t in at]


def memory(w):
    with open(f"/proc/{w.process.pid}/status") as f:
        return next(int(x.split()[1]) for x in f if x.startswith("VmRSS"))


def test_many():
    with Server(*kinds(1)) as server, Watch(server) as w:
        w.wait_ready()
        least = memory(w)
    with Server(*kinds(500)) as server:
        most_open = [0]

        async def count(r):
            if r.is_stream():
                under_way = [x for x in server.requests if x.is_stream() and
                             x.is_open and not getattr(x, "is_done", 0)]
                most_open[0] = max(most_open[0], len(under_way))
            return False
        mark = server.bookmark

        def bookmark(resource, rv, is_end=False):
            for r in server.requests:
                if r.path.endswith("/" + resource.name) and is_end:
                    r.is_done = True
            return mark(resource, rv, is_end)
        server.bookmark = bookmark
        server.hook(count)
        with Watch(server, env=FAST) as w:
            w.wait_ready()
            server.wait(is_watched(server, 500), "500 watches")
            w.wait(lambda r: r["ms"].get("phase") == "end", "ends", 500)
            each = (memory(w) - least) / 499
            ok(each <= 65 or "san" in BIN, "59. 65 KB a watch at most", each)
            limit = server.links[0].h2.local_settings.max_concurrent_streams
            ok(server.connections <= math.ceil(500 / limit) + 1,
               "59. 500 kinds share connections",
               f"{server.connections} connections of {limit} streams")
            ok(1 <= most_open[0] <= 8, "59. 8 snapshots at a time at most",
               most_open)
            times = [int(r.query["timeoutSeconds"]) for r in server.requests
                     if r.is_watch()]
            buckets = [0] * 10
            for t in times:
                buckets[(t - 300) // 30] += 1
            ok(max(buckets) < 100, "61. watches end at different times",
               buckets)

            before = len(server.requests)
            server.cut()
            server.wait(lambda: len(server.requests) > before, "the first")
            server.wait(is_watched(server, 500), "500 watches again")
            times = starts(server, before)
            # what had begun before it was clear that all have failed
            # (or while this machine was busy with something else)
            early = sum(t < 1 for t in times)
            rate = (500 - early) / (times[-1] - 1)
            ok(early <= 200 and rate <= 30, "59. they come back at 20 a second",
               early, rate, [round(t, 1) for t in times[::20]])
            same([r.target for r in server.requests[before:]
                  if r.is_stream()], [], "59. none of them with a list")


def test_plain():
    with Server(*kinds(500), plain=True) as server:
        with Watch(server) as w:
            w.wait_ready()
            ok(server.wait(is_watched(server, 500), "500 watches"),
               "59. a server of HTTP/1.1: 500 watches are open")


def name_level(r, level):
    start = r.start

    async def start_with_level(status=200, headers=()):
        await start(status, [*headers, (LEVEL, level)])
    r.start = start_with_level


async def end_watches(server, path):
    for r in [r for r in server.requests if r.is_open and r.path == path]:
        await r.end()


def test_gate():
    """Pods and configmaps are of one level, deployments of another."""
    with Server(PODS, CONFIGMAPS, DEPLOYMENTS) as server:
        send = {}
        refused = []

        async def answer(r):
            if not r.is_watch():
                return False
            name_level(r, "two" if r.path.endswith("/deployments") else "one")
            if send.get(r.path) and not r.is_stream():
                refused.append(r)
                del send[r.path]
                await r.start(429, [("retry-after", "3")])
                await r.send("Too many requests")
                await r.end()
                return True
            return False
        server.hook(answer)
        with Watch(server) as w:
            w.wait_ready()
            server.wait(is_watched(server, 3), "three watches")
            before = len(server.requests)
            send["/api/v1/pods"] = True

            server.run(end_watches(server, "/api/v1/pods"))
            server.wait(lambda: refused, "a refusal")
            same(len([r for r in server.requests if r.is_open and
                      r.is_watch() and r.path != "/api/v1/pods"]), 2,
                 "60. a refusal of one: other watches go on")
            server.run(end_watches(server, "/api/v1/configmaps"))
            server.run(end_watches(server, "/apis/apps/v1/deployments"))
            server.wait(is_watched(server, 3), "three watches again")
            came = {r.path.split("/")[-1]: r.time - refused[0].time
                    for r in server.requests[before:] if r.is_open}
            ok(came["pods"] >= 2.9 and came["configmaps"] >= 2.9,
               "60. 429 by flow control: its level waits as long as it says",
               came)
            ok(came["deployments"] < min(came["pods"], came["configmaps"]),
               "60. another level does not", came)


def test_storage():
    """429 as a Status: one resource's storage is not ready. The level that it
    names is that of all requests."""
    with Server(PODS, CONFIGMAPS) as server:
        refused = []

        async def answer(r):
            name_level(r, "one")
            if r.path != "/api/v1/pods" or r.is_stream() or refused:
                return False
            refused.append(r)
            await r.fail(429, "TooManyRequests", "storage is "
                         "(re)initializing", {"retryAfterSeconds": 60})
            return True
        server.hook(answer)
        with Watch(server) as w:
            w.wait_ready()
            server.wait(is_watched(server, 2), "two watches")
            server.run(end_watches(server, "/api/v1/pods"))
            server.wait(lambda: refused, "a refusal")
            server.run(end_watches(server, "/api/v1/configmaps"))
            ok(server.wait(is_watched(server, 1), "configmaps again"),
               "what one resource's storage refuses holds no other up")


def test_breaker():
    """At half the haste: failures count together for five seconds."""
    with Server(*kinds(40)) as server, Watch(server, env=hurry(2)) as w:
        w.wait_ready()
        server.wait(is_watched(server, 40), "40 watches")
        tries, under_way = [], []
        is_down = [True]

        async def down(r):
            if not r.is_watch() or not is_down[0]:
                return False
            under_way.append(r)
            tries.append(len(under_way))
            await asyncio.sleep(0.01)
            under_way.remove(r)
            await r.fail(503, "ServiceUnavailable", "apiserver is down")
            return True
        server.hook(down)
        server.cut()
        server.wait(lambda: len(tries) >= 45, "tries")
        same(max(tries[40:]), 1, "most of them have failed: one tries at a "
             "time")
        count = len(server.requests)
        is_down[0] = False
        ok(server.wait(is_watched(server, 40), "40 watches"),
           "the server answers one, and then all")
        back = [r.time for r in server.requests[count:] if r.is_watch()]
        ok((max(back) - min(back)) * 2 > 5, "spread over some time",
           max(back) - min(back))


test_many()
test_plain()
test_gate()
test_storage()
test_breaker()
done()
