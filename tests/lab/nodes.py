"""Several nodes on one shared directory, with singletons that leave a trace.

Each node may see the directory through a mount of its own (mount.py), and be
in a network namespace of its own (net.py).  Only what was started is killed.
"""
import os
import secrets
import signal
import socket
import subprocess
import sys
import time

import clock
import judge
import lib
import mount
import net
import relay
import watchdog

WITNESS = os.path.join(os.environ.get("BUILDDIR", "."), "tests/lab/witness")


def free_udp_port():
    while True:
        port = lib.free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Member(lib.Node):
    """One node of a cluster, the INDEX-th; with PLACE another of its name."""

    def __init__(self, cluster, index, place=None):
        self.cluster = cluster
        self.index = index
        self.prefix = cluster.net.enter(index) if cluster.net else []
        if index in cluster.ages:
            self.prefix = self.prefix + clock.namespace(*cluster.ages[index])
        self.mount = None
        self.clock = self.watchdog = None
        place = place or f"node{index}"
        dir = os.path.join(cluster.dir, place)
        shared = cluster.shared
        if cluster.faulty:
            shared = os.path.join(cluster.dir, f"seen{index}")
            self.mount = mount.Mount(cluster.shared, shared,
                                     cluster.mode_of(index))
        env = {}
        if cluster.clocks:
            self.clock = clock.Clock(os.path.join(cluster.dir,
                                                  f"clock{index}"))
            env = self.clock.env
        if cluster.watchdogs:
            self.watchdog = watchdog.Watchdog(
                os.path.join(cluster.dir, f"watchdog{index}"))
        super().__init__(dir=dir, state=os.path.join(cluster.states, place),
                         shared=shared, workers=1, name=f"n{index}", env=env)

    def write_conf(self, **changes):
        os.makedirs(self.dir, exist_ok=True)
        os.makedirs(self.state, exist_ok=True)
        if self.cluster.state_mb and not os.path.ismount(self.state):
            mount.small(self.state, self.cluster.state_mb)
        self.settings["top"] = self.cluster.top(self)
        super().write_conf(**changes)

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, lib.HOLDFAST, "run", "-c", self.conf],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.env)
        return self.process

    def is_up(self):
        return self.process is not None and self.process.poll() is None

    # ---- faults ----

    def tree(self):
        """All its processes, the guardian first, its work included."""
        children = lib.children()
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def role(self, name):
        for role, pid in self.roles():
            if role == name:
                return pid
        raise lib.Failed(f"{self.settings['name']} has no {name}: "
                         f"{self.roles()}")

    def kill_role(self, name):
        """When that was."""
        pid = self.role(name)
        at = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        return at

    def signal_all(self, *signums):
        """Each to all its processes before any can do anything about it."""
        pids = self.tree()
        at = time.monotonic_ns()
        for signum in signums:
            for pid in pids:
                try:
                    os.kill(pid, signum)
                except ProcessLookupError:
                    pass
        return at

    def kill_all(self):
        """As if the power went."""
        return self.signal_all(signal.SIGSTOP, signal.SIGKILL)

    def freeze(self):
        return self.signal_all(signal.SIGSTOP)

    def thaw(self):
        # Its work first: the worst order.
        pids = self.tree()[::-1]
        at = time.monotonic_ns()
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        return at

    def left_behind(self):
        marks = {f"{lib.MARK}={self.cluster.mark}".encode(),
                 f"HOLDFAST_NODE={self.settings['name']}".encode()}
        return super().left_behind() + [
            pid for pid in lib.pids() if lib.is_alive(pid) and marks <=
            set(lib.read(f"/proc/{pid}/environ", "rb").split(b"\0"))]

    def end(self):
        if self.mount is not None and self.mount.process.poll() is None:
            self.mount.clear()
        if self.is_up():
            for pid in self.tree():
                try:
                    os.kill(pid, signal.SIGCONT)
                except ProcessLookupError:
                    pass
        super().end()


