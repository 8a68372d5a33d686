#!/usr/bin/env python3
"""See badinput.sh.  A case is a function whose name is a sentence."""
import os
import sys
import time
import traceback

import badinput_http
import badinput_jobs
import badinput_start
import badinput_storage
import lib


def cases():
    for module in (badinput_start, badinput_storage, badinput_http,
                   badinput_jobs):
        for case in module.CASES:
            yield case


def run(case):
    start = time.monotonic()
    try:
        verdict = case() or "ok"
    except lib.Failed as failed:
        verdict = f"FAILED: {failed}"
    except Exception as error:  # pylint: disable=broad-except
        where = traceback.extract_tb(error.__traceback__)
        verdict = "FAILED: " + ", ".join(
            f"{os.path.basename(at.filename)}:{at.lineno}" for at in where
            if "badinput" in at.filename) + f": {error!r}"
    print(f"{case.__name__.replace('_', ' ')}: {verdict} "
          f"({time.monotonic() - start:.1f} s)", flush=True)
    return not verdict.startswith("FAILED")


if __name__ == "__main__":
    wanted = sys.argv[1:]
    chosen = [case for case in cases()
              if not wanted or any(word in case.__name__ for word in wanted)]
    failures = [case for case in chosen if not run(case)]
    sys.exit(1 if failures or not chosen else 0)
