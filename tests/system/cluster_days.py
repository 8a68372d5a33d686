"""Goal: a job whose last trace is gone, a day after its time, stays gone when
nodes start anew, whatever the journals of others still tell of its beginning.
"""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import nodes  # noqa: E402
import unfit  # noqa: E402
from lib import check  # noqa: E402

DAY_S = 24 * 3600


def jobs_of(node):
    shown = node.run("jobs", "--json")
    check(shown.returncode == 0, shown.stderr)
    return {one["id"]: one["state"]
            for one in json.loads(shown.stdout)["jobs"]}


def asked(node, *words):
    taken = node.run("submit", "brief", "--json", *words)
    check(taken.returncode == 0, taken.stderr)
    return json.loads(taken.stdout)["id"]


def stays_gone():
    with nodes.Cluster(3, memory=True, clocks=True) as cluster:
        trace = os.path.join(cluster.dir, "trace")
        for node in cluster.nodes:
            node.write_conf(
                jobs='brief = { command = [ "/bin/sh", "-c", '
                f'"echo ran >>{trace}" ]; unique = "none"; keep = "1s"; }};')
        cluster.start()
        head = lib.wait_for(lambda: unfit.leader(cluster), 20, "a leader")
        asker, third = cluster.others(head)
        job = asked(asker)
        for node in cluster.nodes:
            lib.wait_for(lambda: jobs_of(node).get(job) == "ready", 20,
                         f"its end\n{cluster.logs()}")
        for _ in range(2):
            for node in cluster.nodes:
                node.clock.step(DAY_S)
            lib.wait_for(lambda: not any(map(jobs_of, cluster.nodes)), 20,
                         f"it is gone\n{cluster.logs()}")
        # The third leads, the first has forgotten all there was, and leads.
        check(asker.run("drain").returncode == 0, "drains")
        for node in head, third:
            check(node.stop() == 0, f"stopped\n{cluster.logs()}")
            node.spawn()
            node.wait_ready()
            lib.wait_for(lambda: unfit.leader(cluster), 20, "a leader")
            last = asked(node)
            lib.wait_for(lambda: jobs_of(node).get(last) == "ready", 20,
                         f"another's end\n{cluster.logs()}")
            check(job not in jobs_of(node), "it is back:", jobs_of(node),
                  f"\n{cluster.logs()}")
        check(lib.read(trace) == 3 * "ran\n", "once each:", lib.read(trace))


def runs_anew():
    """With the same key, where the clock is days ahead; others know of it."""
    with nodes.Cluster(2, memory=True, clocks=True) as cluster:
        for node in cluster.nodes:
            node.write_conf(jobs='brief = { command = [ "/bin/true" ]; '
                            'unique = "none"; keep = "1s"; };')
        cluster.start()
        head = lib.wait_for(lambda: unfit.leader(cluster), 20, "a leader")
        ahead = cluster.others(head)[0]
        job = asked(head, "--key", "k")
        for node in cluster.nodes:
            lib.wait_for(lambda: jobs_of(node).get(job) == "ready", 20,
                         f"its end\n{cluster.logs()}")
        for _ in range(2):
            ahead.clock.step(DAY_S)
            lib.wait_for(lambda: not jobs_of(ahead), 20,
                         f"it is gone\n{cluster.logs()}")
        check(asked(ahead, "--key", "k") == job, "the same id")
        for node in cluster.nodes:
            lib.wait_for(lambda: jobs_of(node).get(job) == "ready", 20,
                         f"its end anew\n{cluster.logs()}")


def days():
    stays_gone()
    runs_anew()


if __name__ == "__main__":
    lib.main(days)
