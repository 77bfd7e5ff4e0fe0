#!/usr/bin/python3 -B
"""Kubeconfigs: which files count, what each field does, and a message that
names file and field for each that is wrong. Numbers are those of the
research's cases."""
import base64
import http.server
import json
import os
import threading

from apiserver import PODS, Pki, Server, done, ok, refused, run, same

V1 = "client.authentication.k8s.io/v1"


def asked_as(server):
    return {r.headers.get("authorization") for r in server.requests}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def test_files(server):
    folder = server.folder
    missing = os.path.join(folder, "missing")
    refused("2. --kubeconfig of a missing file", run("--kubeconfig", missing),
            missing, "No such file")
    refused("no kubeconfig anywhere", run(), "--kubeconfig", "KUBECONFIG")
    refused("an unreadable one", run("--kubeconfig", folder), folder)
    path = write(os.path.join(folder, "broken"), "a: b\n  c: [")
    refused("one that is no YAML", run("--kubeconfig", path), path + ":2")
    path = write(os.path.join(folder, "text"), "hello")
    refused("one that is some other text", run("--kubeconfig", path),
            path + ":1", "no kubeconfig")
    path = server.kubeconfig("nocontext", **{"current-context": None})
    refused("one without a context", run("--kubeconfig", path), path,
            "current-context", "--context")
    refused("a context that it does not have",
            run("--kubeconfig", path, "--context", "nope"), "nope", path)
    refused("a context, and no kubeconfig", run("--context", "x"), "'x'",
            "--kubeconfig")
    path = server.kubeconfig("nocluster", contexts=[
        {"name": "test", "context": {"cluster": "lost"}}])
    refused("a context whose cluster is not there",
            run("--kubeconfig", path), path + ":1", "'test'", "'lost'")
    path = server.kubeconfig("twice", users=[
        {"name": "me", "user": {"token": "a"}},
        {"name": "me", "user": {"token": "b"}}])
    refused("a name twice in one file", run("--kubeconfig", path), path + ":1",
            "users", "'me'")


def test_several_files(server):
    server.pki.issue("jane")
    a = server.kubeconfig("a", user={"token": "of-a"}, clusters=[],
                          contexts=[], **{"current-context": ""})
    b = server.kubeconfig("b", user={
        "client-certificate": "pki/jane.crt", "client-key": "pki/jane.key"})
    server.requests.clear()
    result = run("--once", "--resource", "pods", env={
        "KUBECONFIG": f"{server.folder}/none:{a}::{a}:{b}"})
    same(result.returncode, 0, "2. KUBECONFIG with a missing file")
    same(result.stderr, f"ms-watch: warning: {server.folder}/none of "
         "KUBECONFIG does not exist\n", "2. which is warned about")
    same((asked_as(server), {r.link.client for r in server.requests}),
         ({"Bearer of-a"}, {None}),
         "1. the first file that has a user wins, whole")
    server.requests.clear()
    run("--once", "--resource", "pods", env={"KUBECONFIG": b})
    same((asked_as(server), {r.link.client for r in server.requests}),
         ({None}, {"jane"}), "1. the other alone: a client certificate")
    result = run("--once", env={"KUBECONFIG": "/none:/nil"})
    ok(result.returncode == 100 and result.stderr.count("does not exist") == 2,
       "2. all files missing", result.stderr)


PLUGIN = """#!/bin/sh
printf '{"apiVersion":"%s","kind":"ExecCredential","status":{"token":"%s"}}'
"""


