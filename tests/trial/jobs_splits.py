"""A node that is cut off, and one that loses its storage: see jobs.py."""
import errno
import random
import time

import jobs_kills
import mount
import net
from jobs_kills import END_S, Figures
from judge import MS
from working import ENDED, Working, spread

HOW = {"hang": ("hang", 0), "EIO": ("fail", errno.EIO)}


def lease_s(cluster):
    return float(cluster.lease.rstrip("s"))


def begin_all(cluster):
    """Jobs asked of every node: id -> kind."""
    jobs = {}
    for node in cluster.nodes:
        jobs |= jobs_kills.begin(cluster, node)
    return jobs


def tell(name, figures, rounds):
    print(f"{name}: {rounds} rounds, {figures.jobs} jobs; polls: "
          f"{figures.polls.tell()}")
    return figures.verdict()


def finish(cluster, figures, jobs, made, disturbed, pollers):
    jobs_kills.conclude(cluster, figures, jobs, made, disturbed)
    figures.jobs += len(jobs)
    for poller in pollers:
        poller.join(10)
        figures.expect(not poller.is_alive(), "a client saw no end of",
                       poller.about, poller.job)
        poller.stop = True


def cut_round(cluster, figures, made):
    """One node hears nobody for two leases; all goes on, there and here."""
    jobs = begin_all(cluster)
    node = cluster.by_name(random.choice(
        [cluster.wait_state(cluster.nodes[0], ident, ("processing", *ENDED),
                            END_S) for ident in jobs])["node"])
    cluster.net.cut(node.index)
    pollers = jobs_kills.look_on(cluster, jobs, figures.polls)
    until = time.monotonic() + 2 * lease_s(cluster)
    try:
        for other in cluster.nodes:  # the one that is cut off as well
            more = jobs_kills.begin(cluster, other)
            pollers += jobs_kills.look_on(cluster, more, figures.polls)
            jobs |= more
        finish(cluster, figures, jobs, made, set(), pollers)
        time.sleep(max(0, until - time.monotonic()))
    finally:
        cluster.net.heal(node.index)


def cuts(rounds, options):
    if not net.is_possible():
        print("skipped: no network namespaces")
        return []
    figures = Figures(options.patience)
    with Working(kinds=("count", "archive"), lease=options.lease, nets=True,
                 memory=options.memory, megabytes=20) as cluster:
        cluster.start()
        made = jobs_kills.undisturbed(cluster)
        for _ in range(rounds):
            cut_round(cluster, figures, made)
    return tell("cuts", figures, rounds)


def storage_round(cluster, how, figures, made):
    """(ms it lived on, ms until the next attempt) of each job."""
    asked = random.choice(cluster.nodes)
    jobs = jobs_kills.begin(cluster, asked)
    node = jobs_kills.runs_on(cluster, jobs)
    here = {ident: kind for ident, kind in jobs.items()
            if cluster.job(node, ident)["node"] == node.settings["name"]}
    jobs_kills.wait_midst(cluster, node, here)
    pollers = jobs_kills.look_on(cluster, jobs, figures.polls)
    at = time.monotonic_ns()
    struck = cluster.strike(node,
                            lambda node: node.mount.fault("all", *HOW[how]))
    lives = {ident: cluster.life_at(at, ident) for ident in here}
    alive, took, moved = [], [], set()
    for ident, life in lives.items():
        found = cluster.since(at, ident, life, END_S)
        if found is None:
            continue  # it was over before
        ms, new = found
        moved.add(ident)
        took.append(ms)
        alive.append((life.last - struck) / MS)
        figures.expect(alive[-1] < lease_s(cluster) * 1000, how, ident,
                       "lived", alive[-1], "ms on:", life)
        figures.expect_calm(ms <= lease_s(cluster) * 1000 +
                            figures.patience * jobs_kills.SLACK_MS, how, ident,
                            "next attempt after", ms, new)
        figures.expect(new.node != life.node, ident, "not elsewhere:", new)
    node.mount.clear()
    node.wait_ready(END_S)
    cluster.unfit = cluster.unfit - {node}
    finish(cluster, figures, jobs, made, moved, pollers)
    return alive, took


def losses(rounds, options):
    if not mount.is_possible():
        print("skipped: no faultfs, or no /dev/fuse")
        return []
    figures = Figures(options.patience)
    with Working(kinds=("count", "archive"), lease=options.lease, faulty=True,
                 memory=options.memory) as cluster:
        cluster.start()
        made = jobs_kills.undisturbed(cluster)
        for how in HOW:
            alive, took = [], []
            for _ in range(rounds):
                found = storage_round(cluster, how, figures, made)
                alive += found[0]
                took += found[1]
            print(f"{how}: lived on for {spread(alive)}; the next attempt's "
                  f"first line after {spread(took)}", flush=True)
    print("from the last line to the next attempt's first one: " +
          spread([-overlap for overlap in figures.overlap_ms]))
    return tell("losses", figures, len(HOW) * rounds)
