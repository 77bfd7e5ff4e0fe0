#!/usr/bin/python3 -B
"""Commands from the control FIFO, and what comes of them."""
import asyncio
import json
import os
import threading
import time

from apiserver import CONFIGMAPS, DEPLOYMENTS, EVENTS, PATIENCE, PODS, \
    Resource, Server, Watch, done, ok, same

CRDS = Resource("customresourcedefinitions", "CustomResourceDefinition",
                "apiextensions.k8s.io", namespaced=False, short=["crd"])
FOOS = Resource("foos", "Foo", "example.com", short=["fo"])
JOBS = Resource("jobs", "Job", "batch")
SECRETS = Resource("secrets", "Secret")


class Control:
    """The FIFO, and its writer's end."""

    def __init__(self, server):
        self.path = os.path.join(server.folder, "control")
        os.mkfifo(self.path)
        self.args = ("--control", self.path)

    def raw(self, data):
        fd = os.open(self.path, os.O_WRONLY)
        os.write(fd, data)
        os.close(fd)            # the writer goes away each time

    def say(self, **command):
        self.raw(json.dumps(command).encode() + b"\n")


def answers(w, id):
    return w.find(lambda r: r["type"] == "ANSWER" and r["ms"]["id"] == id)


def ask(w, control, **command):
    """Say it, and wait for the answer's object."""
    control.say(**command)
    got = w.wait(lambda r: r["type"] == "ANSWER" and
                 r["ms"]["id"] == command["id"], "an answer")
    return got[0]["object"] if got else {}


def fence(w, control, name):
    """Everything before this has been carried out."""
    control.say(command="mark", id=name)
    w.wait(lambda r: r["type"] == "MARK" and r["ms"]["id"] == name, "a mark")


def test_mark():
    with Server(PODS) as server:
        control = Control(server)
        with Watch(server, *control.args) as w:
            control.say(command="mark", id="early")
            w.wait(lambda r: r["type"] == "MARK", "the first mark")
            same(w.records[0]["type"], "CONFIG",
                 "a command from before the start waits for the first line")
            w.wait_ready()
            control.say(command="mark", id="m1", asked="12:00")
            got = w.wait(lambda r: r["type"] == "MARK" and
                         r["ms"]["id"] == "m1", "a mark")[0]
            same((list(got), sorted(got["ms"]), got["ms"]["asked"]),
                 (["type", "ms"], ["asked", "cluster", "id", "time"],
                  "12:00"), "mark is a MARK record")
            control.raw(b'{"type":"REQUEST","ms":{"x":1},"object":'
                        b'{"command":"mark","id":"m2"}}\n')
            ok(w.wait(lambda r: r["type"] == "MARK" and r["ms"]["id"] == "m2",
                      "m2"), "a REQUEST record is a command, too")
            same(w.stop(), 0, "and it ends as ever")