def test_paths(server):
    folder = os.path.join(server.folder, "elsewhere")
    write(os.path.join(folder, "sub/ca"), server.pki.text("ca.crt"))
    write(os.path.join(folder, "token"), "  from-file \n\n")
    for name in ("jane.crt", "jane.key"):
        write(os.path.join(folder, name), server.pki.text(name))
    for name in ("p", "bin/p"):
        path = write(os.path.join(folder, name),
                     PLUGIN % (V1, name.replace("/", "-")))
        os.chmod(path, 0o755)
    cluster = {"server": server.url() + "/?x=1",
               "certificate-authority": "sub/ca"}

    def ask(name, user, **env):
        server.requests.clear()
        path = server.kubeconfig("elsewhere/config", user, cluster)
        result = run("--once", "--kubeconfig", path, "--resource", "pods",
                     env=env)
        return ok(result.returncode == 0, name, result.stderr)

    ask("3. relative paths count from the file's folder",
        {"tokenFile": "token", "client-certificate": "jane.crt",
         "client-key": "./jane.key"})
    same((asked_as(server), {r.link.client for r in server.requests}),
         ({"Bearer from-file"}, {"jane"}),
         "7. a token file's spaces are not sent")
    ok(server.requests and all(r.path.startswith("/api")
                               for r in server.requests),
       "a server's query and last slash are dropped")
    exec = {"apiVersion": V1, "interactiveMode": "Never"}
    ask("3. a plugin with a slash in its name is a path",
        {"exec": {**exec, "command": "./p"}})
    same(asked_as(server), {"Bearer p"}, "3. from the file's folder")
    ask("3. one without is looked for in PATH", {"exec": {
        **exec, "command": "p"}}, PATH=f"{folder}/bin:{os.environ['PATH']}")
    same(asked_as(server), {"Bearer bin-p"}, "3. and found there")
    ask("a token file counts more than a token", {
        "tokenFile": "token", "token": "other"})
    same(asked_as(server), {"Bearer from-file"}, "and is sent")
    ask("a plugin counts less than a token", {
        "token": "plain", "exec": {**exec, "command": "/nonexistent"}})
    same(asked_as(server), {"Bearer plain"}, "and is not run")


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


def test_headers(server):
    def headers(user):
        server.requests.clear()
        run("--once", "--resource", "pods", "--kubeconfig",
            server.kubeconfig("headers", user))
        return server.requests[0].all_headers

    got = headers({
        "token": "t", "as": "jane doe", "as-uid": "u-1",
        "as-groups": ["dev", "ops, all"],
        "as-user-extra": {"example.com/x y": ["1", "two words"],
                          "100%": ["x"]}})
    same(sorted(x for x in got if x[0].startswith("impersonate")), [
        ("impersonate-extra-100%25", "x"),
        ("impersonate-extra-example.com%2fx%20y", "1"),
        ("impersonate-extra-example.com%2fx%20y", "two words"),
        ("impersonate-group", "dev"), ("impersonate-group", "ops, all"),
        ("impersonate-uid", "u-1"), ("impersonate-user", "jane doe")],
        "11. impersonation, each name and value as it must be")
    got = dict(headers({"username": "jane", "password": "pä:ss"}))
    same(base64.b64decode(got["authorization"].removeprefix("Basic "))
         .decode(), "jane:pä:ss", "a username and its password")
    path = server.kubeconfig("nouser", users=[])
    server.requests.clear()
    result = run("--once", "--resource", "pods", "--kubeconfig", path)
    ok(result.returncode == 0 and "'me'" in result.stderr and
       path in result.stderr, "a user that is not there: asked as nobody, and "
       "warned about", result.stderr)
    same(asked_as(server), {None}, "without credentials")


def test_http(server):
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers)
            self.send_error(403)

        def log_message(self, *args):
            pass
    plain = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    for user in ({"token": "t"}, {"username": "a", "password": "b"},
                 {"exec": {"apiVersion": V1, "command": "false",
                           "interactiveMode": "Never"}}):
        path = server.kubeconfig("plain", user, {
            "server": f"127.0.0.1:{plain.server_port}"})
        result = run("--check", "--kubeconfig", path)
        ok("is not https: no credentials are sent" in result.stderr,
           f"http:// gets no credentials ({next(iter(user))})", result.stderr)
    plain.shutdown()
    plain.server_close()
    same({h.get("Authorization") for h in seen}, {None}, "truly none")


