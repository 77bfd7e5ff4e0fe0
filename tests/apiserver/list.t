#!/usr/bin/python3 -B
"""Lists: every way in which a page, a token or a streaming list can fail, and
what must come out all the same. Numbers are those of the research's cases."""
import asyncio
import gzip
import json
import os

from apiserver import BIN, CONFIGMAPS, PODS, Server, Watch, done, ok, same

ONCE = ("--once", "--resource", "pods")


def fill(server, n, start=0):
    for i in range(start, start + n):
        server.put("pods", f"p{i:04d}")


def names(w, kind="ADDED"):
    return [r["object"]["metadata"]["name"] for r in w.find(
        lambda r: r["type"] == kind)]


def phases(w):
    return [d for d in w.digests() if " " in d and
            d.split()[1] in ("begin", "end", "aborted", "denied", "gone")]


def list_server(n=3):
    server = Server(PODS, streams=False)
    fill(server, n)
    return server


def test_pages():
    with list_server(1253) as server:
        with Watch(server, *ONCE) as w:
            same(w.end(), 0, "24. --once ends with 0")
            same(names(w), [f"p{i:04d}" for i in range(1253)],
                 "24. every object once")
            pages = [r for r in server.seen("/api/v1/pods")
                     if not r.is_watch()]
            same([r.query.get("limit") for r in pages], ["500"] * 3,
                 "24. in three pages")
            ok(not any("resourceVersion" in r.query for r in pages),
               "24. without resourceVersion")
            same(phases(w), ["pods begin start", f"pods end {server.rv}"],
                 "24. one complete sync")
            same(w.records[0]["type"], "CONFIG", "CONFIG comes first")
            ready = w.records[-1]["ms"]
            same((ready["phase"], ready["complete"], ready["resources"]),
                 ("ready", True, {"pods.v1.": "synced"}), "ready comes last")
            one = w.find(lambda r: r["type"] == "ADDED")[0]
            same(list(one["ms"]), ["cluster", "resource", "depth", "time"],
                 "members of ms, in their order")
            same((one["object"]["kind"], one["object"]["apiVersion"]),
                 ("Pod", "v1"), "30. kind and apiVersion are stamped")


def test_token():
    with list_server(3) as server:
        token = "a+/=&% \u00e4"

        async def answer(r):
            if r.path != "/api/v1/pods" or r.is_watch():
                return False
            is_first = "continue" not in r.query
            items = server.select(PODS, None)
            await r.reply(200, {
                "kind": "PodList", "items": items[:1] if is_first else
                items[1:], "metadata": {"resourceVersion": "7", **(
                    {"continue": token} if is_first else {})}})
            return True
        server.hook(answer)
        with Watch(server, *ONCE) as w:
            same(w.end(), 0, "25. an odd continue token")
            same(server.seen("/api/v1/pods")[-1].query.get("continue"), token,
                 "25. comes back as it was")
            same(len(names(w)), 3, "25. with all objects")


def test_expired_token():
    with list_server(1200) as server:
        async def answer(r):
            if json.loads(r.query.get("continue", "[0,0]"))[1] != 500:
                return False
            await r.reply(410, {
                "kind": "Status", "code": 410, "reason": "Expired",
                "metadata": {"continue": "inconsistent"}})
            return True
        server.hook(answer)
        with Watch(server, *ONCE) as w:
            same(w.end(), 0, "26. a continue token expires")
            ok(not server.seen(**{"continue": "inconsistent"}),
               "26. the inconsistent one is not used")
            same(phases(w), ["pods begin start", "pods aborted",
                             "pods begin start", f"pods end {server.rv}"],
                 "26. the sync is aborted and begun anew")
            after = [d for d in w.digests()]
            after = after[after.index("pods aborted"):]
            same(sum(" ADDED " in d for d in after), 1200,
                 "26. then all objects, complete")
            same(names(w, "DELETED"), [], "26. and no deletion")


def test_broken_page():
    with list_server(1200) as server:
        tries = []

        async def answer(r):
            if json.loads(r.query.get("continue", "[0,0]"))[1] != 1000 or \
                    len(tries) >= 2:
                return False
            tries.append(r)
            items = json.dumps(server.select(PODS, None)[1000:])
            head = '{"kind":"PodList","metadata":{"resourceVersion":"9"},'
            await r.start()
            if len(tries) == 1:
                await r.send(head + '"items":' + items[:20000])
                await r.reset()
            else:
                await r.send(head + '"items":' + items)
                await r.end()
            return True
        server.hook(answer)
        with Watch(server, *ONCE) as w:
            same(w.end(), 0, "27. 28. a page breaks off, then lacks its brace")
            same(len(tries), 2, "27. the page is tried again")
            same(names(w), [f"p{i:04d}" for i in range(1200)],
                 "27. no object twice")
            same(phases(w), ["pods begin start", f"pods end {server.rv}"],
                 "27. within the same sync")


