#!/usr/bin/python3 -B
"""What takes minutes: silences, long waits, versions that go back. The clock of
ms-watch runs faster here. Numbers are those of the research's cases."""
import asyncio
import re
import time

from apiserver import CONFIGMAPS, PODS, Resource, Server, Watch, digest, \
    done, hurry, ok, same, status_object

ONLY_PODS = ("--resource", "pods")
CRDS = Resource("customresourcedefinitions", "CustomResourceDefinition",
                "apiextensions.k8s.io", namespaced=False, short=["crd"])
FOOS = Resource("foos", "Foo", "example.com", short=["fo"])


def pods(server, **query):
    return server.seen("/api/v1/pods", **query)


def streams(server):
    return [r for r in pods(server) if r.is_stream()]


def lists(server):
    return [r for r in pods(server) if not r.is_watch()]


def resumes(server):
    return [r for r in pods(server) if r.is_watch() and not r.is_stream()]


def gaps(requests, times):
    """Seconds between them, as ms-watch counts."""
    at = [r.time for r in requests]
    return [round((b - a) * times, 1) for a, b in zip(at, at[1:])]


def waits(w, resource):
    """What ms-watch (-v) has made up its mind to wait, in its own seconds: how
    long that takes here says something about this machine, too."""
    return [float(x) for x in re.findall(
        re.escape(resource) + r": again in ([\d.]+) s", w.stderr())]


def settled(server, path="/api/v1/pods"):
    """A watch of this path is there and answered: a hook from here on is for
    the next."""
    server.wait(lambda: any(r.is_open and r.is_answered and r.is_watch()
                            for r in server.seen(path)), "a watch")


def is_event(kind, name):
    return lambda r: r["type"] == kind and \
        r["object"]["metadata"]["name"] == name


async def expired(r):
    await r.start()
    await r.send({"type": "ERROR", "object": status_object(410, "Expired")})
    await r.end()


def once(answer, test):
    """Give this answer to the next request of which test is true."""
    left = [1]

    async def hook(r):
        if not left[0] or not test(r):
            return False
        left[0] -= 1
        await answer(r)
        return True
    return hook


def resumed(r):
    return r.path.endswith("/pods") and r.is_watch() and not r.is_stream()


def test_silent_stream():
    with Server(PODS, CONFIGMAPS) as server:
        server.put("pods", "a")

        async def answer(r):
            if not r.is_stream():
                return False
            await r.start()
            for obj in server.select(PODS, None):
                await r.send(server.event(PODS, "ADDED", obj))
            await r.send(server.bookmark(PODS, 7))
            await r.until_closed()
            return True
        server.hook(answer)
        with Watch(server, *ONLY_PODS, env=hurry(20)) as w:
            w.wait_ready()
            same(w.digests(), [
                "pods begin start", "pods ADDED a 101", "pods aborted",
                "pods begin start", "pods ADDED a 101",
                f"pods end {server.rv}", "ready"],
                 "39. a streaming list without its mark: a list, after 30 s")
            one, two = streams(server)[0], lists(server)[0]
            ok((two.time - one.time) * 20 >= 29, "39. not earlier",
               two.time - one.time)
            settled(server)
            server.hook(once(expired, resumed))
            server.cut()
            w.wait_synced("pods.v1.", 2)
            same(len(streams(server)), 1, "39. which is remembered")


def test_group_version():
    others = [Resource(f"foos{i}", "Foo", "example.com") for i in range(12)]
    with Server(PODS, *others, streams=False) as server:
        with Watch(server) as w:
            w.wait_ready()
            asked = {}
            for r in server.requests:
                if r.is_stream():
                    group = r.path.rsplit("/", 1)[0]
                    asked[group] = asked.get(group, 0) + 1
            ok(asked["/apis/example.com/v1"] <= 8, "38. what one kind of a "
               "group version cannot do is not asked of the others", asked)


def test_server_errors():
    with Server(PODS) as server, \
            Watch(server, *ONLY_PODS, "-v", env=hurry(100)) as w:
        w.wait_ready()
        sent = []

        async def sad(r):
            if not resumed(r) or len(sent) > 20:
                return False
            sent.append(r)
            if len(sent) <= 20:
                await r.fail(500, "InternalError", "sad")
            else:           # a success that does not last
                await r.start()
                await r.send(server.bookmark(PODS, 103))
                await r.reset()
            return True
        server.hook(sad)
        server.cut()
        server.wait(lambda: len(sent) == 21 and resumes(server)[-1].is_open,
                    "46. 22 watches")
        told = waits(w, "pods.v1.")     # the first is for the cut
        ok(max(told) <= 45, "46. pauses grow up to 30 s, and half of that by "
           "chance", told)
        ok(min(told[8:]) >= 15 and min(told[1:3]) < 15,
           "46. and stay there", told)
        ok(len({round(t) for t in told[8:]}) > 2, "46. not all the same", told)
        same(len(lists(server)) + len(streams(server)), 1, "46. no list")
        ok(told[-1] >= 15,
           "46. a success of less than 2 min does not make it forget", told)


