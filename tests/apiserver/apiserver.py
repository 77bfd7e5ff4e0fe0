"""apiserver - a scripted Kubernetes API server for tests of ms-watch.

It speaks HTTP/2 over TLS on a free port of 127.0.0.1 and plays what a real
server rarely does. By itself it is a small but honest API server (discovery,
paged lists, watches with bookmarks, streaming lists) over the objects that a
test puts in; a test hooks in where it wants something else to happen:

    with Server() as server, Watch(server, "--resource", "pods") as w:
        server.put("pods", name="a")
        w.wait(lambda r: r["type"] == "ADDED", "the pod")

Needs Debian's python3-h2, so run tests with /usr/bin/python3.
"""
import asyncio
import base64
import json
import logging
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.abspath(__file__)), ".."))
from tap import done, ok, same  # noqa: E402,F401 - for the tests as well

PATIENCE = 60       # seconds that anything may take; never what decides
BIN = os.environ.get("BIN", "build")
logging.getLogger("asyncio").setLevel(logging.CRITICAL)
KUBE_SYSTEM = "11111111-2222-4333-8444-555555555555"
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]

# ---- certificates ----

def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Pki:
    """A CA and a server certificate for 127.0.0.1 (or only for a name)."""

    def __init__(self, folder, san="IP:127.0.0.1,DNS:localhost"):
        self.folder = folder
        self.san = san
        os.makedirs(folder, exist_ok=True)
        self.renew()

    CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "2")

    def renew(self):
        """Another CA, and what it issues."""
        openssl("req", "-x509", *self.CURVE, "-subj", "/CN=test CA",
                "-keyout", self.path("ca.key"), "-out", self.path("ca.crt"))
        self.issue("server", self.san)

    def issue(self, name, san=None):
        """NAME.crt and NAME.key, by which a client is called NAME."""
        openssl("req", *self.CURVE, "-subj", "/CN=" + name,
                "-keyout", self.path(name + ".key"),
                "-out", self.path(name + ".csr"))
        with open(self.path("san"), "w") as f:
            f.write(f"subjectAltName={san or 'DNS:' + name}\n")
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-days", "2",
                "-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"),
                "-CAcreateserial", "-extfile", self.path("san"),
                "-out", self.path(name + ".crt"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def text(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def data(self, name):
        return base64.b64encode(self.text(name).encode()).decode()

    def ca_data(self):
        return self.data("ca.crt")


# ---- HTTP/2 ----

class Request:
    """One request, and the way to answer it."""

    def __init__(self, link, stream, headers):
        self.link = link
        self.stream = stream
        self.all_headers = [(k.lower(), v) for k, v in headers]
        self.headers = dict(self.all_headers)
        self.target = self.headers[":path"]
        path, _, query = self.target.partition("?")
        self.path = urllib.parse.unquote(path)
        self.query = dict(urllib.parse.parse_qsl(query, True))
        self.time = time.monotonic()
        self.is_open = True
        self.is_answered = False    # its headers are out
        self.closed = asyncio.Event()

    def is_watch(self):
        return self.query.get("watch") in ("1", "true")

    def is_stream(self):
        return self.is_watch() and "sendInitialEvents" in self.query

    async def start(self, status=200, headers=()):
        self.link.headers(self, [(":status", str(status)),
                                 ("content-type", "application/json"),
                                 *self.link.more, *headers])

    async def send(self, data):
        if isinstance(data, dict):
            data = json.dumps(data) + "\n"
        if isinstance(data, str):
            data = data.encode()
        await self.link.data(self, data)

    async def end(self):
        self.link.end(self)

    async def reset(self):
        self.link.reset(self)

    async def reply(self, status, body, headers=()):
        await self.start(status, headers)
        await self.send(body)
        await self.end()

    async def fail(self, code, reason, message="", details=None, headers=()):
        await self.reply(code, status_object(code, reason, message, details),
                         headers)

    async def until_closed(self):
        await self.closed.wait()


def status_object(code, reason, message="", details=None):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "message": message, "reason": reason,
            "details": details or {}, "code": code}


class Link(asyncio.Protocol):
    """One connection."""

    def __init__(self, server):
        self.server = server
        self.more = []      # headers for each answer
        self.requests = {}
        self.room = asyncio.Event()

    def connection_made(self, transport):
        self.transport = transport
        cert = transport.get_extra_info("peercert") or {}
        self.client = dict(x[0] for x in cert.get("subject", ())).get(
            "commonName")       # who the client's certificate says it is
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.flush()
        self.server.links.append(self)

    def connection_lost(self, exc):
        for request in list(self.requests.values()):
            self.forget(request)
        if self in self.server.links:
            self.server.links.remove(self)

    def flush(self):
        data = self.h2.data_to_send()
        if not self.transport.is_closing():
            self.transport.write(data)

    def forget(self, request):
        request.is_open = False
        request.closed.set()
        self.requests.pop(request.stream, None)
        self.room.set()

    def data_received(self, data):
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.transport.close()
            return
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                request = Request(self, event.stream_id, event.headers)
                self.requests[event.stream_id] = request
                self.server.accept(request)
            elif isinstance(event, h2.events.StreamReset):
                request = self.requests.get(event.stream_id)
                if request:
                    self.forget(request)
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.transport.close()
        self.room.set()
        self.flush()

    def headers(self, request, headers):
        if request.is_open:
            self.h2.send_headers(request.stream, headers)
            request.is_answered = True
            self.flush()

    async def data(self, request, data):
        at = 0
        while at < len(data) and request.is_open:
            n = min(self.h2.local_flow_control_window(request.stream),
                    self.h2.max_outbound_frame_size, len(data) - at)
            if n <= 0 or self.transport.get_write_buffer_size() > 1 << 20:
                self.room.clear()
                try:
                    await asyncio.wait_for(self.room.wait(), 0.01)
                except asyncio.TimeoutError:
                    pass
                continue
            self.h2.send_data(request.stream, data[at:at + n])
            self.flush()
            at += n

    def end(self, request):
        if request.is_open:
            self.h2.end_stream(request.stream)
            self.flush()
            self.forget(request)

    def reset(self, request):
        if request.is_open:
            self.h2.reset_stream(request.stream, 2)
            self.flush()
            self.forget(request)

    def cut(self):
        self.transport.abort()

    def go_away(self, last):
        """No more requests; streams above last are dead to the client."""
        self.h2.close_connection(0, last_stream_id=last)
        self.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN
        self.flush()


class PlainLink(asyncio.Protocol):
    """One connection that knows HTTP/1.1 only: one request at a time."""

    def __init__(self, server):
        self.server = server
        self.text = b""
        self.request = None
        self.more = []
        self.count = 0

    def connection_made(self, transport):
        self.transport = transport
        self.server.links.append(self)

    def connection_lost(self, exc):
        if self.request:
            self.forget(self.request)
        if self in self.server.links:
            self.server.links.remove(self)

    def data_received(self, data):
        self.text += data
        while b"\r\n\r\n" in self.text:
            head, self.text = self.text.split(b"\r\n\r\n", 1)
            first, *rest = head.decode().split("\r\n")
            headers = [x.split(": ", 1) for x in rest]
            headers.append((":path", first.split(" ")[1]))
            self.count += 1
            self.request = Request(self, self.count, headers)
            self.server.accept(self.request)

    def forget(self, request):
        request.is_open = False
        request.closed.set()
        self.request = None

    def write(self, request, data):
        if request.is_open and not self.transport.is_closing():
            self.transport.write(data)

    def headers(self, request, headers):
        lines = [f"HTTP/1.1 {headers[0][1]} x",
                 *(f"{k}: {v}" for k, v in headers[1:]),
                 "transfer-encoding: chunked", "", ""]
        self.write(request, "\r\n".join(lines).encode())

    async def data(self, request, data):
        if data:
            self.write(request, b"%x\r\n%s\r\n" % (len(data), data))

    def end(self, request):
        if request.is_open:
            self.write(request, b"0\r\n\r\n")
            self.forget(request)

    def reset(self, request):
        self.transport.abort()

    def cut(self):
        self.transport.abort()


# ---- the server ----

class Resource:
    def __init__(self, name, kind, group="", version="v1", namespaced=True,
                 verbs=VERBS, short=()):
        self.name, self.kind, self.group = name, kind, group
        self.version, self.namespaced = version, namespaced
        self.verbs, self.short = list(verbs), list(short)

    def api_version(self):
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self):
        return ("/apis/" if self.group else "/api/") + self.api_version()

    def id(self):
        return f"{self.name}.{self.version}.{self.group}"