def test_malformed():
    with Server(PODS) as server:
        control = Control(server)
        with Watch(server, *control.args) as w:
            w.wait_ready()
            for line, why in (
                    (b"nonsense", "it is no JSON object"),
                    (b"[]", "it is no JSON object"),
                    (b'{"command":"mark"', "it is no JSON object"),
                    (b"{}", "it has no command"),
                    (b'{"command":"explode"}', "there is no such command"),
                    (b'{"command":"mark"}', "a mark needs an id"),
                    (b'{"command":"mark","id":{}}', "a member is no text"),
                    (b'{"command":"mark","id":"' + b"x" * 129 + b'"}',
                     "its id has no, or more than 128 bytes"),
                    (b'{"command":"watch"}', "it names no resource"),
                    (b'{"command":"watch","resource":"pods","depth":"deep"}',
                     "its depth is neither full nor metadata"),
                    (b'{"command":"signatures","path":"x.yaml"}',
                     "signatures need an absolute path"),
                    (b'{"type":"REQUEST"}', "it is no JSON object"),
                    (b'{"command":"mark","id":"' + b"x" * 5000 + b'"}',
                     "longer than 4096 bytes")):
                control.raw(line + b"\n")
                fence(w, control, f"after {why} {len(line)}")
                ok(why in w.stderr().splitlines()[-1],
                   f"{line[:40]}: warned about and ignored", w.stderr())
            same(ask(w, control, command="explode", id="e"),
                 {"error": "there is no such command"},
                 "and answered if it has an id")
            n = w.stderr().count("\n")
            control.raw(b"\n\n" + b'{"command":"mark","id":"half')
            control.raw(b'-and-half"}\n')
            ok(w.wait(lambda r: r["type"] == "MARK" and
                      r["ms"]["id"] == "half-and-half", "it"),
               "a line that comes in two pieces is one")
            same(w.stderr().count("\n"), n, "empty lines are nothing")
            same(w.find(lambda r: r["type"] == "DELETED"), [],
                 "nothing else came of all this")
        path = os.path.join(server.folder, "file")
        open(path, "w").close()
        for name in (path, "/nonexistent"):
            with Watch(server, "--control", name) as w:
                same((w.end(), w.lines), (100, []),
                     f"--control {os.path.basename(name)}: 100")
                ok("mkfifo" in w.stderr(), "with the way to do it",
                   w.stderr())


def test_resync():
    with Server(PODS, DEPLOYMENTS, EVENTS) as server:
        control = Control(server)
        for name in "abc":
            server.put("pods", name)
        server.put("deployments", "d")
        with Watch(server, *control.args) as w:
            w.wait_ready()
            server.put("pods", "d", quietly=True)
            server.put("pods", "b", quietly=True)
            server.delete("pods", "c", quietly=True)
            since = len(w.records)
            same(ask(w, control, command="resync", resource="po", id="r1"),
                 {"command": "resync", "resource": "pods.v1."},
                 "resync of a resource")
            w.wait_synced("pods.v1.", 2)
            got = [d for d in w.digests(since) if d]
            same([" ".join(x.split()[:3]) for x in got[:-1]],
                 ["pods begin request", "pods MODIFIED b", "pods ADDED d",
                  "pods DELETED c"], "its differences follow")
            begin = next(r["ms"] for r in w.records[since:]
                         if r["ms"].get("phase") == "begin")
            same(begin["complete"], False, "as such")
            same(len(server.seen("/apis/apps/v1/deployments")), 1,
                 "nothing else is listed")
            server.put("pods", "e")
            ok(w.wait(lambda r: r["type"] == "ADDED" and
                      r["object"]["metadata"]["name"] == "e", "e"),
               "and watching goes on")
            since = len(w.records)
            control.say(command="resync")
            w.wait_synced("pods.v1.", 3)
            w.wait_synced("deployments.v1.apps", 2)
            same([r for r in w.records[since:] if r["type"] != "SYNC"], [],
                 "resync of everything, which brings nothing")
            for name, why in (("events", "it is not watched"),
                              ("widgets", "the server has no such resource "
                               "(kubectl api-resources lists them)")):
                same(ask(w, control, command="resync", resource=name,
                         id=name).get("error"), why, f"resync of {name}")
            lists = len([r for r in server.requests if r.is_stream()])
            control.raw(b'{"command":"resync","resource":"pods"}\n' * 20)
            fence(w, control, "twenty")
            w.wait_synced("pods.v1.", 4)
            same(len([r for r in server.requests if r.is_stream()]) - lists, 1,
                 "one list serves all who ask at the same time")


def depth_of(w, resource):
    last = w.find(lambda r: r["type"] == "CONFIG")[-1]
    return last["object"]["resources"][resource]["depth"]


