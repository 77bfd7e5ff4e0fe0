#!/usr/bin/python3 -B
"""scripts/meshsync and scripts/meshery-meshsync without a cluster: a scripted
API server, a real nats-server. Numbers are the contract's cases."""
import gzip
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "chaos"))
from chaos import *
import apiserver
import urllib.error
import urllib.request

SCRIPTS = os.path.join(HERE, "..", "..", "scripts")
MESHSYNC = os.path.join(SCRIPTS, "meshsync")
UPSTREAM = os.path.join(SCRIPTS, "meshery-meshsync")
listen = "127.0.0.1:%d" % free_port()
ENV = {k: v for k, v in os.environ.items() if not k.startswith("MESHSYNC_") and
       k not in ("BROKER_URL", "NATS_URL", "KUBECONFIG", "DEBUG")}
ENV.update(MESHSYNC_BIN=os.path.abspath(BIN), MESHSYNC_DIR=path("home"),
           MESHSYNC_LISTEN=listen, TMPDIR=tmp, HOME=tmp)


def call(*args, program=MESHSYNC, env=None, cwd=None):
    p = subprocess.run([program, *args], capture_output=True, timeout=LIMIT,
                       env={**ENV, **(env or {})}, stdin=subprocess.DEVNULL,
                       cwd=cwd)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


class Meshsync(Process):
    def __init__(self, *args, program=MESHSYNC, env=None, **how):
        self.err = path("meshsync-%d" % len(started))
        self.start([program, *args], stdin=subprocess.DEVNULL,
                   stdout=open(self.err + ".out", "wb"),
                   stderr=open(self.err, "wb"), env={**ENV, **(env or {})},
                   **how)

    def said(self):
        with open(self.err, errors="replace") as f:
            return f.read()

    def out(self):
        with open(self.err + ".out", errors="replace") as f:
            return f.read()

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.p.wait(LIMIT)

    def stages(self):
        """pid by name."""
        out = subprocess.run(["pgrep", "-P", str(self.p.pid), "-l", "ms-"],
                             capture_output=True).stdout.decode()
        return {name: int(pid) for pid, name in
                (line.split() for line in out.splitlines())}


def get(what):
    try:
        with urllib.request.urlopen("http://" + listen + what) as f:
            return f.status, f.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()
    except (urllib.error.URLError, OSError) as e:
        return 0, str(e)


def names(ears, kind="ADDED"):
    return [json.loads(m)["Object"]["metadata"]["name"] for m in
            ears.on("meshery.meshsync.core")
            if m and json.loads(m)["EventType"] == kind]


def show(m):
    note(m.said() + m.out())


# Help, and what is wrong.
for command in ("run", "status", "resync", "flush", "check", "signatures",
                "snapshot", "capture", "replay"):
    a, b = call(command, "--help"), call("help", command)
    ok(a == b and a[0] == 0 and a[1].startswith("usage: meshsync "),
       "help of " + command) or note(a)
code, out, err = call("--help")
ok(code == 0 and "meshsync status" in out, "help of all")
for args in ([], ["wrong"], ["run", "--wrong"], ["run", "--to"],
             ["status", "x"], ["resync", "x"], ["signatures"], ["replay"],
             ["capture", "--to", "-"], ["snapshot", "--to", "-"],
             ["capture", "--no-redact"], ["replay", "-", "--status", "1"],
             ["help", "wrong"]):
    code, out, err = call(*args)
    ok(code == 100 and err.count("\n") == 1, "%s is a wrong use" % args) or \
        note(err)
for option, why in (("--wrong", "unknown option --wrong"),
                    ("--store", "option --store needs a value")):
    err = call("run", option)[2]
    ok(why in err, "run %s: %s" % (option, why)) or note(err)
ok(call("run", "--once", "--help") == call("run", "--help"),
   "--help behind other options")
code, out, err = call("run", env={"MESHSYNC_BIN": "/none"})
ok(code == 100 and err.count("\n") == 1 and "make" in err,
   "without its stages it says how to get them") or note(err)
ok(call(program=UPSTREAM, env={"MESHSYNC_BIN": "/none", "BROKER_URL": "h"})[0]
   == 1, "44: and in the place of the Go MeshSync ends with its code")
for args in (["status"], ["resync"]):
    code, out, err = call(*args)
    ok(code == 111 and "no meshsync runs here" in err, "%s: nobody runs" %
       args)
code, out, err = call("--version")
ok(code == 0 and re.fullmatch(r"meshsync \d+\.\d+\.\d+\n", out), "--version")

# 44, 45: the flags of the Go MeshSync, without a cluster.
code, out, err = call("-h", program=UPSTREAM)
ok(code == 0 and not out and "-outputNamespaces" in err, "44: -h ends with 0, "
   "usage on stderr")
