#!/usr/bin/env python3
"""[--rounds N] [--lease 3s] [KIND...] - three nodes, and faults: from each to
the first line of the next holder, and the longest time two were alive.

KIND is one of tests/lab/kinds.py; without, all of them, and then "traffic" (what
they move), "start" (ten
nodes at once), "thousand" (singletons), "crashes" (of one that crashes
everywhere) and "idle" (what a node takes).
"""
import argparse
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import bench  # noqa: E402
from bench import lib  # noqa: E402
import idle  # noqa: E402
import judge  # noqa: E402
import kinds  # noqa: E402
import kinds_all  # noqa: E402,F401 pylint: disable=unused-import
import nodes  # noqa: E402

AT_ONCE = 8  # what dies more often without rest is held back
SINGLETONS = {"w": 'backoff = "0s"; max-restarts = 20;', "v": "", "u": ""}


def tell(name, values, overlaps, bound):
    highest = ", ".join(f"{value:.1f}" for value in sorted(values)[-3:])
    print(f"{name}: min {min(values):.1f}, median "
          f"{bench.median(values):.1f}, max {highest} ms of "
          f"{len(values)}; longest overlap {max(max(overlaps), 0):.3f} ms",
          flush=True)
    if bound is not None:
        bench.promise(max(values) <= bound,
                      f"{name}: at most {bound:.0f} ms each time")


def play(name, options, rounds, values, overlaps):
    """ROUNDS with three new nodes; the most ms that work woken too late
    lived."""
    kind = kinds.KINDS[name]
    with nodes.Cluster(3, lease=options.lease, singletons=SINGLETONS,
                       memory=options.memory, **kind.needs) as cluster:
        cluster.start()
        for _ in range(rounds):
            time.sleep(options.rest)
            values.append(kind.strike(cluster))
            overlaps.append(cluster.check())
            cluster.wait_all()
        return cluster.woken_ms


def measure(name, options):
    kind = kinds.KINDS[name]
    values, overlaps, woken = [], [], 0
    print(f"--- {name}: {kind.about}", flush=True)
    left = options.rounds
    while left > 0:
        woken = max(woken, play(name, options, min(left, AT_ONCE), values,
                                overlaps))
        left -= AT_ONCE
    if woken:
        print(f"{name}: at most {woken:.1f} ms after waking")
    lease_ms = float(options.lease.rstrip("s")) * 1000
    tell(name, values, overlaps, kind.bound_ms(lease_ms))


# ---- many ----

def start(options):
    """Ten nodes at once, after a clean stop and after none."""
    for clean in (True, False):
        values, overlaps = [], []
        with nodes.Cluster(10, lease=options.lease) as cluster:
            cluster.start(60)
            for _ in range(options.rounds):
                life = cluster.trace["w"].latest()
                if clean:
                    for node in cluster.nodes:
                        node.process.terminate()
                    for node in cluster.nodes:
                        node.wait_exit(30)
                else:
                    for node in cluster.nodes:
                        node.kill_all()
                    for node in cluster.nodes:
                        node.process.wait(10)
                at = time.monotonic_ns()
                for node in cluster.nodes:
                    node.spawn()
                new = cluster.next_life(life, 60)
                values.append(kinds.since(at, new))
                for node in cluster.nodes:
                    node.wait_ready(60)
                time.sleep(1)
                overlaps.append(cluster.check())
            bound = 1000 if clean else kinds.lease_ms(cluster) + 1000
        tell("ten nodes, stopped" if clean else "ten nodes, killed", values,
             overlaps, bound)


def thousand(options, count=1000):
    """A node of three is killed that hold a thousand singletons."""
    names = {f"s{number}": "" for number in range(count)}
    with nodes.Cluster(3, lease=options.lease, singletons=names,
                       work=["250"]) as cluster:
        begin = time.monotonic_ns()
        cluster.start(300, wait=False)
        cluster.wait_all(300, within_ms=1000)
        last = max(trace.latest().first for trace in cluster.trace.values())
        print(f"{count} run after {(last - begin) / judge.MS:.0f} ms")
        ours = [sum(idle.pss_kb(pid) for _, pid in node.roles())
                for node in cluster.nodes]
        print(f"ours: {sum(ours) / count:.0f} KiB each, all roles included")
        held = {name: cluster.trace[name].latest() for name in names}
        node = cluster.nodes[1]
        mine = [name for name, life in held.items()
                if life.node == node.settings["name"]]
        lib.check(mine, "the node holds none")
        at = node.kill_all()
        took = [kinds.since(at, cluster.next_life(held[name], 60, name))
                for name in mine]
        node.process.wait(10)
        time.sleep(1)
        print(f"{len(mine)} moved: the first after {min(took):.0f}, the last "
              f"after {max(took):.0f} ms")
        bench.promise(max(took) <= kinds.lease_ms(cluster) + 2000,
                      "all run again within lease + 2 s")
        cluster.check()
        for name, life in held.items():
            lib.check(name in mine or cluster.trace[name].latest() is life,
                      name, "was disturbed")


