#!/usr/bin/env python3
"""[SECONDS [SEED]] - three nodes live through faults of all kinds, several at
once, one after the other without rest: never two holders of a singleton, no
token falls, and whenever all is healed every singleton runs again soon.
"""
import errno
import os
import random
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "system"))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import clock  # noqa: E402
import lib  # noqa: E402
import mount  # noqa: E402
import net  # noqa: E402
import nodes  # noqa: E402
import stall  # noqa: E402
from lib import check  # noqa: E402

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 120
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 31)
NODES = int(os.environ.get("NODES", "3"))
LEASE_S = float(os.environ.get("LEASE_S", "2"))
WAVE_S = 4.0   # of faults, on average
OBEY = 0.3     # after so many waves an operator wants something
CALM_S = 20.0  # after a wave all runs again within that
ROLES = ("lease", "journal", "heartbeat", "supervisor", "guardian", "worker",
         "control", "http")
AGAIN = 'backoff = "0s"; max-restarts = 20;'
UNITS = {f"u{number}": AGAIN for number in range(6)}


class Trial:
    def __init__(self, cluster):
        self.cluster = cluster
        self.random = random.Random(SEED)
        self.struck = 0
        self.frozen = {}  # node: (since when, [(life, its last line)])
        self.history = []
        stall.begin()

    # ---- faults ----

    def note(self, node, what):
        self.struck += 1
        self.history.append(f"{time.monotonic():.3f} "
                            f"{node.settings['name']} {what}")

    def kill_role(self, node):
        name = self.random.choice(ROLES)
        found = [pid for role, pid in node.roles() if role == name]
        if found and node not in self.frozen:
            self.note(node, f"kill {name}")
            os.kill(self.random.choice(found), signal.SIGKILL)

    def kill_two(self, node):
        if node in self.frozen:
            return
        pids = [pid for role, pid in node.roles()
                if role in self.random.sample(ROLES, 3)]
        self.note(node, f"kill {pids}")
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def kill_all(self, node):
        self.note(node, "kill all")
        self.frozen.pop(node, None)
        node.kill_all()

    def stop(self, node):
        if node not in self.frozen:
            signum = self.random.choice((signal.SIGTERM, signal.SIGQUIT))
            self.note(node, signum.name)
            node.process.send_signal(signum)

    def freeze(self, node):
        if node not in self.frozen:
            self.note(node, "freeze")
            at = node.freeze()
            self.frozen[node] = at, [(life, life.last) for life in
                                     self.cluster.lives_on(node)]

    def thaw(self, node):
        if node in self.frozen:
            self.note(node, "thaw")
            at, stopped = self.frozen.pop(node)
            woken = node.thaw()
            time.sleep(0.3)
            if woken - at < LEASE_S * 1e9:
                # Some time before, it may still have what it had, or not.
                stopped = [(life, until) for life, until in stopped
                           if not self.goes_on(life)]
            late = self.cluster.forget_woken(stopped, woken)
            stood = stall.worst_ms(woken, 1000)
            check(late <= 200 + 2 * stood, "old work lived", late,
                  "ms after waking, the machine stood still for", stood)

    def goes_on(self, life):
        for trace in self.cluster.trace.values():
            trace.read()
        return time.monotonic_ns() - life.last < 1e8

    def break_storage(self, node):
        if node.mount is None:
            return
        ops = self.random.choice(("all", "write", "write,sync", "read", "sync",
                                  "open,name,stat"))
        action, arg = self.random.choice((
            ("hang", 0), ("hang", 0), ("late", 0), ("late", 500),
            ("torn", 100), ("fail", errno.EIO), ("fail", errno.ENOSPC),
            ("fail", errno.ESTALE),
            ("delay", int(1000 * LEASE_S * self.random.random() * 1.5))))
        pattern = self.random.choice(("", "", "/lease", "/journal/*"))
        self.note(node, f"storage {ops} {action} {arg} {pattern}")
        node.mount.fault(ops, action, arg, pattern)

    def heal_storage(self, node):
        if node.mount is not None:
            self.note(node, "storage clear")
            node.mount.clear()

    def cut(self, node):
        if self.cluster.net:
            self.note(node, "cut")
            self.cluster.net.cut(node.index)

    def set_clock(self, node):
        if node.clock:
            if self.random.random() < 0.5:
                seconds = self.random.choice((3600, -3600, 86400, 1, -1))
                self.note(node, f"wall clock {seconds:+} s")
                node.clock.step(seconds)
            else:
                ppm = self.random.choice((0, 500, 83333, -83333))
                self.note(node, f"clocks slewed {ppm} ppm")
                node.clock.slew(ppm)

    def disturb(self, node):
        relay = self.cluster.relay
        if relay is None:
            return
        how = self.random.choice(("lose", "calm", "forge", "replay", "deafen"))
        self.note(node, f"datagrams: {how}")
        if how in ("lose", "calm"):
            part = self.random.random() if how == "lose" else 0
            relay.disturb(part, part / 2, part / 4, part)
        elif how == "forge":
            relay.forge(50)
        elif how == "replay":
            relay.replay(node.index)
        else:
            relay.cut = {(other.index, node.index)
                         for other in self.cluster.others(node)}

    def hand_over(self, node):
        name = self.random.choice(list(UNITS))
        self.note(node, f"handover {name}")
        self.ask(node, f"/v1/singletons/{name}/handover")

    def ask(self, node, path):
        user = node.operator(timeout=1)
        try:
            user.ask("POST", path)
        except OSError:
            pass
        user.close()

    def drain(self, node):
        self.note(node, "drain")
        self.ask(node, "/v1/node/drain")

    def revive(self, node):
        if not node.is_up():
            self.note(node, "start")
            node.spawn()

    # ---- waves ----

    def wave(self):
        until = time.monotonic() + self.random.expovariate(1 / WAVE_S)
        faults = (self.kill_role, self.kill_role, self.kill_two, self.kill_all,
                  self.stop, self.freeze, self.thaw, self.break_storage,
                  self.break_storage, self.heal_storage, self.cut,
                  self.hand_over, self.drain, self.set_clock, self.disturb,
                  self.revive, self.revive)
        while time.monotonic() < until:
            node = self.random.choice(self.cluster.nodes)
            fault = self.random.choice(faults)
            if node.is_up() or fault in (self.revive, self.heal_storage):
                fault(node)
            time.sleep(self.random.random() * LEASE_S / 2)

    def heal(self):
        if self.cluster.relay:
            self.cluster.relay.disturb()
            self.cluster.relay.cut = set()
        for node in self.cluster.nodes:
            self.heal_storage(node)
            if node.clock:
                node.clock.slew(0)
            if self.cluster.net:
                self.cluster.net.heal(node.index)
            self.thaw(node)

    def calm(self, besides=None):
        """All is healed: until each singleton runs, BESIDES one."""
        self.heal()
        begin = time.monotonic()
        until = begin + CALM_S
        while True:
            for node in self.cluster.nodes:
                self.revive(node)
                self.ask(node, "/v1/node/undrain")
            missing = [name for name in UNITS if name != besides and
                       not self.cluster.is_alive(name)]
            if not missing:
                break
            check(time.monotonic() < until, missing, "do not run")
            time.sleep(0.1)
        for node in self.cluster.nodes:
            node.wait_ready(CALM_S)
        self.cluster.check()
        return time.monotonic() - begin

    def obeys(self):
        """What is stopped through one node stays so until it is started
        through another."""
        name = self.random.choice(list(UNITS))
        first, second = self.random.sample(self.cluster.nodes, 2)
        self.note(first, f"stop {name}")
        time.sleep(LEASE_S)  # the latest wishes are known everywhere
        told = first.run("stop", name, "-w", "10")
        check(told.returncode in (0, 3), "stop:", told)
        lib.wait_for(lambda: not self.cluster.is_alive(name, 300), 10,
                     f"{name} is stopped")
        before = self.cluster.trace[name].latest()
        if self.random.random() < 0.5:
            self.kill_role(self.random.choice(self.cluster.nodes))
        time.sleep(LEASE_S * 1.5)
        check(self.cluster.trace[name].latest() is before, name,
              "runs though it was stopped")
        self.calm(besides=name)
        self.note(second, f"start {name}")
        told = second.run("start", name, "-w", "10")
        check(told.returncode in (0, 3), "start:", told)
        self.calm()

    def play(self):
        until = time.monotonic() + SECONDS
        waves, slowest = 0, 0
        while time.monotonic() < until:
            self.history.append(f"--- wave {waves}")
            self.wave()
            slowest = max(slowest, self.calm())
            if self.random.random() < OBEY:
                self.obeys()
            waves += 1
        print(f"sound: {waves} waves, {self.struck} blows; calm after "
              f"{slowest:.1f} s at most; old work lived "
              f"{self.cluster.woken_ms:.1f} ms after waking at most")


def play():
    # Networks that are cut, or datagrams that are disturbed.
    nets = net.is_possible() and SEED % 2 == 0
    print(f"cluster: {NODES} nodes, {SECONDS:.0f} s, seed {SEED}", flush=True)
    with nodes.Cluster(NODES, lease=f"{LEASE_S:g}s", singletons=UNITS,
                       memory=True, faulty=mount.is_possible(),
                       clocks=clock.is_possible(), noise=not nets,
                       nets=nets) as cluster:
        cluster.start()
        trial = Trial(cluster)
        try:
            trial.play()
        except lib.Failed:
            print("\n".join(trial.history[-60:]))
            print(cluster.logs(6000))
            raise


if __name__ == "__main__":
    lib.main(play)
