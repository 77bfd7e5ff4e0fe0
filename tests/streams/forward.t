#!/usr/bin/python3
"""What ms-fingerprint asks ms-watch for reaches the control FIFO, with a
snapshot and without one, and nobody is waited for who does not read it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/..")
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

BIN = os.path.abspath(os.environ.get("BIN", HERE + "/../../build"))
tmp = tempfile.mkdtemp(prefix="ms-forward-")
fifo = tmp + "/control"


def publish(lines, *args):
    return subprocess.run([BIN + "/ms-publish", "--control", *args],
                          input="".join(line + "\n" for line in lines).encode(),
                          capture_output=True)


asked = json.dumps({"type": "REQUEST", "object": {
    "resource": "gateways.v1.networking.istio.io", "depth": "full"}})
os.mkfifo(fifo)
held = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
for name, args in (
        ("to stdout", ("--to", "-")),
        ("to a file", ("--to", "file:" + tmp + "/file")),
        ("as records", ("--to", "-", "--format", "record")),
        ("with a snapshot", ("--to", "-", "--store", tmp + "/store"))):
    run = publish([asked], fifo, *args)
    try:
        got = os.read(held, 65536).decode()
    except BlockingIOError:
        got = ""
    ok(run.returncode == 0 and got == asked + "\n", "forwarded " + name)

run = publish([asked] * 1000, fifo, "--to", "-")
ok(run.returncode == 0 and b"nobody reads" in run.stderr,
   "a full FIFO is told about, and the run goes on")
got = os.read(held, 1 << 20).decode()
ok(set(got.splitlines()) == {asked} and got.endswith("\n"),
   "whole lines are in it")

with open(tmp + "/plain", "w") as f:
    f.write("precious")
run = publish([asked], tmp + "/plain", "--to", "-")
ok(run.returncode == 100 and b"is no FIFO" in run.stderr and
   open(tmp + "/plain").read() == "precious", "a file is left alone")
run = publish([asked], tmp + "/none", "--to", "-")
ok(run.returncode == 100, "a path that is not there is told")
shutil.rmtree(tmp)
done()
