"""As kinds.py: what the machine's watchdog does, and does not."""
import os
import signal
import time

import lib
from judge import MS
from kinds import SETTLE, WORK, kind, lease_ms, moves
from lib import check


def is_pinged(node):
    before = len(node.watchdog.lines("ping"))
    return lambda: len(node.watchdog.lines("ping")) > before


def begin_again(node):
    node.process.wait(SETTLE)
    node.restart(SETTLE)


def end_at(cluster, node, due, struck):
    """A machine is reset in time however slow this one is: what lived there
    did so until DUE."""
    check(due - struck < lease_ms(cluster) * MS, "reset",
          (due - struck) / MS, "ms after")
    for life in cluster.lives_on(node):
        life.last = min(life.last, due)


@kind("watchdog", lambda lease: lease + 500, watchdogs=True)
def reset(cluster):
    """all that could end the work is stopped: the machine's watchdog does"""
    node, life = cluster.holder(WORK)
    lib.wait_for(is_pinged(node), SETTLE, "a ping")
    done = len(node.watchdog.lines("reset"))
    at = time.monotonic_ns()
    for role, pid in node.roles():
        if role != "worker":
            os.kill(pid, signal.SIGSTOP)

    def resets():
        return len(node.watchdog.lines("reset")) > done
    lib.wait_for(resets, SETTLE, "a reset", 0.002)
    pids = node.tree()
    node.kill_all()
    lib.wait_for(lambda: not any(map(lib.is_alive, pids)), SETTLE, "its end")
    end_at(cluster, node, node.watchdog.due(), at)
    new = cluster.next_life(life, SETTLE, WORK)
    begin_again(node)
    return (new.first - at) / MS


@kind("watchdog-hang", lambda lease: lease + 500, watchdogs=True, faulty=True)
def no_reset(cluster):
    """lease and journals hung for the holder: its work is dead, so the machine
    stays"""
    def strike(node):
        # Not what is the work's: a worker that hangs can't be proven dead.
        at = time.monotonic_ns()
        node.mount.hang("all", "/lease")
        node.mount.hang("all", "/journal/*")
        return at
    node, _ = cluster.holder(WORK)
    done = len(node.watchdog.lines("reset"))
    took = moves(cluster, strike, SETTLE)[0]
    time.sleep(1.5 * lease_ms(cluster) / 1000)
    check(len(node.watchdog.lines("reset")) == done, "reset for nothing",
          node.watchdog.lines()[-12:], node.log()[-2000:])
    node.mount.clear()
    node.wait_ready(SETTLE)
    lib.wait_for(is_pinged(node), SETTLE, "a ping")
    return took