def test_pod():
    """Case 13; tests/cluster has a real server for the same."""
    with Server(PODS, host="::1", san="IP:::1") as server:
        folder = os.path.join(server.folder, "account")
        write(os.path.join(folder, "token"), "of-the-pod\n")
        write(os.path.join(folder, "namespace"), "shop\n")
        write(os.path.join(folder, "ca.crt"), server.pki.text("ca.crt"))
        env = {"KUBERNETES_SERVICE_HOST": "::1",
               "KUBERNETES_SERVICE_PORT": str(server.port),
               "MESHSYNC_SERVICE_ACCOUNT": folder}
        result = run("--once", env=env)
        same((result.returncode, result.stderr), (0, ""),
             "13. in a pod, at an IPv6 address")
        same((asked_as(server), {r.headers[":authority"] for r in
                                 server.requests}),
             ({"Bearer of-the-pod"}, {f"[::1]:{server.port}"}),
             "13. with the pod's token")
        result = run("--check", env=env)
        ok("namespace shop" in result.stdout, "13. and in its namespace",
           result.stdout, result.stderr)
        result = run("--check", env={**env, "POD_NAMESPACE": "other"})
        ok("namespace other" in result.stdout, "13. or in POD_NAMESPACE",
           result.stdout)
        empty = server.kubeconfig("empty", contexts=None, users=[],
                                  clusters=[], **{"current-context": ""})
        result = run("--once", env={**env, "KUBECONFIG": empty})
        same(result.returncode, 0, "13. also with a kubeconfig that is empty")
        os.unlink(os.path.join(folder, "token"))
        refused("13. no token", run(env=env), folder + "/token",
                "No such file")


