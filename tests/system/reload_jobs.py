"""Goal: a reload that adds or removes types of jobs leaves those that wait
what they were: they run, and no more at once than their type may; on one node,
and in a cluster, where all nodes are told to reload."""
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

# Who is in when another comes in says so.
WORK = """#!/bin/sh
mkdir "$1/one" || echo two >>"$1/trace"
sleep 0.3
rmdir "$1/one"
echo end >>"$1/trace"
"""
JOBS = 4
GONE = 'gone = { command = [ "/bin/true" ]; };\n'
NEW = 'anew = { command = [ "/bin/true" ]; };\n'


def asked(node, *words):
    taken = node.run("submit", *words, "--json")
    check(taken.returncode == 0, taken.stderr)
    return json.loads(taken.stdout)["id"]


def end_of(node, job):
    shown = node.run("jobs", "--json")
    check(shown.returncode == 0, shown.stderr)
    return next((one["state"] for one in json.loads(shown.stdout)["jobs"]
                 if one["id"] == job and
                 one["state"] not in ("pending", "processing")), None)


def lines_up(dir, some, wait):
    """Jobs of one type wait, and then others are configured."""
    work = os.path.join(dir, "work")
    with open(work, "w", encoding="ascii") as script:
        script.write(WORK)
    os.chmod(work, 0o755)
    kept = (f'kept = {{ command = [ "{work}", "{dir}" ]; unique = "none"; '
            'max-running = 1; };\n')
    for node in some:
        node.write_conf(jobs=GONE + kept)
    wait()
    jobs = [asked(some[0], "kept") for _ in range(JOBS)]
    for node in some:
        node.write_conf(jobs=kept)
        check(node.run("reload").returncode == 0, "reloaded")
    jobs.append(asked(some[-1], "kept"))
    for node in some:
        node.write_conf(jobs=NEW + GONE + kept)
        check(node.run("reload").returncode == 0, "reloaded")
    for job in jobs:
        check(lib.wait_for(lambda: end_of(some[0], job), 40,
                           "\n".join([f"the end of {job}"] +
                                     [node.log() for node in some]))
              == "ready", job)
    trace = lib.read(os.path.join(dir, "trace")).split()
    check(trace == ["end"] * len(jobs), "one at a time:", trace)


def keeps():
    node = lib.Node()
    lines_up(node.dir, [node], node.start)
    check(node.stop() == 0, "stopped")
    with nodes.Cluster(2, memory=True) as cluster:
        def begin():
            cluster.start()
            lib.wait_for(lambda: unfit.leader(cluster), 20, "a leader")
        lines_up(cluster.dir, cluster.nodes, begin)


if __name__ == "__main__":
    lib.main(keeps)
