#!/usr/bin/env python3
"""[--jobs N] [--seconds S] [--period MS] - N jobs run on three nodes and say
every MS how far they are: how soon that is seen on the other nodes, and what
it takes of the processor on each, without anybody looking."""
import argparse
import collections
import os
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import bench  # noqa: E402
from bench import lib  # noqa: E402
import nodes  # noqa: E402

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "speaker.c")
SEEN_MS = 500
CPU = 5.0  # % of a core
WATCHED = 12  # jobs at each node


class Cluster(nodes.Cluster):
    """With the heartbeat that is the default."""

    def top(self, member):
        return super().top(member).replace('heartbeat = "100ms"; ', "")


def busy_ns(pid):
    fields = lib.read(f"/proc/{pid}/schedstat").split()
    return int(fields[0]) if fields else 0


def spend(cluster, seconds):
    """% of a core of each node, by role."""
    before = [{pid: (name, busy_ns(pid)) for name, pid in node.roles()}
              for node in cluster.nodes]
    time.sleep(seconds)
    shares = []
    for pids in before:
        share = collections.Counter()
        for pid, (name, busy) in pids.items():
            share[name] += (busy_ns(pid) - busy) / seconds / 1e7
        shares.append(share)
    return shares


class Watcher(threading.Thread):
    """How old what JOB says is when NODE shows it, ms."""

    def __init__(self, node, job, until):
        super().__init__(daemon=True)
        self.client = node.operator()
        self.job = job
        self.until = until
        self.took = []

    def run(self):
        tag = None
        while time.monotonic() < self.until:
            answer = self.client.ask(
                "GET", f"/v1/jobs/{self.job}?wait=2s",
                headers={"If-None-Match": tag} if tag else {})
            at = time.time_ns()
            lib.check(answer.status in (200, 304), answer.status)
            if answer.status == 200:
                said = answer.json()["progress"]["message"]
                if said and tag:
                    self.took.append((at - int(said)) / 1e6)
                tag = answer.headers["ETag"]


def watch(cluster, jobs, seconds):
    until = time.monotonic() + seconds
    watchers = {"here": [], "elsewhere": []}
    for node in cluster.nodes:
        count = 0
        for job in jobs:
            if job["node"] == node.settings["name"]:
                if len(watchers["here"]) < WATCHED:
                    watchers["here"].append(Watcher(node, job["id"], until))
            elif count < WATCHED:
                watchers["elsewhere"].append(Watcher(node, job["id"], until))
                count += 1
    for kind in watchers.values():
        for watcher in kind:
            watcher.start()
    for kind in watchers.values():
        for watcher in kind:
            watcher.join()
    return {kind: sorted(ms for watcher in found for ms in watcher.took)
            for kind, found in watchers.items()}


def show(what, took):
    lib.check(took, "nothing was seen", what)
    print(f"seen {what}: p50 {took[len(took) // 2]:.0f}, p99 "
          f"{took[len(took) * 99 // 100]:.0f}, max {took[-1]:.0f} ms of "
          f"{len(took)}", flush=True)


def all_run(cluster, count):
    shown = lib.wait_for(lambda: running(cluster, count), 120,
                         "all of them run", 0.5)
    return shown


def running(cluster, count):
    jobs = []
    client = cluster.nodes[0].operator()
    after = ""
    while True:
        got = client.ask("GET", f"/v1/jobs?limit=200&state=processing{after}")
        part = got.json()["jobs"]
        jobs += part
        if len(part) < 200:
            break
        after = f"&after={part[-1]['id']}"
    client.close()
    return jobs if len(jobs) >= count else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--period", type=int, default=500)
    options = parser.parse_args()
    with Cluster(3, lease="3s", memory=True, singletons={}) as cluster:
        speaker = os.path.join(cluster.dir, "speaker")
        subprocess.run(["cc", "-O2", "-o", speaker, SOURCE], check=True)
        for node in cluster.nodes:
            node.write_conf(workers=options.jobs // 3 + 1, jobs=(
                f'talk = {{ command = [ "{speaker}", "{options.period}" ]; '
                'unique = "none"; };'))
        cluster.start(wait=False)
        idle = spend(cluster, 3)
        client = cluster.nodes[0].operator()
        for _ in range(options.jobs):
            lib.submit(client, "talk")
        jobs = all_run(cluster, options.jobs)
        print("running:", dict(collections.Counter(
            job["node"] for job in jobs)), flush=True)
        time.sleep(3)
        shares = spend(cluster, options.seconds)
        for node, share, before in zip(cluster.nodes, shares, idle):
            print(f"{node.settings['name']}: {sum(share.values()):.1f} % of "
                  f"a core (idle {sum(before.values()):.1f}): " + ", ".join(
                      f"{name} {value:.1f}"
                      for name, value in share.most_common(6)), flush=True)
        took = watch(cluster, jobs, options.seconds)
        show("here", took["here"])
        show("elsewhere", took["elsewhere"])
        bench.promise(took["elsewhere"][len(took["elsewhere"]) * 99 // 100]
                      <= SEEN_MS, f"seen elsewhere within {SEEN_MS} ms (p99)")
        bench.promise(max(sum(share.values()) for share in shares) <= CPU,
                      f"at most {CPU} % of a core on each node")


if __name__ == "__main__":
    bench.main(main)
