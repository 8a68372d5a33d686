"""What the benches share: medians, ratios, and a verdict."""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "system"))
import lib  # noqa: E402  pylint: disable=wrong-import-position

RUNS = int(os.environ.get("RUNS", "5"))
broken = []


def median(values):
    return statistics.median(values)


def show(what, values, unit, peer=None, peer_values=None):
    """One line: our median with its spread, the peer's, the ratio."""
    line = (f"{what}: {median(values):.4g} {unit} "
            f"(of {len(values)}: {min(values):.4g} to {max(values):.4g})")
    if peer_values:
        line += (f"; {peer}: {median(peer_values):.4g} {unit}; ratio "
                 f"{median(values) / median(peer_values):.3g}")
    print(line, flush=True)


def promise(kept, what):
    print(("kept: " if kept else "BROKEN: ") + what, flush=True)
    if not kept:
        broken.append(what)


def main(body):
    lib.main(body)
    sys.exit(1 if broken else 0)


def until(condition, seconds, pause=0.0005):
    """Seconds until CONDITION held, looked at all the time."""
    start = time.perf_counter()
    while not condition():
        lib.check(time.perf_counter() - start < seconds, "waited", seconds,
                  "s in vain")
        time.sleep(pause)
    return time.perf_counter() - start
