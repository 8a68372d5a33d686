"""The faults a cluster has to live with, and what each may cost.

Those of storage and time are in kinds_storage.py, which adds to the table here.
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
from lib import check, check_calm

WORK = "w"
SETTLE = 60  # seconds: whatever was struck is whole again


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


def stays(cluster, life, name=WORK, seconds=0):
    """LIFE writes on for SECONDS, and is the last."""
    until = time.monotonic_ns() + seconds * 1000 * MS

    def has_gone_on():
        other = cluster.trace[name].next_after(life)
        check_calm(other is None, name, "did not stay:", life, "now", other,
                   cluster.logs())
        return life.last >= until
    cluster.wait_for(has_gone_on, seconds + SETTLE, f"{life} goes on", 0.1)


def keeps_on(cluster, strike, seconds):
    """The same incarnation writes on for SECONDS after STRIKE(its node)."""
    node, life = cluster.holder(WORK)
    life.widest = 0
    strike(node)
    stays(cluster, life, seconds=seconds)
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
    return moves(cluster, strike, SETTLE, elsewhere=False)[0]


@kind("supervisor", lambda lease: 300)
def crash_supervisor(cluster):
    """kill -9 of the supervisor"""
    took, _, node = moves(cluster, lambda node: node.kill_role("supervisor"),
                          SETTLE, elsewhere=False)
    node.wait_ready(SETTLE)
    # A guardian takes its time with a supervisor that dies again and again.
    node.stop()
    heal(node)
    return took


@kind("guardian", lambda lease: 300)
def crash_guardian(cluster):
    """kill -9 of the guardian"""
    took, _, node = moves(cluster, lambda node: node.kill_role("guardian"),
                          SETTLE)
    node.process.wait(SETTLE)
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
    return moves(cluster, strike, SETTLE, elsewhere=False)[0]


@kind("both", lambda lease: lease + 500)
def crash_both(cluster):
    """kill -9 of guardian and supervisor at one instant"""
    def strike(node):
        pids = [node.role("guardian"), node.role("supervisor")]
        at = time.monotonic_ns()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return at
    took, _, node = moves(cluster, strike, SETTLE)
    node.process.wait(SETTLE)
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
    took, _, node = moves(cluster, lambda node: node.kill_all(), SETTLE)
    node.process.wait(SETTLE)
    node.restart(SETTLE)
    return took


@kind("power-deaf", lambda lease: lease + 500, udp=False)
def power_off_deaf(cluster):
    """the same, with all UDP dropped"""
    return power_off(cluster)


# ---- orders ----

def ask(node, path, body=None):
    """When it was taken; who is asked may not know yet that it can be."""
    def takes():
        at = time.monotonic_ns()
        user = node.operator()
        answer = user.ask("POST", path, body)
        user.close()
        check(answer.status in (200, 202, 409, 503), path, answer.status,
              answer.text())
        return answer.status < 300 and at
    return lib.wait_for(takes, SETTLE, f"{path} is taken")


@kind("term", lambda lease: 100)
def stop_node(cluster):
    """SIGTERM of the node"""
    def strike(node):
        at = time.monotonic_ns()
        node.process.terminate()
        return at
    took, _, node = moves(cluster, strike, SETTLE)
    check(node.wait_exit(SETTLE) == 0, "it did not stop in order:", node.log())
    heal(node)
    return took


def bring(cluster, node):
    """WORK to NODE.  Who is asked may know that it is fit before who leads
    does, which then has to choose another: ask again."""
    words = ["handover", "-w", "5", WORK, node.settings["name"]]

    def is_there():
        said = cluster.holder(WORK)[0].run(*words)
        return said.returncode == 0 and cluster.holder(WORK)[0] is node
    cluster.wait_for(is_there, 2 * SETTLE, f"{words} leads there", 0.2)


@kind("handover", lambda lease: 100)
def hand_over(cluster):
    """handover to another node"""
    def strike(node):
        to = cluster.others(node)[0].settings["name"]
        return ask(node, f"/v1/singletons/{WORK}/handover", {"node": to})
    return moves(cluster, strike, SETTLE)[0]


@kind("drain", lambda lease: 100)
def drain(cluster):
    """drain of the node, which stays in the cluster"""
    took, _, node = moves(cluster, lambda node: ask(node, "/v1/node/drain"),
                          SETTLE)
    check(node.is_up(), "the drained node went")
    ask(node, "/v1/node/undrain")
    node.wait_ready(SETTLE)
    return took


STRAY = {WORK: ["stray"]}  # its work left its session and ignores TERM


@kind("stray-term", lambda lease: 2000, works=STRAY)
def stop_stray(cluster):
    """SIGTERM of a node whose work is a grandchild that ignores it"""
    return stop_node(cluster)


@kind("stray-supervisor", lambda lease: 300, works=STRAY)
def crash_stray_supervisor(cluster):
    """kill -9 of the supervisor of such work"""
    return crash_supervisor(cluster)


@kind("stray-both", lambda lease: lease + 500, works=STRAY)
def crash_stray_both(cluster):
    """kill -9 of guardian and supervisor of such work"""
    return crash_both(cluster)


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
