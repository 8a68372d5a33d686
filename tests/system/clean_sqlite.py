#!/usr/bin/env python3
"""Two databases get rows all the time; a singleton each deletes those that
are outdated, by contrib/jobs/clean-sqlite: `loop` runs for ever and sweeps
once a second, `timed` runs every EVERY seconds.  Meanwhile everything is
killed.

Each must be alone, with a token that never goes back, must delete no row too
early, and must leave none longer than its bound:

    loop     1 s (seconds are whole) + pause             + spread + REACH
    timed    1 s (seconds are whole) + EVERY, twice      + spread + REACH

A row is outdated from the next whole second on, and has just been passed over.
When the run that follows is killed at its end, the next one deletes it: of
loop that comes at once; a time of timed is never run twice, so there the next
of its times does.  SPREAD is how long the kills of one volley last, REACH how
long the restart of the whole node and two sweeps may take: the guardian waits
up to 2 s before it starts a supervisor that dies again and again.  The bounds
hold for volleys so far apart that no two hit runs in a row: GAP, and at most
twice that, from the end of one to the next; below EVERY they are told, not
judged.  Times when the machine stood still, so that a process that does nothing
took long to start and end, or a byte to be on the disk, are nobody's fault:
they are taken off, and told.
"""
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import lib
from lib import check

DURATION = float(os.environ.get("DURATION", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 31))
REACH = float(os.environ.get("REACH", "5"))
EVERY = int(os.environ.get("EVERY", "1"))
GAP = float(os.environ.get("GAP", str(EVERY + 1)))
LIFETIME = 3  # of a row
PAUSE = 1     # between two sweeps of loop
WHOLE = 1     # seconds are, in the database
SPREAD = 0.3
LOOK = 0.02   # between two looks
STILL = 0.3   # when nothing takes so long, the machine stands still
# What is killed, how often; `command` is what a worker has started.
VICTIMS = {"worker": 6, "supervisor": 4, "journal": 4, "guardian": 3,
           "command": 3}
BYSTANDERS = ("http", "control")

HERE = os.path.dirname(os.path.abspath(__file__))
CLEANER = os.path.join(HERE, "..", "..", "contrib", "jobs", "clean-sqlite")
UNIT = """{name} = {{
    command = [ "{here}/sweeper.sh", "{witness}", "{pause}", "{cleaner}",
                "{database}", "session", "seen", "{lifetime}" ];
    env = [ "{mark}" ]; backoff = "0s"; stop-timeout = "1s"; {more} }};
"""
TABLES = """
PRAGMA journal_mode = {mode};
CREATE TABLE session (id INTEGER PRIMARY KEY, seen INTEGER NOT NULL);
CREATE TABLE holdfast_fence (unit TEXT PRIMARY KEY, token INTEGER NOT NULL);
CREATE TABLE fault (what TEXT);
CREATE TABLE fence (token INTEGER);
CREATE TRIGGER early AFTER DELETE ON session
  WHEN OLD.seen + {lifetime} >= CAST(strftime('%s', 'now') AS INTEGER)
  BEGIN INSERT INTO fault VALUES ('deleted early: ' || OLD.seen); END;
CREATE TRIGGER back AFTER UPDATE ON holdfast_fence WHEN NEW.token < OLD.token
  BEGIN INSERT INTO fault VALUES ('fence went back: ' || NEW.token); END;
"""


class Clock:
    """When the machine stood still."""

    def __init__(self, path):
        self.path = path
        self.spans = []

    def watch(self, stop):
        before = time.time()
        with open(self.path, "wb", buffering=0) as file:
            while not stop.wait(LOOK):
                subprocess.run(["/bin/true"], start_new_session=True,
                               check=False)
                file.write(b".")
                os.fsync(file.fileno())
                now = time.time()
                if now - before > STILL:
                    self.spans.append((before, now))
                before = now

    def still(self, begin, end):
        """Seconds of that time."""
        return sum(max(0.0, min(end, b) - max(begin, a))
                   for a, b in self.spans)


