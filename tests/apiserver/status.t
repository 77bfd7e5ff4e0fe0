#!/usr/bin/python3 -B
"""What ms-watch tells about itself: STATUS records, lines for SIGUSR1, and one
line on a terminal."""
import os
import pty
import re
import signal
import subprocess
import time

from apiserver import BIN, CONFIGMAPS, DEPLOYMENTS, PODS, Server, Watch, \
    clean_environment, done, ok, same, status_object


def is_status(test=lambda own: True):
    return lambda r: r["type"] == "STATUS" and test(r["object"]["ms-watch"])


def own(record):
    return record["object"]["ms-watch"]


def reset(server, resource):
    async def cut():
        for r in server.seen("/api/v1/" + resource):
            if r.is_open:
                await r.reset()
    server.run(cut())


def test_status():
    with Server(PODS, CONFIGMAPS, DEPLOYMENTS) as server:
        for name in ("a", "b", "c"):
            server.put("pods", name)

        async def forbid(r):
            if not r.path.endswith("/deployments"):
                return False
            return await r.fail(403, "Forbidden", "not you") or True
        server.hook(forbid)
        with Watch(server, "--status", "1", "--depth", "full",
                   env={"MS_WATCH_HURRY": "4"}) as w:
            first = w.wait(is_status(), "a record")[0]
            same((w.records[0]["type"], list(first), list(first["ms"]),
                  first["object"]["apiVersion"], first["object"]["kind"]),
                 ("CONFIG", ["type", "ms", "object"], ["cluster", "time"],
                  "meshsync.meshery.io/v1", "Status"), "a STATUS record")
            w.wait_ready()
            after = w.wait(is_status(lambda s: s["ready"]), "ready")[0]
            at = [r["type"] == "SYNC" and r["ms"]["phase"] == "ready"
                  for r in w.records].index(True)
            same(w.records[at + 1]["type"], "STATUS", "one behind ready")
            s = own(after)
            same((s["version"], s["server"], s["ready"]),
                 (subprocess.run([BIN + "/ms-watch", "--version"], text=True,
                                 capture_output=True).stdout.split()[-1],
                  server.url(), True), "version, server, ready")
            pods = s["resources"]["pods.v1."]
            same((pods["state"], pods["synced"], pods["objects"],
                  pods["depth"], pods["eventsTotal"]["ADDED"],
                  pods["requestsTotal"]["watchlist"],
                  pods["resourceVersion"], pods["backoffLevel"],
                  "message" in pods),
                 ("synced", True, 3, "full", 3, {"ok": 1}, "103", 0, False),
                 "a resource that is synced")
            denied = s["resources"]["deployments.v1.apps"]
            same((denied["state"], denied["synced"], denied["message"],
                  denied["requestsTotal"]["watchlist"]),
                 ("denied", False, "403: not you", {"denied": 1}),
                 "one that is denied, and why")
            same((s["connections"], s["credential"]["source"],
                  s["discovery"]["generation"], s["discovery"]["complete"]),
                 ({"h2": 1, "http/1.1": 0}, "token", 1, True),
                 "connections, credentials, discovery")
            ok(s["receivedBytesTotal"] > 100 and s["recordsTotal"] > 5 and
               s["streams"] >= 2 and
               (s["heapBytes"] > 1000 or "san" in BIN) and
               re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", s["startTime"]),
               "bytes, records, streams, memory, start", s)
            server.put("pods", "d")
            server.delete("pods", "a")

            def has_moved(s):
                p = s["resources"]["pods.v1."]
                return p["eventsTotal"].get("DELETED") == 1 and \
                    p["lastEventSeconds"] < 10 and p["objects"] == 3
            w.wait(is_status(has_moved), "events by type, and since when")
            # what can go wrong with a watch
            answers = [
                lambda r: r.fail(429, "TooManyRequests", headers=[
                    ("retry-after", "1")]),
                lambda r: r.fail(500, "InternalError", "sick"),
                lambda r: r.fail(410, "Expired")]

            async def trouble(r):
                if not r.path.endswith("/pods") or not answers:
                    return False
                return await answers.pop(0)(r) or True
            server.hook(trouble)
            server.delete("pods", "b", quietly=True)
            reset(server, "pods")

            def has_recovered(s):
                p = s["resources"]["pods.v1."]
                return p["state"] == "synced" and p["relistsTotal"]
            s = own(w.wait(is_status(has_recovered), "a relist")[0])
            pods = s["resources"]["pods.v1."]
            same((pods["requestsTotal"]["watch"], pods["relistsTotal"],
                  pods["synthesizedTotal"], pods["suppressedTotal"],
                  pods["throttledSecondsTotal"] >= 1,
                  pods["requestsTotal"]["watchlist"]),
                 ({"cut": 1, "expired": 1, "throttled": 1, "server": 1},
                  {"expired": 1}, 1, 2, True, {"ok": 2}),
                 "outcomes, relists by cause, deletions found, suppressed")
            link = server.links[0]

            async def leave():
                link.go_away(max(link.requests))
            server.run(leave())
            reset(server, "configmaps")
            w.wait(is_status(lambda s: s["goawaysTotal"] == 1 and
                             s["connectionsTotal"] >= 2), "a GOAWAY")
            totals = [own(r) for r in w.find(is_status())]
            ok(all(a["recordsTotal"] <= b["recordsTotal"] and
                   a["receivedBytesTotal"] <= b["receivedBytesTotal"]
                   for a, b in zip(totals, totals[1:])), "totals only grow")
            same(w.stop(), 0, "the end")


