"""Goal: who asks another node each time never sees a job go back, whatever is
killed, with and without datagrams; hints show progress on all nodes at once;
what another node took is there at once; who waits in vain is told how old it
is."""
import itertools
import os
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import nodes  # noqa: E402
import polls  # noqa: E402
import stall  # noqa: E402
import unfit  # noqa: E402
from lib import check, check_calm  # noqa: E402

WORK = """#!/bin/sh
i=0
while [ $i -lt $1 ]; do
  i=$((i + 1))
  echo "$((i * 100 / $1)) $(date +%s%N)" >&3
  sleep 0.05
done
echo "made by $$" >"$HOLDFAST_OUTPUT"
"""
STEPS = int(os.environ.get("PROGRESS_STEPS", "60"))
JOBS = int(os.environ.get("PROGRESS_JOBS", "4"))
LEASE_MS = 1000
SOON_MS = 1000  # loose: a machine that does much else at once is slow


def cluster_of(**more):
    cluster = nodes.Cluster(3, memory=True, singletons={}, **more)
    work = os.path.join(cluster.dir, "work")
    with open(work, "w", encoding="ascii") as script:
        script.write(WORK)
    os.chmod(work, 0o755)
    for node in cluster.nodes:
        node.write_conf(workers=JOBS, jobs=(
            f'slow = {{ command = [ "{work}", "{STEPS}" ]; unique = "none"; '
            'output = "made.txt"; };\n'
            f'long = {{ command = [ "{work}", "1000" ]; unique = "none"; }};'))
    cluster.start(wait=False)
    return cluster


def ask(node, method, path, body=None, **headers):
    client = node.operator()
    try:
        return client.ask(method, path, body, headers)
    finally:
        client.close()


# ---- nothing goes back ----

class Fresh:
    """A connection for each request, as one that was killed leaves none."""

    def __init__(self, node):
        self.node = node

    def ask(self, method, path, headers):
        return ask(self.node, method, path, **headers)

    def close(self):
        pass


class Away(set):
    """Nodes that were killed and are not ready yet."""

    def front(self, node):
        return (lambda: Fresh(node), lambda: (node in self, 0))

    def kill(self, cluster, node):
        self.add(node)
        node.kill_all()
        node.process.wait(10)
        time.sleep(0.3)
        node.spawn()
        cluster.wait_for(node.is_ready, 30, "it is ready again")
        self.discard(node)


def goes_on(udp):
    with cluster_of(udp=udp) as cluster:
        away = Away()
        findings = polls.Findings()
        turn = itertools.cycle(cluster.nodes)
        pollers = []
        for _ in range(JOBS):
            answer = ask(next(turn), "POST", "/v1/jobs", {"type": "slow"})
            check(answer.status == 202, answer.status, answer.text())
            job = answer.json()["id"]
            # At once, wherever it was asked for.
            answer = ask(next(turn), "GET", f"/v1/jobs/{job}")
            check_calm(answer.status == 200, "elsewhere:", answer.status)
            pollers.append(polls.Poller(
                job, [away.front(node) for node in cluster.nodes], findings))
        for poller in pollers:
            poller.start()
        time.sleep(1)
        head = unfit.leader(cluster) or cluster.nodes[0]
        away.kill(cluster, head)
        away.kill(cluster, cluster.others(head)[0])
        for poller in pollers:
            poller.join(90)
            check(not poller.is_alive(), "no end:", poller.job,
                  findings.tell(), cluster.logs())
        print(f"udp={udp}: {findings.tell()}", flush=True)
        words = "\n".join(findings.wrongs) + cluster.logs()
        check(all(wrong.startswith(polls.CALM) for wrong in findings.wrongs),
              words)
        check_calm(not findings.wrongs, words)
        # Who was told that it is ready may ask any other for the file.
        for poller, node in zip(pollers, itertools.cycle(cluster.nodes)):
            if poller.job["state"] == "ready":
                answer = ask(node, "GET", f"/v1/jobs/{poller.about}/output")
                check(answer.status == 200, answer.status, answer.text())


# ---- how soon it is seen ----

class Watcher(threading.Thread):
    """How long after it was said is what a job says seen at NODE, in ms."""

    def __init__(self, node, job):
        super().__init__(daemon=True)
        self.client = node.operator()
        self.job = job
        self.took = []

    def run(self):
        tag = None
        while len(self.took) < 20:
            answer = self.client.ask(
                "GET", f"/v1/jobs/{self.job}?wait=5s",
                headers={"If-None-Match": tag} if tag else {})
            at = time.time_ns()
            if answer.status == 200:
                tag = answer.headers["ETag"]
                said = answer.json()["progress"]["message"]
                if said:
                    self.took.append((at - int(said)) / 1e6)


def is_seen_soon():
    """A word is shown elsewhere without the journal's three seconds; and who
    knows a version that a node does not is not told of an older one."""
    with cluster_of(lease="6s") as cluster:
        job = ask(cluster.nodes[0], "POST", "/v1/jobs",
                  {"type": "long"}).json()["id"]
        watchers = [Watcher(node, job) for node in cluster.nodes]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join(60)
            check(len(watcher.took) == 20, "too few:", watcher.took)
            middle = sorted(watcher.took)[10]
            print(f"seen after {middle:.0f} ms", flush=True)
            check_calm(middle < SOON_MS, watcher.took)
        is_never_the_past(cluster, job)
        is_told_to_be_old(cluster, job)


def is_never_the_past(cluster, job):
    for node in cluster.nodes:
        begin = time.monotonic()
        answer = ask(node, "GET", f"/v1/jobs/{job}?wait=300ms",
                     **{"If-None-Match": '"9223372036854775808.7"'})
        check(answer.status == 304 and time.monotonic() - begin > 0.25,
              "of a version that is not known:", answer.status)
        check(answer.headers["ETag"] == '"9223372036854775808.7"',
              answer.headers)
        answer = ask(node, "GET", "/v1/jobs/" + "0" * 26)
        check(answer.status == 404 and time.monotonic() - begin > 1,
              "unknown:", answer.status)


def is_told_to_be_old(cluster, job):
    """Its node stands still: others say since when they heard nothing."""
    shown = ask(cluster.nodes[0], "GET", f"/v1/jobs/{job}").json()
    runner = cluster.by_name(shown["node"])
    other = cluster.others(runner)[0]
    check("stale_s" not in shown, "stale at once")
    runner.signal_all(signal.SIGSTOP)
    tag = None

    def is_old():
        nonlocal tag
        answer = ask(other, "GET", f"/v1/jobs/{job}?wait=2s",
                     **({"If-None-Match": tag} if tag else {}))
        if answer.status != 200:
            return False
        tag = answer.headers["ETag"]
        return answer.json().get("stale_s")
    try:
        old = lib.wait_for(is_old, 20, "it is said to be old")
        print(f"stale after {old} s", flush=True)
        check(tag.endswith('-stale"'), tag)
    finally:
        runner.thaw()
    lib.wait_for(lambda: "stale_s" not in ask(
        other, "GET", f"/v1/jobs/{job}").json(), 20, "and is no more")


PARTS = {"seen": is_seen_soon, "udp": lambda: goes_on(True),
         "none": lambda: goes_on(False)}


def main():
    for name in sys.argv[1:] or PARTS:
        stall.judged(LEASE_MS, PARTS[name])


if __name__ == "__main__":
    lib.main(main)
