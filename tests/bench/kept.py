#!/usr/bin/env -S python3 -B
"""What a poll costs with 100,000 jobs kept, against an empty store."""

import os
import sys
import tempfile

from node import ROUNDS, Node, build, median, need, run, verdict, wrk

KEPT = int(os.environ.get("KEPT", "100000"))


def main():
    need("wrk")
    ratios, empties, fulls = [], [], []
    with Node() as empty, Node() as full, \
            tempfile.TemporaryDirectory() as directory:
        polls = []
        for node in (empty, full):
            job, cookie = node.submit("long")
            polls.append((f"http://127.0.0.1:{node.port}/v1/jobs/{job['id']}",
                          [f"Cookie: {cookie}"]))
        # Each is cancelled, which ends it.
        run(build("submit", directory), KEPT, 64, full.port, "long", cookie,
            "cancel")
        kept = full.kept()
        # In turns: what else the machine does hits both alike.
        for turn in range(2 * ROUNDS):
            if turn % 2 == 0:
                empties.append(wrk(*polls[0], seconds=1))
            fulls.append(wrk(*polls[1], seconds=1))
            if turn % 2 == 1:
                empties.append(wrk(*polls[0], seconds=1))
            ratios.append(empties[-1] / fulls[-1])
    print("rounds:", " ".join(f"{ratio:.2f}" for ratio in ratios))
    print(f"kept: {kept} jobs; {median(fulls):.0f} polls/s, "
          f"empty store {median(empties):.0f}/s")
    return verdict("kept", median(ratios), 1.1, at_least=False)


if __name__ == "__main__":
    sys.exit(main())
