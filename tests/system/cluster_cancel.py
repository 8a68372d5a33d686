"""Goal: a job is cancelled, and forgotten, on a node that neither leads nor
runs it, by command and over HTTP: while it runs, while it waits, when its node
dies before it knows; what was cancelled does not run again.  A key is free
again afterwards.  Two clicks at one moment on two nodes make one job, and one
of them is told that it joined."""
import itertools
import json
import os
import signal
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import nodes  # noqa: E402
import unfit  # noqa: E402
from lib import check  # noqa: E402

PAIRS = 100
WORK = """#!/bin/sh
while sleep 0.05; do
  echo $$ >>"$1/$HOLDFAST_JOB"
done
"""


class Jobs:
    def __init__(self, cluster):
        self.cluster = cluster
        self.traces = os.path.join(cluster.dir, "jobs")
        os.makedirs(self.traces)
        work = os.path.join(cluster.dir, "work")
        with open(work, "w", encoding="ascii") as script:
            script.write(WORK)
        os.chmod(work, 0o755)
        for node in cluster.nodes:
            node.write_conf(
                jobs=f'slow = {{ command = [ "{work}", "{self.traces}" ]; '
                'unique = "none"; };\n'
                'quick = { command = [ "/bin/true" ]; unique = "none"; };\n'
                'value = { command = [ "/bin/sleep", "0.3" ]; '
                'params = { of = {}; }; unique = "${param.of}"; };')

    def wait(self, what, condition):
        return lib.wait_for(condition, 30, f"{what}\n{self.cluster.logs()}")

    def shown(self, node, job):
        answer = node.operator().ask("GET", f"/v1/jobs/{job}")
        return answer.json() if answer.status == 200 else {"state": "none"}

    def wait_shown(self, job, *states, on=None):
        """What the last of them shows."""
        for node in on or self.cluster.nodes:
            found = self.wait(f"{job} is {states} on n{node.index}", lambda:
                              self.shown(node, job)["state"] in states and
                              self.shown(node, job))
        return found

    def submit(self, node, kind, **more):
        return lib.submit(node.operator(), kind, user="someone", **more)

    def runs(self, job):
        """The processes that ran it, one after the other."""
        path = os.path.join(self.traces, job)
        return [pid for pid, _ in itertools.groupby(lib.read(path).split())]

    def wait_runs(self, job):
        self.wait("it runs", lambda: self.runs(job))

    def check_cancelled(self, job, runs, on=None):
        shown = self.wait_shown(job, "cancelled", on=on)
        check(len(self.runs(job)) == runs, "runs", self.runs(job), shown)
        for pid in self.runs(job):
            check(not lib.is_alive(int(pid)), pid, "is alive")


def delete(node, job):
    return node.operator().ask("DELETE", f"/v1/jobs/{job}").status


def while_it_runs(jobs, runner, asked):
    job = jobs.submit(runner, "slow")["id"]
    jobs.wait_runs(job)
    jobs.wait_shown(job, "processing", on=[asked])
    done = asked.run("cancel", job)
    check(done.returncode == 0 and "cancelling" in done.stdout, done)
    jobs.check_cancelled(job, 1)
    job = jobs.submit(runner, "slow")["id"]
    jobs.wait_shown(job, "pending", "processing", on=[asked])
    check(delete(asked, job) == 202, "it will be cancelled")
    jobs.wait_shown(job, "cancelled")


def while_it_waits(jobs, asked):
    busy = [jobs.submit(node, "slow")["id"] for node in jobs.cluster.nodes]
    for job in busy:
        jobs.wait_runs(job)
    job = jobs.submit(jobs.cluster.nodes[0], "slow")["id"]
    jobs.wait_shown(job, "pending", on=[asked])
    check(delete(asked, job) == 202, "it will be cancelled")
    jobs.check_cancelled(job, 0)
    for one in busy:
        check(delete(asked, one) == 202, "it will be cancelled")
    for one in busy:
        jobs.check_cancelled(one, 1)


def forget(jobs, asked):
    for command in (True, False):
        job = jobs.submit(jobs.cluster.nodes[0], "quick", key="again")["id"]
        jobs.wait_shown(job, "ready")
        if command:
            done = asked.run("cancel", job)
            check(done.returncode == 0 and "forgotten" in done.stdout, done)
        else:
            check(delete(asked, job) == 204, "it is forgotten")
        jobs.wait_shown(job, "none", on=[asked])
        check(delete(asked, job) == 404, "nothing is left to forget")
        jobs.wait_shown(job, "none")
    made = jobs.submit(asked, "quick", key="again")
    check(made["id"] == job and not made.get("joined"), "a new one:", made)
    jobs.wait_shown(job, "ready")


def its_node_dies(jobs, runner, asked):
    """Its node stands still when it is told, and never goes on."""
    job = jobs.submit(runner, "slow")["id"]
    jobs.wait_runs(job)
    jobs.wait_shown(job, "processing", on=[asked])
    runner.freeze()
    check(delete(asked, job) == 202, "it will be cancelled")
    runner.signal_all(signal.SIGKILL)
    jobs.check_cancelled(job, 1, on=jobs.cluster.others(runner))
    runner.process.wait(10)
    runner.spawn()
    runner.wait_ready()
    jobs.check_cancelled(job, 1)


def click(node, body, barrier, answers):
    client = node.operator()
    barrier.wait()
    answers.append(client.ask("POST", "/v1/jobs", body))


def clicks(jobs):
    pairs = itertools.cycle(itertools.permutations(jobs.cluster.nodes, 2))
    for number in range(PAIRS):
        body = {"type": "quick", "key": f"key-{number}", "user": "someone"}
        if number % 2:
            body = {"type": "value", "params": {"of": str(number)}}
        barrier = threading.Barrier(2)
        answers = []
        hands = [threading.Thread(target=click,
                                  args=(node, body, barrier, answers))
                 for node in next(pairs)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        check([answer.status for answer in answers] == [202, 202],
              [answer.text() for answer in answers])
        made = [answer.json() for answer in answers]
        check(made[0]["id"] == made[1]["id"], "two jobs:", made)
        check({bool(job.get("joined")) for job in made} == {True, False},
              "one joined the other:", json.dumps(made))


def main():
    with nodes.Cluster(3, memory=True) as cluster:
        jobs = Jobs(cluster)
        cluster.start()
        head = lib.wait_for(lambda: unfit.leader(cluster), 20, "a leader")
        runner, asked = cluster.others(head)
        while_it_runs(jobs, runner, asked)
        while_it_waits(jobs, asked)
        forget(jobs, asked)
        clicks(jobs)
        its_node_dies(jobs, runner, asked)


if __name__ == "__main__":
    lib.main(main)
