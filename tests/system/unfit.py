"""Goal: nodes that are there, but unfit, hold up nobody; fit ones get work."""
import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import nodes  # noqa: E402
import stall  # noqa: E402
from lib import check, check_calm  # noqa: E402

LEASE_MS = 1000
AGAIN = 'backoff = "0s"; max-restarts = 1000;'


def leader(cluster):
    if not os.path.exists(os.path.join(cluster.shared, "lease")):
        return None
    shown = subprocess.run([lib.HOLDFAST, "lease", "--json", cluster.shared],
                           capture_output=True, text=True, check=False)
    for slot in json.loads(shown.stdout)["slots"]:
        node = cluster.by_name(slot["node"])
        if slot["state"] == "leading" and node.is_up():
            return node
    return None


def comes_back():
    """Under the same epoch, after it was drained, killed, stopped."""
    with nodes.Cluster(3, memory=True, singletons={"w": AGAIN}) as cluster:
        cluster.start()
        head = cluster.wait_for(lambda: leader(cluster), 20, "a leader")
        node = cluster.others(head)[0]
        for end in ("kill", "drain", "stop"):
            if end == "drain":
                for word in ("drain", "undrain"):
                    check(node.run(word).returncode == 0, word)
                    time.sleep(0.3)
            if end == "stop":
                node.stop()
            else:
                node.kill_all()
                node.process.wait(10)
            node.spawn()
            node.wait_ready(30)
            cluster.wait_all()

            def takes():
                return head.run("handover", "-w", "5", "w",
                                node.settings["name"]).returncode == 0
            cluster.wait_for(takes, 20, f"it takes w after {end}", 0.2)
            cluster.wait_for(lambda: cluster.is_alive("w") and cluster.
                             is_alive("w").node == node.settings["name"], 20,
                             f"it runs w after {end}")
            check_calm(leader(cluster) is head, "the leader changed after",
                       end)
        cluster.check()


def cannot_join():
    """One whose journal role never starts; then the leader dies."""
    with nodes.Cluster(3, memory=True, singletons={"w": AGAIN}) as cluster:
        with open(os.path.join(cluster.nodes[2].state, "view"), "w",
                  encoding="ascii"):
            pass  # where its directory is to be
        for node in cluster.nodes:
            node.spawn()
        cluster.wait_all()
        head = cluster.wait_for(lambda: leader(cluster), 20, "a leader")
        head.kill_all()
        head.process.wait(10)
        life = cluster.trace["w"].latest()
        cluster.wait_for(lambda: leader(cluster) not in (None, head), 20,
                         "another leader")
        if life.node == head.settings["name"]:
            cluster.next_life(life, 20)
        cluster.wait_all()
        cluster.check()


def stands_still():
    """The leader's journal role, for good; and then another node dies."""
    with nodes.Cluster(3, memory=True, singletons={"w": AGAIN}) as cluster:
        cluster.start()
        head = cluster.wait_for(lambda: leader(cluster), 20, "a leader")
        os.kill(head.role("journal"), signal.SIGSTOP)
        cluster.wait_for(lambda: leader(cluster) not in (None, head), 30,
                         "another leader")
        node, life = cluster.holder()
        if node is not head:
            node.kill_all()
            node.process.wait(10)
            cluster.next_life(life, 20)
        cluster.wait_all()
        cluster.check()


def ignores():
    """A node whose journal role stands still is given something."""
    with nodes.Cluster(3, memory=True, singletons={"w": AGAIN}) as cluster:
        cluster.start()
        head = cluster.wait_for(lambda: leader(cluster), 20, "a leader")
        holder, life = cluster.holder()
        deaf = [node for node in cluster.nodes
                if node not in (head, holder)][0]
        os.kill(deaf.role("journal"), signal.SIGSTOP)
        head.run("handover", "-w", "1", "w", deaf.settings["name"])
        cluster.next_life(life, 40)
        cluster.wait_all()
        cluster.check()


class Unlike(nodes.Cluster):
    """Each node has its own idea of what "once" is."""

    def top(self, member):
        words = f"echo {member.index} >> {self.traces}/once"
        return (super().top(member).rstrip("};\n") + "};\n"
                f'once = {{ command = [ "/bin/sh", "-c", "{words}" ]; '
                'restart = "transient"; prefer = [ "n2" ]; };\n};\n')


def differs():
    """What was done by one definition is not done for ever by the others."""
    with Unlike(3, memory=True, singletons={"w": AGAIN}) as cluster:
        for node in cluster.nodes[:2]:
            node.spawn()
        head = cluster.wait_for(lambda: leader(cluster), 20, "a leader")
        cluster.nodes[2].spawn()
        for node in cluster.nodes:
            node.wait_ready(30)
        head.kill_all()
        head.process.wait(10)
        cluster.wait_for(lambda: leader(cluster) not in (None, head), 20,
                         "another leader")
        time.sleep(2)
        runs = lib.read(f"{cluster.traces}/once").split()
        check(len(runs) <= 3, "once:", runs)


def main():
    differs()
    stall.judged(LEASE_MS, comes_back)
    cannot_join()
    stands_still()
    ignores()


if __name__ == "__main__":
    lib.main(main)
