"""Rounds in which the node of jobs is killed: see tests/trial/jobs.py."""
import os
import random
import time

import journals
import lib
import polls
from diskwatch import DiskWatch
from judge import MS
from working import ENDED, Working, digest, spread

COUNTS, ARCHIVES = 2, 1  # jobs of each kind in a round
STEP_MS = 10             # of the one that counts
LOW, HIGH = 20, 80       # percent, when the node is killed
TERM_MS, SLACK_MS, LOST_MS = 200, 500, 200
END_S = 60


class Figures:
    def __init__(self, patience):
        self.patience = patience  # factor of what a busy machine delays
        self.disk = None
        self.next_ms = {"kill": [], "term": []}
        self.lost_ms = {"kill": [], "term": []}
        self.overlap_ms = []
        self.jobs = self.outside = 0
        self.broken = []
        self.disturbed = []  # what a machine that stood still may have been
        self.polls, self.behind = polls.Findings(), polls.Findings()

    def expect(self, truth, *words):
        if not truth:
            text = " ".join(map(str, words))
            self.broken.append(text)
            print("broken:", text, flush=True)

    def expect_calm(self, truth, *words):
        if not truth:
            text = " ".join(map(str, words))
            self.disturbed.append(text)
            print("disturbed:", text, flush=True)

    def verdict(self):
        """What is broken; Disturbed when nothing but that was."""
        found, disturbed = wrongs(self)
        broken, disturbed = self.broken + found, self.disturbed + disturbed
        if disturbed and not broken:
            raise lib.Disturbed("; ".join(disturbed))
        return broken + disturbed


def percent(cluster, node, ident):
    job = cluster.job(node, ident)
    if job is None or job["state"] != "processing":
        return -1 if job is None or job["state"] not in ENDED else 101
    return job["progress"]["percent"] or 0


def begin(cluster, node):
    """id -> kind of what was asked of NODE."""
    kinds = ["count"] * COUNTS + ["archive"] * ARCHIVES
    return {cluster.submit(node, kind): kind for kind in kinds}


def wait_midst(cluster, node, jobs):
    """Until the last of JOBS is where it is to be killed; percent of each."""
    goal = random.uniform(LOW, 0.5 * HIGH)
    until = time.monotonic() + END_S
    while True:
        now = {ident: percent(cluster, node, ident) for ident in jobs}
        if min(now.values()) >= goal or max(now.values()) > HIGH:
            return now
        lib.check(time.monotonic() < until, "they do not run:", now,
                  cluster.logs())
        time.sleep(0.005)


def runs_on(cluster, jobs):
    """The node on which most of JOBS run."""
    def where():
        for node in cluster.nodes:
            found = [job["node"] for job in
                     (cluster.job(node, ident) for ident in jobs)
                     if job is not None and job["state"] == "processing"]
            if len(found) == len(jobs):
                return max(set(found), key=found.count)
        return None
    return cluster.by_name(cluster.wait_for(where, END_S, "all run", 0.005))


def look_on(cluster, jobs, findings, behind=None):
    """Clients of each node in turn, and others of nginx, if it is there."""
    pollers = [polls.Poller(ident, cluster.fronts(), findings)
               for ident in jobs]
    if behind is not None and cluster.proxy is not None:
        pollers += [polls.Poller(ident, cluster.behind(), behind)
                    for ident in jobs]
    for poller in pollers:
        poller.start()
    return pollers


def undisturbed(cluster):
    """kind -> digest of what it makes when nobody is killed."""
    node = cluster.nodes[0]
    made = {}
    for ident, kind in begin(cluster, node).items():
        cluster.wait_state(node, ident, ("ready",), END_S)
        made[kind] = digest(cluster.fetch(node, ident))
    return made


def follow(cluster, figures, how, at, moved):
    """MOVED: id -> (kind, its life before): what comes next, and when; those
    of them that were over before the blow fell."""
    lease_ms = float(cluster.lease.rstrip("s")) * 1000
    bound = figures.patience * TERM_MS if how == "term" else \
        lease_ms + figures.patience * SLACK_MS
    over = set()
    for ident, (kind, life) in moved.items():
        found = cluster.since(at, ident, life, END_S)
        if found is None:
            over.add(ident)
            continue
        took, new = found
        figures.next_ms[how].append(took)
        figures.expect_calm(took <= bound, how, kind, ident, f"{took:.1f} ms",
                            life, "then", new, "- longest sync meanwhile",
                            f"{figures.disk.within_ms(at, new.first):.0f} ms, load",
                            os.getloadavg()[0])
        if kind == "count":
            lost = (int(life.says[1]) - int(new.said[1])) * STEP_MS
            figures.lost_ms[how].append(lost)
            figures.expect_calm(lost <= figures.patience * LOST_MS, how,
                                ident, "lost", lost, "ms of work:", life.says,
                                new.said)
    return over


