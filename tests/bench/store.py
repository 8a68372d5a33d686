#!/usr/bin/env python3
"""With 100,000 kept jobs a restart is ready within 1.5 s, and the journal is
at most twice its live records.  Redis, loading as many, is the peer."""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import bench  # noqa: E402
import feeder
from bench import lib  # noqa: E402

KEPT = int(os.environ.get("KEPT", "100000"))
LIMIT_S = 1.5
SLACK = 2 << 20  # room reserved ahead, and for outcomes
FRAME_FIRST, FRAME_HEADER, FRAME_ALIGN = 1024, 16, 8
KEY = re.compile(rb"job/[0-9a-z]{26}|epoch")


def answers(node):
    client = node.operator(2)
    try:
        return client.ask("GET", "/readyz").status == 200
    except (OSError, lib.http.client.HTTPException):
        return False
    finally:
        client.close()


def frames(data):
    """(key, bytes) of each frame of a segment, in order."""
    at = FRAME_FIRST
    while at + FRAME_HEADER <= len(data):
        _, size, _, _ = struct.unpack_from("<4I", data, at)
        if size == 0:
            return
        bytes_ = (FRAME_HEADER + size + FRAME_ALIGN - 1) & ~(FRAME_ALIGN - 1)
        key = KEY.search(data, at, at + bytes_)
        yield (key.group() if key else b"", bytes_)
        at += bytes_


def journal(node):
    """Bytes that count as live, bytes on the disk."""
    live = {}
    folder = os.path.join(node.shared, "journal", "trial")
    for name in sorted(os.listdir(folder)):
        data = lib.read(os.path.join(folder, name), "rb")
        for key, size in frames(data):
            live[key] = size
    return sum(live.values()), lib.tree_bytes(folder), len(live)


def fill(node):
    start = time.perf_counter()
    done = 0
    while done < KEPT:
        part = min(8000, KEPT - done)
        feeder.feed(node, "ok", part)
        done += part
    wait_idle(node)
    took = time.perf_counter() - start
    print(f"{KEPT} jobs submitted and run in {took:.0f} s: "
          f"{KEPT / took:.0f}/s", flush=True)


def wait_idle(node):
    client = node.operator()

    def idle():
        return not any(client.ask(
            "GET", f"/v1/jobs?state={state}&limit=1").json()["jobs"]
            for state in ("pending", "processing"))
    bench.until(idle, 300, 0.1)


def restart(node):
    start = time.perf_counter()
    node.spawn()
    bench.until(lambda: answers(node), 60, 0.002)
    return time.perf_counter() - start


def redis():
    """Seconds from spawn to the first answer that is not "loading"."""
    with tempfile.TemporaryDirectory() as dir:
        sock = os.path.join(dir, "sock")
        words = ["redis-server", "--port", "0", "--unixsocket", sock, "--dir",
                 dir, "--appendonly", "yes", "--save", "",
                 "--aof-use-rdb-preamble", "no", "--daemonize", "no"]

        def ask(*command, data=None):
            got = subprocess.run(["redis-cli", "-s", sock, *command],
                                 input=data, capture_output=True, check=False)
            return got.stdout

        def spawn():
            return subprocess.Popen(words, stdout=subprocess.DEVNULL)
        process = spawn()
        bench.until(lambda: b"PONG" in ask("ping"), 20, 0.005)
        lines = b"".join(b"HSET job:%d json %s state ready\r\n" %
                         (n, b"x" * 400) for n in range(KEPT))
        ask("--pipe", data=lines)
        took = []
        for _ in range(bench.RUNS):
            process.terminate()
            process.wait()
            start = time.perf_counter()
            process = spawn()
            bench.until(lambda: b"PONG" in ask("ping"), 60, 0.002)
            took.append(time.perf_counter() - start)
        process.kill()
        process.wait()
    return took


def main():
    node = lib.Node(workers=os.cpu_count() or 1, state=lib.memory_dir(), jobs=(
        'ok = { command = [ "/bin/true" ]; max-pending = 16000; '
        'keep = "24h"; };'))
    node.start()
    fill(node)
    client = node.operator()
    last = client.ask("GET", "/v1/jobs?limit=1").json()["jobs"][0]["id"]
    running = journal(node)
    lib.check(node.stop() == 0, "bad stop")
    took = []
    for _ in range(bench.RUNS):
        took.append(restart(node))
        lib.check(node.operator().ask("GET", f"/v1/jobs/{last}").status ==
                  200, "lost", last)
        after = journal(node)
        lib.check(node.stop() == 0, "bad stop")
    peer = redis() if shutil.which("redis-server") else None
    bench.show(f"restart with {KEPT} kept jobs", took, "s", "redis", peer)
    bench.promise(bench.median(took) <= LIMIT_S,
                  f"ready within {LIMIT_S} s")
    for when, (live, size, count) in (("before", running), ("after", after)):
        print(f"journal {when} the restarts: {size / 1e6:.1f} MB, live "
              f"{live / 1e6:.1f} MB in {count} records; ratio "
              f"{size / live:.2f}; view "
              f"{lib.tree_bytes(node.state) / 1e6:.1f} MB")
        bench.promise(size <= 2 * live + SLACK,
                      "the journal is at most twice its live records")


if __name__ == "__main__":
    bench.main(main)
