#!/usr/bin/python3 -B
"""Credential plugins: what they are told, when they are run, and how they may
fail. Numbers are those of the research's cases."""
import json
import os
import signal
import time

from apiserver import CONFIGMAPS, PODS, Resource, Server, Watch, done, \
    hurry, ok, same

V1 = "client.authentication.k8s.io/v1"
HASTE = hurry(50)

# Notes each run, and whether there are two at a time; answers with the file
# "answer" as soon as there is no file "hold".
PLUGIN = r"""#!/bin/sh
cd "$(dirname "$0")" || exit 9
mkdir busy 2>/dev/null || echo overlap >>log
echo "run $1 $FLAVOUR" >>log
printf '%s' "$KUBERNETES_EXEC_INFO" >info
[ ! -s /dev/stdin ] && cat >stdin
echo "a word to the user" >&2
n=0
while [ -e hold ] && [ $((n += 1)) -lt 600 ]; do sleep 0.05; done
rmdir busy
soon=$(date -u -d "+$(cat life 2>/dev/null || echo 600) sec" +%Y-%m-%dT%H:%M:%SZ)
sed "s/SOON/$soon/" answer
exit "$(cat code 2>/dev/null || echo 0)"
"""


def put(server, name, text):
    path = os.path.join(server.folder, "plugin", name)
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)
    return path


def drop(server, name):
    os.unlink(os.path.join(server.folder, "plugin", name))


def get(server, name):
    try:
        with open(os.path.join(server.folder, "plugin", name)) as f:
            return f.read()
    except FileNotFoundError:
        return ""


def runs(server):
    return get(server, "log").count("run")


def credential(server, **status):
    """What the plugin says from now on."""
    put(server, "answer", json.dumps({
        "apiVersion": V1, "kind": "ExecCredential", "status": status}))


def configure(server, **more):
    os.makedirs(os.path.join(server.folder, "plugin"))
    os.chmod(put(server, "p", PLUGIN), 0o755)
    return server.kubeconfig(user={"exec": {
        "apiVersion": V1, "interactiveMode": "IfAvailable",
        "command": "plugin/p", "args": ["get"], **more}})


def is_open(server, resource, count=1):
    return sum(r.is_open and r.is_watch() for r in server.requests
               if r.path.endswith("/" + resource)) == count


def is_pod(name):
    return lambda r: r["type"] == "ADDED" and \
        r["object"]["metadata"]["name"] == name


def test_expiry():
    many = [PODS] + [Resource(f"r{i}", f"R{i}", "x.io") for i in range(40)]
    with Server(*many) as server:
        path = configure(server, provideClusterInfo=True,
                         env=[{"name": "FLAVOUR", "value": "sweet"}])
        config = json.load(open(path))
        config["clusters"][0]["cluster"]["extensions"] = [{
            "name": "client.authentication.k8s.io/exec",
            "extension": {"audience": "x", "n": 1}}]
        with open(path, "w") as f:
            json.dump(config, f)
        credential(server, token="first", expirationTimestamp="SOON")
        put(server, "life", "4")
        put(server, "hold", "")
        with Watch(server, kubeconfig=path) as w:
            server.wait(lambda: runs(server), "a run")
            time.sleep(0.2)
            same(server.requests, [], "8. without credentials nothing is sent")
            begun = time.monotonic()
            drop(server, "hold")
            w.wait_ready()
            server.wait(lambda: all(is_open(server, m.name) for m in many),
                        "watches")
            # it is due again after 2.7 s, if all this takes so long
            ok(runs(server) <= 1 + (time.monotonic() - begun) / 2.7,
               "8. 41 kinds, one run", get(server, "log"))
            same({r.headers["authorization"] for r in server.requests},
                 {"Bearer first"}, "8. what it prints is what is sent")
            before = runs(server)
            credential(server, token="second", expirationTimestamp="SOON")
            put(server, "life", "600")
            count = len(server.requests)
            server.wait(lambda: runs(server) > before,
                        "8. another before the end")
            server.wait(lambda: not os.path.exists(os.path.join(
                server.folder, "plugin", "busy")), "its end")

            async def reset():
                for r in server.requests:
                    if r.is_open and r.path.endswith("/r7"):
                        await r.reset()

            def token_of_next():
                server.run(reset())
                server.wait(lambda: is_open(server, "r7"), "r7 again")
                return server.requests[-1].headers["authorization"]
            ok(server.wait(lambda: token_of_next() == "Bearer second", "it"),
               "8. what is asked then has the new token")
            same({r.path for r in server.requests[count:] if r.is_watch()},
                 {"/apis/x.io/v1/r7"}, "8. no other watch notices")
            ok("overlap" not in get(server, "log"), "8. never two at a time")
            same(w.stop(), 0, "8. the end")
            same((w.broken, [x for x in w.lines if b"Bearer" in x or
                             b"ExecCredential" in x]), ([], []),
                 "8. what it prints is not in our output")
        info = json.loads(get(server, "info"))
        same(info, {"apiVersion": V1, "kind": "ExecCredential", "spec": {
            "interactive": False, "cluster": {
                "server": server.url(),
                "certificate-authority-data": server.pki.ca_data(),
                "config": {"audience": "x", "n": 1}}}},
             "the plugin is told about the cluster")
        same((get(server, "log").splitlines()[0], get(server, "stdin")),
             ("run get sweet", ""), "it has arguments, environment, no stdin")
        ok("a word to the user" in w.stderr() if not w.err.closed else True,
           "and our stderr")


