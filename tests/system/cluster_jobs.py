"""Goal: the leader takes jobs and runs them; all show them; when it dies the
next one runs them again, never both, and any node serves the file."""
import itertools
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

WORK = """#!/bin/sh
i=0
while [ $i -lt 60 ]; do
  i=$((i + 1))
  echo $$ >>"$1"
  echo "$((i * 100 / 60)) step $i" >&3
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


def outlives():
    with nodes.Cluster(3, memory=True) as cluster:
        work = os.path.join(cluster.dir, "work")
        trace = os.path.join(cluster.dir, "trace")
        with open(work, "w", encoding="ascii") as script:
            script.write(WORK)
        os.chmod(work, 0o755)
        for node in cluster.nodes:
            node.write_conf(jobs=f'slow = {{ command = [ "{work}", "{trace}" '
                            ']; output = "made.txt"; };')
        cluster.start()
        head = lib.wait_for(lambda: unfit.leader(cluster), 20, "a leader")
        others = cluster.others(head)

        refused = others[0].run("submit", "slow")
        check(refused.returncode == 1 and "lead" in refused.stderr,
              "refused by one that does not lead:", refused.stderr)
        taken = head.run("submit", "slow", "--json")
        check(taken.returncode == 0, taken.stderr)
        job = json.loads(taken.stdout)["id"]
        for node in others:
            lib.wait_for(lambda: is_in(node, job, "processing"), 20,
                         f"another shows that it runs\n{cluster.logs()}")
        head.kill_all()
        for node in others:
            shown = lib.wait_for(lambda: is_in(node, job, "ready", "error"),
                                 40, f"its end\n{cluster.logs()}")
            check(shown["state"] == "ready" and shown["attempt"] == 2 and
                  shown["node"] != head.settings["name"], shown)
            out = os.path.join(cluster.dir, "out")
            fetched = node.run("fetch", job, "-o", out)
            check(fetched.returncode == 0, fetched.stderr)
            check(lib.read(out).startswith("made by "), lib.read(out))
        runs = [pid for pid, _ in itertools.groupby(lib.read(trace).split())]
        check(len(runs) == 2, "one after the other:", runs)


if __name__ == "__main__":
    lib.main(outlives)
