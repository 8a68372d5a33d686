#!/usr/bin/env python3
"""[start] [admit] - three nodes on a local disk: from a submission to the
first line of its job, and submissions a second at 64 clients of all nodes.

Each is set against what the disk itself takes in the same run; submissions
also against Redis and PostgreSQL, where they are, with as many clients whose
every write is synced.
"""
import os
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
from working import Working, once_lines, spread  # noqa: E402

CLIENTS = 64
STARTS = int(os.environ.get("STARTS", "600"))
ADMITTED = int(os.environ.get("COUNT", "12000"))  # 16384 may live at once
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PAUSE_S = 0.02
P50_MS, P99_MS = 10, 50
RATE = 3000
HERE = os.path.dirname(os.path.abspath(__file__))


def nth(values, part):
    rank = sorted(values)
    return rank[min(len(rank) - 1, int(len(rank) * part))]


# ---- submit to first line ----

def ask_in_turn(cluster):
    """id -> (when it was asked for, ms until it was acknowledged)."""
    clients = [node.operator() for node in cluster.nodes]
    asked = {}
    for number in range(STARTS):
        client = clients[number % len(clients)]
        begin = time.monotonic_ns()
        job = lib.submit(client, "once")
        asked[job["id"]] = (begin, (time.monotonic_ns() - begin) / 1e6)
        time.sleep(PAUSE_S)
    return asked


def start():
    with Working(kinds=("once",), workers=4) as cluster:
        cluster.start()
        ask_in_turn(cluster)  # all are warm
        disk = peers.sync_ms(cluster.shared)
        asked = ask_in_turn(cluster)
        disk += peers.sync_ms(cluster.shared)
        lines = cluster.wait_for(
            lambda: (lambda found: found if asked.keys() <= found.keys()
                     else None)(once_lines(cluster.once)), 30, "all ran")
    took = [(int(lines[ident][0][0]) - begin) / 1e6
            for ident, (begin, _) in asked.items()]
    acked = [ms for _, ms in asked.values()]
    print(f"append and fdatasync of 512 bytes: {spread(disk, form='.2f')}")
    print(f"submission to its answer: {spread(acked, form='.2f')}")
    print(f"submission to the job's first line: {spread(took, form='.2f')}; "
          f"median {nth(took, 0.5) / nth(disk, 0.5):.1f} syncs")
    bench.promise(nth(took, 0.5) <= P50_MS, f"median within {P50_MS} ms")
    bench.promise(nth(took, 0.99) <= P99_MS, f"p99 within {P99_MS} ms")


# ---- submissions a second ----

def submit_all(program, cluster, cookies):
    """Seconds until ADMITTED are acknowledged, a third by each node."""
    share = [CLIENTS // 3 + (n < CLIENTS % 3) for n in range(3)]
    begin = time.perf_counter()
    running = [subprocess.Popen(
        [program, str(ADMITTED // 3), str(share[n]), str(node.port), "idle",
         cookies], stdout=subprocess.DEVNULL)
        for n, node in enumerate(cluster.nodes)]
    for process in running:
        lib.check(process.wait(120) == 0, "a client failed\n",
                  cluster.logs())
    return time.perf_counter() - begin


def admit_once(program):
    """(admissions/s, ms of a sync)"""
    with Working(kinds=("idle",), workers=1) as cluster:
        cluster.start()
        cluster.submit(cluster.nodes[0], "idle")
        disk = peers.sync_ms(cluster.shared)
        took = submit_all(program, cluster, cluster.cookie)
        node = cluster.nodes[0]
        client = node.operator()
        cluster.wait_for(lambda: client.ask("GET", "/v1/status").json()
                         ["kept"] >= ADMITTED, 20, "all are known")
        return ADMITTED / took, nth(disk, 0.5)


def admit():
    ours, disk, others = [], [], {}
    with tempfile.TemporaryDirectory() as folder:
        program = peers.build("submit", folder)
        for _ in range(ROUNDS):
            rate, sync = admit_once(program)
            ours.append(rate)
            disk.append(sync)
            for name, rate in peers.rates(CLIENTS, ADMITTED).items():
                others.setdefault(name, []).append(rate)
    bench.show("durable submissions of three nodes", ours, "/s",
               "one fdatasync after the other", [1000 / ms for ms in disk])
    for name, rates in others.items():
        bench.show(f"  {name}", rates, "/s")
        print(f"  ratio to {name}: "
              f"{bench.median(ours) / bench.median(rates):.2f}")
    bench.promise(bench.median(ours) >= RATE, f"at least {RATE}/s at "
                  f"{CLIENTS} clients")


PARTS = {"start": start, "admit": admit}


def main():
    for name in sys.argv[1:] or PARTS:
        print(f"--- {name}", flush=True)
        PARTS[name]()


if __name__ == "__main__":
    bench.main(main)