def test_watch():
    with Server(PODS, JOBS, EVENTS, CRDS, SECRETS) as server:
        control = Control(server)
        server.put("jobs", "j", spec={"x": 1})
        path = os.path.join(server.folder, "c.yaml")
        with open(path, "w") as f:
            f.write("resources: {secrets: off}\n")
        with Watch(server, *control.args, "--config", path) as w:
            w.wait_ready()
            since = len(w.records)
            same(ask(w, control, command="watch", resource="jobs", by="a",
                     id="1"), {"command": "watch",
                               "resource": "jobs.v1.batch"},
                 "watch in full what was watched as metadata")
            w.wait_synced("jobs.v1.batch", 2)
            got = [r for r in w.records[since:] if r["type"] == "ADDED"]
            same((len(got), got[0]["ms"]["depth"], got[0]["object"]["spec"]),
                 (1, "full", {"x": 1}), "a complete sync of it, in full")
            ask(w, control, command="watch", resource="jobs", by="b", id="2")
            n = len(w.find(lambda r: r["type"] == "CONFIG"))
            ask(w, control, command="unwatch", resource="jobs", by="a", id="3")
            fence(w, control, "one left")
            same((depth_of(w, "jobs.v1.batch"),
                  len(w.find(lambda r: r["type"] == "CONFIG"))), ("full", n),
                 "two want it, one releases it: nothing changes")
            ask(w, control, command="unwatch", by="b", id="4")
            w.wait_synced("jobs.v1.batch", 3)
            same(depth_of(w, "jobs.v1.batch"), "metadata",
                 "the last one releases all it has: as it was")
            same(ask(w, control, command="unwatch", resource="jobs", by="b",
                     id="5").get("error"), "it was not asked for",
                 "who has asked for nothing can release nothing")
            ask(w, control, command="watch", resource="events",
                depth="metadata", id="6")
            w.wait_synced("events.v1.")
            control.say(command="unwatch", resource="events")
            ok(w.wait(lambda r: r["ms"].get("phase") == "gone" and
                      r["ms"]["resource"] == "events.v1.", "gone"),
               "what is off by default comes, and is gone when released")
            same(ask(w, control, command="watch", resource="secrets",
                     id="7"), {"command": "watch", "resource": "secrets.v1.",
                               "error": "flags, custom resource or file say "
                               "otherwise"},
                 "what the configuration turns off stays off")
            same(ask(w, control, command="watch", resource="foos.example.com",
                     by="x", id="8"), {"command": "watch"},
                 "what is not served yet can be asked for")
            server.resources.append(FOOS)
            server.put("foos", "f")
            server.put("customresourcedefinitions", "unrelated")
            w.wait_synced("foos.v1.example.com")
            same(w.find(lambda r: r["type"] == "ADDED" and
                        r["ms"]["resource"] == "foos.v1.example.com")[0]["ms"]
                 ["depth"], "full", "and comes when it is")
            same(len(server.seen("/api/v1/pods")), 1,
                 "pods have not been touched by all this")


