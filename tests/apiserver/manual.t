#!/usr/bin/python3 -B
"""The examples of ms-watch.1 do what the manual says."""
import os
import pty
import re
import shutil
import signal
import subprocess
import threading
import time

from apiserver import BIN, DEPLOYMENTS, PATIENCE, PODS, Resource, Server, \
    clean_environment, done, ok, same

SECRETS = Resource("secrets", "Secret")
JOBS = Resource("jobs", "Job", "batch")


def examples():
    """Its command lines; those that stand together are one example."""
    with open("cmd/ms-watch/ms-watch.1") as f:
        text = f.read().split(".Sh EXAMPLES\n")[1].split("\n.Sh ")[0]
    out, is_open = [], False
    for line in text.splitlines():
        if line.startswith(".Dl $ "):
            command = line[6:].replace("\\(dq", '"')
            out = out[:-1] + [out[-1] + "\n" + command] if is_open else \
                out + [command]
        is_open = line.startswith(".Dl ")
    return out


class Shell:
    """A person's shell with these lines, on a terminal, so that nothing is
    held back, and in a folder of its own."""

    def __init__(self, server, lines):
        self.folder = server.folder
        self.seen = b""
        shutil.copy(server.kubeconfig(),
                    os.path.join(self.folder, "restricted.yaml"))
        self.terminal, end = pty.openpty()
        with open(os.path.join(self.folder, "err"), "w") as err:
            self.process = subprocess.Popen(
                ["sh", "-c", lines], cwd=self.folder, stderr=err,
                stdin=subprocess.DEVNULL, stdout=end, start_new_session=True,
                env={**clean_environment(),
                     "KUBECONFIG": server.kubeconfig(), "PATH":
                     os.path.abspath(BIN) + ":" + os.environ["PATH"]})
        os.close(end)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        try:
            while data := os.read(self.terminal, 65536):
                self.seen += data
        except OSError:         # nobody has its other end any more
            pass

    def text(self, name=None):
        if not name:            # jq paints what goes to a terminal
            return re.sub(r"\x1b\[[0-9;]*m", "", self.seen.decode())
        try:
            with open(os.path.join(self.folder, name)) as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def wait(self, words, name=None):
        end = time.monotonic() + PATIENCE
        while not all(w in self.text(name) for w in words):
            if time.monotonic() > end:
                return ok(False, f"waited for {words}", self.text(name),
                          self.text("err"))
            time.sleep(0.01)
        return True

    def finish(self):
        """For what ends by itself: what it has printed."""
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return self.text()

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:      # all have ended
            pass
        self.process.wait()
        self.reader.join(PATIENCE)
        os.close(self.terminal)


def check_count(shell, _):
    got = sorted(line.split() for line in shell.finish().splitlines())
    same(got, [["1", "Deployment"], ["1", "Job"], ["1", "Pod"],
               ["1", "Secret"]], "everything, counted by kind")


def check_changes(shell, server):
    shell.wait(['["ADDED","a"]'])
    server.put("deployments", "b", namespace="elsewhere")
    server.put("deployments", "c", namespace="shop")
    server.delete("deployments", "a", "shop")
    shell.wait(['["ADDED","c"]', '["DELETED","a"]'])
    ok('"b"' not in shell.text(), "Deployments of one namespace, as they "
       "change", shell.text())


def check_config(shell, _):
    text = "".join(shell.finish().split())
    ok('"secrets.v1.":{"depth":"metadata"}' in text and
       '"jobs.v1.batch":{"depth":"off"}' in text,
       "a configuration, and what comes of it", text)


def check_control(shell, _):
    ok(shell.wait(['"type":"MARK"', '"id":"here"'], "stream"),
       "commands by a FIFO")


def check_check(shell, _):
    text = shell.finish()
    ok("pods.v1." in text and "deployments.v1.apps" in text,
       "what an account may read", text)


CHECKS = [check_count, check_changes, check_config, check_control,
          check_check]
if same(len(examples()), len(CHECKS), "every example is tried"):
    for lines, check in zip(examples(), CHECKS):
        with Server(PODS, DEPLOYMENTS, SECRETS, JOBS) as server:
            for name in ("pods", "deployments", "secrets", "jobs"):
                server.put(name, "a", namespace="shop")
            shell = Shell(server, lines)
            try:
                check(shell, server)
            finally:
                shell.kill()
done()