class Cluster:
    """SINGLETONS: name -> what its configuration says besides its command.
    FAULTY: each node sees the directory through a mount of its own; a word, or
    one for each index: the mode of that.  NETS:
    each is in a namespace of its own.  UDP: whether they hear each other.
    MEMORY: the directory is in memory, where no disk makes anyone wait.
    LACKS: index of a node -> those of SINGLETONS it knows nothing of.
    NOISE: what they say goes through a relay.  CLOCKS: each has clocks of its
    own.  AGES: index of a node -> the seconds by which its time since boot is
    ahead, with and without suspends.  WATCHDOGS: each has one.  STATE_MB,
    SHARED_MB: the state of each, the directory are on file systems of that
    size.
    WORK: what the witnesses are told besides where to write; a name of
    SINGLETONS may have its own in WORKS."""

    def __init__(self, nodes=3, lease="1s", singletons=None, faulty=False,
                 nets=False, udp=True, work=(), works=None, sink=False,
                 memory=False, lacks=None, more="", noise=False,
                 clocks=False, ages=None, watchdogs=False, state_mb=0,
                 shared_mb=0):
        # Told to end, leaves nothing behind either.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        if not os.access(WITNESS, os.X_OK):
            lib.skip("tests/lab/witness was not built")
        if faulty and not mount.is_possible():
            lib.skip("no faultfs, or no /dev/fuse")
        if nets and not net.is_possible():
            lib.skip("no network namespaces")
        if clocks and not clock.is_possible():
            lib.skip("no clocks to preload")
        if ages and not clock.has_namespaces():
            lib.skip("no time namespaces")
        if watchdogs and not watchdog.is_possible():
            lib.skip("no watchdog, or no /dev/fuse")
        if (state_mb or shared_mb) and not mount.can_be_small():
            lib.skip("may not mount")
        self.clocks = clocks
        self.ages = ages or {}
        self.watchdogs = watchdogs
        self.state_mb = state_mb
        self.lease = lease
        self.singletons = singletons if singletons is not None else {"w": ""}
        self.faulty = faulty
        self.udp = udp
        self.work = list(work)
        self.works = works or {}
        self.lacks = lacks or {}
        self.more = more
        self.states = lib.memory_dir()
        base = lib.Node()  # its directory, and that it is gone at the end
        self.dir = base.dir
        self.mark = base.mark
        self.shared = lib.memory_dir() if memory else base.shared
        self.traces = os.path.join(self.dir, "traces")
        os.makedirs(self.traces)
        self.net = net.Net(nodes) if nets else None
        if shared_mb:
            mount.small(self.shared, shared_mb)
        self.ports = [free_udp_port() for _ in range(nodes)]
        self.relay = relay.Relay(self.ports) if noise else None
        self.key = os.path.join(self.dir, "key")
        with open(self.key, "w", encoding="ascii") as key:
            key.write(f"lab {secrets.token_hex(32)}\n")
        os.chmod(self.key, 0o600)
        self.sink_path = os.path.join(self.dir, "sink") if sink else None
        self.sink_process = None
        if sink:
            self.begin_sink()
        self.trace = {name: judge.Trace(os.path.join(self.traces, name))
                      for name in self.singletons}
        self.woken_ms = 0  # what forget_woken() found, at most
        self.nodes = [Member(self, index) for index in range(nodes)]

    def begin_sink(self):
        self.sink = judge.Sink(self.sink_path + ".trace")
        self.sink_process = subprocess.Popen(
            [WITNESS, "sink", self.sink_path, self.sink.path])
        lib.wait_for(lambda: os.path.exists(self.sink_path), 10, "the sink")

    def address(self, index):
        host = self.net.address(index) if self.net else "127.0.0.1"
        return f"{host}:{self.ports[index]}"

    def mode_of(self, index):
        if isinstance(self.faulty, dict):
            return self.faulty.get(index, "")
        return self.faulty if isinstance(self.faulty, str) else ""

    def peers_of(self, index):
        if not self.udp:
            return []
        if self.relay:
            return self.relay.peers_of(index)
        return [self.address(other) for other in range(len(self.ports))
                if other != index]

    def top(self, member):
        """What the configuration of MEMBER says besides."""
        peers = [f'"{address}"' for address in self.peers_of(member.index)]
        dog = f'watchdog = "{member.watchdog.path}";' if member.watchdog \
            else ""
        text = (f'cluster = {{ name = "lab"; lease = "{self.lease}"; '
                f'listen = "{self.address(member.index)}"; '
                f'peers = [ {", ".join(peers)} ]; heartbeat = "100ms"; '
                f'key-file = "{self.key}"; {dog} }};\nsingletons = {{\n')
        for name, more in self.singletons.items():
            if name in self.lacks.get(member.index, ()):
                continue
            work = self.works.get(name, ["work", *self.work])
            words = [WITNESS, work[0], os.path.join(self.traces, name),
                     *work[1:]]
            if self.sink_path and work[0] == "work":
                words += ["5", "0"][len(words) - 3:] + [self.sink_path]
            command = ", ".join(f'"{word}"' for word in words)
            text += (f'{name} = {{ command = [ {command} ]; '
                     f'env = [ "{lib.MARK}={self.mark}" ]; {more} }};\n')
        return text + "};\n" + self.more

    # ---- its life ----

    def start(self, seconds=30, wait=True):
        for node in self.nodes:
            node.spawn()
        for node in self.nodes:
            node.wait_ready(seconds)
        if wait:
            self.wait_all(seconds)
        return self

    def end(self):
        for node in self.nodes:
            node.end()
            for made in (node.mount, node.watchdog):
                if made is not None:
                    made.end()
        if self.relay is not None:
            self.relay.end()
        if self.sink_process is not None:
            self.sink_process.kill()
            self.sink_process.wait()
        if self.net is not None:
            self.net.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    # ---- who is alive ----

    def is_alive(self, name, within_ms=100):
        """Its life, if it wrote lately."""
        life = self.trace[name].latest()
        if life is not None and \
                time.monotonic_ns() - life.last < within_ms * judge.MS:
            return life
        return None

    def wait_all(self, seconds=30, names=None, within_ms=100):
        for name in names or self.singletons:
            self.wait_for(lambda n=name: self.is_alive(n, within_ms), seconds,
                          f"{name} runs")

    def holder(self, name="w"):
        """(the node that has it, its life)."""
        life = lib.wait_for(lambda: self.is_alive(name), 30, f"{name} runs")
        return self.by_name(life.node), life

    def by_name(self, name):
        return self.nodes[int(name[1:])]

    def others(self, node):
        return [other for other in self.nodes if other is not node]

    def next_life(self, life, seconds, name="w"):
        return self.wait_for(lambda: self.trace[name].next_after(life),
                             seconds, f"{name} runs after {life}", 0.005)

    def wait_for(self, condition, seconds, what, pause=0.02):
        try:
            return lib.wait_for(condition, seconds, what, pause)
        except lib.Disturbed:
            raise
        except lib.Failed as failed:
            raise lib.Failed(f"{failed}\n{self.logs()}") from None

    def lives_on(self, node):
        """The latest life there of each unit."""
        found = []
        for trace in self.trace.values():
            lives = [life for life in trace.read()
                     if life.node == node.settings["name"]]
            found += lives[-1:]
        return found

    # ---- the verdict ----

    def forget_woken(self, stopped, woken):
        """STOPPED: (life, when it was stopped).  What these wrote after they
        were WOKEN is what tokens are for, and is not held against them; for
        how many ms they did."""
        latest = 0
        for trace in self.trace.values():
            trace.read()
        for life, until in stopped:
            if life.last > max(until, woken):
                latest = max(latest, life.last - woken)
                life.last = until
        self.woken_ms = max(self.woken_ms, latest / judge.MS)
        return latest / judge.MS

    def check(self, slack_ms=0):
        """Never two at once, and tokens that rise; the longest overlap of all
        in ms, negative: the shortest gap."""
        worst = -1 << 62
        for name, trace in self.trace.items():
            overlap, old, new = trace.overlap()
            lib.check(overlap <= slack_ms * judge.MS, name, "twice for",
                      overlap / judge.MS, "ms:", old, "and", new, self.logs())
            lib.check(not trace.fallen(), name, "tokens fell:",
                      trace.fallen())
            worst = max(worst, overlap)
        return worst / judge.MS

    def logs(self, size=1500):
        return "".join(f"--- {node.settings['name']}\n{node.log()[-size:]}"
                       for node in self.nodes)
