"""Goal: clocks that are set, datagrams nobody should believe, file systems
without room and stopped watchers change nothing of who holds what.

Judged as in cluster.py, by kinds of tests/lab; here is what only shows that
these faults were there, and what a node says of them.
"""
import calendar
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import cluster as played  # noqa: E402
import kinds  # noqa: E402
import mount  # noqa: E402
import nodes  # noqa: E402
import stall  # noqa: E402
from lib import check, check_calm  # noqa: E402

LEASE = "2s"
LEASE_MS = 2000
LONG_MS = 1e9
BRIEF = os.environ.get("BRIEF")
WORK = {"w": played.AGAIN}


# ---- clocks ----

def timed(cluster, hour, runs):
    """The clocks of all say it is two seconds before HOUR; how many runs
    there were by two after it, which will be RUNS at least."""
    target = calendar.timegm((2031, 6, 15, hour, 0, 0)) - 2
    for node in cluster.nodes:
        node.clock.step(target - node.clock.wall())
    time.sleep(4)
    cluster.wait_for(lambda: len(cluster.trace["t"].read()) >= runs, 10,
                     f"{runs} runs")
    return len(cluster.trace["t"].read())


def cron():
    """No time is run twice when clocks are set back, nor left out when they
    were set forth to it."""
    with nodes.Cluster(3, lease=LEASE, memory=True, clocks=True,
                       singletons={"w": "", "t": 'cron = "0 12,13 * * *";'},
                       works={"t": ["once"]}) as cluster:
        cluster.start(wait=False)
        cluster.wait_all(names=["w"])
        life = cluster.trace["w"].latest()
        for hour, runs in ((12, 1), (12, 1), (13, 2)):
            found = timed(cluster, hour, runs)
            check(found == runs, found, "runs, not", runs, "at", hour,
                  cluster.logs())
        kinds.stays(cluster, life)
        cluster.check()
        print("cron: none twice, none left out")


def clocks():
    stall.judged(LEASE_MS, cron)
    with nodes.Cluster(3, lease=LEASE, singletons=WORK, memory=True,
                       clocks=True) as cluster:
        cluster.start()
        played.play(cluster, ("wall", "power-slewed") if BRIEF else
                    ("wall", "slew-fast", "slew-slow", "power-slewed"))
    with nodes.Cluster(3, lease=LEASE, singletons=WORK, memory=True,
                       **kinds.KINDS["power-ages"].needs) as cluster:
        cluster.start()
        played.play(cluster, ("power-ages",))


# ---- datagrams ----

def heard(node):
    user = node.operator()
    found = user.ask("GET", "/v1/nodes").json()["nodes"]
    user.close()
    return sum(1 for one in found if one["heard"])


def noise():
    with nodes.Cluster(3, lease=LEASE, singletons=WORK, memory=True,
                       noise=True) as cluster:
        cluster.start()
        cluster.wait_for(lambda: min(map(heard, cluster.nodes)) >= 2, 10,
                         "they hear each other through the relay")
        played.play(cluster, ("noise", "power-noise", "yesterday") if BRIEF
                    else ("noise", "power-noise", "handover-noise", "one-way",
                          "yesterday"))
        relay = cluster.relay
        print(f"relay: {relay.passed} passed, {relay.lost} lost, "
              f"{relay.forged} forged")
        check(relay.lost > 0 and relay.forged > 0, "no noise")
        for node in cluster.nodes:
            check("beat: ignored" in node.log(), "no forged one was refused")
        cluster.wait_for(lambda: min(map(heard, cluster.nodes)) >= 2, 10,
                         "they hear each other again")


# ---- no room ----

def without_state():
    """The view of a node finds no room: it says so, its work goes on, and so
    does the node when there is room again."""
    with nodes.Cluster(3, lease=LEASE, singletons=WORK, memory=True,
                       state_mb=32) as cluster:
        for node in cluster.nodes:
            node.write_conf(jobs='j = { command = [ "/bin/true" ]; };')
        cluster.start()
        node, life = cluster.holder()
        give_back = mount.fill(node.state)

        def fails():
            user = node.operator(timeout=5)
            try:
                user.ask("POST", "/v1/jobs", {"type": "j"})
                answer = user.ask("GET", "/readyz")
                return answer.status == 503 and "no room" in answer.text()
            except OSError:
                return False
            finally:
                user.close()
        cluster.wait_for(fails, 30, "it says there is no room")
        said = node.run("status").stdout
        check("No space left on device" in said, said)
        kinds.stays(cluster, life)
        give_back()
        node.wait_ready(30)
        kinds.stays(cluster, life)
        played.play(cluster, ("handover", "state-full-journal"))


