#!/usr/bin/python3
"""A broker with TLS, and one that wants our certificate too."""
from chaos import *
from stream import Cluster


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, cwd=tmp,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificate(name, *more):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
            name + ".key", "-out", name + ".pem", "-subj", "/CN=" + name,
            *more)


def check(*args):
    p = subprocess.run([PUBLISH, "--check", *args], capture_output=True,
                       timeout=LIMIT)
    note((p.stdout + p.stderr).decode())
    return p.returncode


certificate("ca")
certificate("other")
for name in ("server", "client"):
    certificate(name, "-CA", "ca.pem", "-CAkey", "ca.key", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext",
                "basicConstraints=CA:FALSE")
tls = 'tls { timeout: 30\ncert_file: "%s"\nkey_file: "%s"\n' % (
    path("server.pem"), path("server.key"))     # 2 s on a busy machine are few
nats = Nats(tls + "}\n").up()
url = "tls://localhost:%d" % nats.port
ok(check("--to", url, "--ca", path("ca.pem")) == 0, "with the right CA")
ok(check("--to", url) == 111, "with the system's alone")
ok(check("--to", url, "--ca", path("other.pem")) == 111, "with a wrong CA")
c = Cluster(11, 50)
store = path("tls.db")
p = Publish(url, "--ca", path("ca.pem"), store=store)
p.feed(c.sync())
ok(p.end() == 0 and owed(store) == 0, "a sync is published through TLS")
nats.kill()
nats = Nats(tls + 'ca_file: "%s"\nverify: true }\n' % path("ca.pem"),
            nats.port).up()
ok(check("--to", url, "--ca", path("ca.pem")) == 111,
   "without the certificate it wants")
ok(check("--to", url, "--ca", path("ca.pem"), "--cert", path("client.pem"),
         "--key", path("client.key")) == 0, "with it")
nats.kill()
nats = Nats("", nats.port).up()
ok(check("--to", url, "--ca", path("ca.pem")) == 111,
   "tls:// does not fall back to a server without TLS")
done()
