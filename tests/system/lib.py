"""What the system tests and benches in Python share: a node to try.

A node runs on a configuration, a port and directories of its own below one
temporary directory, which is gone at the end unless KEEP is set.  Everything
waits for a condition with a deadline; only what the test started is killed.
"""
import atexit
import fcntl
import http.client
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HOLDFAST = os.environ.get("HOLDFAST", "holdfast")
PATIENCE_S = 60
MARK = "TRIAL_MARK"  # in the environment of all that a node's jobs start


class Failed(Exception):
    """A promise was not kept."""


class Disturbed(Failed):
    """What should not have been noticed was, or came late: it can be held
    against the program where the machine itself was in time."""


def check(truth, *words):
    if not truth:
        raise Failed(" ".join(str(word) for word in words))


def check_calm(truth, *words):
    if not truth:
        raise Disturbed(" ".join(str(word) for word in words))


def skip(why):
    print("skipped:", why, file=sys.stderr)
    sys.exit(77)


taken_ports = []  # their locks, held until this process ends


def is_free(port, kind):
    with socket.socket(socket.AF_INET, kind) as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """Not one the kernel gives to clients, nor one of a test beside this: it
    has to be free for a node that starts anew as well."""
    locks = os.path.join(tempfile.gettempdir(), "holdfast-test-ports")
    os.makedirs(locks, exist_ok=True)
    while True:
        port = random.randrange(10000, 20000)
        lock = os.open(os.path.join(locks, str(port)),
                       os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        if is_free(port, socket.SOCK_STREAM) and \
                is_free(port, socket.SOCK_DGRAM):
            taken_ports.append(lock)
            return port
        os.close(lock)


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wait_for(condition, seconds, what, pause=0.02):
    """What CONDITION returns once it is true; Failed after SECONDS, and not
    before a machine that does much else had its time as well."""
    until = now() + max(seconds, PATIENCE_S)
    while True:
        got = condition()
        if got:
            return got
        check(now() < until, "waited in vain:", what)
        time.sleep(pause)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode("utf-8", "replace")

    def problem(self):
        """The problem document, which this must be."""
        kind = self.headers.get("Content-Type", "")
        check(kind.startswith("application/problem+json"),
              "no problem document but", kind, self.status, self.text()[:200])
        return self.json()


class Client:
    """A user with one connection, kept alive and made anew when it broke."""

    def __init__(self, connect):
        self.make = connect
        self.connection = None
        self.cookie = None

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if self.cookie:
            headers["Cookie"] = self.cookie
        if self.connection is None:
            self.connection = self.make()
        try:
            self.connection.request(method, path, body, headers)
            answer = Answer(self.connection.getresponse())
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        given = answer.headers.get("Set-Cookie")
        if given:
            self.cookie = given.split(";")[0]
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def read(path, mode="r"):
    try:
        with open(path, mode, errors=None if "b" in mode else "replace") as f:
            return f.read()
    except OSError:
        return b"" if "b" in mode else ""


def stat_fields(pid):
    """Fields of /proc/PID/stat from the third on; None when it is gone."""
    text = read(f"/proc/{pid}/stat")
    return text[text.rindex(")") + 2:].split() if ")" in text else None


def is_alive(pid):
    fields = stat_fields(pid)
    return fields is not None and fields[0] not in "ZX"


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children():
    """All live processes, by the pid of their parent."""
    tree = {}
    for pid in pids():
        fields = stat_fields(pid)
        if fields is not None and fields[0] not in "ZX":
            tree.setdefault(int(fields[1]), []).append(pid)
    return tree


def memory_dir():
    """A new directory in memory, where the state is by default; None without
    /dev/shm."""
    if not os.access("/dev/shm", os.W_OK):
        return None
    path = tempfile.mkdtemp(prefix="holdfast-trial-", dir="/dev/shm")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


class Node:
    """One node.  JOBS is the inside of the configuration's jobs group, TOP
    whole settings, HTTP the inside of the http group."""

    def __init__(self, jobs="", top="", http="", dir=None, workers=4,
                 state=None, shared=None, env=None, name="trial"):
        self.dir = dir or tempfile.mkdtemp(prefix="holdfast-trial-")
        if dir is None and not os.environ.get("KEEP"):
            atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.mark = os.path.basename(self.dir)
        self.state = state or os.path.join(self.dir, "state")
        self.shared = shared or os.path.join(self.dir, "shared")
        self.log_path = os.path.join(self.dir, "log")
        self.conf = os.path.join(self.dir, "holdfast.conf")
        self.socket = os.path.join(self.state, "control")
        self.port = free_port()
        self.process = None
        self.env = dict(os.environ, **(env or {}))
        for path in (self.state, self.shared):
            if path.startswith(self.dir):
                os.makedirs(path, exist_ok=True)
        self.settings = dict(
            name=name, workers=workers, jobs=jobs, top=top, http=http)
        self.write_conf()
        atexit.register(self.end)

    def write_conf(self, **changes):
        self.settings.update(changes)
        user = pwd.getpwuid(os.geteuid()).pw_name
        s = self.settings
        with open(self.conf, "w", encoding="utf-8") as conf:
            conf.write(
                f'node = "{s["name"]}"; user = "{user}"; '
                f'workers = {s["workers"]};\n'
                f'shared = "{self.shared}"; state = "{self.state}";\n'
                f'http = {{ listen = "127.0.0.1:{self.port}"; '
                f'{s["http"]} }};\n{s["top"]}\n'
                f'jobs = {{\n{s["jobs"]}\n}};\n')

    # ---- its life ----

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [HOLDFAST, "run", "-c", self.conf], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.env)
        return self.process

    def is_ready(self):
        client = self.operator(timeout=5)
        try:
            return client.ask("GET", "/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            client.close()

    def start(self, seconds=30):
        self.spawn()
        self.wait_ready(seconds)
        return self

    def wait_ready(self, seconds=30, pause=0.02):
        def ready():
            check(self.process.poll() is None, "the node ended, status",
                  self.process.returncode, "log:\n" + self.log()[-3000:])
            return self.is_ready()
        try:
            wait_for(ready, seconds, "the node is ready", pause)
        except Failed as failed:
            raise Failed(f"{failed}\n{self.log()[-3000:]}") from None

    def restart(self, seconds=20):
        """As init would, of one that was killed: until it runs."""
        until = now() + seconds
        self.process.wait()
        while True:
            self.spawn()
            try:
                self.wait_ready(seconds)
                return
            except Failed as failed:
                check(self.process.poll() is not None and now() < until,
                      "no restart:", failed)
                time.sleep(0.1)

    def wait_exit(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"the node did not end within {seconds} s\n"
                         f"{self.log()[-3000:]}") from None

    def stop(self, signum=signal.SIGTERM, seconds=30):
        """The exit status."""
        self.process.send_signal(signum)
        return self.wait_exit(seconds)

    def end(self):
        """Leaves nothing behind, whatever happened."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        for pid in self.left_behind():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # ---- its processes ----

    def roles(self):
        """(name, pid) of all live processes of the node, guardian first;
        workers included, their commands not."""
        tree = children()
        found = []
        todo = [self.process.pid]
        while todo:
            pid = todo.pop(0)
            comm = read(f"/proc/{pid}/comm").strip()
            if comm.startswith("hf-"):
                found.append((comm[3:].split("-")[0].split(":")[0], pid))
            elif pid == self.process.pid:
                found.append(("guardian", pid))
            else:
                continue
            todo += tree.get(pid, [])
        return found

    def left_behind(self):
        """Processes that are of this node: they have its log or its lock
        open, or the mark in their environment."""
        found = []
        mark = f"{MARK}={self.mark}".encode()
        for pid in pids():
            if pid == os.getpid() or not is_alive(pid):
                continue
            if mark in read(f"/proc/{pid}/environ", "rb").split(b"\0"):
                found.append(pid)
            elif self.has_open(pid):
                found.append(pid)
        return found

    def has_open(self, pid):
        ours = {self.log_path, os.path.join(self.state, "lock")}
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}") in ours:
                    return True
        except OSError:
            pass
        return False

    def check_nothing_left(self, seconds=5):
        def none():
            return not self.left_behind()
        try:
            wait_for(none, seconds, "no process is left", 0.1)
        except Failed:
            left = [(pid, read(f"/proc/{pid}/comm").strip(),
                     read(f"/proc/{pid}/cmdline").replace("\0", " "))
                    for pid in self.left_behind()]
            raise Failed(f"left behind: {left}") from None

    # ---- its users ----

    def operator(self, timeout=30):
        return Client(lambda: UnixConnection(self.socket, timeout))

    def user(self, timeout=30):
        return Client(lambda: http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=timeout))

    def log(self):
        return read(self.log_path)

    def run(self, *words, seconds=120, **more):
        """A command, asked of this node."""
        return subprocess.run(
            [HOLDFAST, words[0], "-s", self.socket, *words[1:]],
            capture_output=True, text=True, timeout=seconds, env=self.env,
            check=False, **more)


def submit(client, kind, params=None, **more):
    body = dict(type=kind, **more)
    if params is not None:
        body["params"] = params
    answer = client.ask("POST", "/v1/jobs", body)
    check(answer.status == 202, "submit:", answer.status, answer.text()[:500])
    return answer.json()


def wait_end(client, ident, seconds=30):
    """The job once it has ended, by long poll."""
    until = now() + seconds
    tag = None
    job = None
    while now() < until:
        headers = {"If-None-Match": tag} if tag else {}
        # Shorter than the connection waits for an answer.
        wait = min(20, max(1, int(until - now())))
        answer = client.ask("GET", f"/v1/jobs/{ident}?wait={wait}s",
                            headers=headers)
        if answer.status == 304:
            continue
        check(answer.status == 200, "poll:", answer.status,
              answer.text()[:500])
        job = answer.json()
        if job["state"] in ("ready", "error", "cancelled"):
            return job
        tag = answer.headers["ETag"]
    raise Failed(f"job did not end within {seconds} s: {job}")


def tree_bytes(path):
    """What lies below PATH takes on its file system, as du says."""
    total = 0
    for base, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(base, name)).st_blocks * 512
            except OSError:
                pass
    return total


def main(body):
    try:
        body()
    except Failed as failed:
        print("FAILED:", failed, file=sys.stderr)
        sys.exit(1)