def test_probe():
    async def proxy(r):
        if "/proxy" not in r.path:
            return False
        seen.append(r.target)
        if "/big" in r.path:
            await r.start(200)
            await r.send(b"\xc3\xa9" * 100000)
            await r.until_closed()
        elif "/slow" in r.path:
            await asyncio.wait_for(gate.wait(), 60)
            await r.reply(200, b"slow")
        elif "/mute" in r.path:
            await r.until_closed()
        elif "/none" in r.path:
            await r.fail(503, "ServiceUnavailable",
                         "no endpoints available for service \"x\"")
        elif "/teapot" in r.path:
            await r.reply(418, b'{"kind":"Pot"}')
        else:
            await r.reply(200, b'say "hi"\n\xff')
        return True

    seen, gate = [], asyncio.Event()
    with Server(PODS) as server:
        control = Control(server)
        server.hook(proxy)
        with Watch(server, *control.args) as w:
            w.wait_ready()
            to = {"command": "probe", "namespace": "istio-system",
                  "service": "istiod", "port": 15014, "path": "/version?a=b"}
            control.say(id="mute", **{**to, "path": "/mute"})
            server.wait(lambda: len(seen) == 1, "a probe that is not answered")
            seen.clear()
            same(ask(w, control, id="p1", **to), {
                "command": "probe", "namespace": "istio-system",
                "service": "istiod", "port": "15014", "path": "/version?a=b",
                "status": 200, "body": 'say "hi"\n\ufffd'},
                "probe: the application's answer")
            del to["service"]
            same((ask(w, control, id="p2", **{**to, "pod": "p", "path": "/",
                                              "scheme": "https"})["status"],
                  seen),
                 (200, ["/api/v1/namespaces/istio-system/services/istiod:15014"
                        "/proxy/version?a=b",
                        "/api/v1/namespaces/istio-system/pods/https:p:15014"
                        "/proxy/"]), "of a service and of a pod, by https")
            to["service"] = "s"
            big = ask(w, control, id="p3", **{**to, "path": "/big"})
            same((len(big["body"].encode()), big.get("truncated")),
                 (65536, True), "an endless answer is cut")
            server.put("pods", "a")     # libcurl says so when something comes
            server.wait(lambda: not [r for r in server.requests if r.is_open
                                     and "/big" in r.path], "its end")
            none = ask(w, control, id="p4", **{**to, "path": "/none"})
            same((none["code"], none["error"],
                  ask(w, control, id="p5", **{**to, "path": "/teapot"})),
                 (503, '503: no endpoints available for service "x"',
                  {"command": "probe", "namespace": "istio-system",
                   "service": "s", "port": "15014", "path": "/teapot",
                   "status": 418, "body": '{"kind":"Pot"}'}),
                 "what the API server says is an error, what the "
                 "application says an answer")
            got = w.wait(lambda r: r["type"] == "ANSWER" and
                         r["ms"]["id"] == "mute", "an answer")[0]["object"]
            ok("timed out" in got.get("error", ""),
               "who says nothing is not waited for", got)
            n = len(seen)
            for i, bad in enumerate((
                    {"path": "/../../../secrets"}, {"path": "/a/.."},
                    {"path": "/%2e%2e/x"}, {"path": "/a%2Fb"},
                    {"path": "/a\\b"}, {"path": "x"}, {"path": "/a b"},
                    {"path": "/a#b"}, {"path": "/..;/x"}, {"path": "/%252e"},
                    {"namespace": "a/b"}, {"service": "../x"},
                    {"service": ""}, {"port": "1/2"}, {"port": "80:90"},
                    {"scheme": "ftp"}, {"pod": "both"})):
                got = ask(w, control, id=f"b{i}", **{**to, **bad})
                ok("error" in got and "status" not in got,
                   f"probe of {bad}: refused", got)
            same(len(seen), n, "and never asked")
            for i in range(70):
                control.say(id=f"s{i}", **{**to, "path": f"/slow{i}"})
            fence(w, control, "seventy")
            same(len(answers(w, "s69")), 1, "the seventieth is refused")
            server.wait(lambda: len(seen) == n + 8, "eight of them")
            fence(w, control, "eight")
            same(len(seen), n + 8, "eight are asked at a time")
            server.loop.call_soon_threadsafe(gate.set)
            w.wait(lambda r: r["type"] == "ANSWER" and
                   r["ms"]["id"].startswith("s"), "seventy answers", 70)
            same(sorted(r["object"].get("body", "none") for r in w.find(
                lambda r: r["type"] == "ANSWER" and
                r["ms"]["id"].startswith("s"))),
                ["none"] * 6 + ["slow"] * 64, "then 64 have been")