class Table:
    """One database, the singleton that sweeps it, and what is seen of both."""

    def __init__(self, directory, name, mode, pause, bound, more=""):
        self.name = name
        self.path = os.path.join(directory, name + ".db")
        self.witness = os.path.join(directory, name + ".witness")
        self.bound = bound
        self.pause = pause
        self.more = more
        self.inserted = 0
        self.looks = []  # (how long the oldest was outdated, when)
        self.worst = 0.0
        self.worst_at = 0.0
        self.faults = []
        database = self.open()
        database.executescript(TABLES.format(mode=mode, lifetime=LIFETIME))
        database.close()

    def open(self):
        return sqlite3.connect(self.path, timeout=30, isolation_level=None)

    def unit(self, mark):
        return UNIT.format(
            name=self.name, here=HERE, witness=self.witness, cleaner=CLEANER,
            pause=self.pause, database=self.path, lifetime=LIFETIME,
            mark=mark, more=self.more)

    def insert(self, database, rng):
        """Mostly a few, sometimes more than one transaction deletes."""
        count = 1300 if rng.random() < 0.02 else rng.randrange(1, 5)
        second = int(time.time())
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO session (seen) VALUES (?)",
            [(second - rng.randrange(LIFETIME),) for _ in range(count)])
        database.execute("COMMIT")
        self.inserted += count

    def look(self, database):
        """How long the oldest row has been outdated."""
        now = time.time()
        seen, = database.execute("SELECT min(seen) FROM session").fetchone()
        if seen is not None and now - seen - LIFETIME > WHOLE:
            self.looks.append((now - seen - LIFETIME, now))

    def weigh(self, clock):
        """Finds the worst, now that it is known when the machine stood
        still."""
        for outdated, now in self.looks:
            outdated -= clock.still(now - outdated, now)
            if outdated > self.worst:
                self.worst, self.worst_at = outdated, now

    def rows(self, query):
        database = self.open()
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def lines(self):
        """(word, token, pid, time) of what the sweepers wrote."""
        return [(word, int(token), int(pid), float(at)) for
                word, token, pid, at in map(
                    str.split, lib.read(self.witness).splitlines())]


