#!/usr/bin/python3 -B
"""How ms-watch lives with its reader and with signals.
Numbers are those of the research's cases."""
import os
import signal
import subprocess
import threading
import time

from apiserver import BIN, PODS, Server, Watch, clean_environment, done, \
    hurry, ok, same


def fill(server, n, size):
    for i in range(n):
        server.put("pods", f"p{i:04d}", data="x" * size)


def is_event(kind, name):
    return lambda r: r["type"] == kind and \
        r["object"]["metadata"]["name"] == name


def test_signals():
    with Server(PODS) as server:
        fill(server, 200, 10000)
        for name in ("SIGTERM", "SIGINT"):
            with Watch(server) as w:
                w.wait(lambda r: r["type"] == "ADDED", "the first object")
                same(w.stop(getattr(signal, name)), 0, f"63. {name}: 0")
                same(w.broken, [], f"63. {name}: whole lines only")


def test_closed():
    with Server(PODS) as server:
        fill(server, 200, 10000)
        out, into = os.pipe()
        with Watch(server, stdout=into) as w:
            os.close(into)
            os.read(out, 1000)
            os.close(out)
            same(w.process.wait(20), -signal.SIGPIPE,
                 "63. the reader goes: death by SIGPIPE")
            same(w.stderr(), "", "63. without a word")
        result = subprocess.run(
            ["sh", "-c", f"{BIN}/ms-watch --once | head -1 | cut -c1-16"],
            env={**clean_environment(), "KUBECONFIG": server.kubeconfig()},
            capture_output=True, text=True, timeout=60)
        same((result.stdout, result.stderr), ('{"type":"CONFIG"\n', ""),
             "| head -1")


def test_full():
    with Server(PODS) as server, open("/dev/full", "wb") as full:
        with Watch(server, stdout=full) as w:
            same(w.process.wait(20), 111, "/dev/full: 111")
            ok("No space left" in w.stderr(), "with the reason", w.stderr())


def rss(w):
    with open(f"/proc/{w.process.pid}/status") as f:
        return next(int(x.split()[1]) for x in f if x.startswith("VmRSS"))


def until_still(server):
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 1:
        sent = sum(link.h2.outbound_flow_control_window
                   for link in server.links)
        if sent != last:
            last, since = sent, time.monotonic()
        time.sleep(0.05)


def test_blocked():
    with Server(PODS) as server:
        fill(server, 400, 150000)
        out, into = os.pipe()
        with Watch(server, stdout=into) as w:
            os.close(into)
            until_still(server)
            # queue, windows, what one turn brings; sanitizers take more
            ok(rss(w) < 50000 or "san" in BIN,
               "62. stdout blocked: memory is bounded", f"{rss(w)} KB")
            w.process.stdout = os.fdopen(out, "rb")
            w.reader.start()
            w.wait_ready()
            same(len(w.find(lambda r: r["type"] == "ADDED")), 400,
                 "62. read again: nothing is lost")
            same(w.stop(), 0, "62. and it ends as ever")


def last_lines(w):
    """What a reader holds in the end, and how often each line came."""
    held, count = {}, {}
    for r in w.find(lambda r: r["type"] in ("ADDED", "MODIFIED", "DELETED")):
        meta = r["object"]["metadata"]
        key = (r["type"], meta["name"], meta.get("resourceVersion"))
        count[key] = count.get(key, 0) + 1
        if r["type"] == "DELETED":
            held.pop(meta["name"], None)
        else:
            held[meta["name"]] = meta["resourceVersion"]
    return held, count


def lines_while(gate, file):
    for line in file:
        gate.wait()
        yield line


def test_blocked_long():
    """Ten minutes, by a clock that runs 200 times faster, in which history
    goes on, expires, and the connection breaks."""
    with Server(PODS) as server:
        fill(server, 100, 10)
        out, into = os.pipe()
        gate = threading.Event()
        gate.set()
        with Watch(server, stdout=into, env=hurry(200)) as w:
            os.close(into)
            w.process.stdout = lines_while(gate, os.fdopen(out, "rb"))
            w.reader.start()
            w.wait_ready()
            gate.clear()
            fill(server, 300, 150000)       # 100 that are known, 200 new
            until = time.monotonic() + 600 / 200
            until_still(server)
            time.sleep(max(0, until - time.monotonic()))
            for i in range(50, 150):
                server.delete("pods", f"p{i:04d}", quietly=True)
            for i in range(20, 30):
                server.put("pods", f"p{i:04d}", quietly=True)
            server.compact()
            server.cut()
            gate.set()
            ok(w.wait(lambda r: r["ms"].get("cause") == "expired" and
                      r["ms"]["phase"] == "begin", "a new sync"),
               "62. stdout blocked for long: history has expired")
            w.wait_synced("pods.v1.", 2)
            held, count = last_lines(w)
            same(held, {key[2]: o["metadata"]["resourceVersion"]
                        for key, o in server.objects.items()},
                 "62. what is told in the end is what there is")
            same([k for k, n in count.items() if n > 1], [],
                 "62. nothing is told twice")


def test_nonblocking():
    with Server(PODS) as server:
        fill(server, 100, 10000)
        out, into = os.pipe()
        os.set_blocking(into, False)
        with Watch(server, "--once", stdout=into) as w:
            os.close(into)
            time.sleep(0.2)
            with open(out, "rb") as f:
                lines = f.read().splitlines()
            same((w.process.wait(20), sum(b'"ADDED"' in x for x in lines)),
                 (0, 100), "a non-blocking stdout")


test_signals()
test_closed()
test_full()
test_blocked()
test_blocked_long()
test_nonblocking()
done()
