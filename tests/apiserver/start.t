#!/usr/bin/python3 -B
"""What ms-watch needs before it can watch: a kubeconfig, a server, rights.
Each thing that is wrong is told in one line that says what to do."""
import os
import subprocess

from apiserver import BIN, PODS, Pki, Server, Watch, clean_environment, done, \
    ok, same


def run(*args, env=None, input=None):
    return subprocess.run([os.path.join(BIN, "ms-watch"), *args],
                          capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL,
                          env={**clean_environment(), **(env or {})})


def refused(name, result, *words, code=100):
    err = result.stderr
    ok(result.returncode == code and not result.stdout and
       err.count("\n") == 1 and all(word in err for word in words), name,
       result.returncode, err)


def test_kubeconfig(server):
    folder = server.folder
    missing = os.path.join(folder, "missing")
    refused("2. --kubeconfig of a missing file", run("--kubeconfig", missing),
            missing, "No such file")
    refused("no kubeconfig anywhere", run(), "--kubeconfig", "KUBECONFIG")
    refused("an unreadable one", run("--kubeconfig", folder), folder)
    path = os.path.join(folder, "broken")
    with open(path, "w") as f:
        f.write("a: b\n  c: [")
    refused("one that is no YAML", run("--kubeconfig", path), path + ":2")
    path = server.kubeconfig("nocontext", **{"current-context": None})
    refused("one without a context", run("--kubeconfig", path), path,
            "current-context", "--context")
    refused("a context that it does not have",
            run("--kubeconfig", path, "--context", "nope"), "nope", path)
    path = server.kubeconfig("noserver", cluster={"x": 1})
    refused("a cluster without server", run("--kubeconfig", path), path,
            "server")
    path = server.kubeconfig("badca", cluster={
        "server": server.url(), "certificate-authority-data": "no!"})
    refused("a CA that is not base64", run("--kubeconfig", path), path,
            "certificate-authority-data", "base64")
    path = server.kubeconfig("halfcert", user={
        "client-certificate-data": server.pki.ca_data()})
    refused("a certificate without its key", run("--kubeconfig", path), path,
            "client-key")
    path = server.kubeconfig("exec", user={"exec": {"command": "x"}})
    refused("credentials of a form we do not know",
            run("--kubeconfig", path), path, "exec", "token")
    path = server.kubeconfig("notoken", user={"tokenFile": "gone"})
    refused("a token file that is not there", run("--kubeconfig", path),
            os.path.join(folder, "gone"), "tokenFile")


def test_several_files(server):
    a = server.kubeconfig("a", user={"token": "of-a"}, clusters=[])
    b = server.kubeconfig("b", user={"token": "of-b"})
    result = run("--once", "--resource", "pods",
                 env={"KUBECONFIG": f"{server.folder}/none:{a}::{b}"})
    same(result.returncode, 0, "2. KUBECONFIG with a missing file")
    ok("none of KUBECONFIG does not exist" in result.stderr,
       "2. which is warned about", result.stderr)
    same({r.headers.get("authorization") for r in server.requests},
         {"Bearer of-a"}, "1. the first file that has a user wins")


def test_paths(server):
    folder = os.path.join(server.folder, "elsewhere")
    os.makedirs(os.path.join(folder, "sub"))
    for name, text in (("sub/ca", open(server.pki.path("ca.crt")).read()),
                       ("token", "  from-file \n\n")):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    server.requests.clear()
    path = server.kubeconfig("elsewhere/config", {"tokenFile": "token"}, {
        "server": server.url() + "/?x=1", "certificate-authority": "sub/ca"})
    same(run("--once", "--kubeconfig", path).returncode, 0,
         "3. relative paths count from the file's folder")
    same({r.headers.get("authorization") for r in server.requests},
         {"Bearer from-file"}, "7. a token file's spaces are not sent")
    ok(server.requests and all(r.path.startswith("/api")
                               for r in server.requests),
       "a server's query and last slash are dropped")


