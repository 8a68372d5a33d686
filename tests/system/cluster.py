"""Goal: at most one live holder of each singleton, and soon one again.

Judged by witnesses outside the nodes.  Bounds are loose here: a machine that
does much else at once is slow; tests/bench/cluster.py is strict.
"""
import os
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import kinds  # noqa: E402
import kinds_all  # noqa: E402,F401 pylint: disable=unused-import
import nodes  # noqa: E402
import stall  # noqa: E402
from lib import check, check_calm  # noqa: E402

LEASE = "2s"
LEASE_MS = 2000
SLACK_MS = 3000
MANY = 10
AGAIN = 'backoff = "0s"; max-restarts = 20;'
FIVE = {"w": AGAIN, "a": AGAIN, "b": AGAIN, "c": AGAIN, "d": AGAIN}


def play(cluster, names):
    for name in names:
        stall.judged(kinds.lease_ms(cluster),
                     lambda n=name: play_once(cluster, n),
                     lambda: settle(cluster))


def play_once(cluster, name):
    kind = kinds.KINDS[name]
    begin = time.monotonic()
    took = kind.strike(cluster)
    cluster.wait_all()
    overlap = cluster.check()
    print(f"{name}: {took:.1f} ms, overlap {overlap:.1f} ms; "
          f"{time.monotonic() - begin:.1f} s in all", flush=True)
    bound = kind.bound_ms(kinds.lease_ms(cluster))
    check_calm(bound is None or took <= bound + SLACK_MS, name, took, "ms")


def settle(cluster):
    for node in cluster.nodes:
        node.wait_ready()
    cluster.wait_all()


def processes():
    with nodes.Cluster(3, lease=LEASE, singletons=FIVE,
                       memory=True) as cluster:
        cluster.start()
        play(cluster, ("work", "supervisor", "lease", "journal", "heartbeat",
                       "handover", "drain", "term", "guardian", "power"))


def storage():
    with nodes.Cluster(3, lease=LEASE, singletons=FIVE, memory=True,
                       nets=True, faulty=True, sink=True) as cluster:
        cluster.start()
        play(cluster, ("cut", "pause", "hang", "late", "freeze", "hang-all"))


# ---- many ----

def ten():
    """Started at once, killed at once: one holder each time."""
    with nodes.Cluster(MANY, lease=LEASE, memory=True) as cluster:
        cluster.start(60)
        life = cluster.trace["w"].latest()
        for node in cluster.nodes:
            node.kill_all()
        for node in cluster.nodes:
            node.process.wait(10)
            node.spawn()
        cluster.next_life(life, 30)
        for node in cluster.nodes:
            node.wait_ready(60)
        cluster.check()


def twin():
    """A second node of the same name, state and all copied: never both."""
    with nodes.Cluster(2, lease=LEASE, memory=True) as cluster:
        cluster.start()
        first = cluster.nodes[0]
        copy = nodes.Member(cluster, 0, "twin")
        shutil.rmtree(copy.state)
        shutil.copytree(first.state, copy.state,
                        ignore=lambda _, names: [
                            name for name in names if name == "control" or
                            name.endswith(".notify")])
        copy.spawn()
        time.sleep(3 * kinds.lease_ms(cluster) / 1000)
        cluster.wait_all()
        cluster.check()
        check(not copy.is_up() or not copy.is_ready() or
              not first.is_ready(), "two nodes with one name are ready")
        copy.end()
        first.restart() if not first.is_up() else first.wait_ready()
        cluster.check()


def crashing():
    """What crashes everywhere is tried seldom and disturbs nobody."""
    with nodes.Cluster(3, lease=LEASE, memory=True,
                       singletons=dict(FIVE, bad=""),
                       works={"bad": ["crash"]}) as cluster:
        cluster.start(wait=False)
        cluster.wait_all(names=FIVE)
        held = {name: cluster.trace[name].latest() for name in FIVE}
        time.sleep(6)
        cluster.wait_for(cluster.trace["bad"].read, 10, "it crashes")
        crashes = len(cluster.trace["bad"].read())
        print(f"{crashes} crashes in 6 s", flush=True)
        check(1 <= crashes <= 40, crashes, "crashes")
        for name, life in held.items():
            kinds.stays(cluster, life, name)
        for node in cluster.nodes:
            check(node.is_up(), "a node went down")
        cluster.check()


def eligible():
    """Who has no definition of a singleton gets it never."""
    with nodes.Cluster(3, lease=LEASE, memory=True,
                       lacks={0: {"w"}}) as cluster:
        cluster.start()
        holder, life = cluster.holder()
        check(holder.index != 0, "given to who does not know it")
        other = nodes_but(cluster, 0, holder.index)
        at = holder.kill_all()
        cluster.next_life(life, 20)
        check(cluster.holder()[0] is other, "not with the other that knows it")
        life = cluster.holder()[1]
        other.kill_all()
        time.sleep(2 * kinds.lease_ms(cluster) / 1000)
        check(not cluster.is_alive("w"), "with who does not know it")
        for node in (holder, other):
            node.process.wait(10)
            node.restart()
        cluster.next_life(life, 20)
        cluster.check()
        print(f"eligible: {(time.monotonic_ns() - at) / 1e9:.1f} s")


def nodes_but(cluster, *indexes):
    return next(node for node in cluster.nodes if node.index not in indexes)


def many():
    eligible()
    ten()
    twin()
    stall.judged(LEASE_MS, crashing)


if __name__ == "__main__":
    lib.main({"processes": processes, "storage": storage,
              "many": many}[sys.argv[1]])
