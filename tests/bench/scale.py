#!/usr/bin/env python3
"""What a cluster at rest costs each of its nodes, for 3 to 64: a table."""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
import bench  # noqa: E402
from bench import lib  # noqa: E402

LIMIT_CPU = 0.5  # per cent of a core: looks, writes and datagrams


def body():
    tool = os.path.join(os.path.dirname(lib.HOLDFAST), "tests", "lab", "scale")
    table = subprocess.run([tool], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    print(table, end="")
    most = max(float(row.split()[4]) + float(row.split()[6])
               for row in table.splitlines()[2:])
    bench.promise(most <= LIMIT_CPU,
                  f"at most {LIMIT_CPU} % of a core, at any size")


if __name__ == "__main__":
    bench.main(body)
