"""Two clicks at one moment on two nodes: see jobs.py."""
import random
import threading

import lib
from working import ENDED, Working, once_lines, spread

KINDS = ("key", "user", "value")
LATER_S = 30


class Clicks:
    """Two users' hands, each with a connection to every node."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.barrier = threading.Barrier(2)
        self.hands = [[node.operator() for node in cluster.nodes]
                      for _ in range(2)]

    def click(self, hand, node, body, answers):
        self.barrier.wait()
        answers[hand] = self.hands[hand][node].ask("POST", "/v1/jobs", body)

    def both(self, body):
        """The answers of two nodes that were asked at one moment."""
        pair = random.sample(range(len(self.cluster.nodes)), 2)
        answers = [None, None]
        threads = [threading.Thread(
            target=self.click, args=(hand, node, body, answers), daemon=True)
            for hand, node in enumerate(pair)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LATER_S)
        return answers


def body_of(kind, number):
    if kind == "key":
        return {"type": "once", "key": f"key-{number}", "user": "someone"}
    if kind == "user":
        return {"type": "user", "user": f"user-{number}"}
    return {"type": "value", "params": {"of": str(number)}}


def judge(kind, answers, ids, broken):
    """Notes the id in IDS, what is wrong in BROKEN."""
    if None in answers or {answer.status for answer in answers} != {202}:
        broken.append(f"{kind}: answered {answers} " + " ".join(
            answer.text()[:200] for answer in answers if answer))
        return
    jobs = [answer.json() for answer in answers]
    found = {job["id"] for job in jobs}
    joined = sorted(bool(job.get("joined")) for job in jobs)
    if len(found) != 1:
        broken.append(f"{kind}: two jobs: {found}")
    elif joined != [False, True]:
        broken.append(f"{kind}: joined {joined}: {found}")
    ids[kind] |= found


def play(count, options):
    broken = []
    ids = {kind: set() for kind in KINDS}
    with Working(kinds=("once", "user", "value"), lease=options.lease,
                 workers=8, memory=options.memory) as cluster:
        cluster.start()
        clicks = Clicks(cluster)
        for number in range(count):
            kind = KINDS[number % len(KINDS)]
            judge(kind, clicks.both(body_of(kind, number)), ids, broken)
        node = cluster.nodes[0]
        everything = set().union(*ids.values())
        for ident in everything:
            job = cluster.wait_state(node, ident, ENDED, LATER_S)
            if job["state"] != "ready":
                broken.append(f"{ident}: {job}")
        lines = once_lines(cluster.once)
        runs = [len(lines.get(ident, ())) for ident in everything]
        listed = sum(len(cluster.listed(node, name))
                     for name in ("once", "user", "value"))
    print(f"{count} pairs: jobs " + ", ".join(
        f"{kind} {len(found)}" for kind, found in ids.items()) +
        f"; listed {listed}; runs of each: {spread(runs, 'runs', 'd')}")
    kinds = {}
    for what in broken:
        kinds[what.split(":")[1].split("[")[0][:40]] = kinds.get(
            what.split(":")[1].split("[")[0][:40], 0) + 1
    print(f"wrong: {kinds or 'none'}", flush=True)
    if listed != count:
        broken.append(f"{listed} jobs of {count} pairs")
    if set(runs) != {1}:
        broken.append("not each ran once")
    return broken[:20]