def test_trust(server):
    stranger = Pki(os.path.join(server.folder, "strangers"))
    path = server.kubeconfig("stranger", cluster={
        "server": server.url(),
        "certificate-authority-data": stranger.ca_data()})
    refused("the wrong CA", run("--kubeconfig", path), server.url(),
            "certificate-authority", path)
    path = server.kubeconfig("insecure", cluster={
        "server": server.url(), "insecure-skip-tls-verify": True})
    same(run("--once", "--kubeconfig", path).returncode, 0,
         "insecure-skip-tls-verify trusts any")
    with Server(PODS, san="DNS:api.internal") as named:
        ca = {"server": named.url(),
              "certificate-authority-data": named.pki.ca_data()}
        path = named.kubeconfig("a", cluster=ca)
        refused("4. a certificate for another name",
                run("--kubeconfig", path), named.url())
        same(named.requests, [], "4. then nothing is asked")
        path = named.kubeconfig("b", cluster={
            **ca, "tls-server-name": "api.internal"})
        same(run("--once", "--kubeconfig", path).returncode, 0,
             "4. tls-server-name says which name to expect")
        same({r.headers[":authority"] for r in named.requests},
             {f"127.0.0.1:{named.port}"}, "4. and the request is unchanged")


def test_unreachable(server):
    path = server.kubeconfig("closed", cluster={"server": "https://127.0.0.1:1"})
    refused("a server that is not there, with --once",
            run("--once", "-q", "--kubeconfig", path), "127.0.0.1:1",
            "onnect", code=111)
    with Server(PODS) as other:
        other.put("pods", "a")
        other.close()
        with Watch(other, "--resource", "pods") as w:
            other.wait(lambda: "unable to reach" in w.stderr(), "a warning")
            same(w.stderr().count("\n"), 1, "without --once it is warned about")
            other.listen()
            ok(w.wait_ready(), "and found when it comes")


def test_refused(server):
    async def refuse(r):
        return await r.fail(401, "Unauthorized", "Unauthorized") or True
    server.requests.clear()
    server.hook(refuse)
    path = server.kubeconfig()
    refused("401 at the start", run("--kubeconfig", path), "401", "test", path)
    count = len(server.seen("/api/v1/namespaces/kube-system"))
    same(count, 2, "it has been tried twice")
    server.unhook()


def test_check(server):
    async def forbid(r):
        if r.path != "/apis/apps/v1/deployments":
            return False
        return await r.fail(403, "Forbidden", "not for you") or True
    path = server.kubeconfig()
    server.hook(forbid)
    result = run("--check", "--kubeconfig", path)
    same((result.returncode, result.stdout.splitlines()[1:]),
         (0, ["no     deployments.v1.apps: 403: not for you",
              "yes    pods.v1.", "1 of 2 kinds can be read"]),
         "--check says what can be read")
    result = run("--check", "--kubeconfig", path, "--resource", "deploy")
    same(result.returncode, 100, "--check when nothing can be read: 100")
    server.unhook()


def test_options(server):
    path = server.kubeconfig()
    refused("a resource that the server does not have",
            run("--kubeconfig", path, "--resource", "pods,wibbles"),
            "wibbles", "api-resources")
    refused("a profile that is none", run("--profile", "x"), "x")
    refused("a depth that is none", run("--depth", "x"), "x")
    refused("an unknown option", run("--wibble"), "--wibble", "--help")
    refused("an argument", run("x"), "x")
    help = run("--help")
    ok(help.returncode == 0 and help.stdout.startswith("usage: ms-watch") and
       not help.stderr, "--help")


with Server() as server:
    test_kubeconfig(server)
    test_several_files(server)
    test_paths(server)
    test_trust(server)
    test_unreachable(server)
    test_refused(server)
    test_check(server)
    test_options(server)
done()