YAML = f"""apiVersion: {V1}
kind: ExecCredential
status:
  token: of-yaml
  expirationTimestamp: 2999-01-01T00:00:00Z
"""


def test_output():
    with Server(PODS) as server:
        path = configure(server)
        good = {"apiVersion": V1, "kind": "ExecCredential"}
        for name, text in (
                ("of more than 64 KiB", json.dumps({
                    **good, "x": "y" * 200000, "status": {"token": "big"}})),
                ("in YAML", YAML)):
            put(server, "answer", text)
            with Watch(server, kubeconfig=path) as w:
                ok(w.wait_ready(), "9. an answer " + name)
        # as some supervisors leave it to their children
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        w = Watch(server, kubeconfig=path)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with w:
            ok(w.wait_ready(), "9. although SIGCHLD was ignored")
        server.pki.issue("jane")
        cert, key = server.pki.text("jane.crt"), server.pki.text("jane.key")
        server.requests.clear()
        put(server, "code", "1")
        with Watch(server, kubeconfig=path, env=HASTE) as w:
            server.wait(lambda: "trying again" in w.stderr(), "a warning")
            for name, code, answer, words in (
                    ("exit status 1", "1", {}, "failed with exit status 1"),
                    ("no status", "0", good, "no status"),
                    ("neither token nor certificate", "0",
                     {**good, "status": {}}, "neither token nor"),
                    ("a certificate without its key", "0",
                     {**good, "status": {"clientCertificateData": cert}},
                     "without clientKeyData"),
                    ("a key without its certificate", "0",
                     {**good, "status": {"clientKeyData": key}},
                     "without clientKeyData"),
                    ("a certificate that is none", "0",
                     {**good, "status": {"clientCertificateData": "x",
                                         "clientKeyData": key}},
                     "clientCertificateData cannot be used"),
                    ("another apiVersion", "0",
                     {**good, "apiVersion": V1 + "beta1",
                      "status": {"token": "x"}}, "its apiVersion is not"),
                    ("a token of two lines", "0",
                     {**good, "status": {"token": "secret\r\nX: y"}},
                     "status.token"),
                    ("no time", "0", {**good, "status": {
                        "token": "x", "expirationTimestamp": "soon"}},
                     "expirationTimestamp is no time")):
                put(server, "answer", json.dumps(answer))
                put(server, "code", code)
                with Watch(server, "-v", kubeconfig=path, env=HASTE) as one:
                    server.wait(lambda: words in one.stderr(), name)
                    ok("'me'" in one.stderr() and path in one.stderr() and
                       "secret" not in one.stderr(), f"9. {name}: told, with "
                       "the user and the file", one.stderr())
            same(server.requests, [], "9. and nothing was sent")
            credential(server, token="at-last")
            ok(w.wait_ready(), "9. it is tried until it works")