ok(call("--help", program=UPSTREAM)[0] == 0, "44: so does --help")
code, out, err = call("-wrong", program=UPSTREAM)
ok(code == 2 and "flag provided but not defined: -wrong" in err,
   "44: an unknown flag: 2")
ok(call("-stopAfter", "soon", program=UPSTREAM)[0] == 2 and
   call("-output", program=UPSTREAM)[0] == 2, "44: a bad or lacking value: 2")
code, out, err = call("-output", "x", program=UPSTREAM)
ok(code == 1 and 'unsupported output mode "x", supported list is [broker, '
   'file]' in err, "44: -output x: 1")
ok(call("-stopAfter", "0", program=UPSTREAM,
        env={"BROKER_URL": "nats://h"})[0] == 0, "44: -stopAfter 0: 0")
for url in ("", "nats://", "nats://ho st:4222"):
    ok(call(program=UPSTREAM, env={"BROKER_URL": url, "KUBECONFIG": "/none"})
       [0] == 1, "39: BROKER_URL %r: 1" % url)

nats = Nats('authorization { token: "hush/hush" }').up()
url = nats.url("hush%2Fhush@")


def listening(nats):
    """Ears with the token."""
    return Ears(nats, ',"auth_token":"hush/hush"')


NAMESPACES = apiserver.Resource("namespaces", "Namespace", namespaced=False)
REPLICASETS = apiserver.Resource("replicasets", "ReplicaSet", "apps")
with apiserver.Server(apiserver.PODS, apiserver.CONFIGMAPS, NAMESPACES,
                      REPLICASETS, apiserver.DEPLOYMENTS) as server:
    ENV["KUBECONFIG"] = server.kubeconfig()
    for i in range(3):
        server.put("pods", "p%d" % i, namespace="abc"[i])
        server.put("configmaps", "c%d" % i)
    server.put("namespaces", "a")
    server.put("replicasets", "r0", namespace="a")

    # A run, and what is asked of it.
    ears = listening(nats)
    m = Meshsync("run", "--probe", env={"BROKER_URL": url})
    ok(until(lambda: len(names(ears)) >= 8) and sorted(names(ears)) ==
       ["a", "c0", "c1", "c2", "p0", "p1", "p2", "r0"],
       "a run publishes the cluster") or show(m)
    ok(until(lambda: get("/readyz?verbose")[0] == 200),
       "health is served where it should be") or note(get("/readyz?verbose"))
    code, out, err = call("status")
    ok(code == 0 and "readyz check passed" in out and all(
        "[+]ms-%s runs as process %d, with " % (s, m.stages()["ms-" + s])
        in out for s in ("watch", "classify", "fingerprint", "publish")),
       "status: 0, the stages, and all is well") or note(out + err)
    code, out, err = call("status", "--metrics")
    ok(code == 0 and "meshsync_broker_up 1\n" in out, "status --metrics")
    ok(until(lambda: {"ms-watch", "ms-classify", "ms-fingerprint",
                      "ms-publish"} <= set(re.findall(
             r'meshsync_stage_cpu_seconds_total\{stage="(.*?)"\}',
             get("/metrics")[1])) and 'meshsync_watch_objects{resource='
             '"pods.v1."} 3' in get("/metrics")[1]),
       "metrics of all stages come with the STATUS records") or \
        note(get("/metrics")[1])
    code, out, err = call("check", env={"BROKER_URL": url})
    ok(code == 0 and re.search(r"^yes    a mark came through all stages and "
                               r"the broker in \d+ ms$", out, re.M) and
       "pods.v1." in out and "yes    we may publish" in out and
       "yes    snapshot " in out and "8 objects, 0 changes wait; it is in use"
       in out,
       "check: the cluster, the broker, and a mark through the run") or \
        note(out + err)
    n = len(names(ears))
    ok(call("resync")[0] == 0 and until(lambda: len(names(ears)) >= n + 8),
       "resync publishes everything again") or show(m)
    n = len(names(ears))
    ok(call("flush")[0] == 0 and until(lambda: len(names(ears)) >= n + 8),
       "flush is its other name")
    with open(path("bad.yaml"), "w") as f:
        f.write("rubbish: [")
    code, out, err = call("signatures", path("bad.yaml"))
    ok(code == 100, "signatures that are wrong are refused") or note(err)
    good = os.path.join(HERE, "..", "..", "cmd", "ms-fingerprint",
                        "signatures", "istio.yaml")
    code, out, err = call("signatures", good)
    ok(code == 0, "others are taken") or note(err)

    with open("/proc/%d/cmdline" % m.stages()["ms-fingerprint"]) as f:
        ok("--probe" in f.read().split("\0"), "--probe is for ms-fingerprint")

    # Secrets of one side are not the other's.
    for stage, pid in m.stages().items():
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            line = f.read()
        with open("/proc/%d/environ" % pid, "rb") as f:
            environ = f.read()
        ok(b"hush" not in line, stage + " has no secret among its arguments")
        if stage != "ms-publish":
            ok(b"hush" not in environ, "nor one of the broker in its "
               "environment")
        if stage in ("ms-classify", "ms-fingerprint"):
            ok(not any("control" in os.readlink("/proc/%d/fd/%s" % (pid, fd))
                       for fd in os.listdir("/proc/%d/fd" % pid)),
               "nor a way to command ms-watch")

    # What check starts is given no more than what a run starts.
    spies = path("spies")
    os.mkdir(spies)
    for stage in ("classify", "fingerprint", "publish"):
        os.symlink(os.path.abspath(BIN) + "/ms-" + stage,
                   spies + "/ms-" + stage)
    with open(spies + "/ms-watch", "w") as f:
        f.write("#!/bin/sh\nenv >'%s'\n" % path("environ"))
    os.chmod(spies + "/ms-watch", 0o755)
    call("check", env={"BROKER_URL": url, "MESHSYNC_BIN": spies})
    with open(path("environ")) as f:
        ok("hush" not in f.read(), "nor has ms-watch in a check")

    # Two at once, and a stage that dies.
    other = Meshsync("run", "--to", "-", "--format", "event")
    ok(until(lambda: "another meshsync runs here, as process %d" % m.p.pid in
             other.said()), "a second run says that it is not the one") or \
        show(other)
    ok(until(lambda: "ADDED" in other.out() or "added" in other.out() or
             "p2" in other.out()), "and works") or show(other)
    ok(other.stop() == 0 and call("status")[0] == 0,
       "and its end leaves the first alone")
    old = m.stages()
    n = len(names(ears))
    server.delete("pods", "p2", namespace="c")
    until(lambda: "p2" in names(ears, "DELETED"))
    os.kill(old["ms-publish"], signal.SIGKILL)
    server.delete("configmaps", "c2")
    ok(until(lambda: m.stages().get("ms-publish", old["ms-publish"]) !=
             old["ms-publish"] and "c2" in names(ears, "DELETED")),
       "ms-publish killed: what was deleted meanwhile is told") or show(m)
    ok(len(names(ears)) == n, "and nothing is told again")
    ok(until(lambda: call("status")[0] == 0), "status follows")
    ok(m.stop() == 0, "SIGTERM ends it with 0") or show(m)
    ok(not os.path.exists(path("home")) and
       not [x for x in os.listdir(tmp) if re.fullmatch(r"meshsync\.\w{6}", x)],
       "and it leaves nothing behind")
    ok("hush" not in m.said(), "nor has it told the token")

    # A container begins anew with the number, and the files, of the last.
    m = Meshsync("-c", 'mkdir -m 700 "$MESHSYNC_DIR" && '
                 'echo $$ >"$MESHSYNC_DIR/pid" && '
                 'exec "$0" run --to - --format event', MESHSYNC,
                 program="/bin/sh")
    ok(until(lambda: "p1" in m.out() and os.path.exists(path("home/stages")))
       and "another meshsync" not in m.said(),
       "a run does not take itself for another") or show(m)
    m.stop()

    # Whose terminal is closed, all of them are told.
    m = Meshsync("run", "--to", url[len("nats://"):], "--listen", "off",
                 start_new_session=True)
    ears = listening(nats)
    ok(until(lambda: call("status")[0] == 111 and "serves no status" in
             call("status")[2]), "--listen off") or show(m)
    server.put("pods", "p9", namespace="a")
    ok(until(lambda: "p9" in names(ears)) and "on a volume" in m.said(),
       "a URL without a scheme is a broker's, too") or show(m)
    os.killpg(m.p.pid, signal.SIGHUP)
    ok(m.p.wait(LIMIT) == 0, "SIGHUP for all ends all, in their order") or \
        show(m)
    server.delete("pods", "p9", namespace="a")

    # Ended at any moment of its start: what waits for a FIFO to open waits for
    # nobody then.
    ends = []
    for i in range(50):
        m = Meshsync("run", "--to", "-")
        time.sleep(i * 0.002)
        ends.append(m.stop())
    ok(set(ends) <= {0, -signal.SIGTERM}, "ended while it starts") or \
        note(ends)

    os.mkdir(path("theirs"))
    with open(path("theirs/snapshot.db.old"), "w") as f:
        f.write("x")
    m = Meshsync("run", "--to", "-", "--format", "event",
                 env={"MESHSYNC_DIR": path("theirs")})
    until(lambda: "p1" in m.out())
    code = m.stop()
    ok(code == 0 and os.listdir(path("theirs")) == ["snapshot.db.old"],
       "in a folder that somebody gave it, it leaves what is theirs") or \
        note("%d, %s, %s" % (code, os.listdir(path("theirs")), m.said()))

    # Without a run, check sends the mark through three stages of its own.
    code, out, err = call("check", "--to", url)
    ok(code == 0 and "a mark came through all stages" in out,
       "check without a run") or note(out + err)
    code, out, err = call("check", "--to", "nats://127.0.0.1:%d" % free_port())
    ok(code == 111 and "no     nothing answers" in out,
       "check without a broker: 111") or note(out + err)

    # 44 to 47: in the place of the Go MeshSync.
    old_ears, ears = ears, listening(nats)
    m = Meshsync("-broker-url", "foo", "-outputResources", "Pod,replicaset",
                 program=UPSTREAM, env={"BROKER_URL": url})
    ok(until(lambda: sorted(names(ears)) == ["p0", "p1", "r0"]),
       "45, 46: -broker-url is ignored; -outputResources are these kinds") or \
        note(names(ears)) or show(m)
    ok(until(lambda: get("/readyz") == (200, "ok")) and
       get("/healthz") == (200, "ok"), "43: /readyz and /healthz")
    began = time.monotonic()
    ok(m.stop() == 0, "44: SIGTERM: 0")
    note("in %.1f s" % (time.monotonic() - began))
    ears = listening(nats)
    m = Meshsync("--outputNamespaces= a,b ", "-stopAfter", "1h",
                 program=UPSTREAM, env={"BROKER_URL": url[7:]})
    ok(until(lambda: sorted(names(ears)) == ["p0", "p1", "r0"]),
       "46: -outputNamespaces are these, and nothing of the cluster; a "
       "BROKER_URL without a scheme will do") or note(names(ears)) or show(m)
    m.stop()
    ears = listening(nats)
    m = Meshsync("-stopAfter", "2500ms", program=UPSTREAM,
                 env={"BROKER_URL": url})
    ok(m.p.wait(LIMIT) == 0, "44: -stopAfter 2500ms ends it with 0") or show(m)
    for i, args in enumerate((["--output=file"], ["-output", "file"])):
        folder = path("files-%d" % i)
        os.mkdir(folder)
        m = Meshsync(*args, program=UPSTREAM, cwd=folder)
        ok(until(lambda: [x for x in os.listdir(folder) if re.fullmatch(
            r"meshery-cluster-snapshot-\d{8}-00\.yaml", x) and
            open(os.path.join(folder, x)).read().count("\n---\n") == 6]),
           "45, 47: %s: YAML in a file of today" % args) or show(m) or \
            note(os.listdir(folder))
        ok(get("/readyz")[0] == 503 and get("/healthz")[0] == 200,
           "47: /readyz stays 503")
        ok(m.stop() == 0, "47: SIGTERM: 0")

    # A cluster once, as a file; captured, and played again.
    code, out, err = call("snapshot", path("cluster.yaml"))
    ok(code == 0 and open(path("cluster.yaml")).read().count("\n---\n") == 6,
       "snapshot FILE") or note(err)
    code, out, err = call("capture", "--once", "-v", "--status", "1")
    ok(code == 0 and '"phase":"ready"' in out and "ms-watch: info" in err,
       "capture --once -v") or note(err)
    with open("/dev/full", "wb") as full:
        code = subprocess.run([MESHSYNC, "capture", "--once"], stdout=full,
                              stderr=subprocess.DEVNULL, env=ENV,
                              timeout=LIMIT).returncode
    ok(code == 111, "a capture that cannot be written: 111") or note(code)
    with open(path("captured"), "w") as f:
        f.write(out)
    code, out, err = call("replay", path("captured"), "-q", "--no-built-in",
                          "--settle", "1")
    ok(code == 0 and "p1" in out, "replay FILE") or note(out + err)
    packed = gzip.compress(open(path("captured"), "rb").read())
    for name, n in (("whole.gz", len(packed)), ("torn.gz", 200)):
        with open(path(name), "wb") as f:
            f.write(packed[:n])
    ok(call("replay", path("whole.gz"), "-q", "--no-built-in",
            "--settle", "1") == (code, out, err), "replay FILE.gz")
    code, out, err = call("replay", path("torn.gz"))
    ok(code == 111 and err.count("\n") == 1 and "torn" in err,
       "one that is torn is told") or note(err)
nats.kill()
done()
