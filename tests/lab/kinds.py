"""The faults a cluster has to live with, and what each may cost.

Each kind is a function that strikes the node that holds WORK, waits for what
has to follow, heals what it broke, and returns milliseconds: from the fault to
the next holder's first line, or, where the work must not notice, the longest
time it was silent.
"""
import os
import signal
import time

import lib
from judge import MS
from lib import check

WORK = "w"
SETTLE = 30  # seconds: whatever was struck is whole again


class Kind:
    """BOUND_MS: what it may cost, of the lease's length in ms; None: nothing
    was promised.  NEEDS: what Cluster() has to be told for it."""

    def __init__(self, strike, bound_ms, needs):
        self.strike = strike
        self.bound_ms = bound_ms
        self.needs = needs
        self.about = strike.__doc__.split("\n")[0].rstrip(".")


KINDS = {}


def kind(name, bound_ms=lambda lease_ms: None, **needs):
    def add(strike):
        KINDS[name] = Kind(strike, bound_ms, needs)
        return strike
    return add


def lease_ms(cluster):
    return float(cluster.lease.rstrip("s")) * 1000


def since(at, life):
    return (life.first - at) / MS


def heal(node):
    """As init would: a node that is gone is started again."""
    if not node.is_up():
        node.spawn()
    node.wait_ready(SETTLE)


def keeps_on(cluster, strike, seconds):
    """The same incarnation writes on for SECONDS after STRIKE(its node)."""
    node, life = cluster.holder(WORK)
    life.widest = 0
    strike(node)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.1)
        now = cluster.is_alive(WORK, within_ms=500)
        check(now is life, WORK, "did not stay:", life, "now", now,
              cluster.logs())
    return life.widest / MS


def moves(cluster, strike, seconds, elsewhere=True):
    """(ms until another incarnation writes, the old one, the node)."""
    node, life = cluster.holder(WORK)
    at = strike(node)
    new = cluster.next_life(life, seconds, WORK)
    if elsewhere:
        check(new.node != life.node, "not elsewhere:", life, new)
    return since(at, new), life, node


# ---- crashes ----

@kind("work", lambda lease: 20)
def crash_work(cluster):
    """kill -9 of the work"""
    def strike(_):
        pid = cluster.trace[WORK].latest().pid
        at = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        return at
    return moves(cluster, strike, 10, elsewhere=False)[0]


@kind("supervisor", lambda lease: 300)
def crash_supervisor(cluster):
    """kill -9 of the supervisor"""
    took, _, node = moves(cluster, lambda node: node.kill_role("supervisor"),
                          20, elsewhere=False)
    node.wait_ready(SETTLE)
    return took


@kind("guardian", lambda lease: 300)
def crash_guardian(cluster):
    """kill -9 of the guardian"""
    took, _, node = moves(cluster, lambda node: node.kill_role("guardian"),
                          20)
    node.process.wait(10)
    node.restart(SETTLE)
    return took


def crash_role(name):
    def strike(cluster):
        took = keeps_on(cluster, lambda node: node.kill_role(name),
                        1.5 * lease_ms(cluster) / 1000)
        for node in cluster.nodes:
            node.wait_ready(SETTLE)
        return took
    strike.__doc__ = f"kill -9 of the {name} role, the work goes on"
    return strike


for role in ("lease", "journal", "heartbeat", "control", "http"):
    kind(role, lambda lease: 100)(crash_role(role))


@kind("worker", lambda lease: 1500)
def crash_worker(cluster):
    """kill -9 of the process the work is a child of"""
    def strike(_):
        pid = int(lib.stat_fields(cluster.trace[WORK].latest().pid)[1])
        at = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        return at
    return moves(cluster, strike, 10, elsewhere=False)[0]


@kind("both", lambda lease: lease + 500)
def crash_both(cluster):
    """kill -9 of guardian and supervisor at one instant"""
    def strike(node):
        pids = [node.role("guardian"), node.role("supervisor")]
        at = time.monotonic_ns()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return at
    took, _, node = moves(cluster, strike, 30)
    node.process.wait(10)
    node.restart(SETTLE)
    return took


