#!/usr/bin/python3
"""odd - a network to be alone in, pods for it, and servers that tell nothing.

    odd.py network             brings up lo, with 198.18.0.0/16 (of RFC 2544)
    odd.py pod NS NAME IMAGE ADDRESS [no]   a Pod that runs, or (no) is not ready
    odd.py serve ADDRESS FILE [CERTIFICATE KEY]  answers /NAME as NAME says, and
                               writes each path that it was asked for to FILE;
                               at 8080, with a certificate at 8443
    odd.py signatures          of products odd-NAME, whose versions are there
"""
import fcntl
import http.server
import json
import socket
import ssl
import struct
import sys
import threading

NAMES = ("garbage", "binary", "empty", "array", "redirect", "unauthorized",
         "forbidden", "missing", "broken", "mega", "silent", "trickle",
         "late", "tls", "named")
VERSION = b'{"version":"4.5.6"}'


def network():
    """The API server does not proxy to 127.0.0.0/8."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x41))  # up, running
    for request, address in ((0x8916, "198.18.0.1"), (0x891c, "255.255.0.0")):
        fcntl.ioctl(s, request, struct.pack(
            "16sHH4s8x", b"lo:1", socket.AF_INET, 0,
            socket.inet_aton(address)))


def pod(namespace, name, image, address, ready="yes"):
    print(json.dumps({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name,
                     "labels": {"run": name}},
        "spec": {"nodeName": "node-000", "containers": [
            {"name": "c", "image": image, "ports": [
                {"name": "metrics", "containerPort": 8081},
                {"name": "web", "containerPort": 8080}]}]},
        "status": {"phase": "Running", "podIP": address,
                   "podIPs": [{"ip": address}],
                   "conditions": [{
                       "type": "Ready",
                       "status": "True" if ready == "yes" else "False"}]}}))


class Odd(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ends = threading.Event()
    asked = None
    late = 2

    def reply(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.asked.write(self.path + "\n")
        self.asked.flush()
        name = self.path.strip("/")
        status = {"unauthorized": 401, "forbidden": 403, "missing": 404,
                  "broken": 500}.get(name, 200)
        if name == "garbage":
            self.reply(200, b'{"version":"4.5.6"')
        elif name == "binary":
            self.reply(200, bytes(range(256)) * 16)
        elif name == "empty":
            self.reply(200, b"")
        elif name == "array":
            self.reply(200, b'{"version":["4.5.6"]}')
        elif name == "redirect":
            self.reply(302, VERSION, Location="/there")
        elif name == "mega":
            self.reply(200, b'{"version":"4.5.6","pad":"' + b"x" * (1 << 20) +
                       b'"}')
        elif name == "silent":
            self.ends.wait()
        elif name == "trickle":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            try:
                while not self.ends.wait(1):
                    self.wfile.write(b" ")
            except OSError:
                pass
        elif name == "late" and Odd.late:
            Odd.late -= 1
            self.reply(503, b"not yet")
        else:
            self.reply(status, VERSION)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    tls = None

    def get_request(self):
        connection, address = self.socket.accept()
        if self.tls:
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, address):
        pass                    # who does not speak TLS


def serve(address, path, *pair):
    server = Server((address, 8443 if pair else 8080), Odd)
    if pair:
        server.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.tls.load_cert_chain(*pair)
    with open(path, "a") as Odd.asked:
        server.serve_forever()


def signatures():
    for name in NAMES:
        print(json.dumps({
            "product": "odd-" + name,
            "images": [{"repo": "odd/" + name, "component": "server"}],
            "probe": {"path": "/" + name,
                      "port": {"named": "web", "tls": "8443"}.get(
                          name, "8080"),
                      "json": "version"}}))


{"network": network, "pod": pod, "serve": serve,
 "signatures": signatures}[sys.argv[1]](*sys.argv[2:])