def test_signatures():
    with Server(PODS, CONFIGMAPS) as server:
        control = Control(server)
        folder = os.path.join(server.folder, "signatures")
        os.makedirs(os.path.join(folder, "..data"))
        for name, text in (("b.yaml", "product: b\n"), ("a.yml", "a: \"ä\"\n"),
                           ("README", "no"), (".hidden.yaml", "no")):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        config = os.path.join(server.folder, "c.yaml")
        with open(config, "w") as f:
            f.write("signatures: meshery/mine\n")
        server.put("configmaps", "mine", namespace="meshery",
                   data={"x.yaml": "one"})
        with Watch(server, *control.args, "--config", config) as w:
            def told(source, count=1):
                got = w.wait(lambda r: r["type"] == "SIGNATURES" and
                             r["ms"]["source"] == source, source, count)
                return got[-1]["object"] if got else {}
            w.wait_ready()
            same(told("meshery/mine"), {"data": {"x.yaml": "one"}},
                 "signatures of a ConfigMap")
            server.put("configmaps", "mine", namespace="meshery",
                       data={"x.yaml": "two"})
            same(told("meshery/mine", 2), {"data": {"x.yaml": "two"}},
                 "again when it changes")
            same(ask(w, control, command="signatures", path=folder, id="1"),
                 {"command": "signatures"}, "signatures PATH")
            same(told(folder), {"data": {"a.yml": "a: \"ä\"\n",
                                         "b.yaml": "product: b\n"}},
                 "a folder: its files, by name")
            control.say(command="signatures", path=folder + "/b.yaml")
            same(told(folder + "/b.yaml"), {"data": {"b.yaml":
                                                     "product: b\n"}},
                 "a file")
            fifo = os.path.join(folder, "pipe.yaml")
            os.mkfifo(fifo)
            got = ask(w, control, command="signatures", path=folder, id="2")
            same(got["error"], f"unable to read {fifo}: it is no file",
                 "a FIFO in it would block: refused")
            with open(folder + "/c.yaml", "w") as f:
                f.write("\1" * (6 << 20))
            got = ask(w, control, command="signatures",
                      path=folder + "/c.yaml", id="4")
            ok("more than a record can hold" in got.get("error", ""),
               "nor what is too long as JSON", got)
            got = ask(w, control, command="signatures", path="/nonexistent",
                      id="3")
            ok("No such file" in got["error"], "and one that is not there",
               got)
            same(len(w.find(lambda r: r["type"] == "SIGNATURES")), 4,
                 "for those no record is written")
            server.delete("configmaps", "mine", "meshery")
            same(told("meshery/mine", 3), {"data": {}},
                 "a ConfigMap that goes takes its signatures away")


def test_blocked():
    """Nobody reads stdout, commands are taken all the same."""
    with Server(PODS) as server:
        control = Control(server)
        for i in range(400):
            server.put("pods", f"p{i:03d}", data="x" * 150000)
        out, into = os.pipe()
        with Watch(server, *control.args, stdout=into) as w:
            os.close(into)
            last, since = -1, time.monotonic()
            while time.monotonic() - since < 0.5:   # until it stands still
                sent = sum(link.h2.outbound_flow_control_window
                           for link in server.links)
                if sent != last:
                    last, since = sent, time.monotonic()
                time.sleep(0.05)
            line = json.dumps({"command": "mark", "id": "x",
                               "by": "y" * 1000}).encode() + b"\n"
            def write():
                fd = os.open(control.path, os.O_WRONLY)
                for i in range(200):       # three times what a FIFO holds
                    os.write(fd, line)
                os.write(fd, b'{"command":"mark","id":"last"}\n')
                os.close(fd)
            writer = threading.Thread(target=write, daemon=True)
            writer.start()
            writer.join(PATIENCE)
            ok(not writer.is_alive(),
               "commands are served while stdout is blocked")
            w.process.stdout = os.fdopen(out, "rb")
            w.reader.start()
            ok(w.wait(lambda r: r["type"] == "MARK" and
                      r["ms"]["id"] == "last", "the last mark"),
               "and answered when it is read again")
            w.wait(lambda r: r["type"] == "ADDED", "all objects", 400)
            same((len(w.find(lambda r: r["type"] == "MARK")),
                  len(w.find(lambda r: r["type"] == "ADDED"))), (201, 400),
                 "nothing is lost")


for test in (test_mark, test_malformed, test_resync, test_watch, test_probe,
             test_signatures, test_blocked):
    test()
done()
