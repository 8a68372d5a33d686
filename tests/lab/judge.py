"""Who was alive when: what witnesses wrote (witness.c), and what it proves.

An incarnation is alive from its first line to its last one.  Times are
CLOCK_MONOTONIC in nanoseconds, as time.monotonic_ns() tells them.
"""
import os

MS = 1_000_000


class Life:
    """One incarnation of a unit's work."""

    def __init__(self, node, name, token, at, more):
        self.node = node
        self.name = name
        self.pid = int(name.split(".")[0])
        self.token = token
        self.first = self.last = at
        self.widest = 0  # between two lines
        self.said = self.says = more  # what else its first, last line tells

    def __repr__(self):
        return (f"{self.node} pid {self.pid} token {self.token:#x} "
                f"{self.first / MS:.1f} to {self.last / MS:.1f}")

    def add(self, at, more):
        self.widest = max(self.widest, at - self.last)
        self.last = max(self.last, at)
        self.says = more


class Trace:
    """All lives of one unit, in the order of their first lines."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.lives = {}

    def read(self):
        """What is new is taken in; all lives."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                new = file.read()
        except FileNotFoundError:
            return []
        end = new.rfind(b"\n") + 1
        self.offset += end
        for line in new[:end].splitlines():
            at, node, name, token, *more = line.decode().split()
            if name in self.lives:
                self.lives[name].add(int(at), more)
            else:
                self.lives[name] = Life(node, name, int(token), int(at), more)
        return sorted(self.lives.values(), key=lambda life: life.first)

    def latest(self):
        lives = self.read()
        return lives[-1] if lives else None

    def next_after(self, life):
        """The first life that is younger; None when there is none yet."""
        for other in self.read():
            if other.first > life.first:
                return other
        return None

    def overlap(self):
        """(nanoseconds, the two lives) of the longest time in which two were
        alive; negative when there was always a gap."""
        worst = (-1 << 62, None, None)
        latest = None
        for life in self.read():
            if latest is not None:
                worst = max(worst, (min(latest.last, life.last) - life.first,
                                    latest, life), key=lambda one: one[0])
            if latest is None or life.last > latest.last:
                latest = life
        return worst

    def fallen(self):
        """Two lives in a row of which the second has a lower token, or the
        same on another node."""
        before = None
        for life in self.read():
            if before is not None and (
                    life.token < before.token or
                    (life.token == before.token and
                     life.node != before.node)):
                return before, life
            before = life
        return None


class Sink:
    """What the sink wrote that `witness sink` is."""

    def __init__(self, path):
        self.path = path

    def lines(self):
        """(taken?, at, node, incarnation, token) of each."""
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="ascii") as file:
            words = [line.split() for line in file]
        return [(word[0] == "taken", int(word[1]), word[2], word[3],
                 int(word[4])) for word in words if len(word) == 5]