def test_broken_first_page():
    """Without a token the second try is another list."""
    with list_server(3) as server:
        tries = []

        async def answer(r):
            if r.path != "/api/v1/pods" or r.is_watch() or tries:
                return False
            tries.append(r)
            items = [json.dumps(o) for o in server.select(PODS, None)]
            await r.start()
            await r.send('{"kind":"PodList","metadata":{"resourceVersion":'
                         '"9"},"items":[' + items[0] + "," + items[1][:20])
            while not names(w):
                await asyncio.sleep(0.01)
            await server._delete(("pods", "default", "p0000"), False)
            await r.reset()
            return True
        server.hook(answer)
        with Watch(server, *ONCE) as w:
            same(w.end(), 0, "27. the first page breaks off")
            same(w.digests(), [
                "pods begin start", "pods ADDED p0000 101", "pods aborted",
                "pods begin start", "pods ADDED p0001 102",
                "pods ADDED p0002 103", "pods DELETED p0000 synthetic 101",
                f"pods end {server.rv}", "ready"],
                 "27. what has gone before the second try is not kept")


def test_order():
    with list_server(2) as server:
        async def answer(r):
            if r.path != "/api/v1/pods" or r.is_watch():
                return False
            items = ",".join(
                '{"spec":{"n":9007199254740993,"f":1.10},"metadata":' +
                json.dumps({**o["metadata"], "managedFields": [{"a": "}"}]}) +
                ',"kind":"Pod","apiVersion":"v1"}'
                for o in server.select(PODS, None))
            await r.reply(200, '{"apiVersion":"v1","items":[' + items +
                          '],"kind":"PodList","metadata":'
                          '{"resourceVersion":"55"}}')
            return True
        server.hook(answer)
        with Watch(server, *ONCE) as w:
            same(w.end(), 0, "29. items before metadata")
            same(phases(w)[-1], "pods end 55", "29. the version is the list's")
            line = [x for x in w.lines if b'"ADDED"' in x][0].decode()
            ok('"object":{"spec":{"n":9007199254740993,"f":1.10},"metadata":'
               in line, "29. bytes are as the server sent them", line)
            ok("managedFields" not in line and '"kind":"Pod"' in line,
               "managedFields are cut", line)
        with Watch(server, *ONCE, "--managed-fields") as w:
            w.end()
            ok(any(b'"managedFields": [{"a": "}"}]' in x for x in w.lines),
               "--managed-fields keeps them")


def test_metadata():
    with list_server(1) as server:
        async def answer(r):
            if r.path != "/api/v1/pods" or r.is_watch():
                return False
            await r.reply(200, {
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": "5"}, "items": [{
                    "kind": "PartialObjectMetadata",
                    "apiVersion": "meta.k8s.io/v1", **o}
                    for o in server.select(PODS, None)]})
            return True
        server.hook(answer)
        with Watch(server, *ONCE, "--depth", "metadata") as w:
            same(w.end(), 0, "30. the metadata form")
            ok("as=PartialObjectMetadataList" in
               server.seen("/api/v1/pods")[-1].headers["accept"],
               "30. is asked for")
            one = w.find(lambda r: r["type"] == "ADDED")[0]
            same((one["object"]["kind"], one["object"]["apiVersion"],
                  one["ms"]["depth"]), ("Pod", "v1", "metadata"),
                 "30. and stamped with the real kind")


def test_empty():
    for items in ("null", "[]"):
        with list_server(0) as server:
            async def answer(r):
                if r.path != "/api/v1/pods" or r.is_watch():
                    return False
                await r.reply(200, '{"kind":"PodList","metadata":'
                              '{"resourceVersion":"7"},"items":%s}' % items)
                return True
            server.hook(answer)
            with Watch(server, "--resource", "pods") as w:
                ok(w.wait_ready() and phases(w) ==
                   ["pods begin start", "pods end 7"], f"32. items: {items}")
                server.wait(lambda: server.seen(watch="1",
                                                resourceVersion="7"),
                            "32. the watch from there")


