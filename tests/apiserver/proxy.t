#!/usr/bin/python3 -B
"""Proxies between ms-watch and the server. Numbers are those of the research's
cases. 0.0.0.0 is this machine, too, but no address that kubectl or ms-watch
spare the proxy for."""
import base64
import os
import socket
import ssl
import struct
import threading

from apiserver import PODS, Server, done, ok, run, same


class Proxy:
    """HTTP CONNECT and SOCKS5, telling what it was asked for in .asked. All
    names and addresses are this machine."""

    def __init__(self, tls=None):
        self.asked = []
        self.tls = tls
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        try:
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            first = client.recv(1)
            port = self.socks(client) if first == b"\5" else \
                self.connect(client, first)
            if port:
                self.join(client, port)
        except OSError:
            pass
        finally:
            client.close()

    def connect(self, client, head):
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        lines = head.decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        user = [x.split(": ")[1] for x in lines
                if x.lower().startswith("proxy-authorization:")]
        self.asked.append((method, target, *user))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n"
                       b"Warning: 299 - \"of the proxy\"\r\n\r\n")
        return int(target.rsplit(":", 1)[1])

    def socks(self, client):
        client.recv(client.recv(1)[0])
        client.sendall(b"\5\0")
        kind = client.recv(4)[3]
        host = client.recv(client.recv(1)[0]).decode() if kind == 3 else \
            socket.inet_ntoa(client.recv(4))
        port, = struct.unpack(">H", client.recv(2))
        self.asked.append(("SOCKS" + str(kind), f"{host}:{port}"))
        client.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        return port

    def join(self, client, port):
        server = socket.create_connection(("127.0.0.1", port))

        def copy(a, b):
            try:
                while data := a.recv(65536):
                    b.sendall(data)
            except OSError:
                pass
            for one in (a, b):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        thread = threading.Thread(target=copy, args=(server, client),
                                  daemon=True)
        thread.start()
        copy(client, server)
        thread.join()
        server.close()

    def take(self):
        asked, self.asked = self.asked, []
        return set(asked)


def main(server, http, https, socks):
    name = f"https://api.internal:{server.port}"
    zero = f"https://0.0.0.0:{server.port}"
    ca = server.pki.ca_data()

    def ask(title, want, url=name, cluster=None, good=True, **env):
        path = server.kubeconfig("p", cluster={
            "server": url, "certificate-authority-data": ca,
            **(cluster or {})})
        server.requests.clear()
        result = run("--once", "--resource", "pods", "--kubeconfig", path,
                     env=env)
        asked = (http.take(), https.take(), socks.take())
        ok((result.returncode == 0) == good and asked == want and
           "proxy" not in result.stderr, title, result.stderr, asked)

    api = f"api.internal:{server.port}"
    none = set()
    ask("12. proxy-url http: CONNECT with the name",
        ({("CONNECT", api)}, none, none),
        cluster={"proxy-url": f"http://127.0.0.1:{http.port}"})
    same({r.headers[":authority"] for r in server.requests}, {api},
         "12. the server does not notice")
    ask("12. proxy-url https", (none, {("CONNECT", api)}, none),
        cluster={"proxy-url": f"https://127.0.0.1:{https.port}"})
    ask("12. proxy-url socks5: the proxy resolves the name",
        (none, none, {("SOCKS3", api)}),
        cluster={"proxy-url": f"socks5://127.0.0.1:{socks.port}"})
    user = "Basic " + base64.b64encode(b"me:pw").decode()
    ask("12. a proxy with a password", ({("CONNECT", api, user)}, none, none),
        cluster={"proxy-url": f"http://me:pw@127.0.0.1:{http.port}"})
    ask("12. through a proxy to a server of another name",
        ({("CONNECT", f"0.0.0.0:{server.port}")}, none, none), url=zero,
        cluster={"proxy-url": f"http://127.0.0.1:{http.port}",
                 "tls-server-name": "api.internal"})
    proxy = {"HTTPS_PROXY": f"http://127.0.0.1:{http.port}"}
    ask("12. HTTPS_PROXY", ({("CONNECT", api)}, none, none), **proxy)
    ask("12. proxy-url counts more than the environment",
        (none, none, {("SOCKS3", api)}), NO_PROXY="*",
        cluster={"proxy-url": f"socks5://127.0.0.1:{socks.port}"}, **proxy)
    local = {"tls-server-name": "api.internal"}
    ask("12. HTTPS_PROXY for an address",
        ({("CONNECT", f"0.0.0.0:{server.port}")}, none, none), url=zero,
        cluster=local, NO_PROXY="10.0.0.0/8", **proxy)
    ask("12. NO_PROXY with its network", (none, none, none), url=zero,
        cluster=local, NO_PROXY="x,0.0.0.0/8", **proxy)
    ask("12. this machine needs no proxy", (none, none, none),
        url=server.url(), **proxy)
    ask("12. NO_PROXY with a domain: nobody knows the name then",
        (none, none, none), NO_PROXY=".internal", good=False, **proxy)


with Server(PODS, san="IP:127.0.0.1,DNS:api.internal") as server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.pki.path("server.crt"),
                            server.pki.path("server.key"))
    main(server, Proxy(), Proxy(context), Proxy())
done()
