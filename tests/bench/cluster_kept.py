#!/usr/bin/env python3
"""100,000 kept jobs on each of three nodes: what a poll costs, against a
cluster with few in the same run; a fourth node that joins; and all of them
started again after a loss of power."""
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import bench  # noqa: E402
from bench import lib  # noqa: E402
import peers  # noqa: E402
from working import Working  # noqa: E402

KEPT = int(os.environ.get("KEPT", "100000"))
FEW = 1000
ROUNDS = int(os.environ.get("ROUNDS", "9"))
POLLS = 5000  # of each, in a round
CLIENTS = 64
LIMIT_S = 5
POWER_S = 10
RATIO = 1.1


def kept(node):
    """How many jobs it knows; -1 when it does not answer."""
    client = node.operator(timeout=5)
    try:
        return client.ask("GET", "/v1/status").json()["kept"]
    except (OSError, lib.http.client.HTTPException, ValueError, KeyError):
        return -1
    finally:
        client.close()


def is_leading(node):
    return "journal: leads" in node.log()


def fill(cluster, nodes, program, count):
    """Each is cancelled at once by who leads, which ends it."""
    head = next(node for node in nodes if is_leading(node))
    begin = time.perf_counter()
    subprocess.run([program, str(count), str(CLIENTS), str(head.port), "idle",
                    cluster.cookie, "cancel"], check=True,
                   stdout=subprocess.DEVNULL)
    took = time.perf_counter() - begin
    for node in nodes:
        cluster.wait_for(lambda n=node: kept(n) >= count, 60,
                         f"{node.settings['name']} knows all, but "
                         f"{kept(node)}")
    print(f"{count} submitted and cancelled in {took:.1f} s, known everywhere "
          f"{time.perf_counter() - begin - took:.2f} s later", flush=True)


def start(cluster, nodes):
    for node in nodes:
        node.spawn()
    for node in nodes:
        node.wait_ready()
    lib.wait_for(lambda: any(map(is_leading, nodes)), 20, "one leads")
    cluster.submit(nodes[0], "idle")


class Asker:
    """Of one node, a job after the other, on one connection."""

    def __init__(self, cluster, node, ids):
        self.ids = ids
        self.head = (f" HTTP/1.1\r\nHost: x\r\nCookie: {cluster.cookie}"
                     "\r\n\r\n").encode()
        self.sock = socket.create_connection(("127.0.0.1", node.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.took = []

    def ask(self):
        ident = random.choice(self.ids).encode()
        begin = time.perf_counter()
        self.sock.sendall(b"GET /v1/jobs/" + ident + self.head)
        told = self.sock.recv(65536)
        self.took.append((time.perf_counter() - begin) * 1000)
        lib.check(told.startswith(b"HTTP/1.1 200 ") and ident in told, told)


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def compare(few, full):
    """In turns, one request of each: what else the machine does hits both
    alike."""
    ids = [[job["id"] for job in cluster.listed(cluster.nodes[0], "idle")][::n]
           for cluster, n in ((few, 1), (full, KEPT // FEW))]
    ratios, late, usual = [], ([], []), ([], [])
    for turn in range(ROUNDS):
        askers = [Asker(cluster, cluster.nodes[turn % 3], some)
                  for cluster, some in zip((few, full), ids)]
        for number in range(POLLS):
            for asker in askers if number % 2 else askers[::-1]:
                asker.ask()
        for n, asker in enumerate(askers):
            late[n].append(p99(asker.took))
            usual[n].append(bench.median(asker.took))
            asker.sock.close()
        ratios.append(late[1][-1] / late[0][-1])
    bench.show(f"a poll with {KEPT} kept", usual[1], "ms", f"with {FEW}",
               usual[0])
    bench.show("its p99", late[1], "ms", f"with {FEW}", late[0])
    print("rounds:", " ".join(f"{ratio:.2f}" for ratio in ratios))
    bench.promise(bench.median(ratios) <= RATIO,
                  f"p99 at most {RATIO} of that with few: "
                  f"{bench.median(ratios):.2f}")


def join(cluster):
    """Seconds from the start of a fourth node until it knows all."""
    took = []
    node = cluster.nodes[3]
    for _ in range(3):
        begin = time.perf_counter()
        node.spawn()
        bench.until(lambda: kept(node) >= KEPT, 60, 0.005)
        took.append(time.perf_counter() - begin)
        node.wait_ready()
        lib.check(node.stop() == 0, "bad stop", node.log()[-2000:])
    bench.show("a fourth node joins and knows all", took, "s")
    bench.promise(max(took) <= LIMIT_S, f"within {LIMIT_S} s")


def power(nodes):
    """Seconds until one leads again, all having lost power at once."""
    for node in nodes:
        node.kill_all()
        node.process.wait(10)
    said = [len(node.log()) for node in nodes]
    begin = time.perf_counter()
    for node in nodes:
        node.spawn()
    bench.until(lambda: any("journal: leads" in node.log()[at:]
                            for node, at in zip(nodes, said)), 60, 0.02)
    took = time.perf_counter() - begin
    bench.until(lambda: all(kept(node) >= KEPT for node in nodes), 60, 0.05)
    bench.show("after a loss of power one leads", [took], "s")
    bench.promise(took <= POWER_S, f"within {POWER_S} s")


def main():
    with Working(count=3, kinds=("idle",), workers=1) as few, \
            Working(count=4, kinds=("idle",), workers=1) as full, \
            tempfile.TemporaryDirectory() as folder:
        program = peers.build("submit", folder)
        start(few, few.nodes)
        start(full, full.nodes[:3])
        fill(few, few.nodes, program, FEW)
        fill(full, full.nodes[:3], program, KEPT)
        compare(few, full)
        sizes = [lib.tree_bytes(node.state) / 1e6 for node in full.nodes[:3]]
        print(f"state of a node with all: {max(sizes):.1f} MB")
        join(full)
        power(full.nodes[:3])


if __name__ == "__main__":
    bench.main(main)
