#!/usr/bin/env python3
"""[SECONDS [SEED]] - operators and reloads want something of singletons all
the time, while every role is killed: never two at once, no token twice or
back, what was saved is never lost, what was stopped stays so, what was started
runs, and what is configured no more does not.
"""
import os
import random
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "system"))
import lib  # noqa: E402  pylint: disable=wrong-import-position
from lib import check  # noqa: E402  pylint: disable=wrong-import-position

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 31)
GAP = 1.5         # at most, between two kills
REACH = 60        # the slowest machine does what it was told within that
STAYS = 1.5       # so long is looked whether what was stopped stays so
ROLES = ("journal", "journal", "supervisor", "control", "http", "worker",
         "guardian")

# Tells its run, having found out whether it is alone and what was saved.
SCRIPT = """#!/bin/sh
runs=0
[ -z "${HOLDFAST_STATE-}" ] || runs=$(cat "$HOLDFAST_STATE")
exec 9>"$WITNESS.$1.lock"
flock -n 9 || echo "two $1 $$ $runs $HOLDFAST_TOKEN" >>"$WITNESS"
runs=$((runs + 1))
echo $runs | "$HOLDFAST" checkpoint - && saved=yes || saved=no
echo "run $1 $$ $runs $HOLDFAST_TOKEN $saved" >>"$WITNESS"
[ "$2" = ends ] || exec sleep 1000
sleep 0.0$(($$ % 10))
"""


class Trial:
    def __init__(self):
        self.random = random.Random(SEED)
        self.node = lib.Node()
        self.witness = os.path.join(self.node.dir, "witness")
        self.script = os.path.join(self.node.dir, "alone")
        self.over = threading.Event()
        self.fault = None
        self.kills = 0
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(SCRIPT)
        os.chmod(self.script, 0o755)
        with open(self.witness, "w", encoding="utf-8"):
            pass

    def configure(self, **units):
        """UNITS: what each is like besides its command."""
        text = "singletons = {\n"
        for name, more in units.items():
            ends = "ends" if "every" in more else "stays"
            text += (f'{name} = {{ command = [ "{self.script}", "{name}", '
                     f'"{ends}" ]; env = [ "WITNESS={self.witness}", '
                     f'"HOLDFAST={os.path.realpath(lib.HOLDFAST)}" ]; '
                     f'backoff = "0s"; {more} }};\n')
        self.node.write_conf(top=text + "};")

    # ---- what was told ----

    def runs(self, name):
        """(number saved, token) of each, and what broke a promise."""
        found = []
        for line in lib.read(self.witness).splitlines():
            words = line.split()
            check(words[0] != "two", "two at once:", line)
            if len(words) == 6 and words[1] == name:
                found.append((int(words[3]), int(words[4]), words[5]))
        return found

    def check_runs(self, name, timed):
        before = (0, 0, "no")
        for run in self.runs(name):
            check(run[1] >= before[1], name, "a token went back", before, run)
            check(not timed or run[1] > before[1], name, "a token was used "
                  "twice", before, run)
            check(before[2] == "no" or run[0] > before[0],
                  name, "what it saved is lost", before, run)
            before = run

    # ---- kills ----

    def kill_one(self):
        want = self.random.choice(ROLES)
        found = [pid for role, pid in self.node.roles() if role == want]
        if not found:
            return
        os.kill(self.random.choice(found), signal.SIGKILL)
        self.kills += 1
        if want == "guardian":
            self.node.restart(REACH)

    def keep_killing(self):
        try:
            while not self.over.wait(self.random.random() * GAP):
                self.kill_one()
        except (lib.Failed, OSError) as fault:
            self.fault = fault

    # ---- operators ----

    def tell(self, *words):
        """Until it is acknowledged and done."""
        until = lib.now() + REACH
        while True:
            result = self.node.run(*words, "-w", "20", seconds=120)
            if result.returncode in (0, 3):
                return
            check(lib.now() < until and self.fault is None, words,
                  result.returncode, result.stderr, self.fault or "")
            time.sleep(0.1)

    def stays_down(self, name, why):
        before = len(self.runs(name))
        time.sleep(STAYS)
        check(len(self.runs(name)) == before, name, "runs though", why)

    def comes_up(self, name, why):
        before = len(self.runs(name))
        lib.wait_for(lambda: len(self.runs(name)) > before, REACH,
                     f"{name} runs, {why}", 0.05)

    def stop_and_start(self, name):
        down, up = self.random.choice((("stop", "start"), ("disable", "enable"),
                                       ("stop", "enable")))
        self.tell(down, name)
        self.stays_down(name, down)
        before = len(self.runs(name))
        self.tell(up, name)
        lib.wait_for(lambda: len(self.runs(name)) > before, REACH,
                     f"{name} runs after {up}", 0.05)

    def reload(self, *kept):
        """TICK changes, comes and goes; KEEPER is as it was."""
        units = {"keeper": "", "tick": 'every = "200ms";'}
        choice = self.random.choice(("gone", "always", "slower", "plain"))
        if choice == "gone":
            del units["tick"]
        elif choice == "always":
            units["tick"] = ""
        elif choice == "slower":
            units["tick"] = 'every = "300ms"; missed = "run-once";'
        self.configure(**units)
        self.tell("reload")
        if choice == "gone":
            lib.wait_for(lambda: self.node.run(
                "status", "tick").returncode == 5, REACH, "tick is gone")
            self.stays_down("tick", "gone")
        elif choice != "always":
            self.comes_up("tick", choice)
        self.configure(keeper="", tick='every = "200ms";')
        self.tell("reload")
        self.comes_up("tick", "as it was")

    def play(self):
        self.configure(keeper="", tick='every = "200ms";')
        self.node.start()
        killer = threading.Thread(target=self.keep_killing)
        killer.start()
        until = lib.now() + SECONDS
        rounds = 0
        try:
            while lib.now() < until and self.fault is None:
                self.random.choice((
                    lambda: self.stop_and_start("keeper"),
                    lambda: self.stop_and_start("tick"),
                    lambda: self.tell("restart", "keeper"),
                    self.reload))()
                rounds += 1
                self.check_runs("keeper", False)
                self.check_runs("tick", False)
        finally:
            self.over.set()
            killer.join()
        check(self.fault is None, "the killer:", self.fault)
        print(f"sound: {rounds} rounds, {self.kills} kills, "
              f"{len(self.runs('keeper'))} and {len(self.runs('tick'))} runs")
        check(self.node.stop() == 0, "it does not stop in order")
        self.node.check_nothing_left()


def play():
    print(f"singletons: {SECONDS:.0f} s, seed {SEED}", flush=True)
    Trial().play()


if __name__ == "__main__":
    lib.main(play)
