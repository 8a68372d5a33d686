"""Goal: any node takes jobs, all run and show them; with one key there is one
job, wherever it is asked for; when the node of one dies another runs it again,
never both, and any node serves the file."""
import itertools
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import nodes  # noqa: E402
import unfit  # noqa: E402
from lib import check  # noqa: E402

WAIT_S = 60
# It ends once it may, and not before it has come far.
WORK = """#!/bin/sh
i=0
while [ $i -lt 60 ] || [ ! -e "$1.may-end" ]; do
  i=$((i + 1))
  echo $$ >>"$1"
  echo "$((i < 60 ? i * 100 / 60 : 99)) step $i" >&3
  sleep 0.05
done
echo "made by $$" >"$HOLDFAST_OUTPUT"
"""


def job_of(node, job):
    shown = node.run("jobs", "--json")
    check(shown.returncode == 0, shown.stderr)
    return next((one for one in json.loads(shown.stdout)["jobs"]
                 if one["id"] == job), None)


def is_in(node, job, *states):
    shown = job_of(node, job)
    return shown is not None and shown["state"] in states and shown


def asked(node, *words):
    taken = node.run("submit", *words, "--json")
    check(taken.returncode == 0, taken.stderr)
    return json.loads(taken.stdout)["id"]


def one_each(cluster, head):
    """Two ask at the same moment with one key; who asked first may die."""
    others = cluster.others(head)
    for count in range(10):
        words = ["submit", "quick", "--key", f"key-{count}", "--json"]
        pair = [subprocess.Popen(
            [lib.HOLDFAST, words[0], "-s", node.socket, *words[1:]],
            stdout=subprocess.PIPE, text=True) for node in others]
        ids = {json.loads(one.communicate()[0])["id"] for one in pair}
        check(len(ids) == 1, "one job for one key:", ids)
        cluster.wait_for(lambda: is_in(head, min(ids), "ready"), WAIT_S,
                         "it is ready")
    job = asked(others[0], "quick", "--key", "last")
    others[0].kill_all()
    for node in (head, others[1]):
        cluster.wait_for(lambda: is_in(node, job, "ready"), WAIT_S,
                         "what was acknowledged is there")
    others[0].process.wait(10)
    others[0].spawn()
    others[0].wait_ready()


def differ(cluster):
    """Of a type that nodes define differently each runs its own, and says so.
    """
    odd = cluster.nodes[2]
    odd.write_conf(jobs='quick = { command = [ "/bin/true", "odd" ]; '
                   'unique = "none"; };')
    check(odd.run("reload").returncode == 0, "reloaded")
    for node in cluster.nodes:
        lib.wait_for(lambda: "quick, nodes define it differently" in
                     node.run("status").stdout, WAIT_S, "it says so")


def outlives():
    with nodes.Cluster(3, memory=True) as cluster:
        work = os.path.join(cluster.dir, "work")
        trace = os.path.join(cluster.dir, "trace")
        with open(work, "w", encoding="ascii") as script:
            script.write(WORK)
        os.chmod(work, 0o755)
        for node in cluster.nodes:
            node.write_conf(jobs=f'slow = {{ command = [ "{work}", "{trace}" '
                            ']; output = "made.txt"; unique = "user"; };\n'
                            'quick = { command = [ "/bin/true" ]; '
                            'unique = "none"; };')
        cluster.start()
        head = cluster.wait_for(lambda: unfit.leader(cluster), WAIT_S,
                                "a leader")
        one_each(cluster, head)
        others = cluster.others(head)

        job = asked(others[0], "slow")
        check(asked(others[1], "slow") == job, "the user has one already")
        for node in cluster.nodes:
            before = cluster.wait_for(lambda: is_in(node, job, "processing"),
                                      WAIT_S, "all show that it runs")
        cluster.wait_for(lambda: os.path.exists(trace), WAIT_S,
                         "its first line")
        victim = cluster.by_name(before["node"])
        victim.kill_all()
        with open(trace + ".may-end", "w", encoding="ascii"):
            pass
        for node in cluster.others(victim):
            shown = cluster.wait_for(
                lambda: is_in(node, job, "ready", "error"), WAIT_S, "its end")
            check(shown["state"] == "ready" and
                  shown["attempt"] == before["attempt"] + 1 and
                  shown["node"] != victim.settings["name"], before, shown)
            out = os.path.join(cluster.dir, "out")
            fetched = node.run("fetch", job, "-o", out)
            check(fetched.returncode == 0, fetched.stderr)
            check(lib.read(out).startswith("made by "), lib.read(out))
        runs = [pid for pid, _ in itertools.groupby(lib.read(trace).split())]
        check(len(runs) == shown["attempt"], "one after the other:", runs)
        victim.process.wait(10)
        victim.spawn()
        victim.wait_ready()
        differ(cluster)


if __name__ == "__main__":
    lib.main(outlives)
