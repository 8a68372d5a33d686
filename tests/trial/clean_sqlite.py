#!/usr/bin/env python3
"""[SECONDS [SEED]] - outdated rows are deleted in time, by one at a time,
whatever is killed: ten minutes of what tests/system/clean_sqlite.py says."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "system"))
for name, default in (("REACH", "3"), ("EVERY", "2"), ("GAP", "5"),
                      ("DURATION", "600")):
    os.environ.setdefault(name, default)
for name, value in zip(("DURATION", "SEED"), sys.argv[1:]):
    os.environ[name] = value
import clean_sqlite  # noqa: E402  pylint: disable=wrong-import-position

if __name__ == "__main__":
    clean_sqlite.main()
