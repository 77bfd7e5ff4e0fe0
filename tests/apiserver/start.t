#!/usr/bin/python3 -B
"""What ms-watch needs before it can watch: a server, rights, options that make
sense (kubeconfig.t has the rest). Each thing that is wrong is told in one line
that says what to do."""
from apiserver import PODS, Server, Watch, done, ok, refused, run, same


def test_unreachable(server):
    path = server.kubeconfig("closed", cluster={"server": "https://127.0.0.1:1"})
    refused("a server that is not there, with --once",
            run("--once", "-q", "--kubeconfig", path), "127.0.0.1:1",
            "onnect", "is it running", code=111)
    refused("nor with --check", run("--check", "--kubeconfig", path),
            "is it running", code=111)
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
    denied = {"/apis/apps/v1/deployments": "not for you"}

    async def forbid(r):
        if r.path == "/version":
            await r.reply(200, {"gitVersion": "v1.36.3"})
            return True
        if r.path not in denied or (denied[r.path] == "watch" and
                                    not r.is_watch()):
            return False
        return await r.fail(403, "Forbidden", denied[r.path]) or True
    path = server.kubeconfig()
    server.hook(forbid)
    result = run("--check", "--kubeconfig", path)
    same((result.returncode, result.stdout.splitlines()), (0, [
        f"server {server.url()} answers (v1.36.3)",
        f"credentials of {path} are accepted: token, context test, namespace "
        "default",
        "no     deployments.v1.apps: 403: not for you",
        "yes    pods.v1.",
        "1 of the denied kinds can be listed in namespace default: give "
        "-n default",
        "to read what is denied, add to a ClusterRole of this user:",
        '  - apiGroups: ["apps"]', '    resources: ["deployments"]',
        '    verbs: ["list", "watch"]',
        "1 of 2 kinds can be read"]), "--check says what can be read, and "
        "what to do")
    result = run("--check", "--kubeconfig", path, "--resource", "deploy")
    same(result.returncode, 100, "--check when nothing can be read: 100")
    denied = {"/api/v1/pods": "watch"}
    result = run("--check", "--kubeconfig", path)
    ok("no     pods.v1.: it can be listed, not watched: 403" in result.stdout,
       "--check tries both list and watch", result.stdout)
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
    test_unreachable(server)
    test_refused(server)
    test_check(server)
    test_options(server)
done()
