#!/usr/bin/env python3
"""[PART[=COUNT]...] [--lease 3s] [--seed N] [--memory] - jobs outlive their
nodes, while clients look at them through another node each time.

  kills=200    rounds: jobs run, their node is killed, half in order; the next
               attempt comes in time, goes on from what was saved, the files
               are what they would have been, and each job ends once
  flood=10000  submissions while nodes and roles are killed: what was
               acknowledged is found on every node, once, and ends once
  cancels=500  jobs cancelled, some forgotten, on any node, while nodes and
               roles are killed: each ends and does not run again
  clicks=1000  pairs of them at one moment on two nodes: one job
  cuts=5       rounds: a network that is cut disturbs no job
  losses=5     rounds: a node loses its storage: its jobs stop before its lease
               ends and finish elsewhere, once
  storm=60     seconds of all these faults and more, several at once
  blows=60     seconds of those that leave storage alone: no job fails by them
"""
import argparse
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "system"))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import lib  # noqa: E402
import jobs_cancels  # noqa: E402
import jobs_clicks  # noqa: E402
import jobs_flood  # noqa: E402
import jobs_kills  # noqa: E402
import jobs_splits  # noqa: E402
import jobs_storm  # noqa: E402
import stall  # noqa: E402

ROUNDS = os.environ.get("ROUNDS")
PARTS = {"kills": (jobs_kills.play, 200), "flood": (jobs_flood.play, 10000),
         "cancels": (jobs_cancels.play, 500),
         "clicks": (jobs_clicks.play, 1000), "cuts": (jobs_splits.cuts, 5),
         "losses": (jobs_splits.losses, 5), "storm": (jobs_storm.play, 60),
         "blows": (jobs_storm.blows, 60)}


def judged(play, count, options):
    """What is broken; where there is patience, of a machine in time."""
    if options.patience <= 1:
        return play(count, options)
    lease_ms = 1000 * float(options.lease.rstrip("s"))
    return stall.judged(lease_ms, lambda: play(count, options))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lease", default="3s")
    parser.add_argument("--seed", type=int,
                        default=random.randrange(1 << 31))
    parser.add_argument("--memory", action="store_true",
                        help="the shared directory in memory")
    parser.add_argument("--patience", type=float, default=1, help="factor of "
                        "all bounds but the lease, on a busy machine")
    parser.add_argument("parts", nargs="*", metavar="PART")
    options = parser.parse_args()
    random.seed(options.seed)
    print(f"seed {options.seed}, lease {options.lease}", flush=True)
    broken = []
    for part in options.parts or PARTS:
        name, _, count = part.partition("=")
        play, usual = PARTS[name]
        print(f"--- {name}", flush=True)
        try:
            broken += judged(play, int(count or ROUNDS or usual), options)
        except lib.Failed as failed:
            print("FAILED:", failed, flush=True)
            broken.append(f"{name} came to an end")
    for what in broken:
        print("BROKEN:", what)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    lib.main(main)
