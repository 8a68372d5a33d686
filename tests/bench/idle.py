#!/usr/bin/env python3
"""An idle node takes at most 7 MB; an idle Erlang VM is its peer."""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import bench  # noqa: E402
from bench import lib  # noqa: E402

LIMIT_KB = 7000
SETTLE = 2.0
JOBS = 'ok = { command = [ "/bin/true" ]; };'


def pss_kb(pid):
    for line in lib.read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def cpu_ticks(pid):
    fields = lib.stat_fields(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def ours():
    """PSS of all processes in kB, bytes of the state, CPU in ms/s."""
    node = lib.Node(jobs=JOBS, state=lib.memory_dir())
    try:
        node.start()
        time.sleep(SETTLE)
        roles = node.roles()
        before = sum(cpu_ticks(pid) for _, pid in roles)
        time.sleep(SETTLE)
        ticks = sum(cpu_ticks(pid) for _, pid in roles) - before
        each = [(name, pss_kb(pid)) for name, pid in roles]
        used = lib.tree_bytes(node.state)
        node.stop()
    finally:
        node.end()
    cpu = ticks * 1000 / os.sysconf("SC_CLK_TCK") / SETTLE
    return each, used, cpu


def erlang():
    vm = subprocess.Popen(["erl", "-noinput", "-noshell"],
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, process_group=0)
    time.sleep(SETTLE)
    found, todo = 0, [vm.pid]
    tree = lib.children()
    while todo:
        pid = todo.pop()
        found += pss_kb(pid)
        todo += tree.get(pid, [])
    os.killpg(vm.pid, signal.SIGKILL)
    vm.wait()
    return found


def main():
    mine, state, cpu, peer = [], [], [], []
    for _ in range(bench.RUNS):
        each, used, ran = ours()
        mine.append(sum(kb for _, kb in each) / 1000)
        state.append(used / 1e6)
        cpu.append(ran)
        if shutil.which("erl"):
            peer.append(erlang() / 1000)
    print("processes:", ", ".join(f"{name} {kb} kB" for name, kb in each))
    bench.show("idle node, PSS", mine, "MB", "erl", peer)
    bench.show("its state directory, on tmpfs", state, "MB")
    bench.show("its processor time", cpu, "ms/s")
    bench.promise(bench.median(mine) * 1000 <= LIMIT_KB,
                  f"an idle node takes at most {LIMIT_KB / 1000} MB")


if __name__ == "__main__":
    bench.main(main)