def test_hang():
    with Server(PODS, CONFIGMAPS) as server:
        path = configure(server)
        credential(server, token="short", expirationTimestamp="SOON")
        put(server, "life", "3")
        # not so much haste that watches end by themselves meanwhile
        with Watch(server, kubeconfig=path, env=hurry(25)) as w:
            w.wait_ready()
            put(server, "hold", "")
            put(server, "life", "600")
            credential(server, token="long", expirationTimestamp="SOON")
            server.wait(lambda: "was killed" in w.stderr(),
                        "9. one that hangs is killed")
            server.wait(lambda: is_open(server, "pods") and
                        is_open(server, "configmaps"), "watches")
            server.put("pods", "a")
            ok(w.wait(is_pod("a"), "a"), "9. meanwhile watches deliver")
            same(len([r for r in server.seen("/api/v1/pods")
                      if r.is_watch() and not r.is_stream()]), 0,
                 "9. and are not interrupted")
            server.wait(lambda: "trying again" in w.stderr() or
                        runs(server) > 3, "more runs")
            drop(server, "hold")

            async def reset():
                for r in server.requests:
                    if r.is_open and r.path.endswith("/configmaps"):
                        await r.reset()
            count = len(server.requests)
            server.run(reset())
            server.wait(lambda: len(server.requests) > count, "a request")
            ok(server.wait(lambda: any(
                r.headers["authorization"] == "Bearer long"
                for r in server.requests), "it"), "9. and then it goes on")


def test_certificate():
    with Server(PODS, CONFIGMAPS) as server:
        path = configure(server)

        def give(name):
            server.pki.issue(name)
            credential(server,
                       clientCertificateData=server.pki.text(name + ".crt"),
                       clientKeyData=server.pki.text(name + ".key"))
        give("jane-1")
        # not so much haste that the watches end by themselves meanwhile
        with Watch(server, kubeconfig=path, env=hurry(4)) as w:
            w.wait_ready()
            server.put("pods", "a")
            w.wait(is_pod("a"), "a")
            server.wait(lambda: is_open(server, "pods") and
                        is_open(server, "configmaps"), "watches")
            same({r.link.client for r in server.requests}, {"jane-1"},
                 "10. a plugin's certificate is shown")

            async def only_second(r):
                if r.link.client == "jane-2":
                    return False
                return await r.fail(401, "Unauthorized") or True
            give("jane-2")
            server.hook(only_second)
            count = len(server.requests)

            async def reset():
                for r in server.requests:
                    if r.is_open and r.path.endswith("/configmaps"):
                        await r.reset()
            server.run(reset())
            server.wait(lambda: {r.link.client for r in server.requests
                                 if r.is_open} == {"jane-2"} and
                        is_open(server, "pods") and
                        is_open(server, "configmaps"),
                        "10. on 401 all connections are replaced")
            later = [r for r in server.requests[count:]
                     if r.path.endswith(("/pods", "/configmaps"))]
            same([r.target for r in later if r.link.client == "jane-2" and
                  r.is_stream()], [], "10. and nothing is listed again")
            server.put("pods", "b")
            w.wait(is_pod("b"), "b")
            same(w.digests()[-2:], ["pods ADDED a 101", "pods ADDED b 102"],
                 "10. nothing is lost, nothing told twice")
            same(runs(server), 2, "10. two runs in all")


def test_refused():
    """A plugin whose credential is refused for ever is not run for ever."""
    many = [PODS] + [Resource(f"r{i}", f"R{i}", "x.io") for i in range(30)]
    with Server(*many) as server:
        path = configure(server)
        credential(server, token="x")
        with Watch(server, kubeconfig=path, env=hurry(10)) as w:
            w.wait_ready()

            async def refuse(r):
                return await r.fail(401, "Unauthorized") or True
            server.hook(refuse)
            before, count = runs(server), len(server.requests)
            begun = time.monotonic()
            server.cut()
            server.wait(lambda: len(server.requests) > count + 100, "requests")
            took = (time.monotonic() - begun) * 10
            # after pauses of 1, 2, 4 ... 60 s, which then begin anew
            most = 8 * (1 + took / 120)
            ok(runs(server) - before <= most, "refused again and again: the "
               "plugin is run now and then", runs(server) - before, most)
            ok(w.stderr().count("401") <= 1 + took / 30,
               "and it is told now and then", w.stderr())


test_expiry()
test_output()
test_hang()
test_certificate()
test_refused()
done()