def test_nonsense():
    for name, body in (
            ("HTML", "<html>please log in</html>"),
            ("a Status with 200", json.dumps(
                {"kind": "Status", "code": 500, "message": "x"})),
            ("a Table", json.dumps({"kind": "Table", "metadata":
                                    {"resourceVersion": "1"}, "rows": []}))):
        with list_server(1) as server:
            bad = []

            async def answer(r):
                if r.path != "/api/v1/pods" or len(bad) >= 2:
                    return False
                bad.append(r)
                await r.reply(200, body)
                return True
            server.hook(answer)
            with Watch(server, *ONCE) as w:
                same(w.end(), 0, f"55. {name} instead of a list is a failure")
                same(names(w), ["p0000"], "55. and never printed")


async def reply_compressed(server, r, size=None):
    body = json.dumps({"kind": "PodList", "items": server.select(PODS, None),
                       "metadata": {"resourceVersion": "7"}}).encode()
    await r.start(200, [("content-encoding", "gzip")])
    await r.send(gzip.compress(body)[:size])
    await r.end()


def test_gzip():
    with list_server(300) as server:
        sizes = [500, None]

        async def answer(r):
            if r.path != "/api/v1/pods" or r.is_watch():
                return False
            await reply_compressed(server, r, sizes.pop(0))
            return True
        server.hook(answer)
        with Watch(server, *ONCE) as w:
            same(w.end(), 0, "34. a list in gzip, cut off the first time")
            told = w.digests()
            told = told[told.index("pods aborted"):]
            same(sum(" ADDED " in d for d in told), 300,
                 "34. then with every object once")
            asked = [(r.is_watch(), r.headers.get("accept-encoding"))
                     for r in server.seen("/api/v1/pods")]
            same(asked, [(True, None), (False, "gzip"), (False, "gzip")],
                 "34. asked for lists, never for watches")
        server.unhook()
        server.requests.clear()
        config = server.kubeconfig(cluster={
            "server": server.url(), "disable-compression": True,
            "certificate-authority-data": server.pki.ca_data()})
        with Watch(server, *ONCE, kubeconfig=config) as w:
            same(w.end(), 0, "34. disable-compression")
            same([r.target for r in server.requests
                  if "accept-encoding" in r.headers], [],
                 "34. then nothing is asked for in gzip")


def test_metadata_form():
    with Server(PODS) as server:
        fill(server, 3)
        with Watch(server, "--resource", "pods", "--depth", "metadata") as w:
            w.wait_ready()
            first = server.seen("/api/v1/pods")[0]
            same((first.is_watch(), first.headers.get("accept-encoding")),
                 (False, "gzip"), "metadata comes in pages, as those can be "
                 "compressed")


# The whole of case 33 takes a while; a fifth of it is as good, as nothing in
# it grows with the number but the index.
HUGE = int(os.environ.get("HUGE", "10000"))


def memory(w, name):
    with open(f"/proc/{w.process.pid}/status") as f:
        return next(int(x.split()[1]) for x in f if x.startswith(name))


