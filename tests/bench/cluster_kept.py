#!/usr/bin/env python3
"""100,000 kept jobs on each of three nodes: what a poll costs, against a
cluster with few in the same run; and a fourth node that joins."""
import os
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import bench  # noqa: E402
from bench import lib  # noqa: E402
import node as single  # noqa: E402
import peers  # noqa: E402
from working import Working  # noqa: E402

KEPT = int(os.environ.get("KEPT", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
CLIENTS = 64
LIMIT_S = 5
RATIO = 1.1
UNITS = {"us": 0.001, "ms": 1, "s": 1000}


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


def fill(cluster, nodes, program):
    """Each is cancelled at once by who leads, which ends it."""
    head = next(node for node in nodes if is_leading(node))
    begin = time.perf_counter()
    subprocess.run([program, str(KEPT), str(CLIENTS), str(head.port), "idle",
                    cluster.cookie, "cancel"], check=True,
                   stdout=subprocess.DEVNULL)
    took = time.perf_counter() - begin
    for node in nodes:
        cluster.wait_for(lambda n=node: kept(n) >= KEPT, 60,
                         f"{node.settings['name']} knows all, but "
                         f"{kept(node)}")
    print(f"{KEPT} submitted and cancelled in {took:.0f} s, known everywhere "
          f"{time.perf_counter() - begin - took:.2f} s later", flush=True)


def poll(cluster, node, ident):
    """(polls/s, p99 in ms) of asking NODE for a while."""
    told = subprocess.run(
        ["wrk", "-t", "1", "-c", "16", "-d", "2s", "--latency", "-H",
         f"Cookie: {cluster.cookie}",
         f"http://127.0.0.1:{node.port}/v1/jobs/{ident}"], check=True,
        capture_output=True, text=True).stdout
    lib.check("Non-2xx" not in told, told)
    value, unit = re.search(r"99%\s+([0-9.]+)(us|ms|s)", told).groups()
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", told).group(1)
    return float(rate), float(value) * UNITS[unit]


def start(cluster, nodes):
    for node in nodes:
        node.spawn()
    for node in nodes:
        node.wait_ready()
    lib.wait_for(lambda: any(map(is_leading, nodes)), 20, "one leads")
    return cluster.submit(nodes[0], "idle")


def compare(few, one, full, other):
    """Polls of each of three nodes, in turns: what else the machine does
    hits both alike."""
    rates, late = ([], []), ([], [])
    for turn in range(ROUNDS * 3):
        order = ((few, one, 0), (full, other, 1))
        for cluster, ident, which in order if turn % 2 else order[::-1]:
            rate, p99 = poll(cluster, cluster.nodes[turn % 3], ident)
            rates[which].append(rate)
            late[which].append(p99)
    bench.show(f"polls with {KEPT} kept", rates[1], "/s", "with few",
               rates[0])
    bench.show("their p99", late[1], "ms", "with few", late[0])
    ratio = bench.median([b / a for a, b in zip(*late)])
    bench.promise(ratio <= RATIO,
                  f"p99 at most {RATIO} of that with few: {ratio:.2f}")


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


def main():
    single.need("wrk")
    with Working(count=3, kinds=("idle",), workers=1) as few, \
            Working(count=4, kinds=("idle",), workers=1) as full, \
            tempfile.TemporaryDirectory() as folder:
        program = peers.build("submit", folder)
        one = start(few, few.nodes)
        other = start(full, full.nodes[:3])
        fill(full, full.nodes[:3], program)
        compare(few, one, full, other)
        for cluster in (few, full):
            sizes = [lib.tree_bytes(node.state) / 1e6
                     for node in cluster.nodes[:3]]
            print(f"state of a node: {max(sizes):.1f} MB")
        join(full)


if __name__ == "__main__":
    bench.main(main)
