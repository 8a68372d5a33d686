"""Goal: one user asks for hundreds of jobs; another's first job is begun when
those have ended that ran, or were about to, when it was asked for; on a node
alone, and in a cluster, whichever node is asked."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import nodes  # noqa: E402
from lib import check  # noqa: E402

MANY = int(sys.argv[1]) if len(sys.argv) > 1 else 200
FEW = 3
JOBS = """
sleep = { command = [ "/bin/sleep", "0.2" ]; unique = "none";
	  max-pending = 16000; };
"""


def ended(client, user):
    found = client.ask("GET", f"/v1/jobs?user={user}&state=ready&limit=1000")
    return found.json()["jobs"]


def play(many, few, workers):
    """MANY and FEW: clients of the two users; how many of the first one's
    jobs ended while the other's waited."""
    for _ in range(MANY):
        lib.submit(many, "sleep", user="many")
    lib.wait_for(lambda: len(ended(many, "many")) >= 2 * workers, 60, "some end")
    passed = []
    for _ in range(FEW):
        job = lib.submit(few, "sleep", user="few")["id"]
        job = lib.wait_end(few, job, 60)
        check(job["state"] == "ready", job)
        passed.append(len([one for one in ended(many, "many") if
                           job["created"] < one["updated"] < job["updated"]]))
    # As many again as may run are about to; then it runs beside others.
    check(max(passed) <= 4 * workers, passed)
    check(len(ended(many, "many")) < MANY, "it waited until all were done")
    print(f"{MANY} jobs of one user, {workers} at once; of those ended while "
          f"another's was asked for, waited and ran: {passed}")


def main():
    node = lib.Node(jobs=JOBS, workers=2).start()
    play(node.operator(), node.operator(), 2)
    node.stop()
    with nodes.Cluster(3, memory=True, singletons={}) as cluster:
        for member in cluster.nodes:
            member.write_conf(jobs=JOBS)
        cluster.start()
        play(cluster.nodes[0].operator(), cluster.nodes[1].operator(), 3)


if __name__ == "__main__":
    lib.main(main)
