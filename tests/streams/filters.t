#!/usr/bin/python3
"""Every stage that reads a stream behaves as a filter should: it answers
before the end of its input, ends as its neighbours expect, and loses no good
line to bad ones. BIN names the folder of the programs."""
import fcntl
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from tap import done, ok     # noqa: E402 - the path comes first

BIN = os.environ.get("BIN", "build")
STAGES = {
    "ms-classify": [],
    "ms-fingerprint": [],
    "ms-publish": ["--to", "-", "--format", "record"],
}
LIMIT = 20  # seconds that anything may take before it counts as hung


def pod(name, spec='{"x":1}'):
    return ('{"type":"ADDED","ms":{"cluster":"c"},"object":{"apiVersion":"v1",'
            '"kind":"Pod","metadata":{"name":"%s","uid":"%s"},"spec":%s}}\n'
            % (name, name, spec)).encode()


def start(stage, **how):
    how.setdefault("stdin", subprocess.PIPE)
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen([os.path.join(BIN, stage)] + STAGES[stage], **how)


def run(stage, data, **how):
    """Feed data, return what came out, the messages, and the status."""
    p = start(stage, **how)
    try:
        out, err = p.communicate(data, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        p.kill()
        out, err = p.communicate()
        return out, err, "hung"
    return out, err, p.returncode


def names(out):
    """The names of the objects in what a stage wrote, in order."""
    mark = b'"metadata":{"name":"'
    return [line.split(mark)[1].split(b'"')[0].decode()
            for line in out.splitlines() if mark in line]


def read_line(p):
    signal.alarm(LIMIT)
    line = p.stdout.readline()
    signal.alarm(0)
    return line


def answers_before_eof(stage):
    p = start(stage, bufsize=0)
    for name in ("first", "second"):
        p.stdin.write(pod(name))
        ok(names(read_line(p)) == [name],
           stage + ": the %s line is answered before EOF" % name)
    p.stdin.close()
    ok(p.wait(LIMIT) == 0, stage + ": ends with 0 at EOF")


def one_byte_reads(stage):
    p = start(stage, bufsize=0)
    for byte in pod("slow"):
        p.stdin.write(bytes([byte]))
    ok(names(read_line(p)) == ["slow"], stage + ": a line in single bytes")
    p.stdin.close()
    p.wait(LIMIT)


def reader_leaves(stage):
    """As in `| head -1`: killed by SIGPIPE (141 in a shell), quietly."""
    p = start(stage)
    try:
        for i in range(20000):
            p.stdin.write(pod("p%d" % i, '"%s"' % ("x" * 100)))
            if i == 0:
                p.stdin.flush()
                read_line(p)
                p.stdout.close()
        p.stdin.close()
    except BrokenPipeError:
        pass
    ok(p.wait(LIMIT) == -signal.SIGPIPE,
       stage + ": dies of SIGPIPE when its reader has left")
    ok(p.stderr.read() == b"", stage + ": and says nothing")


def full_disk(stage):
    with open("/dev/full", "wb") as full:
        _, err, status = run(stage, pod("a"), stdout=full)
    ok(status == 111, stage + ": 111 when it cannot write")
    ok(b"fatal: unable to write: No space left" in err,
       stage + ": and says why")


def nonblocking_stdin(stage):
    r, w = os.pipe()
    fcntl.fcntl(r, fcntl.F_SETFL, os.O_NONBLOCK)
    p = start(stage, stdin=r, bufsize=0)
    os.close(r)
    os.write(w, pod("a"))
    first = names(read_line(p))
    os.write(w, pod("b"))
    second = names(read_line(p))
    os.close(w)
    ok(first + second == ["a", "b"] and p.wait(LIMIT) == 0,
       stage + ": copes with a non-blocking stdin")


def bad_lines(stage):
    garbage = b"".join([
        pod("good-1"), b"garbage\n", b"\0\1\2\xff\n", b"\n", b"{}\n", b"[]\n",
        b'{"type":"ADDED","object":{"apiVersion":"v1"\n', pod("good-2"),
        b'{"type":"ADDED","object":"' + b"\xff\xfe" * 50 + b'"}\n',
        os.urandom(5000).replace(b"\n", b" ") + b"\n", pod("good-3"),
    ])
    out, err, status = run(stage, garbage + pod("torn")[:-20])
    ok(names(out) == ["good-1", "good-2", "good-3"],
       stage + ": bad lines cost no good one")
    ok(status == 0 and err.count(b"warning: line") >= 6,
       stage + ": each is told with its line, and the run goes on")
    ok(b"line 12 is dropped: the input ends in the middle of it" in err,
       stage + ": so is a torn last line")


def warnings_are_bounded(stage):
    for bad in (b"garbage\n" * 100000, b"{\n}}\n" * 1000):
        _, err, status = run(stage, bad)
        ok(status == 0 and 10 < err.count(b"\n") < 40,
           stage + ": a flood of bad lines gives no flood of messages")


def gigantic_line(stage):
    data = (pod("before") + pod("giant", '"%s"' % ("x" * (33 << 20)))
            + pod("after"))
    out, err, status = run(stage, data)
    ok(names(out) == ["before", "after"] and status == 0,
       stage + ": a line over the cap is left out, the next is not")
    ok(b"line 2 is dropped: it is longer than a record may be" in err,
       stage + ": and told")
    out, _, status = run(stage, pod("big", '"%s"' % ("x" * (20 << 20))))
    ok(names(out) == ["big"] and status == 0 and len(out) > 20 << 20,
       stage + ": a line of 20 MiB passes whole")


def gigantic_document(stage):
    """Spread over lines, as kubectl prints it."""
    if stage != "ms-classify":
        return
    item = b'{\n"kind": "Pod",\n"x": "' + b"x" * (1 << 20) + b'"\n},\n'
    out, err, status = run(stage, b'{\n"items": [\n' + item * 33 + b"{}\n]\n}\n"
                           + pod("after"))
    ok(names(out) == ["after"] and status == 0,
       stage + ": a document over the cap is left out, the next line is not")
    ok(err.count(b"\n") == 1 and b"the document that ends in line 137 is "
       b"dropped: it is longer than a record may be" in err,
       stage + ": and told, once")


def empty_input(stage):
    out, err, status = run(stage, b"")
    ok((out, err, status) == (b"", b"", 0), stage + ": empty input is no error")


def usage(stage):
    for option, code, where in (("--help", 0, 0), ("--version", 0, 0),
                                ("--no-such-option", 100, 1)):
        p = subprocess.run([os.path.join(BIN, stage), option],
                           capture_output=True, timeout=LIMIT,
                           stdin=subprocess.DEVNULL)
        ok(p.returncode == code and (p.stdout, p.stderr)[where]
           and not (p.stdout, p.stderr)[1 - where],
           "%s: %s ends with %d and one kind of output"
           % (stage, option, code))


def closed(stage):
    """What is closed is not taken for something that was opened since."""
    with tempfile.TemporaryDirectory() as tmp:
        for more in ([], ["--store", tmp + "/s"]):
            if more and stage != "ms-publish":
                continue
            for fd, what in ((0, "<&-"), (1, ">&-")):
                p = subprocess.Popen(
                    ["sh", "-c", 'exec "$@" ' + what, "sh",
                     os.path.join(BIN, stage)] + STAGES[stage] + more,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE)
                try:
                    err = p.communicate(pod("p"), timeout=LIMIT)[1]
                except subprocess.TimeoutExpired:
                    p.kill()
                    err = p.communicate()[1]
                ok(p.returncode == 111 and b"Bad file descriptor" in err,
                   "%s %s: descriptor %d is closed, and that is said"
                   % (stage, " ".join(more[:1]), fd))


CHECKS = [answers_before_eof, one_byte_reads, reader_leaves, full_disk,
          nonblocking_stdin, bad_lines, warnings_are_bounded, gigantic_line,
          gigantic_document, empty_input, usage, closed]

for stage in STAGES:
    for check in CHECKS:
        check(stage)
usage("ms-watch")
done()