def test_huge():
    filler = "x" * 10000
    block = ",".join('{"metadata":{"name":"p%d-%%06d","namespace":"n","uid":'
                     '"00000000-0000-4000-8000-%d%%011d","resourceVersion":"9"'
                     '},"data":"%s"}' % (i, i, filler) for i in range(10))
    with list_server(0) as server:
        before = []

        async def answer(r):
            if r.path != "/api/v1/pods" or r.is_watch():
                return False
            before.append(memory(w, "VmRSS"))
            await r.start()
            await r.send('{"kind":"PodList","metadata":{"resourceVersion":'
                         '"9"},"items":[')
            for i in range(HUGE // 10):
                await r.send(("," if i else "") +
                             block % tuple(x for x in [i] * 20))
            await r.send("]}")
            await r.end()
            return True
        with open(os.devnull, "wb") as null, \
                Watch(server, "--resource", "pods", stdout=null) as w:
            server.hook(answer)
            server.wait(lambda: server.seen(watch="1", resourceVersion="9"),
                        "the end of the list")
            growth = memory(w, "VmHWM") - before[0]
            ok(growth <= 16384 or "san" in BIN, f"33. {HUGE} objects of 10 "
               "KiB in one list: 16 MiB more at most", f"{growth} KiB")


def test_failing_kind():
    with Server(PODS, CONFIGMAPS, streams=False) as server:
        server.put("pods", "a")

        async def answer(r):
            if r.path != "/api/v1/configmaps":
                return False
            await r.fail(500, "InternalError", "etcd is sad")
            return True
        server.hook(answer)
        with Watch(server, "--once") as w:
            same(w.end(), 111, "--once with a kind that keeps failing: 111")
            same(w.records[-1]["ms"]["resources"],
                 {"pods.v1.": "synced", "configmaps.v1.": "pending"},
                 "which is pending in ready")


def test_streams():
    with Server(PODS) as server:
        fill(server, 50)
        with Watch(server, "--resource", "pods") as w:
            w.wait_ready()
            same((len(names(w)), phases(w)),
                 (50, ["pods begin start", f"pods end {server.rv}"]),
                 "38. a streaming list")
            server.put("pods", "new")
            ok(w.wait(lambda r: r["type"] == "ADDED" and
                      r["object"]["metadata"]["name"] == "new", "new"),
               "38. goes on as a watch")
            same(len(server.seen("/api/v1/pods")), 1, "38. all one request")


def test_no_streams():
    with list_server(3) as server:
        with Watch(server, "--resource", "pods") as w:
            w.wait_ready()
            same(len(server.seen(sendInitialEvents="true")), 1,
                 "38. 422: a list instead, and no second streaming list")
            same(phases(w), ["pods begin start", f"pods end {server.rv}"],
                 "38. 422: nothing is aborted")
    with Server(PODS) as server:
        fill(server, 3)

        async def answer(r):
            if not r.is_stream():
                return False
            await r.start()
            await r.send({"type": "ERROR", "object": {
                "kind": "Status", "code": 500, "message":
                "the storage feature RequestWatchProgress is disabled"}})
            await r.end()
            return True
        server.hook(answer)
        with Watch(server, "--resource", "pods") as w:
            w.wait_ready()
            same((names(w), len(server.seen(sendInitialEvents="true"))),
                 (["p0000", "p0001", "p0002"], 1),
                 "38. ERROR 500 about a storage feature: a list")


def test_broken_streams():
    with Server(PODS) as server:
        fill(server, 3)

        async def answer(r):
            if not r.is_stream():
                return False
            await r.start()
            await r.send(server.event(PODS, "ADDED",
                                      server.select(PODS, None)[0]))
            await r.end()
            return True
        server.hook(answer)
        with Watch(server, "--resource", "pods") as w:
            w.wait_ready()
            streams = server.seen(sendInitialEvents="true")
            same(len(streams), 2, "40. after two that end early, a list")
            ok(streams[1].time - streams[0].time > 0.3, "40. not in haste")
            same(names(w, "DELETED"), [], "40. nothing is deleted")
            same(phases(w), ["pods begin start", "pods aborted"] * 2 +
                 ["pods begin start", f"pods end {server.rv}"],
                 "40. each is a sync that was aborted")


def test_marks():
    with Server(PODS) as server:
        fill(server, 3)
        over = []

        async def answer(r):
            if not r.is_stream():
                return False
            await r.start()
            for obj in reversed(server.select(PODS, None)):
                await r.send(server.event(PODS, "ADDED", obj))
            await r.send(server.bookmark(PODS, 9999))
            over.append(True)
            await r.send(server.bookmark(PODS, 4711, True))
            await r.end()
            return True
        server.hook(answer)
        with Watch(server, "--resource", "pods") as w:
            w.wait_ready()
            server.wait(lambda: server.seen(watch="1",
                                            resourceVersion="4711"),
                        "41. the watch from the mark's version")
            same(phases(w)[-1], "pods end 4711",
                 "41. only the mark ends a streaming list")


def test_broken_relist():
    with Server(PODS) as server:
        fill(server, 3)
        with Watch(server, "--resource", "pods") as w:
            w.wait_ready()
            before = len(server.seen("/api/v1/pods"))

            async def answer(r):
                count = len(server.seen("/api/v1/pods")) - before
                if not r.is_watch() or count > 2:
                    return False
                await r.start()
                if count == 1:
                    await r.send({"type": "ERROR", "object": {"code": 410}})
                else:
                    await r.send(server.event(PODS, "ADDED", {"metadata": {
                        "name": "x", "uid": "u", "resourceVersion": "9000"}}))
                await r.end()
                return True
            server.hook(answer)
            server.cut()
            w.wait_synced("pods.v1.", 2)
            same([r.query["resourceVersion"] for r in
                  server.seen("/api/v1/pods")[before:]], ["103"] * 3,
                 "41. an object's version is nowhere to go on from")
            same(w.digests()[-2:], ["pods DELETED x synthetic 9000",
                                    "pods end 103"],
                 "40. what a broken stream told is compared with the next")


test_pages()
test_token()
test_expired_token()
test_broken_page()
test_broken_first_page()
test_order()
test_metadata()
test_empty()
test_nonsense()
test_gzip()
test_metadata_form()
test_huge()
test_failing_kind()
test_streams()
test_no_streams()
test_broken_streams()
test_marks()
test_broken_relist()
done()
