#!/usr/bin/env python3
"""From the crash of a service that had run two seconds to the first line of
its successor, without back-off: at most 1.5 times as long as runit's and s6's
own, in the same run.  s6 waits a second, unless it was told of readiness."""
import os
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import bench  # noqa: E402
from bench import lib  # noqa: E402

LIMIT = 1.5
SECONDS = float(os.environ.get("SECONDS", "45"))
SERVICE = """services = {{ beat = {{ command = [ "{dir}/run" ]; dir = "{dir}";
  backoff = "0s"; max-restarts = 1000; max-seconds = "1s"; }}; }};"""


def place(top, name, program):
    path = os.path.join(top, name)
    os.mkdir(path)
    shutil.copy(program, os.path.join(path, "run"))
    return path


def gaps(path):
    """Milliseconds from each crash to the next start."""
    lines = [line.split() for line in
             lib.read(os.path.join(path, "beats")).splitlines()]
    return [(int(b[1]) - int(a[1])) / 1e6 for a, b in zip(lines, lines[1:])
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


def main():
    if not shutil.which("cc"):
        lib.skip("no compiler")
    top = lib.memory_dir()
    program = os.path.join(top, "beat")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "beat.c")
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    mine = place(top, "ours", program)
    node = lib.Node(top=SERVICE.format(dir=mine))
    others = peers(top, program)
    try:
        node.start()
        time.sleep(SECONDS)
    finally:
        node.end()
        for _, process in others.values():
            end(process)
    ours = gaps(mine)
    if not others:
        bench.show("crash to the next start", ours, "ms")
    for name, (path, _) in others.items():
        theirs = gaps(path)
        bench.show("crash to the next start", ours, "ms", name, theirs)
        bench.promise(bench.median(ours) <= LIMIT * bench.median(theirs),
                      f"at most {LIMIT} times as long as {name} takes")


if __name__ == "__main__":
    bench.main(main)