PODS = Resource("pods", "Pod", short=["po"])
CONFIGMAPS = Resource("configmaps", "ConfigMap", short=["cm"])
DEPLOYMENTS = Resource("deployments", "Deployment", "apps", short=["deploy"])
NODES = Resource("nodes", "Node", namespaced=False)
EVENTS = Resource("events", "Event")


class Server:
    """Hooks are asked first, in the order of hook(); one that returns True
    has answered."""

    def __init__(self, *resources, san=None, streams=True,
                 host="127.0.0.1", plain=False):
        self.resources = list(resources) or [PODS, DEPLOYMENTS, EVENTS]
        self.streams = streams      # whether streaming lists work
        self.legacy = False         # whether discovery is of the old form
        self.objects = {}           # (resource, namespace, name): object
        self.history = []           # (rv, resource, type, object)
        self.rv = 100
        self.compacted = 0
        self.hooks = []
        self.requests = []          # all that came
        self.links = []
        self.connections = 0
        self.tasks = set()
        self.changed = []
        self.folder = tempfile.mkdtemp(prefix="apiserver.")
        self.pki = Pki(os.path.join(self.folder, "pki"),
                       san or "IP:127.0.0.1,DNS:localhost")
        self.host = host
        self.plain = plain          # HTTP/1.1, and no HTTP/2
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever,
                                       daemon=True)
        self.thread.start()
        self.port = 0
        self.listen()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        self.run(self.end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        shutil.rmtree(self.folder)

    async def end_tasks(self):
        tasks = [t for t in asyncio.all_tasks()
                 if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(
            coroutine, self.loop).result(PATIENCE)

    def listen(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pki.path("server.crt"),
                                self.pki.path("server.key"))
        context.load_verify_locations(self.pki.path("ca.crt"))
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(["http/1.1" if self.plain else "h2"])

        async def start():
            self.listener = await self.loop.create_server(
                self.connect, self.host, self.port, ssl=context)
            self.port = self.listener.sockets[0].getsockname()[1]
        self.run(start())

    def connect(self):
        self.connections += 1
        return PlainLink(self) if self.plain else Link(self)

    def close(self):
        """As if the server had died."""
        async def stop():
            self.listener.close()
            for link in list(self.links):
                link.cut()
        self.run(stop())

    def cut(self):
        """Break all connections; new ones are welcome."""
        async def stop():
            for link in list(self.links):
                link.cut()
        self.run(stop())

    # -- kubeconfig --

    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def kubeconfig(self, name="kubeconfig", user=None, cluster=None,
                   **top):
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {
                "cluster": "test", "user": "me"}}],
            "clusters": [{"name": "test", "cluster": cluster or {
                "server": self.url(),
                "certificate-authority-data": self.pki.ca_data()}}],
            "users": [{"name": "me", "user": user or {"token": "secret"}}]}
        config.update(top)
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            json.dump({k: v for k, v in config.items() if v is not None}, f)
        return path

    # -- objects --

    def find(self, name):
        return next(r for r in self.resources if r.name == name)

    def make(self, resource, name, namespace="default", uid=None, **more):
        meta = {"name": name, "uid": uid or str(uuid.uuid4())}
        if self.find(resource).namespaced:
            meta["namespace"] = namespace
        return {"metadata": meta, **more}

    def put(self, resource, name=None, obj=None, quietly=False, **more):
        """Create or change; as the same object unless uid says otherwise.
        quietly: no watch is told."""
        obj = obj or self.make(resource, name, **more)
        meta = obj["metadata"]
        key = (resource, meta.get("namespace", ""), meta["name"])
        return self.run(self._put(key, obj, "uid" in more, quietly))

    async def _put(self, key, obj, is_new, quietly=False):
        self.rv += 1
        old = self.objects.get(key)
        if old and not is_new:
            obj["metadata"]["uid"] = old["metadata"]["uid"]
        obj["metadata"]["resourceVersion"] = str(self.rv)
        self.objects[key] = obj
        if not quietly:
            self.note(key[0], "MODIFIED" if old else "ADDED", obj)
        return obj

    def delete(self, resource, name, namespace="default", quietly=False):
        if not self.find(resource).namespaced:
            namespace = ""
        return self.run(self._delete((resource, namespace, name), quietly))

    async def _delete(self, key, quietly):
        self.rv += 1
        obj = json.loads(json.dumps(self.objects.pop(key)))
        obj["metadata"]["resourceVersion"] = str(self.rv)
        if not quietly:
            self.note(key[0], "DELETED", obj)
        return obj

    def note(self, resource, kind, obj):
        self.history.append((self.rv, resource, kind,
                             json.loads(json.dumps(obj))))
        for event in self.changed:
            event.set()

    def compact(self):
        """What has happened so far can no longer be told."""
        async def forget():
            self.rv += 1
            self.compacted = self.rv
            self.history = []
        self.run(forget())

    # -- requests --

    def hook(self, answer):
        self.hooks.insert(0, answer)

    def unhook(self):
        self.hooks.clear()

    def seen(self, path=None, **query):
        """Requests so far that have this path and these parameters (None: a
        parameter that is absent)."""
        return [r for r in list(self.requests)
                if (path is None or r.path == path) and
                all(r.query.get(k) == v for k, v in query.items())]

    def wait(self, test, what, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if test():
                return True
            time.sleep(0.01)
        return ok(False, f"waited for {what}",
                  *[r.target for r in self.requests[-20:]])

    def accept(self, request):
        self.requests.append(request)
        task = self.loop.create_task(self.answer(request))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def answer(self, request):
        try:
            for hook in list(self.hooks):
                if await hook(request):
                    return
            await self.route(request)
        except (h2.exceptions.ProtocolError, KeyError) as e:
            if request.is_open:
                print("#", request.target, repr(e))

    async def route(self, r):
        if r.path == "/api/v1/namespaces/kube-system":
            return await r.reply(200, {
                "kind": "Namespace", "apiVersion": "v1",
                "metadata": {"name": "kube-system", "uid": KUBE_SYSTEM}})
        if r.path in ("/api", "/apis"):
            return await self.discover(r)
        for resource in self.resources:
            base = resource.path()
            if r.path == base:
                return await self.describe(r, base)
            namespace = None
            rest = r.path[len(base) + 1:] if r.path.startswith(base + "/") \
                else ""
            if rest.startswith("namespaces/") and rest.count("/") == 2:
                _, namespace, rest = rest.split("/")
            if rest == resource.name:
                if r.is_watch():
                    return await self.watch(r, resource, namespace)
                return await self.list(r, resource, namespace)
        await r.fail(404, "NotFound", "the server could not find it")

    def groups(self, path):
        out = {}
        for resource in self.resources:
            if bool(resource.group) == (path == "/apis"):
                out.setdefault(resource.group, {}).setdefault(
                    resource.version, []).append(resource)
        return out

    async def discover(self, r):
        if self.legacy:
            return await self.discover_legacy(r)
        items = [{"metadata": {"name": group}, "versions": [{
            "version": version, "freshness": "Current", "resources": [{
                "resource": one.name, "singularResource": one.kind.lower(),
                "responseKind": {"group": "", "version": "",
                                 "kind": one.kind},
                "scope": "Namespaced" if one.namespaced else "Cluster",
                "shortNames": one.short, "verbs": one.verbs}
                for one in resources]}
            for version, resources in versions.items()]}
            for group, versions in self.groups(r.path).items()]
        body = json.dumps({"kind": "APIGroupDiscoveryList",
                           "apiVersion": "apidiscovery.k8s.io/v2",
                           "metadata": {}, "items": items})
        etag = '"' + uuid.uuid5(uuid.NAMESPACE_URL, body).hex + '"'
        if r.headers.get("if-none-match") == etag:
            await r.start(304, [("etag", etag)])
            return await r.end()
        r.link.headers(r, [
            (":status", "200"), ("etag", etag), ("content-type",
             "application/json;charset=utf-8;as=APIGroupDiscoveryList;"
             "v=v2;g=apidiscovery.k8s.io")])
        await r.send(body)
        await r.end()

    async def discover_legacy(self, r):
        if r.path == "/api":
            return await r.reply(200, {"kind": "APIVersions",
                                       "versions": ["v1"]})
        await r.reply(200, {"kind": "APIGroupList", "groups": [{
            "name": group,
            "versions": [{"groupVersion": f"{group}/{v}", "version": v}
                         for v in versions],
            "preferredVersion": {"version": next(iter(versions))}}
            for group, versions in self.groups("/apis").items()]})

    async def describe(self, r, base):
        await r.reply(200, {"kind": "APIResourceList", "resources": [{
            "name": one.name, "singularName": one.kind.lower(),
            "namespaced": one.namespaced, "kind": one.kind,
            "shortNames": one.short, "verbs": one.verbs}
            for one in self.resources if one.path() == base]})

    def select(self, resource, namespace):
        return [obj for (name, ns, _), obj in sorted(self.objects.items())
                if name == resource.name and namespace in (None, ns)]

    async def list(self, r, resource, namespace):
        items = self.select(resource, namespace)
        rv, at = self.rv, 0
        if "continue" in r.query:
            rv, at = json.loads(r.query["continue"])
        limit = int(r.query.get("limit", 0)) or len(items)
        meta = {"resourceVersion": str(rv)}
        if at + limit < len(items):
            meta["continue"] = json.dumps([rv, at + limit])
        await r.reply(200, {"kind": resource.kind + "List",
                            "apiVersion": resource.api_version(),
                            "metadata": meta, "items": items[at:at + limit]})

    def event(self, resource, kind, obj):
        return {"type": kind, "object": {
            "kind": resource.kind, "apiVersion": resource.api_version(),
            **obj}}

    def bookmark(self, resource, rv, is_end=False):
        meta = {"resourceVersion": str(rv)}
        if is_end:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        return self.event(resource, "BOOKMARK", {"metadata": meta})

    async def initial(self, r, resource, namespace):
        """The snapshot of a streaming list; returns where it stands."""
        rv = self.rv
        for obj in self.select(resource, namespace):
            await r.send(self.event(resource, "ADDED", obj))
        await r.send(self.bookmark(resource, rv, True))
        return rv

    async def watch(self, r, resource, namespace):
        rv = r.query.get("resourceVersion", "")
        if r.is_stream() and not self.streams:
            return await r.fail(422, "Invalid", "sendInitialEvents: "
                                "Forbidden: sendInitialEvents is forbidden")
        if not r.is_stream() and int(rv or 0) < self.compacted:
            await r.start()
            await r.send({"type": "ERROR", "object": status_object(
                410, "Expired", "too old resource version")})
            return await r.end()
        await r.start()
        if r.is_stream():
            rv = await self.initial(r, resource, namespace)
        await self.follow(r, resource, namespace, int(rv))

    async def follow(self, r, resource, namespace, rv):
        event = asyncio.Event()
        self.changed.append(event)
        while r.is_open:
            event.clear()
            for at, name, kind, obj in list(self.history):
                ns = obj["metadata"].get("namespace", "")
                if at > rv and name == resource.name and \
                        namespace in (None, ns):
                    await r.send(self.event(resource, kind, obj))
            rv = max(rv, self.rv)
            waits = {self.loop.create_task(event.wait()),
                     self.loop.create_task(r.closed.wait())}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        self.changed.remove(event)


# ---- ms-watch ----

class Watch:
    """A running ms-watch. Its records are in .records as they come."""

    def __init__(self, server, *args, kubeconfig=None, env=None, stdout=None):
        self.records = []
        self.lines = []
        self.broken = []
        self.err = tempfile.TemporaryFile()
        kubeconfig = kubeconfig or server.kubeconfig()
        command = [os.path.join(BIN, "ms-watch"), "--kubeconfig", kubeconfig,
                   *args]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=self.err,
            stdout=stdout or subprocess.PIPE,
            env={**clean_environment(), **(env or {})})
        self.reader = threading.Thread(target=self.read, daemon=True)
        if not stdout:
            self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.err.close()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if not line.endswith(b"\n"):
                self.broken.append(line)
                continue
            try:
                self.records.append(json.loads(line))
            except ValueError:
                self.broken.append(line)

    def stderr(self):
        # Not by seek: whoever writes there shares the offset.
        file = self.err.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode()

    def find(self, test):
        return [r for r in list(self.records) if test(r)]

    def wait(self, test, what, count=1):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = self.find(test)
            if len(found) >= count:
                return found
            if self.process.poll() is not None and not self.reader.is_alive():
                break
            time.sleep(0.01)
        ok(False, f"waited for {what}", self.stderr(),
           *[digest(r) for r in self.records[-20:]])
        return None

    def wait_ready(self):
        return self.wait(lambda r: r["ms"].get("phase") == "ready", "ready")

    def wait_synced(self, resource, count=1):
        return self.wait(lambda r: r["ms"].get("phase") == "end" and
                         r["ms"]["resource"] == resource,
                         f"the end of {resource}", count)

    def stop(self, with_signal=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.end()

    def end(self):
        """The exit code, when it ends by itself."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "it did not end"
        if self.reader.is_alive():
            self.reader.join(PATIENCE)
        return code

    def digests(self, since=0):
        """What it said, in short, marks of time and ready left out."""
        return [d for d in map(digest, self.records[since:]) if d]


def run(*args, env=None):
    """A whole run of ms-watch that ends by itself."""
    return subprocess.run([os.path.join(BIN, "ms-watch"), *args],
                          capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL,
                          env={**clean_environment(), **(env or {})})


def refused(name, result, *words, code=100):
    """One line that has these words, and an end."""
    err = result.stderr
    ok(result.returncode == code and not result.stdout and
       err.count("\n") == 1 and all(word in err for word in words), name,
       result.returncode, err)


def hurry(times):
    """A clock of ms-watch that runs so many times faster, so that nobody waits
    for minutes. A connection on which nothing comes for a moment of ours is not
    dead all the same."""
    return {"MS_WATCH_HURRY": str(times),
            "HTTP2_READ_IDLE_TIMEOUT_SECONDS": "0"}


def clean_environment():
    env = {k: v for k, v in os.environ.items()
           if k not in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST") and
           not k.lower().endswith("_proxy")}
    env["HOME"] = "/nonexistent"
    return env


def digest(record):
    """pods ADDED a 101, pods begin start, pods end 102"""
    ms = record["ms"]
    name = ms.get("resource", "").split(".")[0]
    if record["type"] == "SYNC":
        if ms["phase"] == "ready":
            return "ready"
        return " ".join(str(x) for x in (
            name, ms["phase"], ms.get("cause"), ms.get("rv")) if x)
    if "object" not in record or "metadata" not in record["object"]:
        return ""
    meta = record["object"]["metadata"]
    text = f"{name} {record['type']} {meta['name']}"
    if ms.get("synthetic"):
        text += " synthetic"
    return text + " " + meta.get("resourceVersion", "")
