#!/usr/bin/python3 -B
"""How ms-watch lives with its reader and with signals.
Numbers are those of the research's cases."""
import os
import signal
import subprocess
import time

from apiserver import BIN, PODS, Server, Watch, clean_environment, done, ok, \
    same


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


def test_blocked():
    with Server(PODS) as server:
        fill(server, 400, 150000)
        out, into = os.pipe()
        with Watch(server, stdout=into) as w:
            os.close(into)
            last, since = -1, time.monotonic()
            while time.monotonic() - since < 1:     # until it stands still
                sent = sum(link.h2.outbound_flow_control_window
                           for link in server.links)
                if sent != last:
                    last, since = sent, time.monotonic()
                time.sleep(0.05)
            # queue, windows, what one turn brings; sanitizers take more
            ok(rss(w) < 50000 or "san" in BIN,
               "62. stdout blocked: memory is bounded", f"{rss(w)} KB")
            w.process.stdout = os.fdopen(out, "rb")
            w.reader.start()
            w.wait_ready()
            same(len(w.find(lambda r: r["type"] == "ADDED")), 400,
                 "62. read again: nothing is lost")
            same(w.stop(), 0, "62. and it ends as ever")


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
test_nonblocking()
done()
