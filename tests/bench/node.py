"""A node of its own for a benchmark, and a few ways to ask it."""

import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HOLDFAST = os.environ.get("HOLDFAST", "./holdfast")
ROUNDS = int(os.environ.get("ROUNDS", "5"))

JOBS = """
jobs = {
  truth = { command = [ "/bin/true" ]; unique = "none"; max-pending = 200000; };
  long = { command = [ "/bin/sleep", "600" ]; unique = "none";
           max-pending = 200000; };
};
"""


def need(*tools):
    """Exits with 77 when something the benchmark needs is not there."""
    for tool in tools:
        if shutil.which(tool) is None:
            print(f"skipped: no {tool}")
            sys.exit(77)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def build(name, directory):
    """Compiles NAME.c beside us into DIRECTORY."""
    need("cc")
    program = os.path.join(directory, name)
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.run(["cc", "-O2", "-o", program,
                    os.path.join(here, name + ".c")], check=True)
    return program


def run(*command):
    """What the command says on stdout."""
    return subprocess.run([str(word) for word in command], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def median(values):
    return statistics.median(values)


def pss(pid):
    """Bytes a process takes, shared pages counted in proportion."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        for line in rollup:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def verdict(name, ratio, limit, at_least=True):
    good = ratio >= limit if at_least else ratio <= limit
    sign = ">=" if at_least else "<="
    print(f"{name}: ratio {ratio:.3f} (wanted {sign} {limit}) "
          f"{'ok' if good else 'MISSED'}")
    return 0 if good else 1


class Node:
    def __init__(self, jobs=JOBS, processes=1, workers=4, more=""):
        self.dir = tempfile.mkdtemp(prefix="holdfast-bench.")
        self.port = free_port()
        conf = os.path.join(self.dir, "h.conf")
        for name in ("shared", "state"):
            os.mkdir(os.path.join(self.dir, name))
        with open(conf, "w") as file:
            file.write(f'node = "bench"; workers = {workers};\n'
                       f'shared = "{self.dir}/shared";\n'
                       f'state = "{self.dir}/state";\n'
                       f'http = {{ listen = "127.0.0.1:{self.port}"; '
                       f'processes = {processes}; connections = 20000; }};\n'
                       'log = { level = "warn"; };\n' + jobs + more)
        self.log = open(os.path.join(self.dir, "log"), "w")
        self.guardian = subprocess.Popen([HOLDFAST, "run", "-c", conf],
                                         stdout=self.log, stderr=self.log)
        self.wait_ready()

    def wait_ready(self):
        until = time.monotonic() + 20
        while True:
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > until or self.guardian.poll() is not None:
                print(open(self.log.name).read())
                raise SystemExit("the node does not get ready")
            time.sleep(0.01)

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=30)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answer = (response.status, response.headers, response.read())
        connection.close()
        return answer

    def submit(self, kind, headers=None):
        """The job and the cookie of its user."""
        headers = dict(headers or {})
        headers["Content-Type"] = "application/json"
        status, fields, body = self.ask("POST", "/v1/jobs",
                                        json.dumps({"type": kind}), headers)
        if status != 202:
            raise SystemExit(f"submit: {status} {body}")
        cookie = (fields.get("Set-Cookie") or "").split(";")[0]
        return json.loads(body), cookie or headers.get("Cookie")

    def kept(self):
        """How many jobs there are, from the Unix socket."""
        out = subprocess.run([HOLDFAST, "status", "--json", "-s",
                              f"{self.dir}/state/control"], check=True,
                             capture_output=True, text=True).stdout
        return json.loads(out)["kept"]

    def roles(self):
        """pid -> title of every process of the node."""
        found = {}
        todo = [self.guardian.pid]
        while todo:
            pid = todo.pop()
            try:
                with open(f"/proc/{pid}/cmdline") as file:
                    found[pid] = file.read().rstrip("\0")
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as file:
                        todo += [int(child) for child in file.read().split()]
            except FileNotFoundError:
                pass
        return found

    def role(self, name):
        for pid, title in self.roles().items():
            if name in title:
                return pid
        raise SystemExit(f"no process called {name}: {self.roles()}")

    def stop(self):
        self.guardian.send_signal(signal.SIGTERM)
        try:
            self.guardian.wait(20)
        except subprocess.TimeoutExpired:
            self.guardian.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def wrk(url, headers=(), seconds=3, connections=64, threads=2):
    """Requests per second."""
    command = ["wrk", "-t", str(threads), "-c", str(connections), "-d",
               f"{seconds}s"]
    for header in headers:
        command += ["-H", header]
    out = subprocess.run(command + [url], check=True, capture_output=True,
                         text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        print(out)
    for line in out.splitlines():
        if line.startswith("Requests/sec:"):
            return float(line.split()[1])
    raise SystemExit(out)
