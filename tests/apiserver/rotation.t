#!/usr/bin/python3 -B
"""Files of credentials that are renewed while ms-watch runs, and warnings of
the server. Numbers are those of the research's cases."""
import os

from apiserver import CONFIGMAPS, PODS, Server, Watch, done, hurry, ok, same

HASTE = hurry(30)   # more would end watches in the midst of a test


def write(server, name, text):
    path = os.path.join(server.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def swap(server, token):
    """As kubelet does: another folder, and a link that leads there."""
    folder = f"at-{token}"
    write(server, f"{folder}/token", f" {token} \n\n")
    link = os.path.join(server.folder, "..data")
    os.symlink(folder, link + ".new")
    os.rename(link + ".new", link)
    return server.kubeconfig("t", {"tokenFile": "..data/token"})


def is_event(kind, name):
    return lambda r: r["type"] == kind and \
        r["object"]["metadata"]["name"] == name


def watches(server, resource):
    return [r for r in server.seen("/api/v1/" + resource) if r.is_watch()]


def reset(server, resource):
    """Have the last watch of this resource sent anew."""
    async def cut():
        for r in watches(server, resource):
            if r.is_open:
                await r.reset()
    count = len(watches(server, resource))
    server.run(cut())
    server.wait(lambda: len(watches(server, resource)) > count, "it again")
    return watches(server, resource)[count:]


def ready(server, w):
    w.wait_ready()
    server.wait(lambda: all(
        any(r.is_open for r in watches(server, one.name))
        for one in server.resources), "watches")


def test_token():
    with Server(PODS, CONFIGMAPS) as server:
        config = swap(server, "old")
        with Watch(server, kubeconfig=config, env=HASTE) as w:
            ready(server, w)
            swap(server, "new")
            server.wait(lambda: reset(server, "configmaps")[0].headers[
                "authorization"] == "Bearer new",
                "5. a renewed token is used after a while")
            swap(server, "newest")

            async def only_newest(r):
                if r.headers["authorization"] == "Bearer newest":
                    return False
                return await r.fail(401, "Unauthorized") or True
            server.hook(only_newest)
            again = reset(server, "configmaps")
            server.wait(lambda: watches(server, "configmaps")[-1].headers[
                "authorization"] == "Bearer newest", "the newest token")
            again = watches(server, "configmaps")[-2:]
            ok(again[-1].headers["authorization"] == "Bearer newest",
               "7. spaces around a token are not sent")
            same(len(watches(server, "pods")), 1,
                 "5. a watch that runs is never restarted for that")


def test_refused():
    """With intervals as they are: the file is read because of the 401."""
    with Server(PODS) as server:
        config = swap(server, "old")
        with Watch(server, kubeconfig=config) as w:
            ready(server, w)

            async def only_new(r):
                if r.headers["authorization"] == "Bearer new":
                    return False
                return await r.fail(401, "Unauthorized") or True
            swap(server, "new")
            server.hook(only_new)
            count = len(server.requests)
            reset(server, "pods")
            server.wait(lambda: any(r.is_open for r in watches(
                server, "pods")[1:]), "the watch")
            later = server.requests[count:]
            old = [r for r in later
                   if r.headers["authorization"] == "Bearer old"]
            same((len(old), [r.target for r in later
                             if r not in old].count(old[0].target)), (1, 1),
                 "5. on 401 the file is read again, and the request sent "
                 "again at once, once")
            same(len([r for r in server.requests if r.is_stream()]), 1,
                 "5. without a list")
            server.put("pods", "a")
            ok(w.wait(is_event("ADDED", "a"), "a"), "5. and it goes on")
            server.unhook()
            os.unlink(os.path.join(server.folder, "..data"))
            left = [2]

            async def refuse_twice(r):
                left[0] -= 1
                if left[0] < 0:
                    return False
                return await r.fail(401, "Unauthorized") or True
            server.hook(refuse_twice)
            reset(server, "pods")
            server.put("pods", "b")
            ok(w.wait(is_event("ADDED", "b"), "b"),
               "6. a token file that is gone: the last token stays")
            same(w.stderr().count("token file"), 1, "6. with one warning")


def test_ca():
    with Server(PODS) as server:
        write(server, "ca", server.pki.text("ca.crt"))
        config = server.kubeconfig("c", cluster={
            "server": server.url(), "certificate-authority": "ca"})
        with Watch(server, kubeconfig=config, env=HASTE) as w:
            ready(server, w)
            server.close()
            server.pki.renew()
            server.listen()
            server.wait(lambda: "trying again" in w.stderr(),
                        "14. another CA is not trusted")
            write(server, "ca", server.pki.text("ca.crt")[:300])
            server.wait(lambda: "not whole" in w.stderr() or
                        "END line" in w.stderr(),
                        "14. a CA file that is not whole is not used")
            write(server, "ca", server.pki.text("ca.crt"))
            server.put("pods", "a")
            ok(w.wait(is_event("ADDED", "a"), "a"),
               "14. with the new CA in the file it goes on")
            same([r.is_stream() for r in watches(server, "pods")],
                 [True, False], "14. where it was")


def test_certificate():
    """A certificate and its key are two files, and never used unequal."""
    with Server(PODS, CONFIGMAPS) as server:
        pki = server.pki
        for name in ("jane-1", "jane-2"):
            pki.issue(name)
        write(server, "crt", pki.text("jane-1.crt"))
        write(server, "key", pki.text("jane-1.key"))
        config = server.kubeconfig("k", {
            "client-certificate": "crt", "client-key": "key"})
        with Watch(server, kubeconfig=config, env=HASTE) as w:
            ready(server, w)
            same({r.link.client for r in server.requests}, {"jane-1"},
                 "a client certificate")
            server.put("pods", "a")
            write(server, "crt", pki.text("jane-2.crt"))
            write(server, "key", pki.text("jane-2.key"))
            server.wait(lambda: {r.link.client for r in server.requests
                                 if r.is_open} == {"jane-2"} and all(
                len(watches(server, one)) == 2
                for one in ("pods", "configmaps")),
                "a new pair gets new connections")
            ok(not any(r.is_stream() for r in server.requests
                       if r.link.client == "jane-2"), "and no list")
            write(server, "crt", "nothing")
            server.wait(lambda: "crt cannot be used" in w.stderr(),
                        "what is no certificate is told")
            server.put("pods", "b")
            ok(w.wait(is_event("ADDED", "b"), "b"), "and what was is kept")
            same(w.digests()[-2:], ["pods ADDED a 101", "pods ADDED b 102"],
                 "nothing is lost, nothing told twice")


def test_warnings():
    with Server(PODS, CONFIGMAPS) as server:
        async def warn(r):
            if r.path.startswith("/api/v1/"):
                r.link.more = [
                    ("warning", '299 - "v1 Pod: use \\"v2\\"", 299 - "more"'),
                    ("warning", '199 - "nothing"')]
            return False
        server.hook(warn)
        with Watch(server) as w:
            ready(server, w)
            same([x.split("the server says: ")[1]
                  for x in w.stderr().splitlines()],
                 ['v1 Pod: use "v2"', "more"],
                 "warnings of the server are told, each once")


test_token()
test_refused()
test_ca()
test_certificate()
test_warnings()
done()
