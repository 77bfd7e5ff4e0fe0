#!/usr/bin/python3
"""Who we are to the broker: token, user and password, NKey, JWT, a client's
certificate. What was rotated on disk counts at the next connection, as does
what a name has come to stand for."""
from chaos import *
from stream import Cluster
import nkeys


def check(*args, env=None):
    p = subprocess.run([PUBLISH, "--check", *args], capture_output=True,
                       timeout=LIMIT, env={**os.environ, **(env or {})})
    return p.returncode, (p.stdout + p.stderr).decode(errors="replace")


def arrived(store, n):
    """Whether so many objects, and all that is owed, are confirmed."""
    try:
        db = sqlite3.connect("file:%s?mode=ro" % store, uri=True)
        return db.execute("select count(*) from row").fetchone()[0] >= n and \
            owed(store) == 0
    except sqlite3.OperationalError:
        return False


def write(name, text):
    """As a mounted Secret is rotated: at once."""
    with open(path(name + ".new"), "w") as f:
        f.write(text)
    os.rename(path(name + ".new"), path(name))
    return path(name)


def rotates(title, nats, first, second, args, renew):
    """A publisher that lives through a change of credentials."""
    nats.configure(first)
    nats.up()
    c = Cluster(31, 40)
    store = path("rotate-%d.db" % len(started))
    p = Publish(nats.url(), *args, store=store)
    p.feed(c.sync())
    ok(until(lambda: arrived(store, 40)), title + ": lets us in") or \
        note(p.said())
    nats.kill()
    nats.configure(second)
    nats.up()
    for _ in range(40):
        p.feed(c.change())
    ok(p.says("wait for it"), title + ": the old one is refused, once "
       "the broker wants another")
    renew()
    ok(until(lambda: owed(store) == 0) and p.end() == 0,
       title + ": the new one lets us in, without a restart") or \
        note(p.said())
    nats.kill()
    return p.said()


# A file with a token, or with USER:PASSWORD.
auth = write("auth", "first-secret\n")
said = rotates("a token in a file", Nats(),
               'authorization { token: "first-secret" }',
               'authorization { token: "second-secret" }',
               ["--auth", auth], lambda: write("auth", "second-secret\n"))
write("auth", "me:first-secret")
said += rotates("a user in a file", Nats(),
                'authorization { user: me, password: "first-secret" }',
                'authorization { user: me, password: "second:secret" }',
                ["--auth", auth], lambda: write("auth", "me:second:secret"))
ok("secret" not in said, "none of them is told")
write("auth", "\n")
nats = Nats('authorization { token: "first-secret" }').up()
code, said = check("--to", nats.url(), "--auth", auth)
ok(code == 100 and "is empty" in said, "an empty file is told") or note(said)
code, said = check("--to", nats.url(), "--auth", path("none"))
ok(code == 100 and "none: No such file" in said, "so is one that is not there")
code, said = check("--to", nats.url(), "--auth", auth, "--creds", auth)
ok(code == 100, "--auth and --creds exclude each other")

# A secret in the URL of an argument is blanked where ps shows it.
p = Publish(nats.url("first-secret@"), store=path("argv.db"))
p.feed(Cluster(32, 3).sync())
until(lambda: arrived(path("argv.db"), 3))
with open("/proc/%d/cmdline" % p.p.pid, "rb") as f:
    line = f.read()
ok(b"first-secret" not in line and b"@127.0.0.1" in line,
   "ps does not show the token of --to") or note(line)
ok(p.end() == 0, "and it was taken")
nats.kill()

# NKeys: a public key that the server knows, and its seed.
one, two = nkeys.Key("U", path("u1.pem")), nkeys.Key("U", path("u2.pem"))
conf = "authorization { users: [ { nkey: %s } ] }"
creds = write("nkey", one.public + "\n" + one.seed + "\n")
said = rotates("an NKey", Nats(), conf % one.public, conf % two.public,
               ["--creds", creds],
               lambda: write("nkey", two.seed + "\n" + two.public + "\n"))

# A JWT, as nsc writes credentials.
operator = nkeys.Key("O", path("o.pem"))
account = nkeys.Key("A", path("a.pem"))
user = nkeys.Key("U", path("u3.pem"))
limits = {"subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1,
          "data": -1, "payload": -1, "wildcards": True}