def wrong(server):
    """What is wrong with cluster or user, and words of the message."""
    pki, url = server.pki, server.url()
    key = {"client-certificate-data": pki.data("jane.crt"),
           "client-key-data": pki.data("jane.key")}
    exec = {"apiVersion": V1, "command": "x", "interactiveMode": "Never"}

    def cluster(**more):
        return {"cluster": {"server": url, **more}}

    def user(more):
        return {"user": more}

    def plugin(**more):
        one = {**exec, **more}
        return user({"exec": {k: v for k, v in one.items() if v is not None}})
    encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n" \
        "-----END ENCRYPTED PRIVATE KEY-----\n"
    return [
        ({"cluster": {"x": 1}}, "cluster 'test'", "has no server"),
        ({"cluster": {"server": ["x"]}}, "server must be text"),
        ({"cluster": {"server": "ftp://x"}}, "server must begin"),
        ({"cluster": {"server": "https://a b"}}, "server is no URL"),
        ({"cluster": {"server": "https://u:p@h"}}, "server", "username"),
        (cluster(**{"certificate-authority-data": "no!"}),
         "certificate-authority-data is not base64"),
        (cluster(**{"certificate-authority-data": "AAAA"}),
         "certificate-authority-data holds no PEM"),
        (cluster(**{"certificate-authority-data": pki.data("server.key")}),
         "certificate-authority-data", "BEGIN CERTIFICATE"),
        (cluster(**{"certificate-authority-data": pki.ca_data(),
                    "certificate-authority": "x"}),
         "certificate-authority and certificate-authority-data exclude"),
        (cluster(**{"certificate-authority": "gone"}), "cluster 'test'",
         "certificate-authority: ", "/gone", "No such file"),
        (cluster(**{"certificate-authority": "pki/san"}),
         "certificate-authority: ", "pki/san", "BEGIN CERTIFICATE"),
        (cluster(**{"certificate-authority-data": pki.ca_data(),
                    "insecure-skip-tls-verify": True}),
         "insecure-skip-tls-verify: remove one"),
        (cluster(**{"insecure-skip-tls-verify": "yes"}),
         "insecure-skip-tls-verify must be true or false"),
        (cluster(**{"tls-server-name": "a\nb"}),
         "tls-server-name must be a single line"),
        (cluster(**{"proxy-url": "socks4://x"}), "proxy-url must begin"),
        (cluster(**{"proxy-url": "http://a:b:c"}), "proxy-url is no URL"),
        (user({"token": "a\r\nX: y"}), "user 'me'", "token must be a single"),
        (user({"token": "t", "as": "a\nb"}), "as must be a single line"),
        (user({"token": "t", "as": "a", "as-user-extra": {"k": ["a\nb"]}}),
         "k must be a list"),
        (user({"token": "t", "as": "a", "as-groups": "b"}),
         "as-groups must be a list"),
        (user({"token": "t", "as-groups": ["b"]}), "without as"),
        (user({"token": "t", "as-uid": "b"}), "without as"),
        (user({"username": "a", "token": "b"}), "a username and a token"),
        (user({"password": "a"}), "a password without username"),
        (user({"username": "a:b"}), "username", "colon"),
        (user({"client-certificate-data": key["client-certificate-data"]}),
         "client-certificate without its client-key"),
        (user({"client-key-data": key["client-key-data"]}),
         "client-key without its client-certificate"),
        (user({**key, "client-key": "x"}),
         "client-key and client-key-data exclude"),
        (user({**key, "client-certificate": "x"}),
         "client-certificate and client-certificate-data exclude"),
        (user({**key, "client-key-data": base64.b64encode(
            encrypted.encode()).decode()}), "client-key-data", "encrypted"),
        (user({"client-certificate": "pki/jane.crt", "client-key": "gone"}),
         "user 'me'", "client-key: ", "/gone", "No such file"),
        (user({"tokenFile": "gone"}), "tokenFile", "/gone"),
        (user({"auth-provider": {"name": "gcp"}}), "auth-provider", "exec"),
        (user({"auth-provider": {"name": "gcp"}, "exec": exec}),
         "auth-provider and exec exclude"),
        (plugin(command=None), "exec has no command"),
        (plugin(apiVersion=None), "apiVersion of exec"),
        (plugin(apiVersion=V1 + "alpha1"), "apiVersion of exec",
         "newer version"),
        (plugin(interactiveMode=None), "interactiveMode: Never"),
        (plugin(interactiveMode="Always"), "interactiveMode", "terminal"),
        (plugin(interactiveMode="Often"), "interactiveMode must be"),
        (plugin(args="x"), "args must be a list"),
        (plugin(env=[{"value": "x"}]), "env of exec", "no name"),
        (plugin(provideClusterInfo="x"), "provideClusterInfo must be"),
        (plugin(command="/nonexistent/aws", installHint="get\nit\x1b[1m"),
         "exec /nonexistent/aws", "No such file", "get it"),
    ]


def test_wrong(server):
    for case, *words in wrong(server):
        path = server.kubeconfig("wrong", **case)
        refused("told: " + " ... ".join(words), run("--kubeconfig", path),
                path, *words)
    path = server.kubeconfig("secret", {"token": "top-secret\r\n"})
    ok("top-secret" not in run("--kubeconfig", path).stderr,
       "a message never holds a token")


def test_forms(server):
    """What is read though it looks odd."""
    path = server.kubeconfig("odd")
    config = json.load(open(path))
    config["preferences"] = None
    config["extensions"] = None
    config["users"].append({"name": "other", "user": None})
    config["unknown"] = {"a": [1]}
    for name, data in (
            ("UTF-8 with a mark", "\ufeff" + json.dumps(config)),
            ("tabs", json.dumps(config, indent="\t"))):
        write(path, data)
        result = run("--once", "--resource", "pods", "--kubeconfig", path)
        ok(result.returncode == 0, "a kubeconfig in " + name, result.stderr)
    with open(path, "wb") as f:
        f.write(json.dumps(config).encode("utf-16"))
    result = run("--once", "--resource", "pods", "--kubeconfig", path)
    ok(result.returncode == 0, "a kubeconfig in UTF-16", result.stderr)


with Server() as server:
    test_files(server)
    test_several_files(server)
    test_paths(server)
    test_trust(server)
    test_headers(server)
    test_http(server)
    test_pod()
    test_wrong(server)
    test_forms(server)
done()
