#!/usr/bin/python3
"""Credentials that are refused, publishing that is denied, URLs of no use."""
from chaos import *
from stream import Cluster
import urllib.request


def status(*args, env=None, stdin=b""):
    p = subprocess.run([PUBLISH, *args], input=stdin, capture_output=True,
                       timeout=LIMIT, env={**os.environ, **(env or {})})
    return p.returncode, p.stderr.decode(errors="replace")


# URLs: one line that says what is wrong, never the URL itself.
for url, why in (("nats://", "host"), ("", None), ("http://h:1", "nats://"),
                 ("nats://ho st:4222", "host"), ("nats://h:0", "port"),
                 ("nats://h:99999", "port"), ("nats://h:x", "port"),
                 ("nats://h:1/path", "follows"), ("nats://[::1", "bracket"),
                 ("nats://se%zzcret@h", "decoded"),
                 ("nats://secret@", "host"), ("nats://a:1,nats://b:1", None),
                 ("nats://secret@ho st", "host"), ("a,b", "list")):
    code, said = status("--to", url)
    ok(code == 100 and said.count("\n") == 1 and (why or "") in said and
       "secret" not in said, "URL %r is refused" % url) or note(said)
for args in (["--to", "-", "extra"], ["--wrong"], ["--format", "x"],
             ["--to"], ["--drain", "x"],
             ["--to", "file:x", "--store", "y"],
             ["--to", "nats://h", "--creds", "/none"],
             ["--to", "nats://h", "--cert", "/dev/null"]):
    code, said = status(*args)
    ok(code == 100 and said.count("\n") == 1, "%s is a wrong use" % args)
code, said = status("--check", "--to", "nats://127.0.0.1:%d" % free_port())
ok(code == 111, "--check without a broker ends with 111") or note(said)

# Tokens and users, percent-encoded.
monitor = free_port()
http = "http: 127.0.0.1:%d\n" % monitor
good = http + 'authorization { token: "to/k@n" }\n'
users = http + 'authorization { users: [{user: "u:1", password: "p@/"}] }\n'
nats = Nats(good).up()
ok(status("--check", "--to", nats.url("to%2Fk%40n@"))[0] == 0,
   "--check with the right token")
code, said = status("--check", "--to", nats.url("wrong@"))
ok(code == 100 and "wrong" not in said, "--check with a wrong one ends with "
   "100, and does not tell it")
ok(status("--check", env={"BROKER_URL": nats.url("to%2Fk%40n@")})[0] == 0,
   "BROKER_URL is the default")
ok(status("--check", env={"BROKER_URL": "", "NATS_URL": nats.url("x@")})[0] ==
   100, "then NATS_URL")
store = path("refused.db")
c = Cluster(6, 60)
p = Publish(nats.url("u%3A1:p%40%2F@"), store=store)
p.feed(c.sync())
ok(p.says("wait for it"), "refused credentials are told while it runs")
for _ in range(100):
    p.feed(c.change())
nats.reload(users)
w = Consumer(nats.url("u%3A1:p%40%2F@")).ready()
# what came before the consumer did is asked for again
p.says("is back")
publish_as = 'CONNECT {"verbose":false,"user":"u:1","pass":"p@/"}'


def ask(entity, what=None):
    payload = json.dumps({"Request": {"Entity": entity,
                                      "Payload": what}}).encode()
    with socket.create_connection(("127.0.0.1", nats.port)) as s:
        s.sendall(publish_as.encode() + b"\r\nPUB meshery.meshsync.request "
                  b"%d\r\n%s\r\nPING\r\n" % (len(payload), payload))
        while b"PONG" not in s.recv(4096):
            pass


ask("resync-discovery")
same_world(w, c, "once they are accepted all arrives")
ok(p.end() == 0, "it ends with 0")
nats.kill()

# A publish that is denied fails nowhere but in an asynchronous error.
def permit(allow):
    return (http + "authorization { users: [\n"
            "{user: pub, password: x, permissions: {publish: {%s: "
            "\"meshery.meshsync.core\"}, subscribe: \"_INBOX.>\"}},\n"
            "{user: sub, password: x}] }\n" % allow)


nats = Nats(permit("deny")).up()
w = Consumer(nats.url("sub:x@")).ready()
c = Cluster(7, 60)
store = path("denied.db")
p = Publish(nats.url("pub:x@"), store=store)
p.feed(c.sync())
ok(p.says("denied"), "a denied publish is told")
ok(owed(store) == 60, "and nothing counts as confirmed")
for _ in range(100):
    p.feed(c.change())
time.sleep(1)           # for a second warning, which must not come
ok(p.said().count("denied") == 1, "it is told once a while")
nats.reload(permit("allow"))
same_world(w, c, "once it is allowed all arrives")
# Server's health check looks for our name
page = urllib.request.urlopen("http://127.0.0.1:%d/connz" % monitor).read()
ok(b'"name": "meshsync"' in page, "the client is called meshsync")
ok(p.end() == 0, "it ends with 0")
ok(all("denied" in line or "is back" in line
       for line in p.said().splitlines()), "lost and back are all it said") or \
    note(p.said())

# An answer that is denied is dropped, and that is all.
nats.kill()
nats = Nats("""authorization { users: [
{user: pub, password: x, permissions: {publish: {deny: "there.>"}}},
{user: sub, password: x}] }""").up()
publish_as = 'CONNECT {"verbose":false,"user":"sub","pass":"x"}'
w = Consumer(nats.url("sub:x@")).ready()
c = Cluster(8, 6)
p = Publish(nats.url("pub:x@"), store=path("answers.db"))
p.feed(c.sync())
same_world(w, c, "changes are published")
until(lambda: owed(path("answers.db")) == 0)
for i in range(3):
    for _ in range(LIMIT):      # it may be between two connections
        ask("informer-store", {"Reply": "there.%d" % i})
        if until(lambda: '"there.%d"' % i in p.said(), 1):
            break
p.feed(c.change())
same_world(w, c, "and those after answers that are denied")
ok(p.end() == 0 and p.said().count("\n") >= 3 and
   all("an answer is dropped: publishing is denied" in line
       for line in p.said().splitlines()),
   "each of which is told, in a line") or note(p.said())

p = Publish("nats://127.0.0.1:%d" % free_port(), "--drain", "0",
            env={"MS_PUBLISH_HURRY": "200"})
ok(until(lambda: p.said().count("wait for it") > 1, 20),
   "a broker that stays away is told about again") or note(p.said())
p.end()
done()