def server(account_key):
    jwt = operator.jwt(account_key.public, {
        "type": "account", "version": 2, "limits": limits,
        "default_permissions": {"pub": {}, "sub": {}}})
    return ('operator: "%s"\nresolver: MEMORY\n'
            'resolver_preload: { %s: "%s" }\n' % (
                operator.jwt(operator.public,
                             {"type": "operator", "version": 2}),
                account_key.public, jwt))


def user_creds(account_key, key):
    return nkeys.creds(account_key.jwt(key.public, {
        "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1,
        "data": -1, "payload": -1}), key.seed)


other = nkeys.Key("A", path("a2.pem"))
creds = write("user.creds", user_creds(account, user))
said += rotates("a JWT", Nats(), server(account), server(other),
                ["--creds", creds],
                lambda: write("user.creds", user_creds(other, user)))
ok(user.seed not in said and two.seed not in said, "no seed is told")
nats = Nats(server(account)).up()
code, said = check("--to", nats.url(), "--creds", write("bad", "rubbish"))
ok(code == 100 and "holds no user JWT" in said, "a file without either is told")
nats.kill()

# A client's certificate.
def certificate(name, *more):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout", path(name + ".key"), "-out", path(name + ".pem"),
                    "-subj", "/CN=" + name, *more], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def signed(name, ca):
    certificate(name, "-CA", path(ca + ".pem"), "-CAkey", path(ca + ".key"),
                "-addext", "subjectAltName=IP:127.0.0.1", "-addext",
                "basicConstraints=CA:FALSE")


for ca in ("ca1", "ca2"):
    certificate(ca)
signed("server", "ca1")
signed("client", "ca1")
signed("renewed", "ca2")
conf = ('tls { cert_file: "%s"\nkey_file: "%s"\nca_file: "%%s"\n'
        'verify: true }' % (path("server.pem"), path("server.key")))
rotates("a client's certificate", Nats(), conf % path("ca1.pem"),
        conf % path("ca2.pem"),
        ["--ca", path("ca1.pem"), "--cert", path("client.pem"), "--key",
         path("client.key")],
        lambda: [os.replace(path("renewed." + x), path("client." + x))
                 for x in ("key", "pem")])

# What a name stands for is asked at each connection.
hosts = write("hosts", "127.0.0.1 localhost\n127.0.0.1 broker.test\n")
mounts = ["unshare", "-m", "sh", "-c",
          'mount --bind "$1" /etc/hosts && shift && exec "$@"', "sh", hosts]
if subprocess.run([*mounts, "true"], capture_output=True).returncode != 0:
    print("# names are not tested: no mount namespace")
else:
    nats = Nats().up()
    c = Cluster(33, 20)
    store = path("name.db")
    real, PUBLISH_ALONE = PUBLISH, path("publish")
    with open(PUBLISH_ALONE, "w") as f:
        f.write("#!/bin/sh\nexec %s %s \"$@\"\n" % (
            " ".join("'%s'" % x.replace("'", "'\\''") for x in mounts), real))
    os.chmod(PUBLISH_ALONE, 0o755)
    import chaos
    chaos.PUBLISH = PUBLISH_ALONE
    p = Publish("nats://broker.test:%d" % nats.port, store=store)
    chaos.PUBLISH = real
    p.feed(c.sync())
    ok(until(lambda: arrived(store, 20)),
       "a name: connected") or note(p.said())
    nats.kill()
    moved = Nats("", nats.port)
    with open(moved.conf) as f:
        text = f.read()
    with open(moved.conf, "w") as f:
        f.write(text.replace("127.0.0.1", "127.0.0.2"))
    moved.start([SERVER, "-c", moved.conf, "-l", moved.conf + ".log"])
    for _ in range(20):
        p.feed(c.change())
    p.says("wait for it")
    with open(hosts, "w") as f:         # the same file, as it is mounted
        f.write("127.0.0.1 localhost\n127.0.0.2 broker.test\n")
    ok(until(lambda: owed(store) == 0) and p.end() == 0,
       "it stands for another address: connected to that") or note(p.said())
done()
