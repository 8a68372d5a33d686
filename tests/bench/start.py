#!/usr/bin/env python3
"""From spawn to the first 200 of /readyz in at most 50 ms; nginx beside it."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import bench  # noqa: E402
from bench import lib  # noqa: E402

LIMIT_MS = 50
JOBS = 'ok = { command = [ "/bin/true" ]; };'
NGINX = """
daemon off; pid {dir}/pid; error_log {dir}/error;
worker_processes 2;
events {{ }}
http {{ access_log off; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "ok"; }} }} }}
"""


def answers(port, path):
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as sock:
            sock.sendall(b"GET " + path + b" HTTP/1.0\r\nHost: x\r\n\r\n")
            return sock.recv(64).split(b" ", 2)[1] == b"200"
    except (OSError, IndexError):
        return False


def ours():
    node = lib.Node(jobs=JOBS, state=lib.memory_dir())
    start = time.perf_counter()
    node.spawn()
    bench.until(lambda: answers(node.port, b"/readyz"), 20)
    took = time.perf_counter() - start
    start = time.perf_counter()
    lib.check(node.stop() == 0, "bad stop")
    stopped = time.perf_counter() - start
    node.end()
    return took * 1000, stopped * 1000


def nginx():
    with tempfile.TemporaryDirectory() as dir:
        port = lib.free_port()
        conf = os.path.join(dir, "conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(NGINX.format(dir=dir, port=port))
        start = time.perf_counter()
        with subprocess.Popen(["nginx", "-p", dir, "-c", conf],
                              stderr=subprocess.DEVNULL) as process:
            bench.until(lambda: answers(port, b"/"), 20)
            took = time.perf_counter() - start
            process.terminate()
    return took * 1000


def main():
    mine, stops, peer = [], [], []
    for _ in range(2 * bench.RUNS + 1):
        took, stopped = ours()
        mine.append(took)
        stops.append(stopped)
        if shutil.which("nginx"):
            peer.append(nginx())
    bench.show("spawn to /readyz", mine, "ms", "nginx", peer)
    bench.show("TERM to the end", stops, "ms")
    bench.promise(bench.median(mine) <= LIMIT_MS,
                  f"ready within {LIMIT_MS} ms")


if __name__ == "__main__":
    bench.main(main)