def crashes(options):
    """A singleton that crashes at once, everywhere."""
    with nodes.Cluster(3, lease=options.lease,
                       singletons=dict(SINGLETONS, bad=""),
                       works={"bad": ["crash"]}) as cluster:
        cluster.start(wait=False)
        cluster.wait_all(names=["w", "u", "v"])
        held = {name: cluster.trace[name].latest() for name in SINGLETONS}
        for minute in range(2):
            before = len(cluster.trace["bad"].read())
            time.sleep(60)
            print(f"crashes in minute {minute + 1}: "
                  f"{len(cluster.trace['bad'].read()) - before}")
        for name, life in held.items():
            lib.check(cluster.is_alive(name) is life, name, "was disturbed")
        for node in cluster.nodes:
            lib.check(node.is_up(), "a node went down")
        cluster.check()


def idle_cost(options):
    """What a node of three takes that has nothing to do."""
    with nodes.Cluster(3, lease=options.lease, singletons={}) as cluster:
        cluster.start()
        time.sleep(3)
        roles = [node.roles() for node in cluster.nodes]
        sizes = [sum(idle.pss_kb(pid) for _, pid in one) for one in roles]

        def ticks():
            return [sum(idle.cpu_ticks(pid) for _, pid in one)
                    for one in roles]
        before = ticks()
        time.sleep(20)
        cpu = [(after - first) / os.sysconf("SC_CLK_TCK") / 20 * 100
               for first, after in zip(before, ticks())]
        print("processes:", ", ".join(
            f"{name} {idle.pss_kb(pid)} kB" for name, pid in roles[0]))
    bench.show("idle node of three, PSS", [kb / 1000 for kb in sizes], "MB")
    bench.show("its processor time", cpu, "% of a core")
    bench.promise(max(sizes) <= 8000, "at most 8 MB")
    bench.promise(bench.median(cpu) <= 0.5, "at most 0.5 % of a core")


def traffic(options):
    """What is moved to and from the storage, at rest and by a takeover."""
    def moved(cluster):
        return [sum(kinds) for kinds in
                zip(*(node.mount.moved() for node in cluster.nodes))]

    def told(what, before, after, part):
        kib = [(new - old) / part for old, new in zip(before, after)]
        print(f"{what}: {sum(kib):.0f} KiB; of the lease file "
              f"{kib[0]:.0f} read, {kib[1]:.0f} written, of journals "
              f"{kib[2]:.0f} and {kib[3]:.0f}", flush=True)

    with nodes.Cluster(3, lease=options.lease, singletons=SINGLETONS,
                       memory=options.memory, faulty=True) as cluster:
        cluster.start()
        time.sleep(3)
        before = moved(cluster)
        time.sleep(10)
        told("at rest, a node a second", before, moved(cluster), 30)
        for _ in range(options.rounds):
            node, life = cluster.holder()
            before = moved(cluster)
            at = node.kill_all()
            new = cluster.next_life(life, 30)
            told(f"takeover in {kinds.since(at, new):.0f} ms", before,
                 moved(cluster), 1)
            node.process.wait(10)
            before = moved(cluster)
            node.restart(30)
            time.sleep(2)
            told("return, and 2 s", before, moved(cluster), 1)
            cluster.wait_all()
        cluster.check()


OTHERS = {"traffic": traffic, "start": start, "thousand": thousand, "crashes": crashes,
          "idle": idle_cost}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lease", default="3s")
    parser.add_argument("--rest", type=float, default=1.5,
                        help="seconds between two rounds")
    parser.add_argument("--memory", action="store_true",
                        help="the shared directory in memory: no disk that "
                        "others keep busy")
    parser.add_argument("kinds", nargs="*", metavar="KIND",
                        help=" ".join([*kinds.KINDS, *OTHERS]))
    options = parser.parse_args()
    for name in options.kinds or [*kinds.KINDS, *OTHERS]:
        try:
            if name in OTHERS:
                print(f"--- {name}: {OTHERS[name].__doc__}", flush=True)
                OTHERS[name](options)
            else:
                measure(name, options)
        except lib.Failed as failed:
            bench.promise(False, f"{name}: {failed}")
        except SystemExit:
            print(f"{name}: skipped", flush=True)


if __name__ == "__main__":
    bench.main(main)
