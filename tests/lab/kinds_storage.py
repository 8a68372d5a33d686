"""As kinds.py, where all of them are found: faults of storage and of time."""
import os
import signal
import time

from judge import MS
from kinds import (SETTLE, WORK, heal, keeps_on, kind, lease_ms, moves,
                   power_off, since, stays)
from lib import check, check_calm
import stall


# ---- storage ----

@kind("hang", lambda lease: lease + 500, faulty=True)
def hang_one(cluster):
    """storage hung for the holder alone"""
    hung = 0

    def strike(node):
        nonlocal hung
        at = time.monotonic_ns()
        hung = node.mount.hang()
        return at
    took, old, node = moves(cluster, strike, SETTLE)
    dead = (old.last - hung) / MS
    check(dead < lease_ms(cluster), "its work lived", dead, "ms on")
    node.mount.clear()
    node.wait_ready(SETTLE)
    return took


@kind("hang-all", faulty=True)
def hang_all(cluster):
    """storage hung for all for three leases: from its return"""
    _, life = cluster.holder(WORK)
    hung = {node.settings["name"]: node.mount.hang() for node in cluster.nodes}
    time.sleep(3 * lease_ms(cluster) / 1000)
    for name, trace in cluster.trace.items():
        last = trace.latest()
        dead = (last.last - hung[last.node]) / MS
        check(dead < lease_ms(cluster), name, "lived", dead, "ms on")
    back = time.monotonic_ns()
    for node in cluster.nodes:
        node.mount.clear()
    new = cluster.next_life(life, SETTLE, WORK)
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
    took, _, node = moves(cluster, strike, SETTLE)
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
    took, _, node = moves(cluster, strike, SETTLE)
    new = cluster.trace[WORK].latest()
    node.mount.clear()
    node.wait_ready(SETTLE)
    time.sleep(lease_ms(cluster) / 2000)
    stays(cluster, new)
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
    stray.wait_exit(SETTLE)
    heal(stray)
    new = cluster.next_life(life, SETTLE, WORK)
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
    new = cluster.next_life(life, SETTLE, WORK)
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
    took, _, node = moves(cluster, strike, SETTLE)
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


@kind("power-thin", lambda lease: lease + 500, faulty=True)
def power_off_thin(cluster):
    """all of the node killed, where 10 MB/s go to and from the storage"""
    for node in cluster.nodes:
        node.mount.rate(10000)
    try:
        return power_off(cluster)
    finally:
        for node in cluster.nodes:
            node.mount.rate(0)


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
    stood = stall.worst_ms(woken, 1000)
    check_calm(late <= 100 + 2 * stood, "the old work lived", late,
               "ms after waking, the machine stood still for", stood)
    for taken, at, _, name, _ in cluster.sink.lines():
        check(name != old.name or at < woken or not taken,
              "the sink took from the old holder", at)
    node.wait_ready(SETTLE)
    return took


@kind("starve")
def starve(cluster):
    """the holder's processes run 2 ms of each 200 for four leases"""
    node, _ = cluster.holder(WORK)
    until = time.monotonic() + 4 * lease_ms(cluster) / 1000
    pids = node.tree()
    while time.monotonic() < until:
        for signum, pause_ms in ((signal.SIGSTOP, 198), (signal.SIGCONT, 2)):
            for pid in pids:
                try:
                    os.kill(pid, signum)
                except ProcessLookupError:
                    pass
            time.sleep(pause_ms / 1000)
    at = time.monotonic_ns()
    cluster.wait_all()
    for node in cluster.nodes:
        node.wait_ready(SETTLE)
    return max(0, since(at, cluster.trace[WORK].latest()))