def test_bad():
    """The list is fine, and the watch from where it stands is refused."""
    with Server(PODS) as server, \
            Watch(server, *ONLY_PODS, "-v", env=hurry(20)) as w:
        w.wait_ready()

        async def bad(r):
            if not resumed(r):
                if r.is_stream():
                    await r.fail(422, "Invalid", "sendInitialEvents")
                return r.is_stream()
            return await r.fail(400, "BadRequest", "no idea") or True
        server.hook(bad)
        server.cut()
        server.wait(lambda: len(resumes(server)) >= 6, "six watches")
        told = waits(w, "pods.v1.")[1:]     # the first is for the cut
        ok(len(lists(server)) <= len(told) + 2, "400 on each watch: a list at "
           "once, and then ever later", len(lists(server)), told)
        same(w.stderr().count("warning: pods.v1.: 400: no idea"), 1,
             "which is warned about once")


def test_denied():
    with Server(PODS, CONFIGMAPS) as server:
        server.put("configmaps", "a")
        refused = []

        async def forbid(r):
            if r.path != "/api/v1/configmaps":
                return False
            refused.append(r)
            await r.fail(403, "Forbidden", "configmaps is forbidden")
            return True
        server.hook(forbid)
        with Watch(server, "-v", env=hurry(150)) as w:
            w.wait_ready()
            server.wait(lambda: len(refused) >= 3, "47. three tries")
            server.unhook()
            w.wait_synced("configmaps.v1.")
            # shorter ones are for answers that came too late in this haste
            told = [t for t in waits(w, "configmaps.v1.") if t >= 30]
            ok(all(n / 2 <= t <= n * 3 / 2 for n, t in
                   zip((60, 120, 240), told)) and len(told) == 3,
               "47. again after 60 s, and then twice as long each time", told)
            same([d for d in w.digests() if d.startswith("configmaps")],
                 ["configmaps denied", "configmaps begin start",
                  "configmaps ADDED a 101", "configmaps end 101"],
                 "47. when it is granted, it is told")


def test_missing():
    with Server(PODS, FOOS, CRDS) as server:
        server.put("foos", "a")
        with Watch(server, env=hurry(20)) as w:
            w.wait_ready()

            async def missing(r):
                if not r.path.endswith("/foos"):
                    return False
                await r.fail(404, "NotFound", "not found")
                return True
            server.hook(missing)
            before = len(server.seen("/apis/example.com/v1/foos"))
            server.cut()
            server.wait(lambda: len(server.seen(
                "/apis/example.com/v1/foos")) >= before + 5, "five tries")
            tries = server.seen("/apis/example.com/v1/foos")[before:]
            ok(gaps(tries, 20)[-1] > 3, "48. 404 on what discovery names: "
               "tried again, ever later", gaps(tries, 20))
            same([d for d in w.digests() if "DELETED" in d or "gone" in d],
                 [], "48. and nothing is deleted")
            server.resources.remove(FOOS)
            w.wait(lambda r: r["ms"].get("phase") == "gone", "48. gone")
            count = len(server.seen("/apis/example.com/v1/foos"))
            server.wait(lambda: len(server.seen("/apis")) >= 8, "more looks")
            same(len(server.seen("/apis/example.com/v1/foos")), count,
                 "48. what discovery names no longer is let go")