def conclude(cluster, figures, jobs, made, disturbed):
    """What JOBS came to, on every node."""
    for ident, kind in jobs.items():
        ends = set()
        for node in cluster.nodes:
            job = cluster.wait_state(node, ident, ENDED, END_S)
            ends.add((job["state"], job["version"], job["token"],
                      job["attempt"]))
        figures.expect(len(ends) == 1 and {end[0] for end in ends} ==
                       {"ready"}, kind, ident, "ended as", ends)
        attempts = 2 if ident in disturbed else 1
        figures.expect_calm({end[3] for end in ends} == {attempts}, kind,
                            ident, "attempts, wanted", attempts, ends)
        data = cluster.fetch(random.choice(cluster.nodes), ident)
        figures.expect(digest(data) == made[kind], kind, ident,
                       "made something else:", len(data), "bytes")
        trace = cluster.jobs.pop(ident)
        overlap, old, new = trace.overlap()
        if len(trace.read()) > 1:
            figures.overlap_ms.append(overlap / MS)
        figures.expect(overlap <= 0, "two live attempts:", ident, old, new)
        figures.expect(not trace.fallen(), "tokens fell:", trace.fallen())
        figures.expect_calm(len(trace.read()) == attempts, kind, ident,
                            "lives:", trace.read())
    for ident, found in journals.ends(cluster.shared, jobs).items():
        figures.expect(len({end[1:3] for end in found}) == 1 and
                       len({end[3] for end in found}) == 1,
                       "not exactly one end:", ident, found)


def play_round(cluster, how, figures, made):
    asked = random.choice(cluster.nodes)
    jobs = begin(cluster, asked)
    pollers = look_on(cluster, jobs, figures.polls, figures.behind)
    node = runs_on(cluster, jobs)
    here = {ident: kind for ident, kind in jobs.items()
            if cluster.job(node, ident)["node"] == node.settings["name"]}
    now = wait_midst(cluster, node, here)
    at = cluster.strike(node, lambda node: node.kill_all() if how == "kill"
                        else stop(node))
    lives = {ident: cluster.life_at(at, ident) for ident in here}
    inside = {ident: (here[ident], life) for ident, life in lives.items()
              if LOW <= now[ident] <= HIGH}
    over = follow(cluster, figures, how, at, inside)
    late = {ident for ident in here if ident not in inside} | over
    figures.jobs += len(here) - len(late)
    figures.outside += len(late)
    cluster.revive(node)
    disturbed = set(here) - late
    for ident in late:
        cluster.wait_state(node, ident, ENDED, END_S)
        if len(cluster.jobs[ident].read()) > 1:
            disturbed.add(ident)
    conclude(cluster, figures, jobs, made, disturbed)
    for poller in pollers:
        poller.join(10)
        figures.expect(not poller.is_alive(), "a client saw no end of",
                       poller.about, poller.job)
        poller.stop = True


def stop(node):
    at = time.monotonic_ns()
    node.process.terminate()
    return at


def tell(figures, rounds, seconds):
    print(f"{rounds} rounds in {seconds:.0f} s; {figures.jobs} jobs struck at "
          f"{LOW} to {HIGH} %, {figures.outside} outside of that")
    for how in ("kill", "term"):
        print(f"{how}: next attempt's first line: "
              f"{spread(figures.next_ms[how])}")
        print(f"{how}: work lost by the one that counts: "
              f"{spread(figures.lost_ms[how])}")
    print("from the last line to the next attempt's first one: " +
          spread([-overlap for overlap in figures.overlap_ms]))
    print(f"longest sync of the disk: {figures.disk.longest_ms:.0f} ms")
    print("polls of each node in turn:", figures.polls.tell())
    print("polls through nginx:", figures.behind.tell() or "none", flush=True)


def wrongs(figures):
    """(what can't be, what is not to be where all is in time)."""
    broken, disturbed = [], []
    for where, found in (("", figures.polls), ("nginx: ", figures.behind)):
        for wrong in found.wrongs:
            print("polls:", where + wrong)
        for what, count in found.counts.items():
            if "WRONG" in what:
                (disturbed if what.split()[-1] in polls.CALM else
                 broken).append(f"polls: {where}{what} {count}")
    return broken, disturbed


def play(rounds, options):
    figures = Figures(options.patience)
    begin_s = time.monotonic()
    done = 0
    with Working(kinds=("count", "archive"), lease=options.lease,
                 memory=options.memory, proxied=True) as cluster, \
            DiskWatch(cluster.shared) as watch:
        cluster.start()
        figures.disk = watch
        made = undisturbed(cluster)
        try:
            for done in range(1, rounds + 1):
                play_round(cluster, "kill" if done % 2 else "term", figures,
                           made)
                if done % 20 == 0:
                    tell(figures, done, time.monotonic() - begin_s)
        except lib.Failed as failed:
            figures.expect(False, "round", done, failed)
    tell(figures, done, time.monotonic() - begin_s)
    return figures.verdict()
