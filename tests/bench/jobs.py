#!/usr/bin/env python3
"""Jobs that run /bin/true, two durable records each, against xargs -P.

All wait before the first starts, behind as many jobs as there are workers,
which end when a file appears; the time runs from there to the last end.
"""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import bench  # noqa: E402
import feeder
from bench import lib  # noqa: E402

COUNT = int(os.environ.get("COUNT", "4000"))
WORKERS = os.cpu_count() or 1
RATIO = 0.6



def pending(node):
    client = node.operator()
    answer = client.ask("GET", "/v1/jobs?state=pending&limit=1").json()
    running = client.ask("GET", "/v1/jobs?state=processing&limit=1").json()
    client.close()
    return bool(answer["jobs"] or running["jobs"])


def ours():
    node = lib.Node(workers=WORKERS, state=lib.memory_dir())
    gate = os.path.join(node.dir, "gate")
    node.write_conf(jobs=(
        'ok = { command = [ "/bin/true" ]; max-pending = 16000; };\n'
        'gate = { command = [ "/bin/sh", "-c", "until [ -e $$0 ]; do '
        f'sleep 0.01; done", "{gate}" ]; max-pending = 16000; }};'))
    node.start()
    feeder.feed(node, "gate", WORKERS)
    ids = feeder.feed(node, "ok", COUNT)
    start = time.perf_counter()
    with open(gate, "w", encoding="ascii"):
        pass
    bench.until(lambda: not pending(node), 120, 0.01)
    took = time.perf_counter() - start
    client = node.operator()
    for ident in ids[::97]:
        job = client.ask("GET", f"/v1/jobs/{ident}").json()
        lib.check(job["state"] == "ready", job)
    lib.check(node.stop() == 0, "bad stop")
    node.end()
    return COUNT / took


def xargs():
    start = time.perf_counter()
    subprocess.run(["xargs", "-P", str(WORKERS), "-n", "1", "/bin/true"],
                   input="\n".join(str(n) for n in range(COUNT)), text=True,
                   check=True)
    return COUNT / (time.perf_counter() - start)


def main():
    mine, peer = [], []
    for _ in range(bench.RUNS):
        mine.append(ours())
        peer.append(xargs())
    bench.show(f"/bin/true, {WORKERS} at once", mine, "jobs/s", "xargs", peer)
    ratio = bench.median([m / p for m, p in zip(mine, peer)])
    bench.promise(ratio >= RATIO, f"at least {RATIO} of xargs: {ratio:.3g}")


if __name__ == "__main__":
    bench.main(main)
