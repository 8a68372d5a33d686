#!/usr/bin/env python3
"""From the crash of a service that had run two seconds to the first line of
its successor, without back-off: at most 1.5 times as long as runit's and s6's
own, in the same run; of a singleton at most 10 ms.  s6 waits a second, unless
it was told of readiness.

Then, told without a promise, how long a singleton is away when its worker is
killed, its worker and the journal role, the supervisor, and the guardian, with
a new one started at once."""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import bench  # noqa: E402
from bench import lib  # noqa: E402

LIMIT = 1.5
LIMIT_MS = 10
SECONDS = float(os.environ.get("SECONDS", "75"))
ROUNDS = int(os.environ.get("ROUNDS", "10"))
UNIT = """{name} = {{ command = [ "{dir}/run"{word} ]; dir = "{dir}";
  backoff = "0s"; max-restarts = 1000; max-seconds = "1s"; }};"""
AWAY = (("worker",), ("worker", "journal"), ("supervisor",), ("guardian",))


def unit(path, name, word=""):
    return UNIT.format(dir=path, name=name, word=word)


def place(top, name, program):
    path = os.path.join(top, name)
    os.mkdir(path)
    shutil.copy(program, os.path.join(path, "run"))
    return path


def beats(path):
    """(what, nanoseconds) of each line that was written."""
    lines = lib.read(os.path.join(path, "beats")).splitlines()
    return [(what, int(at)) for what, at in map(str.split, lines)]


def gaps(path):
    """Milliseconds from each crash to the next start."""
    lines = beats(path)
    return [(b[1] - a[1]) / 1e6 for a, b in zip(lines, lines[1:])
            if a[0] == "crash"]


def peers(top, program):
    """Name -> (its directory, its process)."""
    found = {}
    for name, command in (("runit", "runsv"), ("s6", "s6-supervise")):
        if shutil.which(command):
            path = place(top, name, program)
            found[name] = (path, subprocess.Popen(
                [command, path], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL))
    return found


def end(process):
    """Both end their service at TERM."""
    tree = lib.children().get(process.pid, [])
    process.terminate()
    process.wait(10)
    for pid in tree:
        try:
            os.kill(pid, 15)
        except ProcessLookupError:
            pass


def crash(top, program):
    """What ours took, the service and the singleton, and what others did."""
    mine, single = place(top, "ours", program), place(top, "single", program)
    node = lib.Node(top=f"services = {{ {unit(mine, 'beat')} }};\n"
                        f"singletons = {{ {unit(single, 'single')} }};",
                    state=lib.memory_dir())
    others = peers(top, program)
    try:
        node.start()
        time.sleep(SECONDS)
    finally:
        node.end()
        for _, process in others.values():
            end(process)
    return gaps(mine), gaps(single), {
        name: gaps(path) for name, (path, _) in others.items()}


def away(top, program, names):
    """Milliseconds from the kill of these roles of a new node to the next
    start of its singleton."""
    path = place(top, "stays", program)
    stays = unit(path, "stays", ', "stay"')
    node = lib.Node(top=f"singletons = {{ {stays} }};",
                    state=lib.memory_dir())
    try:
        node.start()
        bench.until(lambda: beats(path), 30, 0.01)
        time.sleep(2)
        victims = [pid for role, pid in node.roles() if role in names]
        lib.check(len(victims) == len(names), "not all there:", names)
        begin = time.monotonic_ns()
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        if "guardian" in names:
            node.restart()
        bench.until(lambda: len(beats(path)) > 1, 30, 0.002)
        return (beats(path)[1][1] - begin) / 1e6
    finally:
        node.end()
        shutil.rmtree(path)
        shutil.rmtree(node.dir, ignore_errors=True)
        shutil.rmtree(node.state, ignore_errors=True)


def main():
    if not shutil.which("cc"):
        lib.skip("no compiler")
    top = lib.memory_dir()
    program = os.path.join(top, "beat")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "beat.c")
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    ours, single, others = crash(top, program)
    if not others:
        bench.show("crash to the next start", ours, "ms")
    for name, theirs in others.items():
        bench.show("crash to the next start", ours, "ms", name, theirs)
        bench.promise(bench.median(ours) <= LIMIT * bench.median(theirs),
                      f"at most {LIMIT} times as long as {name} takes")
    bench.show("crash of a singleton to the next start", single, "ms")
    bench.promise(bench.median(single) <= LIMIT_MS, f"at most {LIMIT_MS} ms")
    for names in AWAY:
        bench.show(f"singleton away, killed {' and '.join(names)}",
                   [away(top, program, names) for _ in range(ROUNDS)], "ms")


if __name__ == "__main__":
    bench.main(main)
