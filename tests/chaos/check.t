#!/usr/bin/python3
"""ms-publish --check: what works, what does not, and what to do."""
from chaos import *
from stream import Cluster
import stream_api as js


def check(*args, env=None):
    p = subprocess.run([PUBLISH, "--check", *args], capture_output=True,
                       timeout=LIMIT, env={**os.environ, **(env or {})})
    return p.returncode, (p.stdout + p.stderr).decode(errors="replace")


def says(title, status, words, *args):
    code, said = check(*args)
    ok(code == status and all(w in said for w in words) and
       "secret" not in said, title) or note("%d: %s" % (code, said))


says("no broker wanted", 0, ["yes    no broker"], "--to", "-")
port = free_port()
says("nobody listens", 111, ["no     nothing answers at 127.0.0.1 port %d: "
     "Connection refused; is the broker running" % port],
     "--to", "nats://127.0.0.1:%d" % port)
says("a name that is none", 111, ["no     the broker's name broker.invalid is "
     "not known: "], "--to", "nats://broker.invalid")
with socket.create_server(("127.0.0.1", 0)) as other:
    threading.Thread(target=lambda: other.accept()[0].close(),
                     daemon=True).start()
    says("something that is no broker", 111, ["no     "], "--to",
         "nats://127.0.0.1:%d" % other.getsockname()[1])

nats = Nats('authorization { token: "secret" }').up()
says("no credentials where some are wanted", 100,
     ["no     broker 127.0.0.1:%d: " % nats.port,
      "it wants credentials: put them into BROKER_URL"], "--to", nats.url())
says("wrong ones", 100, ["see whether these credentials are what the broker's "
     "configuration has now"], "--to", nats.url("wrong-secret@"))
store = path("check.db")
says("right ones; JetStream and the snapshot are not there yet", 0,
     ["yes    broker 127.0.0.1:%d lets us in; a message may have 1048576 bytes"
      % nats.port,
      "yes    we may publish on meshery.meshsync.core",
      "yes    we may hear requests on meshery.meshsync.request",
      "?      the broker has no JetStream, and none is asked for",
      "yes    snapshot %s is not there yet" % store],
     "--to", nats.url("secret@"), "--store", store)
ok(not os.path.exists(store), "and it makes no snapshot")
says("JetStream is wanted and absent", 100,
     ["no     the broker has no JetStream: "], "--to", nats.url("secret@"),
     "--jetstream")
says("no --store", 0, ["?      no --store: the snapshot is a temporary file"],
     "--to", nats.url("secret@"))
nats.kill()

# A snapshot in use, a foreign file, a folder that is not there.
nats = Nats('jetstream { store_dir: "%s" }' % path("js")).up()
w = Consumer(nats.url()).ready()
c = Cluster(41, 30)
p = Publish(nats.url(), store=store)
p.feed(c.sync())
same_world(w, c, "a pipe runs")
until(lambda: owed(store) == 0)
says("its snapshot is in use", 0,
     ["yes    snapshot %s: 30 objects, 0 changes wait; it is in use" % store],
     "--to", nats.url(), "--store", store)
same_world(w, c, "and the consumer has not noticed the check")
p.end()
says("a stream that would be made", 0, ["yes    JetStream is there; the "
     "stream MESHSYNC_EVENTS is not, and will be made"], "--to", nats.url(),
     "--jetstream")
ok(not js.info(nats.port), "the check does not make it")
q = Publish(nats.url(), "--jetstream", store=path("q.db"))
q.feed(c.sync())
q.end()
says("a stream that is there", 0, ["yes    JetStream keeps our messages: 30 "
     "in 1 copies"], "--to", nats.url(), "--jetstream")
ok(js.info(nats.port)["state"]["messages"] == 30, "the check puts nothing in")
with open(path("foreign"), "w") as f:
    f.write("this is a letter to my aunt, and no snapshot of anything\n" * 40)
says("a file that is no snapshot", 100, ["no     %s is no snapshot" %
     path("foreign")], "--to", nats.url(), "--store", path("foreign"))
ok(os.path.getsize(path("foreign")) > 2000, "and it is left alone")
open(path("empty"), "w").close()
says("an empty file, which is as good as none", 0, ["yes    snapshot %s is "
     "empty yet" % path("empty")], "--to", nats.url(), "--store",
     path("empty"))
db = sqlite3.connect(path("q.db"))
db.execute("pragma user_version = 99")
db.close()
says("a snapshot of a later version", 100, ["no     %s is no snapshot" %
     path("q.db"), "of version 99"], "--to", nats.url(), "--store",
     path("q.db"))
says("a folder that is not there", 100, ["no     the snapshot cannot be "
     "written: %s: No such" % path("none")], "--to", nats.url(), "--store",
     path("none/x.db"))
nats.kill()

# Permissions.
def permit(what):
    return ("authorization { users: [ {user: u, password: secret, "
            "permissions: {%s}} ] }" % what)


nats = Nats(permit('publish: {deny: "meshery.meshsync.core"}')).up()
says("publishing is denied", 100, ["no     we may not publish on "
     "meshery.meshsync.core", "yes    we may hear requests"], "--to",
     nats.url("u:secret@"))
nats.kill()
nats = Nats(permit('subscribe: {deny: "meshery.meshsync.request"}'),
            nats.port).up()
says("subscribing is denied", 100, ["no     we may not subscribe to "
     "meshery.meshsync.request", "yes    we may publish"], "--to",
     nats.url("u:secret@"))
nats.kill()
done()