def test_forbidden_heir():
    """Another version is served, and may not be read: what is known of the old
    one stays, at the price of a question a minute."""
    old = Resource("foos", "Foo", "example.com", "v1beta1")
    with Server(PODS, old, CRDS) as server:
        server.put("foos", "a")
        with Watch(server, "-v", env=hurry(60)) as w:
            w.wait_ready()
            count = len(server.requests)

            async def answer(r):
                if r.path == old.path() + "/foos":
                    await r.fail(404, "NotFound", "not found")
                elif r.path == FOOS.path() + "/foos":
                    await r.fail(403, "Forbidden", "foos is forbidden")
                else:
                    return False
                return True

            def tries():
                return [r for r in server.requests[count:]
                        if r.path == old.path() + "/foos"]
            server.hook(answer)
            server.resources.remove(old)
            server.resources.append(FOOS)
            server.put("customresourcedefinitions", "x")
            server.cut()
            server.wait(lambda: len(tries()) >= 10, "ten tries")
            told = waits(w, "foos.v1beta1.example.com")
            ok(min(told[8:]) >= 30, "21. the new version is forbidden: the "
               "old one is asked for every minute or so", told)
            looks = [r for r in server.requests[count:] if r.path == "/apis"]
            ok(len(looks) < 60, "21. and so is discovery, a little more",
               gaps(looks, 60))
            same([d for d in w.digests() if "DELETED" in d or "gone" in d],
                 [], "21. nothing is deleted")
            server.unhook()
            w.wait(lambda r: r["ms"].get("phase") == "gone", "gone")
            said = [d for d in w.digests() if d.startswith("foos")]
            same(said[-4:], ["foos begin start", "foos ADDED a 101",
                             f"foos end {server.rv}", "foos gone"],
                 "21. when it is granted, the old one goes after it")


def test_method():
    with Server(PODS, CONFIGMAPS, CRDS) as server:
        server.put("configmaps", "a")

        async def unwatchable(r):
            if r.path != "/api/v1/configmaps":
                return False
            await r.fail(405, "MethodNotAllowed", "no watch here")
            return True
        server.hook(unwatchable)
        with Watch(server, env=hurry(20)) as w:
            ready = w.wait_ready()[0]["ms"]["resources"]
            same(ready["configmaps.v1."], "denied", "405: not watchable")
            looks = len(server.seen("/apis"))
            server.put("customresourcedefinitions", "x")
            server.wait(lambda: len(server.seen("/apis")) >= looks + 3,
                        "three looks")
            same(len(server.seen("/api/v1/configmaps")), 1,
                 "405: not asked again")
            server.unhook()
            server.resources.append(FOOS)
            ok(w.wait_synced("configmaps.v1."),
               "405: until what is served changes")


def test_regressed():
    with Server(PODS) as server:
        for name in ("kept", "changed", "lost"):
            server.put("pods", name)
        with Watch(server, *ONLY_PODS, env=hurry(150)) as w:
            w.wait_ready()
            restored = server.rv - 50
            before = len(w.records)
            marks = [103]

            async def silent(r):
                if resumed(r):
                    await r.start()
                    if marks:
                        await r.send(server.bookmark(PODS, marks.pop()))
                    await r.until_closed()
                    return True
                return False
            server.hook(silent)
            server.cut()
            server.wait(lambda: not marks, "the watch")

            async def restore():
                lost = server.objects.pop(("pods", "default", "lost"))
                changed = server.objects[("pods", "default", "changed")]
                changed["metadata"]["resourceVersion"] = "40"
                server.rv = restored
                server.history = []
                return lost
            server.run(restore())
            w.wait_synced("pods.v1.", 2)
            probes = [r for r in lists(server) if r.query.get("limit") == "1"]
            ok(probes and "resourceVersion" not in probes[0].query,
               "52. a watch that is silent for long: where does the server "
               "stand?", [r.target for r in pods(server)])
            last = [r for r in pods(server) if r not in probes and
                    (r.is_stream() or not r.is_watch())][-1]
            same(last.query.get("resourceVersion", ""), "",
                 "52. before us: a new sync, of the newest version")
            same(w.digests(before), [
                "pods begin regressed", "pods MODIFIED changed 40",
                "pods DELETED lost synthetic 103", f"pods end {restored}"],
                 "52. with all that differs")
            ok("set back" in w.stderr(), "52. and a warning", w.stderr())


def test_bookmark_before():
    with Server(PODS) as server:
        server.put("pods", "a")
        with Watch(server, *ONLY_PODS) as w:
            w.wait_ready()

            async def earlier(r):
                await r.start()
                await r.send(server.bookmark(PODS, 99))
                await r.until_closed()
            server.hook(once(earlier, resumed))
            server.cut()
            w.wait_synced("pods.v1.", 2)
            same([digest(r) for r in w.records][-2:],
                 ["pods begin regressed", f"pods end {server.rv}"],
                 "52. a bookmark before our version: a new sync")


