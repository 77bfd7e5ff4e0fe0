#!/usr/bin/python3 -B
"""Options are told in three places: --help, the man page, and, for those of a
run, the supervisor. They agree."""
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
BIN = os.environ.get("BIN", os.path.join(TOP, "build"))
STAGES = ("ms-watch", "ms-classify", "ms-fingerprint", "ms-publish")
# What a stage does in place of a run, and what the supervisor sees to itself.
APART = {"--help", "--version", "--check", "--test", "--explain",
         "--redact-only", "--control", "--quiet", "--verbose"}
results = []


def same(got, want, title):
    results.append(got == want)
    print("%sok %d - %s" % ("" if got == want else "not ", len(results),
                            title))
    if got != want:
        print("# differ: %s" % sorted(got ^ want))


def helped(program):
    text = subprocess.run([program, "--help"], capture_output=True,
                          text=True, check=True).stdout
    return text, set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.M))


def documented(page):
    with open(page) as f:
        items = re.findall(r"^\.It (Fl .*)$", f.read(), re.M)
    return {"--" + name for item in items
            for name in re.findall(r" -([a-z][a-z-]+)", item)}


run = set()
for stage in STAGES:
    page = os.path.join(TOP, "cmd", stage, stage + ".1")
    mine = helped(os.path.join(BIN, stage))[1]
    same(documented(page), mine, stage + ": --help and the man page")
    run |= mine - APART
text = helped(os.path.join(TOP, "scripts", "meshsync"))[0]
options = text[text.index("Options go"):text.index("Without --to")]
# -n and -l are enough there
same(set(re.findall(r"--[a-z-]+", options)) | {"--namespace", "--selector"},
     run, "the supervisor's options are those of its stages")

# The defects of the Go MeshSync are told in three places, too.
publish = os.path.join(BIN, "ms-publish")
with open(os.path.join(TOP, "cmd", "ms-publish", "ms-publish.1")) as f:
    defects = f.read().split(".Sh DEFECTS OF THE GO MESHSYNC\n")[1]
defects = set(re.findall(r"^\.It Cm (\w+)$", defects.split("\n.Sh ")[0], re.M))
wrong = subprocess.run([publish, "--fix", "none-such"], capture_output=True,
                       text=True).stderr
known = re.search("--fix is (.*), not", wrong).group(1)
same(set(re.split(", | or ", known)), defects, "--fix and the man page")
text = helped(publish)[0].split("--fix NAME")[1].split("--enrich")[0]
same(set(re.findall(r"\w+", text)) & defects, defects, "--fix and --help")
same({name for name in defects if subprocess.run(
    [publish, "--to", "-", "--fix", name], stdin=subprocess.DEVNULL,
    capture_output=True).returncode == 0}, defects, "each is taken")
print("1..%d" % len(results))
raise SystemExit(not all(results))
