"""stream_api - as much of JetStream's API as the tests ask for."""
import base64
import json
import socket
import time


class Client:
    """A connection that asks one question at a time."""

    def __init__(self, port):
        self.s = socket.create_connection(("127.0.0.1", port), 5)
        self.f = self.s.makefile("rb")
        self.s.sendall(b'CONNECT {"verbose":false,"headers":true,'
                       b'"no_responders":true}\r\nSUB _INBOX.t 1\r\n')
        self.s.settimeout(5)

    def ask(self, subject, question=None):
        """The answer as a document; None if nobody answers."""
        body = json.dumps(question).encode() if question is not None else b""
        self.s.sendall(b"PUB %s _INBOX.t %d\r\n%s\r\n" % (
            subject.encode(), len(body), body))
        while True:
            line = self.f.readline()
            if not line:
                raise OSError("closed")
            if line.startswith(b"PING"):
                self.s.sendall(b"PONG\r\n")
            elif line.startswith(b"MSG "):
                n = int(line.split()[-1])
                return json.loads(self.f.read(n + 2)[:n])
            elif line.startswith(b"HMSG "):
                self.f.read(int(line.split()[-1]) + 2)
                return None

    def close(self):
        self.f.close()
        self.s.close()


def ask(port, subject, question=None):
    """The same, with a connection of its own; None also when that fails."""
    try:
        c = Client(port)
        try:
            return c.ask("$JS.API." + subject, question)
        finally:
            c.close()
    except OSError:
        return None


def info(port):
    a = ask(port, "STREAM.INFO.MESHSYNC_EVENTS")
    return a if a and "config" in a else None


def messages(port):
    """All that the stream holds, in order: (Nats-Msg-Id, payload)."""
    state = info(port)["state"]
    c = Client(port)
    out = []
    for seq in range(state["first_seq"], state["last_seq"] + 1):
        a = c.ask("$JS.API.STREAM.MSG.GET.MESHSYNC_EVENTS", {"seq": seq})
        m = a.get("message")
        if m:
            head = base64.b64decode(m.get("hdrs", "")).decode()
            ident = [x.split(": ", 1)[1] for x in head.split("\r\n")
                     if x.startswith("Nats-Msg-Id: ")]
            out.append((ident[0] if ident else None,
                        base64.b64decode(m.get("data", ""))))
    c.close()
    return out
