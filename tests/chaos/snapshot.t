#!/usr/bin/python3
"""The queries of ms-snapshot.5, each run on the snapshot of a real cluster's
stream, one part of which waits for the broker."""
import gzip
import re

from chaos import *

ROOT = os.path.join(HERE, "..", "..")
store = path("s.db")
with gzip.open(os.path.join(ROOT, "tests/data/demo.ndjson.gz")) as f:
    stream = f.read()
for stage in ("ms-classify", "ms-fingerprint"):
    stream = subprocess.run([os.path.join(BIN, stage), "-q"], input=stream,
                            stdout=subprocess.PIPE, check=True).stdout
half = stream.rindex(b"\n", 0, len(stream) // 2) + 1
for to, part in ("-", stream[:half]), ("nats://127.0.0.1:%d" % free_port(),
                                       stream[half:]):
    subprocess.run([PUBLISH, "-q", "--to", to, "--drain",
                    "20" if to == "-" else "0", "--dial", "0", "--store",
                    store], input=part, stdout=subprocess.DEVNULL, check=True)
with open(os.path.join(ROOT, "cmd/ms-publish/ms-snapshot.5")) as f:
    page = f.read()
found = re.findall(r"\.Pp\n|^([^\n]*:)\n\.Bd -literal[^\n]*\n(.*?)\.Ed$",
                   page[page.index(".Sh EXAMPLES"):], re.S | re.M)
queries = [(title, sql) for title, sql in found if sql]
ok(len(queries) >= 10, "there are ten queries or more")


def run(sql):
    """As a person would: rows as lists of text, and what went wrong."""
    p = subprocess.run(["sqlite3", "-readonly", "-batch", "-csv", store, sql],
                       capture_output=True, text=True, timeout=LIMIT)
    return p.stdout.splitlines(), p.stderr


rows = {}
for title, sql in queries:
    rows[title], wrong = run(sql)
    ok(rows[title] and not wrong, "%s %d rows" % (title, len(rows[title]))) \
        or note(wrong)


def has(title, text):
    ok(any(text in row for row in rows[title]), "%s %s" % (title, text)) or \
        note("\n".join(rows[title][:20]))


has("How much there is of each kind:", "Pod,")
has("What infrastructure runs, and in which version:", "argo-cd,3.1.9,argocd")
has("Who makes the objects of this cluster:", "brownfield,helm,")
has("What belongs to an application:", "cert-manager,Deployment")
has("Where found infrastructure can be reached:", "http://argocd-server")
total = sum(int(row.split(",")[-1]) for row in
            rows["How much there is of each kind:"])
live, _ = run("select count(*) from row where deleted = 0")
ok(total == int(live[0]) > 500, "every row is an object in the views")
waiting = sum(int(row.split(",")[2]) for row in
              rows["What waits for the broker, kind by kind:"])
ok(waiting == owed(store) > 0, "what waits is what is owed")
unpublished, _ = run("select count(*) from objects where not published")
dead, _ = run("select count(*) from waiting where deleted")
ok(int(unpublished[0]) + int(dead[0]) == waiting,
   "and what is not published is what waits, deletions apart")
for view in ("objects", "infrastructure", "origin", "prints", "waiting"):
    ok(run("select * from %s limit 1" % view)[0] and ".It Em %s\n" % view in
       page, "the view %s is there, and in the manual" % view)
done()