def full():
    stall.judged(LEASE_MS, without_state)
    with nodes.Cluster(3, lease=LEASE, singletons=WORK,
                       shared_mb=48) as cluster:
        cluster.start()
        played.play(cluster, ("shared-full",) if BRIEF else
                    ("shared-full", "handover-full", "power-full"))


# ---- views that differ ----

def tells(node, kind, subject):
    user = node.operator()
    events = user.ask("GET", "/v1/events").json()["events"]
    user.close()
    return any((event["event"], event["subject"]) == (kind, subject)
               for event in events)


def refused():
    """A mount that can't show what others write carries no lease."""
    with nodes.Cluster(3, lease=LEASE, singletons=WORK, memory=True,
                       faulty={2: "plain"}) as cluster:
        for node in cluster.nodes:
            node.spawn()
        cluster.wait_all()
        bad = cluster.nodes[2]
        cluster.wait_for(lambda: "has no direct I/O, and other machines may "
                         "see it" in bad.log(), 10, "it says why")
        check(not bad.is_ready(), "it is ready")
        check(cluster.holder()[0] is not bad, "it has work")


def parted():
    """A node with a directory of its own is told of by all."""
    with nodes.Cluster(3, lease=LEASE, singletons=WORK,
                       memory=True) as cluster:
        other = cluster.nodes[2]
        other.shared = os.path.join(cluster.dir, "its own")
        os.mkdir(other.shared)
        other.write_conf()
        cluster.start()
        for here, there in ((0, 2), (1, 2), (2, 0), (2, 1)):
            cluster.wait_for(lambda h=here, t=there: tells(
                cluster.nodes[h], "node-elsewhere", f"n{t}"), 20,
                f"n{here} tells of n{there}")
        said = other.run("nodes").stdout
        check(said.count("on other storage") == 2, said)
        check(not tells(cluster.nodes[0], "node-elsewhere", "n1"),
              "n1 is in")


def stale():
    """A node that is shown the lease file as it was takes all over, says that
    something is wrong, and is believed: what the others had is ended.  They
    may be late by a moment, for which there are tokens."""
    with nodes.Cluster(3, lease=LEASE, singletons=WORK, memory=True,
                       faulty=True) as cluster:
        cluster.start()
        holder, _ = cluster.holder()
        bad = cluster.others(holder)[0]
        bad.mount.fault("read", "stale", 0, "/lease")
        # One that leads may ask a third first.
        cluster.wait_for(lambda: cluster.holder()[0] is bad, 20, "it has all")
        cluster.wait_for(lambda: tells(bad, "node-elsewhere",
                                       holder.settings["name"]), 20,
                         "it tells of the holder")
        overlap = cluster.check(LONG_MS)
        print(f"stale: overlap {overlap:.1f} ms")
        check_calm(overlap <= 1000, "twice for", overlap, "ms")
        bad.mount.clear()
        for node in cluster.nodes:
            node.wait_ready(20)
        cluster.wait_all()


def views():
    refused()
    parted()
    stall.judged(LEASE_MS, stale)
    with nodes.Cluster(3, lease=LEASE, singletons=WORK, memory=True,
                       faulty="cached") as cluster:
        cluster.start()
        played.play(cluster, ("term-cached", "power-cached-again") if BRIEF
                    else ("cached", "work-cached", "journal-cached",
                          "term-cached", "power-cached-again"))
        for node in cluster.nodes:
            check("is not in our lease file" not in node.log(), "a false word")


# ---- the watchdog ----

def dogs():
    with nodes.Cluster(3, lease=LEASE, singletons=WORK, memory=True,
                       watchdogs=True) as cluster:
        cluster.start()
        node, _ = cluster.holder()
        armed = node.watchdog.last("timeout")
        check(armed and armed[2] == 1, "not armed for 1 s:", armed)
        played.play(cluster, ("watchdog",))
        for node in cluster.nodes:
            resets = len(node.watchdog.lines("reset"))
            check(node.stop() == 0, "it did not stop in order", node.log())
            lib.wait_for(lambda n=node: n.watchdog.last("close", "disarm"),
                         5, "it is closed")
            check(node.watchdog.last()[1] == "disarm",
                  "armed after an orderly stop:", node.watchdog.lines()[-3:])
            time.sleep(1.5 if node is cluster.nodes[0] else 0)
            check(len(node.watchdog.lines("reset")) == resets, "reset then")
    unusable()


def unusable():
    """A device that isn't one is told, and the node does not start."""
    node = lib.Node(top='cluster = { name = "c"; lease = "2s"; '
                    'watchdog = "/dev/null"; };')
    node.spawn()
    check(node.wait_exit(20) != 0, "it runs without the watchdog")
    check("watchdog: cannot use /dev/null" in node.log(), node.log())


if __name__ == "__main__":
    lib.main({"clocks": clocks, "noise": noise, "dogs": dogs,
              "full": full, "views": views}[sys.argv[1]])