class Trial:
    def __init__(self):
        self.node = lib.Node()
        base = WHOLE + SPREAD + REACH
        self.tables = [
            Table(self.node.dir, "loop", "delete", PAUSE, base + PAUSE),
            Table(self.node.dir, "timed", "wal", 0, base + 2 * EVERY,
                  f'every = "{EVERY}s"; timeout = "60s";')]
        mark = f"{lib.MARK}={self.node.mark}"
        self.node.write_conf(http="processes = 2;", top="singletons = {\n" +
                             "".join(table.unit(mark)
                                     for table in self.tables) + "};")
        self.random = random.Random(SEED)
        self.stop = threading.Event()
        self.faults = []
        self.kills = {}
        self.killed = []  # (when, whom)
        self.clock = Clock(os.path.join(self.node.dir, "clock"))

    # ---- users ----

    def guarded(self, table, body, pause):
        """A thread's life: a fault of its own is one of the trial."""
        database = table.open()
        try:
            database.execute("PRAGMA synchronous = OFF")
            while not self.stop.wait(pause):
                body(database)
        except Exception as error:  # pylint: disable=broad-except
            self.faults.append(f"{table.name}: {error!r}")
        finally:
            database.close()

    def threads(self):
        found = []
        for table in self.tables:
            rng = random.Random(f"{SEED} {table.name}")
            found.append(threading.Thread(target=self.guarded, args=(
                table, lambda db, t=table, r=rng: t.insert(db, r), 0.05)))
            found.append(threading.Thread(target=self.guarded, args=(
                table, table.look, LOOK)))
        return found + [
            threading.Thread(target=self.clock.watch, args=(self.stop,)),
            threading.Thread(target=self.kill_bystanders)]

    # ---- the killers ----

    def victims(self, name):
        """pids of that role."""
        roles = self.node.roles()
        if name != "command":
            return [pid for role, pid in roles if role == name]
        tree = lib.children()
        return [child for role, pid in roles if role == "worker"
                for child in tree.get(pid, [])]

    def kill(self, name, rng):
        pids = self.victims(name)
        if not pids:
            return False
        try:
            os.kill(rng.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.kills[name] = self.kills.get(name, 0) + 1
        if name not in BYSTANDERS:
            self.killed.append((time.time(), name))
        return True

    def await_timed(self):
        """Until a run of timed is there, to be killed in it."""
        until = lib.now() + EVERY
        while len(self.victims("command")) < 2 and lib.now() < until:
            time.sleep(0.005)

    def volley(self):
        """One to three kills within SPREAD, half of all volleys while a
        timed run lasts."""
        names = self.random.choices(list(VICTIMS), VICTIMS.values(),
                                    k=self.random.choice((1, 1, 2, 3)))
        pauses = [self.random.uniform(0, SPREAD / 3) for _ in names]
        if self.random.random() < 0.5:
            self.await_timed()
        done = []
        for name, pause in zip(names, pauses):
            time.sleep(pause)
            if self.kill(name, self.random):
                done.append(name)
        if "guardian" in done:
            self.node.restart()
        check(self.node.process.poll() is None,
              "the guardian ended by itself, status",
              self.node.process.returncode, "after", done,
              self.node.log()[-3000:])

    def kill_bystanders(self):
        rng = random.Random(SEED + 1)
        while not self.stop.wait(rng.uniform(0.3, 1.5)):
            self.kill(rng.choice(BYSTANDERS), rng)

    def kill_until(self, until):
        """Volleys, so early that the last can be recovered from."""
        while True:
            pause = self.random.uniform(GAP, 2 * GAP)
            if lib.now() + pause > until - GAP:
                time.sleep(max(0, until - lib.now()))
                return
            time.sleep(pause)
            self.volley()

    # ---- the verdict ----

    def judge(self, table):
        """The tokens that were seen, the most a start waited after a kill."""
        table.weigh(self.clock)
        lines = table.lines()
        starts = [line for line in lines if line[0] == "start"]
        for word, token, pid, _ in lines:
            if word in ("two", "failed"):
                self.faults.append(f"{table.name}: {word} token={token:x} "
                                   f"pid={pid}")
        for a, b in zip(starts, starts[1:]):
            if b[1] < a[1] or (b[1] == a[1] and b[2] != a[2] and
                               table.pause == 0):
                self.faults.append(f"{table.name}: token {b[1]:x} after "
                                   f"{a[1]:x}")
        self.faults += [f"{table.name}: {what}" for what, in
                        table.rows("SELECT what FROM fault")]
        kept = table.rows("SELECT token FROM holdfast_fence")[0][0]
        last = [line[1] for line in lines if line[0] == "end"][-1]
        if kept < last or kept > starts[-1][1]:
            self.faults.append(f"{table.name}: the fence is {kept:x} after "
                               f"{last:x}")
        if GAP >= EVERY and table.worst > table.bound:
            self.faults.append(
                f"{table.name}: a row was outdated for {table.worst:.2f} s, "
                f"{self.story(table)}")
        return lines

    def story(self, table):
        """What was killed and swept before the worst moment."""
        seen = [(at, f"{word} {token & 0xffff}")
                for word, token, _, at in table.lines()]
        seen += [(at, f"killed {name}") for at, name in self.killed]
        seen += [(b, f"stood still for {b - a:.2f} s")
                 for a, b in self.clock.spans]
        return ", ".join(f"{at - table.worst_at:+.2f} {what}"
                         for at, what in sorted(seen)
                         if -table.worst - 3 < at - table.worst_at < 1)

    def report(self, table, lines):
        count = {word: sum(line[0] == word for line in lines)
                 for word in ("start", "end", "two")}
        starts = [line[3] for line in lines if line[0] == "start"]
        took = [b[3] - a[3] for a, b in zip(lines, lines[1:])
                if (a[0], b[0]) == ("start", "end")]
        apart = [b - a for a, b in zip(starts, starts[1:])]
        left, = table.rows("SELECT count(*) FROM session")[0]
        print(f"{table.name}: {count['start']} sweeps, "
              f"{count['start'] - count['end']} cut short, tokens "
              f"{len({line[1] for line in lines})}, two at once "
              f"{count['two']}; {table.inserted} rows, {left} left; longest "
              f"outdated {table.worst:.2f} s of {table.bound:.2f} s; sweeps "
              f"took at most {max(took, default=0):.2f} s, were at most "
              f"{max(apart, default=0):.2f} s apart", flush=True)

    def run(self):
        print(f"SEED={SEED}", flush=True)
        self.node.start()
        lib.wait_for(lambda: all(table.lines() for table in self.tables), 30,
                     "both have begun")
        threads = self.threads()
        for thread in threads:
            thread.start()
        try:
            self.kill_until(lib.now() + DURATION)
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()
        self.node.wait_ready()
        status = self.node.stop()
        self.node.check_nothing_left()
        for table in self.tables:
            self.report(table, self.judge(table))
        print(f"kills in {DURATION:.0f} s:",
              ", ".join(f"{name} {count}"
                        for name, count in sorted(self.kills.items())),
              f"; the machine stood still for "
              f"{self.clock.still(0, time.time()):.1f} s, at most "
              f"{max((b - a for a, b in self.clock.spans), default=0):.1f}")
        check(status == 0, "stopped with status", status)
        for fault in self.faults[:20]:
            print("fault:", fault)
        check(not self.faults, len(self.faults), f"faults, SEED={SEED}")


def main():
    for tool in ("sqlite3", "flock"):
        if not shutil.which(tool):
            lib.skip("no " + tool)
    lib.main(lambda: Trial().run())


if __name__ == "__main__":
    main()