def stop_role(name):
    def strike(cluster):
        node, life = cluster.holder(WORK)
        pid = node.role(name)
        at = time.monotonic_ns()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(3 * lease_ms(cluster) / 1000)
        if lib.is_alive(pid):
            os.kill(pid, signal.SIGCONT)
        cluster.wait_all()
        for node in cluster.nodes:
            node.wait_ready(SETTLE)
        new = cluster.trace[WORK].next_after(life)
        return since(at, new) if new else life.widest / MS
    strike.__doc__ = f"SIGSTOP of the {name} for three leases, then SIGCONT"
    return strike


for role in ("supervisor", "guardian", "lease", "journal"):
    kind(f"stop-{role}", lambda lease: lease + 500)(stop_role(role))


@kind("power", lambda lease: lease + 500)
def power_off(cluster):
    """kill -9 of all processes of the node at one instant"""
    took, _, node = moves(cluster, lambda node: node.kill_all(), 30)
    node.process.wait(10)
    node.restart(SETTLE)
    return took


@kind("power-deaf", lambda lease: lease + 500, udp=False)
def power_off_deaf(cluster):
    """the same, with all UDP dropped"""
    return power_off(cluster)


# ---- orders ----

@kind("term", lambda lease: 100)
def stop_node(cluster):
    """SIGTERM of the node"""
    def strike(node):
        at = time.monotonic_ns()
        node.process.terminate()
        return at
    took, _, node = moves(cluster, strike, 20)
    check(node.wait_exit(20) == 0, "it did not stop in order:", node.log())
    heal(node)
    return took


@kind("handover", lambda lease: 100)
def hand_over(cluster):
    """handover to another node"""
    def strike(node):
        to = cluster.others(node)[0]
        user = node.operator()
        at = time.monotonic_ns()
        answer = user.ask("POST", f"/v1/singletons/{WORK}/handover",
                          {"node": to.settings["name"]})
        check(answer.status == 202, answer.status, answer.text())
        user.close()
        return at
    return moves(cluster, strike, 20)[0]


# ---- network ----

@kind("cut", lambda lease: 100, nets=True)
def cut_off(cluster):
    """network cut for three leases, storage intact: the work goes on"""
    seconds = 3 * lease_ms(cluster) / 1000
    node, _ = cluster.holder(WORK)
    try:
        return keeps_on(cluster, lambda node: cluster.net.cut(node.index),
                        seconds)
    finally:
        cluster.net.heal(node.index)


# ---- storage ----

@kind("hang", lambda lease: lease + 500, faulty=True)
def hang_one(cluster):
    """storage hung for the holder alone"""
    def strike(node):
        at = time.monotonic_ns()
        node.mount.hang()
        return at
    took, old, node = moves(cluster, strike, 30)
    dead = (old.last - (cluster.trace[WORK].next_after(old).first -
                        took * MS)) / MS
    check(dead < lease_ms(cluster), "its work lived", dead, "ms on")
    node.mount.clear()
    node.wait_ready(SETTLE)
    return took


@kind("hang-all", faulty=True)
def hang_all(cluster):
    """storage hung for all for three leases: from its return"""
    _, life = cluster.holder(WORK)
    at = time.monotonic_ns()
    for node in cluster.nodes:
        node.mount.hang()
    time.sleep(3 * lease_ms(cluster) / 1000)
    for name, trace in cluster.trace.items():
        dead = (trace.latest().last - at) / MS
        check(dead < lease_ms(cluster), name, "lived", dead, "ms on")
    back = time.monotonic_ns()
    for node in cluster.nodes:
        node.mount.clear()
    new = cluster.next_life(life, 60, WORK)
    for node in cluster.nodes:
        node.wait_ready(SETTLE)
    return since(back, new)


@kind("fail", lambda lease: lease + 500, faulty=True)
def fail_one(cluster):
    """storage of the holder fails with EIO"""
    def strike(node):
        at = time.monotonic_ns()
        node.mount.fault("all", "fail", 5)
        return at
    took, _, node = moves(cluster, strike, 30)
    node.mount.clear()
    node.wait_ready(SETTLE)
    return took