def test_backoff():
    with Server(PODS, CONFIGMAPS) as server:
        async def sick(r):
            if not r.path.endswith("/pods"):
                return False
            return await r.fail(503, "Unavailable", "sick") or True
        server.hook(sick)
        with Watch(server, "--status", "1",
                   env={"MS_WATCH_HURRY": "4"}) as w:
            def is_sick(s):
                p = s["resources"]["pods.v1."]
                return p["state"] == "backoff" and p["message"] == \
                    "503: sick" and p["backoffLevel"] > 1
            ok(w.wait(is_status(is_sick), "backoff"),
               "a resource that cannot be had: backoff, and why")
            ok(not own(w.find(is_status(is_sick))[0])["ready"],
               "and no readiness")


def test_signal():
    with Server(PODS, CONFIGMAPS) as server:
        server.put("pods", "a")
        with Watch(server) as w:
            w.wait_ready()
            server.wait(lambda: sum(r.is_open and r.is_watch()
                                    for r in server.requests) == 2, "watches")
            w.process.send_signal(signal.SIGUSR1)
            server.wait(lambda: w.stderr().count("\n") >= 3, "lines")
            lines = sorted(w.stderr().splitlines())
            ok(len(lines) == 3 and
               lines[0].startswith("ms-watch: configmaps.v1.: synced, 0 ") and
               lines[1].startswith(f"ms-watch: {server.url()}: 2 of 2 ") and
               re.match(r"ms-watch: pods.v1.: synced, 1 objects, heard "
                        r"[0-9.]+ s ago, at 101, 1 events", lines[2]),
               "SIGUSR1: a line for each", lines)
            same(w.stop(), 0, "and it goes on until it is stopped")


def on_terminal(server, *args, until=None):
    """stderr of a run that has a terminal for it, and stdout for nobody. It is
    stopped when until() and a line has been seen."""
    main, other = pty.openpty()
    with open(os.devnull, "wb") as out:
        p = subprocess.Popen(
            [BIN + "/ms-watch", "--kubeconfig", server.kubeconfig(), "--once",
             *args], stdout=out, stderr=other, stdin=subprocess.DEVNULL,
            env=clean_environment())
    os.close(other)
    text = b""
    try:
        while part := os.read(main, 4096):
            text += part
            if until and until() and b"resources" in text:
                p.terminate()
    except OSError:
        pass
    os.close(main)
    return p.wait(60), text.decode()


def test_terminal():
    with Server(PODS, CONFIGMAPS, DEPLOYMENTS) as server:
        for i in range(20):
            server.put("pods", f"p{i}")

        async def warn(r):
            if r.is_watch() and r.path.endswith("/configmaps"):
                time.sleep(0.3)     # so that the line is drawn before
                r.link.more = [("warning", '299 - "old"')]
            return False
        server.hook(warn)
        code, text = on_terminal(server)
        last = text.split("\r\x1b[K")[-1]
        ok(code == 0 and re.fullmatch(
            r"3 of 3 resources, 20 objects, [0-9.]+ MB/s\r\n", last),
           "on a terminal: how far it is, in one line", repr(text))
        ok("\r\x1b[Kms-watch: warning: the server says: old\r\n" in text,
           "a message takes the line away", repr(text))
        answer = []

        async def hang(r):
            if r.path.endswith("/configmaps"):
                answer.append(r)
                return await r.until_closed() or True
            return False
        server.hook(hang)
        code, text = on_terminal(server, until=lambda: answer)
        ok(code == 0 and text.endswith("\r\x1b[K"),
           "stopped before that: nothing is left of it", repr(text))
        server.unhook()
        same(on_terminal(server, "-q"), (0, ""), "with -q nothing")
        with Watch(server, "--once") as w:
            w.end()
            ok("resources" not in w.stderr(), "no terminal: no such line",
               w.stderr())


test_status()
test_backoff()
test_signal()
test_terminal()
done()
