#!/usr/bin/env python3
"""300 services: all started within 2 s, at most 150 KiB of ours each."""
import os
import sys
import time

sys.dont_write_bytecode = True
import bench  # noqa: E402
from bench import lib  # noqa: E402
from idle import cpu_ticks, pss_kb  # noqa: E402

COUNT = 300
START_LIMIT_S = 2
PSS_LIMIT_KB = 150
SETTLE = 2.0


def configuration():
    return "services = {\n" + "".join(
        f's{i} = {{ command = [ "/bin/sleep", "100000" ]; }};\n'
        for i in range(COUNT)) + "};\n"


def started(node):
    return sum(1 for _, name in below(node) if name == "sleep")


def below(node):
    """(pid, command) of all below the node."""
    tree, todo, found = lib.children(), [node.process.pid], []
    while todo:
        pid = todo.pop()
        try:
            found.append((pid, lib.read(f"/proc/{pid}/comm").strip()))
        except OSError:
            continue
        todo += tree.get(pid, [])
    return found


def one():
    """Seconds to start all, kB of ours each, seconds to stop all."""
    node = lib.Node(top=configuration(), state=lib.memory_dir())
    try:
        begin = time.perf_counter()
        node.spawn()
        bench.until(lambda: started(node) == COUNT, 60, 0.02)
        took = time.perf_counter() - begin
        time.sleep(SETTLE)
        ours = [pid for pid, name in below(node) if name != "sleep"]
        each = sum(pss_kb(pid) for pid in ours) / COUNT
        idle = sum(cpu_ticks(pid) for pid in ours)
        time.sleep(SETTLE)
        idle = sum(cpu_ticks(pid) for pid in ours) - idle
        begin = time.perf_counter()
        lib.check(node.stop() == 0, "bad stop")
        return took, each, time.perf_counter() - begin, idle
    finally:
        node.end()


def main():
    runs = [one() for _ in range(bench.RUNS)]
    took, each, stopped, idle = ([run[i] for run in runs] for i in range(4))
    bench.show(f"{COUNT} services, all started", took, "s")
    bench.show("ours for each, PSS, all roles included", each, "kB")
    bench.show("all stopped", stopped, "s")
    tick = 1000 / os.sysconf("SC_CLK_TCK") / SETTLE
    bench.show("processor time of ours", [t * tick for t in idle], "ms/s")
    bench.promise(bench.median(took) <= START_LIMIT_S,
                  f"all start within {START_LIMIT_S} s")
    bench.promise(bench.median(each) <= PSS_LIMIT_KB,
                  f"at most {PSS_LIMIT_KB} KiB of ours each")


if __name__ == "__main__":
    bench.main(main)
