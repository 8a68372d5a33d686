"""Jobs while three nodes live through faults of all kinds, several at once:
see jobs.py; the faults are those of tests/trial/cluster.py."""
import http.client
import importlib.util
import os
import random
import sys
import threading
import time

import journals
import judge
import lib
import mount
import net
from working import ENDED, Working

PAUSE_S = 0.3   # between two submissions
TRIES_S = 60
END_S = 60      # after all is healed every job ends within that


def faults():
    """The module, which is not the only one of its name."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "cluster.py")
    spec = importlib.util.spec_from_file_location("faults", path)
    module = importlib.util.module_from_spec(spec)
    words, sys.argv = sys.argv, sys.argv[:1]  # ours are not its
    spec.loader.exec_module(module)
    sys.argv = words
    return module


class Asker(threading.Thread):
    """Asks for a job now and then, of any node, until one has taken it."""

    def __init__(self, cluster, kinds):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.kinds = kinds
        self.random = random.Random(1)
        self.over = False
        self.acked = {}  # id -> kind
        self.lost = []

    def ask(self, kind, number):
        until = time.monotonic() + TRIES_S
        while time.monotonic() < until:
            client = self.random.choice(self.cluster.nodes).operator(3)
            try:
                answer = client.ask("POST", "/v1/jobs", {
                    "type": kind, "key": f"storm-{number}", "user": "u"})
                if answer.status == 202:
                    return answer.json()["id"]
            except (OSError, http.client.HTTPException):
                pass
            finally:
                client.close()
            time.sleep(0.1)
        return None

    def run(self):
        number = 0
        while not self.over:
            kind = self.random.choice(self.kinds)
            ident = self.ask(kind, number)
            number += 1
            if ident is None:
                self.lost.append(number)
            else:
                if kind != "once":
                    # Another thread may be going over the old one.
                    self.cluster.trace = self.cluster.trace | {
                        ident: judge.Trace(
                            os.path.join(self.cluster.traces, ident))}
                self.acked[ident] = kind
            time.sleep(PAUSE_S)


def conclude(cluster, acked, faulty):
    """How each ended; what is wrong.  FAULTY: storage may have failed them."""
    broken, ends, attempts = [], {}, {}
    until = time.monotonic() + END_S
    for ident in acked:
        shown = set()
        for node in cluster.nodes:
            job = cluster.wait_state(node, ident, ENDED,
                                     max(1, until - time.monotonic()))
            shown.add((job["state"], job["version"]))
        if len(shown) != 1:
            broken.append(f"{ident}: not alike: {shown}")
        ends[job["state"]] = ends.get(job["state"], 0) + 1
        attempts[job["attempt"]] = attempts.get(job["attempt"], 0) + 1
        if job["state"] == "error":
            print("error:", ident, job["error"], "attempt", job["attempt"])
            if not faulty:
                broken.append(f"{ident}: failed though nothing was wrong "
                              f"with it: {job}")
    for ident, found in journals.ends(cluster.shared, acked).items():
        if len({end[1:] for end in found}) != 1:
            broken.append(f"{ident}: not exactly one end: {found}")
    print(f"{len(acked)} jobs ended: {ends}; attempts: "
          f"{dict(sorted(attempts.items()))}")
    return broken


def storm(cluster, trial, seconds):
    """Seconds it took until all was calm, at most, and waves."""
    until = time.monotonic() + seconds
    waves, slowest = 0, 0
    while time.monotonic() < until:
        trial.history.append(f"--- wave {waves}")
        trial.wave()
        slowest = max(slowest, trial.calm())
        waves += 1
    return slowest, waves


def blows(seconds, options):
    return play(seconds, options, faulty=False)


def play(seconds, options, faulty=True):
    module = faults()
    module.SEED, module.LEASE_S = options.seed, float(
        options.lease.rstrip("s"))
    kinds = ("count" if faulty else "frail", "once")
    with Working(kinds=kinds, lease=options.lease, workers=4,
                 memory=options.memory, singletons=module.UNITS,
                 faulty=faulty and mount.is_possible(),
                 nets=net.is_possible()) as cluster:
        cluster.start()
        trial = module.Trial(cluster)
        asker = Asker(cluster, kinds)
        asker.start()
        try:
            slowest, waves = storm(cluster, trial, seconds)
            asker.over = True
            asker.join(TRIES_S + 10)
            broken = conclude(cluster, asker.acked, faulty)
            overlap = cluster.check()
        except lib.Failed as failed:
            asker.over = True
            print("\n".join(trial.history[-60:]))
            raise lib.Failed(f"{failed}\n{cluster.logs(6000)}") from None
    print(f"{waves} waves, {trial.struck} blows; calm after {slowest:.1f} s; "
          f"two alive at once for {overlap:.1f} ms; old work lived "
          f"{cluster.woken_ms:.1f} ms after waking; all at most", flush=True)
    return broken + [f"nobody took number {n}" for n in asker.lost]