@kind("late", lambda lease: lease + 500, faulty=True)
def land_late(cluster):
    """the holder's writes fail, and land once another has taken over"""
    def strike(node):
        at = time.monotonic_ns()
        node.mount.fault("write", "late", 0)
        return at
    took, _, node = moves(cluster, strike, 30)
    new = cluster.trace[WORK].latest()
    node.mount.clear()
    node.wait_ready(SETTLE)
    time.sleep(lease_ms(cluster) / 2000)
    check(cluster.is_alive(WORK) is new, "disturbed by a late write")
    return took


def lease_file(cluster):
    """(its path, what is in it)."""
    path = os.path.join(cluster.shared, "lease")
    with open(path, "rb") as file:
        return path, file.read()


@kind("replace")
def replace_file(cluster):
    """the lease file replaced by an older copy of its own, by rename"""
    path, copy = lease_file(cluster)
    _, life = cluster.holder(WORK)
    time.sleep(1.5 * lease_ms(cluster) / 1000)
    at = time.monotonic_ns()
    with open(path + ".copy", "wb") as file:
        file.write(copy)
    os.rename(path + ".copy", path)
    stray = cluster.others(cluster.by_name(life.node))[0]
    stray.process.terminate()
    stray.wait_exit(20)
    heal(stray)
    new = cluster.next_life(life, 30, WORK)
    for node in cluster.nodes:
        node.wait_ready(SETTLE)
    time.sleep(1.5 * lease_ms(cluster) / 1000)
    return since(at, new)


@kind("restore")
def restore_file(cluster):
    """the lease file overwritten by an older copy of its own"""
    path, copy = lease_file(cluster)
    _, life = cluster.holder(WORK)
    time.sleep(1.5 * lease_ms(cluster) / 1000)
    at = time.monotonic_ns()
    with open(path, "r+b") as file:
        file.write(copy)
    new = cluster.next_life(life, 30, WORK)
    for node in cluster.nodes:
        node.wait_ready(SETTLE)
    return since(at, new)


@kind("torn", lambda lease: lease + 1000, faulty=True)
def tear(cluster):
    """the holder's renewals are torn"""
    def strike(node):
        at = time.monotonic_ns()
        node.mount.fault("write", "torn", 100, "/lease")
        return at
    took, _, node = moves(cluster, strike, 30)
    node.mount.clear()
    node.wait_ready(SETTLE)
    return took


def slow(part):
    def strike(cluster):
        node, _ = cluster.holder(WORK)
        node.mount.fault("all", "delay", int(lease_ms(cluster) * part))
        time.sleep(5 * lease_ms(cluster) / 1000)
        node.mount.clear()
        at = time.monotonic_ns()
        cluster.wait_all()
        for node in cluster.nodes:
            node.wait_ready(SETTLE)
        return max(0, since(at, cluster.trace[WORK].latest()))
    strike.__doc__ = f"each call of the holder's storage takes {part} leases"
    return strike


for part in (0.1, 0.5, 1.5):
    kind(f"slow-{part}", faulty=True)(slow(part))


# ---- time ----

@kind("pause", lambda lease: None)
def pause(cluster):
    """SIGSTOP of all its processes for a third of a lease"""
    def strike(node):
        node.freeze()
        time.sleep(lease_ms(cluster) / 3000)
        node.thaw()
    return keeps_on(cluster, strike, lease_ms(cluster) / 1000)


@kind("freeze", lambda lease: lease + 500, sink=True)
def freeze(cluster):
    """SIGSTOP of all its processes for three leases"""
    at = time.monotonic_ns()
    took, old, node = moves(cluster, lambda node: node.freeze(), 30)
    time.sleep(max(0, 3 * lease_ms(cluster) / 1000 -
                   (time.monotonic_ns() - at) / 1e9))
    stopped = [(life, life.last) for life in cluster.lives_on(node)]
    woken = node.thaw()
    time.sleep(1)
    late = cluster.forget_woken(stopped, woken)
    check(late <= 100, "the old work lived", late, "ms after waking")
    for taken, at, _, name, _ in cluster.sink.lines():
        check(name != old.name or at < woken or not taken,
              "the sink took from the old holder", at)
    node.wait_ready(SETTLE)
    return took
