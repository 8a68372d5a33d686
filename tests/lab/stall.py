"""How long the machine itself stood still.

A node that is not run for most of a lease loses it, and rightly: that nothing
was disturbed can be judged only where who asks for a moment's sleep was woken
in time.  One thread on each processor asks, all the time.
"""
import os
import sys
import threading
import time
from collections import deque

from judge import MS
import lib

NAP_MS = 10
LATE_MS = 5  # what is no stall
KEPT = 20000
TURNS = 6


class Watch(threading.Thread):
    """Of one processor."""

    def __init__(self, cpu):
        super().__init__(daemon=True)
        self.cpu = cpu
        self.stalls = deque(maxlen=KEPT)  # (its end, how long), in ms

    def run(self):
        os.sched_setaffinity(0, {self.cpu})  # of this thread alone
        before = time.monotonic_ns() / MS
        while True:
            time.sleep(NAP_MS / 1000)
            now = time.monotonic_ns() / MS
            late = now - before - NAP_MS
            if late > LATE_MS:
                self.stalls.append((now, late))
            before = now

    def worst_ms(self, since_ms, window_ms):
        """The longest it stood still, in all, within any WINDOW_MS that ended
        after SINCE_MS."""
        worst = total = 0
        inside = deque()
        for end, late in list(self.stalls):
            if end < since_ms:
                continue
            inside.append((end, late))
            total += late
            while inside[0][0] < end - window_ms:
                total -= inside.popleft()[1]
            worst = max(worst, total)
        return worst


watches = []


def begin():
    if not watches:
        watches.extend(Watch(cpu) for cpu in os.sched_getaffinity(0))
        for watch in watches:
            watch.start()


def worst_ms(since_ns, window_ms):
    """Of the processor that stood still the longest; 0 unless begin() was
    called before."""
    return max((watch.worst_ms(since_ns / MS, window_ms) for watch in watches),
               default=0)


def judged(lease_ms, look, again=lambda: None):
    """What LOOK() returns; where it was disturbed while the machine stood
    still for a good part of a lease, AGAIN() and then LOOK() once more.  What
    is disturbed at each turn is so for another reason."""
    begin()
    for turn in range(TURNS):
        at = time.monotonic_ns()
        try:
            return look()
        except lib.Disturbed as disturbed:
            stood = worst_ms(at - lease_ms * MS, lease_ms)
            words = f"the machine stood still for {stood:.0f} ms of a lease"
            if stood < lease_ms / 8 or turn == TURNS - 1:
                raise lib.Failed(f"{disturbed}\n{words}") from None
            print(f"{str(disturbed).splitlines()[0]}; {words}, again",
                  file=sys.stderr, flush=True)
            again()
    return None
