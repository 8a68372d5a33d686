"""Many submissions while nodes and roles are killed: see jobs.py."""
import http.client
import os
import random
import signal
import threading
import time

import journals
import lib
from working import SHIFT_S, Working, once_lines, spread

CLIENTS = 8
PACE = 150      # submissions a second at most, so that the blows are many
TRIES_S = 60    # who was not answered asks again, elsewhere, for so long
REST_S = (0.5, 2.5)
ROLES = ("lease", "journal", "heartbeat", "supervisor", "guardian", "control",
         "http", "worker")


class Flood:
    KIND = "once"

    def __init__(self, cluster, count):
        self.cluster = cluster
        self.count = count
        self.lock = threading.Lock()
        self.next = 0
        self.acked = {}      # number -> id
        self.took_ms = []
        self.again = {}      # what was answered instead -> how often
        self.broken = []
        self.done = threading.Event()
        self.blows = {}
        self.begin = time.monotonic()

    # ---- those who ask ----

    def take(self):
        with self.lock:
            number, self.next = self.next, self.next + 1
        return number if number < self.count else None

    def note(self, what):
        with self.lock:
            self.again[what] = self.again.get(what, 0) + 1

    def ask(self, clients, number):
        """Of one node after the other until one has taken it: its id."""
        until = time.monotonic() + TRIES_S
        body = {"type": self.KIND, "key": f"key-{number}"}
        while time.monotonic() < until:
            client = random.choice(clients)
            try:
                answer = client.ask("POST", "/v1/jobs", body)
            except (OSError, http.client.HTTPException) as error:
                self.note(type(error).__name__)
                time.sleep(0.01)
                continue
            if answer.status == 202:
                return answer.json()["id"]
            self.note(str(answer.status))
            if answer.status != 503:
                break
            time.sleep(0.02)
        raise lib.Failed(f"nobody takes number {number}")

    def submit(self):
        clients = [self.cluster.user(node) for node in self.cluster.nodes]
        while (number := self.take()) is not None:
            time.sleep(max(0, self.begin + number / PACE - time.monotonic()))
            begin = time.monotonic()
            try:
                ident = self.ask(clients, number)
            except lib.Failed as failed:
                self.broken.append(str(failed))
                continue
            with self.lock:
                self.acked[number] = ident
                self.took_ms.append((time.monotonic() - begin) * 1000)

    # ---- blows ----

    def kill_role(self, node):
        name = random.choice(ROLES)
        found = [pid for role, pid in node.roles() if role == name]
        if not found:
            return None
        os.kill(random.choice(found), signal.SIGKILL)
        return name

    def blow(self):
        node = random.choice(self.cluster.nodes)
        what = random.choice(("role", "role", "role", "all", "TERM", "QUIT"))
        if what == "role":
            what = self.kill_role(node)
        elif what == "all":
            node.kill_all()
        else:
            node.process.send_signal(getattr(signal, "SIG" + what))
        if what is not None:
            self.blows[what] = self.blows.get(what, 0) + 1
        if what in ("all", "TERM", "QUIT", "guardian"):
            node.process.wait(SHIFT_S)
            time.sleep(random.random())
            node.restart(SHIFT_S)

    def strike(self):
        while not self.done.wait(random.uniform(*REST_S)):
            try:
                self.blow()
            except (lib.Failed, ProcessLookupError) as failed:
                self.broken.append(f"blow: {failed}")
                for node in self.cluster.nodes:
                    if not node.is_up():
                        node.spawn()

    # ---- the verdict ----

    def settle(self):
        """Seconds until nothing waits or runs on any node."""
        begin = time.monotonic()
        for node in self.cluster.nodes:
            node.wait_ready(SHIFT_S)
        for node in self.cluster.nodes:
            client = node.operator()

            def idle(client=client):
                return not any(client.ask(
                    "GET", f"/v1/jobs?type={self.KIND}&state={state}"
                    "&limit=1").json()["jobs"]
                    for state in ("pending", "processing"))
            self.cluster.wait_for(idle, 120, "all ended, says "
                                  f"{node.settings['name']}", 0.1)
            client.close()
        return time.monotonic() - begin

    def expect(self, truth, *words):
        if not truth:
            self.broken.append(" ".join(map(str, words))[:600])

    def judge(self):
        acked = set(self.acked.values())
        self.expect(len(acked) == len(self.acked), "two have one id")
        shown = {}
        for node in self.cluster.nodes:
            name = node.settings["name"]
            jobs = self.cluster.listed(node, "once")
            ids = [job["id"] for job in jobs]
            self.expect(len(set(ids)) == len(ids), name, "lists one twice")
            lost = acked - set(ids)
            self.expect(not lost, name, "does not know", len(lost),
                        "acknowledged ones:", sorted(lost)[:3])
            self.expect(not set(ids) - acked, name, "has",
                        len(set(ids) - acked), "nobody was told of")
            for job in jobs:
                shown.setdefault(job["id"], set()).add(
                    (job["state"], job["version"], job["attempt"]))
        bad = {ident: ends for ident, ends in shown.items()
               if len(ends) != 1 or next(iter(ends))[0] != "ready"}
        self.expect(not bad, len(bad), "did not end as ready, alike:",
                    list(bad.items())[:5])
        found = journals.ends(self.cluster.shared)
        twice = {ident: ends for ident, ends in found.items()
                 if ident in acked and len({end[1:] for end in ends}) != 1}
        self.expect(not twice, len(twice), "ended twice:",
                    list(twice.items())[:3])
        lines = once_lines(self.cluster.once)
        never = acked - set(lines)
        self.expect(not never, len(never), "never ran:", sorted(never)[:3])
        runs = {}
        for ident in acked:
            many = len(lines.get(ident, ()))
            runs[many] = runs.get(many, 0) + 1
        return runs, len(found)


def play(count, options):
    with Working(kinds=("once",), lease=options.lease, workers=4,
                 memory=options.memory) as cluster:
        cluster.start()
        cluster.submit(cluster.nodes[0], "once")  # the user's cookie
        flood = Flood(cluster, count)
        flood.acked[-1] = next(iter(cluster.jobs))
        threads = [threading.Thread(target=flood.submit, daemon=True)
                   for _ in range(CLIENTS)]
        striker = threading.Thread(target=flood.strike, daemon=True)
        for thread in (*threads, striker):
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - flood.begin
        flood.done.set()
        striker.join(2 * SHIFT_S)
        print(f"{len(flood.acked)} acknowledged in {took:.0f} s, answered "
              f"after {spread(flood.took_ms)}; blows: {flood.blows}; asked "
              f"again after {flood.again}", flush=True)
        settled = flood.settle()
        runs, kept = flood.judge()
        print(f"all ended {settled:.1f} s later; runs of a job: how many "
              f"jobs: {runs}; ends looked at in the journals: {kept}",
              flush=True)
    return flood.broken
