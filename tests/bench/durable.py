#!/usr/bin/env -S python3 -B
"""Submissions a second at 64 clients, each answered once it is durable.

The peer is the disk: fdatasync of what is overwritten in a file filled with
zeros beforehand, in the same directory.  Two syncs may lie between a client's
requests."""

import os
import sys
import tempfile
import time

from node import ROUNDS, Node, build, median, run, verdict

CLIENTS = 64
COUNT = int(os.environ.get("COUNT", "12000"))
SYNCS = 500


def fdatasync_s(directory):
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        file.write(bytes(SYNCS * 4096))
        file.flush()
        os.fsync(file.fileno())
        times = []
        for i in range(SYNCS):
            os.pwrite(file.fileno(), os.urandom(4096), i * 4096)
            since = time.monotonic()
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - since)
    return median(times)


def main():
    rates, syncs, ratios = [], [], []
    with tempfile.TemporaryDirectory() as directory:
        submit = build("submit", directory)
        for _ in range(ROUNDS):
            with Node() as node:
                _, cookie = node.submit("long")
                syncs.append(fdatasync_s(os.path.join(node.dir, "shared")))
                took = float(run(submit, COUNT, CLIENTS, node.port, "long",
                                 cookie))
            rates.append(COUNT / took)
            ratios.append(rates[-1] /
                          min(10000, 0.7 * CLIENTS / (2 * syncs[-1])))
    print(f"durable: {median(rates):.0f} submissions/s, "
          f"fdatasync {median(syncs) * 1e3:.3f} ms")
    return verdict("durable", median(ratios), 1.0)


if __name__ == "__main__":
    sys.exit(main())