class Tunnel:
    """A TCP proxy that can stop passing anything on, and goes on acking."""

    def __init__(self, server):
        self.server = server
        self.live = []

        async def start():
            self.listener = await asyncio.start_server(
                self.serve, "127.0.0.1", 0)
            return self.listener.sockets[0].getsockname()[1]
        self.port = server.run(start())

    async def serve(self, reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1",
                                                    self.server.port)
        self.live += [writer, back]
        await asyncio.gather(self.copy(reader, back), self.copy(there, writer))

    async def copy(self, reader, writer):
        while data := await reader.read(1 << 16):
            if writer in self.live:
                writer.write(data)
                await writer.drain()

    def freeze(self):
        """What is open now is dead from now on; what comes lives."""
        async def freeze():
            self.live = []
        self.server.run(freeze())


def test_dead_peer():
    kinds = [Resource(f"foos{i}", "Foo", "example.com") for i in range(40)]
    with Server(PODS, *kinds) as server:
        tunnel = Tunnel(server)
        config = server.kubeconfig(cluster={
            "server": f"https://127.0.0.1:{tunnel.port}",
            "certificate-authority-data": server.pki.ca_data()})
        with Watch(server, "-v", kubeconfig=config,
                   env={"MS_WATCH_HURRY": "40"}) as w:
            w.wait(lambda r: r["ms"].get("phase") == "end", "ends", 41)
            count = len(server.requests)
            tunnel.freeze()

            def all_back():
                return len({r.path for r in server.requests[count:]
                            if r.is_watch()}) == 41
            server.wait(all_back, "50. all watches on a new connection")
            ok("the connection is dead" in w.stderr() and
               "has not ended the watch in time" not in w.stderr(),
               "50. a peer that only acks is dead before its watches end",
               [x for x in w.stderr().splitlines() if ": again" not in x][-9:])
            same([r.target for r in server.requests[count:]
                  if r.is_stream() or r.path.endswith("/pods") and
                  not r.is_watch()], [], "50. and nothing is listed again")
            server.put("pods", "a")
            ok(w.wait(is_event("ADDED", "a"), "a"), "50. on it goes")


# A connection is dead after 90 s, and a watch that is silent ends after 330.
SHORT = {"MS_WATCH_HURRY": "150", "HTTP2_PING_TIMEOUT_SECONDS": "60"}


def test_dead_follow():
    """Over HTTP/1.1 each has a connection of its own, on which nothing comes:
    the custom resource is as often doubted as any watch."""
    meshsyncs = Resource("meshsyncs", "MeshSync", "meshery.io", "v1alpha2")
    with Server(PODS, meshsyncs, plain=True) as server, \
            Watch(server, *ONLY_PODS, env=SHORT) as w:
        w.wait_ready()
        server.wait(lambda: len(resumes(server)) >= 8, "50. seven cuts")
        followed = [r for r in server.requests if not r.is_watch() and
                    r.path.endswith("/meshsyncs")]
        ok(len(followed) >= 5, "50. the custom resource is not trusted to a "
           "dead connection either", gaps(followed, 150))


def test_environment():
    with Server(PODS, plain=True) as server, \
            Server(PODS, plain=True) as other, \
            Watch(server, *ONLY_PODS, env=hurry(150)) as never, \
            Watch(other, *ONLY_PODS, env=SHORT) as often:
        never.wait_ready()
        often.wait_ready()
        begun = time.monotonic()
        ok(other.wait(lambda: len(resumes(other)) >= 6, "50. cuts"),
           "50. a connection is dead after as long as the environment says")
        took = (time.monotonic() - begun) * 150
        ok(len(resumes(server)) <= 1 + took / 300,
           "50. or never, but for the watch's end", took,
           gaps(resumes(server), 150))
    with Server(PODS) as server, Watch(server, *ONLY_PODS, env={
            "DISABLE_HTTP2": "1", **hurry(50)}) as w:
        server.wait(lambda: server.connections >= 2, "two tries")
        same(server.requests, [], "without HTTP/2 none is spoken")
    with Server(PODS) as server, Watch(server, *ONLY_PODS, "--once", env={
            "DISABLE_HTTP2": "", "HTTP2_PING_TIMEOUT_SECONDS": "x"}) as w:
        same(w.end(), 0, "an empty DISABLE_HTTP2 says nothing")
        ok("HTTP2_PING_TIMEOUT_SECONDS" in w.stderr(),
           "a number that is none is warned about", w.stderr())


test_silent_stream()
test_group_version()
test_server_errors()
test_bad()
test_denied()
test_missing()
test_forbidden_heir()
test_method()
test_regressed()
test_bookmark_before()
test_dead_peer()
test_dead_follow()
test_environment()
done()
