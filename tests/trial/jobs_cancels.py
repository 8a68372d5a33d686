"""Jobs cancelled, and forgotten, wherever they are: see jobs.py."""
import http.client
import random
import threading
import time

import lib
from jobs_flood import CLIENTS, TRIES_S, Flood
from working import ENDED, SHIFT_S, Working, once_lines, spread

REST_S = 3      # so long nothing is begun when all has settled
FORGOTTEN = 3   # one of so many


class Cancels(Flood):
    """Each job would run for an hour."""
    KIND = "idle"

    def __init__(self, cluster, count):
        super().__init__(cluster, count)
        self.forgotten = set()
        self.ended_ms = []

    def delete(self, clients, ident, *answers):
        """Of one node after the other until one gives one of ANSWERS; or says
        that nothing is left, when one that gave none did both."""
        until = time.monotonic() + TRIES_S
        unheard = False
        while time.monotonic() < until:
            client = random.choice(clients)
            try:
                answer = client.ask("DELETE", f"/v1/jobs/{ident}")
            except (OSError, http.client.HTTPException) as error:
                self.note("DELETE " + type(error).__name__)
                unheard = True
                time.sleep(0.01)
                continue
            if answer.status in answers or \
                    (unheard and answer.status in (204, 404)):
                return answer.status
            self.note(f"DELETE {answer.status}")
            unheard = unheard or answer.status == 503
            time.sleep(0.02)
        raise lib.Failed(f"nobody takes the DELETE of {ident}")

    def wait_ended(self, clients, ident):
        until = time.monotonic() + TRIES_S
        while time.monotonic() < until:
            try:
                answer = random.choice(clients).ask(
                    "GET", f"/v1/jobs/{ident}")
            except (OSError, http.client.HTTPException):
                continue
            if answer.status == 200 and answer.json()["state"] in ENDED:
                return
            time.sleep(0.005)
        raise lib.Failed(f"{ident} does not end")

    def play(self, clients, number):
        ident = self.ask(clients, number)
        with self.lock:
            self.acked[number] = ident
        time.sleep(random.choice((0, 0, random.random(), random.random())))
        if self.delete(clients, ident, 202) != 202:
            with self.lock:
                self.forgotten.add(ident)
            return
        begin = time.monotonic()
        self.wait_ended(clients, ident)
        with self.lock:
            self.ended_ms.append((time.monotonic() - begin) * 1000)
        if number % FORGOTTEN == 0:
            begin = time.monotonic()
            # A node may not have heard of the end: then that was a cancel.
            while self.delete(clients, ident, 202, 204, 404) == 202:
                lib.check(time.monotonic() - begin < TRIES_S,
                          ident, "is not forgotten")
                time.sleep(0.05)
            with self.lock:
                self.forgotten.add(ident)
            self.took_ms.append((time.monotonic() - begin) * 1000)

    def submit(self):
        clients = [self.cluster.user(node) for node in self.cluster.nodes]
        while (number := self.take()) is not None:
            try:
                self.play(clients, number)
            except lib.Failed as failed:
                self.broken.append(str(failed))

    def judge(self):
        acked = set(self.acked.values())
        for node in self.cluster.nodes:
            name = node.settings["name"]
            jobs = {job["id"]: job["state"]
                    for job in self.cluster.listed(node, self.KIND)}
            shown = self.forgotten & set(jobs)
            self.expect(not shown, name, "shows", len(shown), "forgotten")
            lost = acked - self.forgotten - set(jobs)
            self.expect(not lost, name, "does not know", len(lost))
            bad = {ident: state for ident, state in jobs.items()
                   if state != "cancelled"}
            self.expect(not bad, name, "has", list(bad.items())[:5])


def runs_of(cluster):
    return sum(map(len, once_lines(cluster.once).values()))


def play(count, options):
    with Working(kinds=("idle",), lease=options.lease, workers=4,
                 memory=options.memory) as cluster:
        cluster.start()
        first = cluster.submit(cluster.nodes[0], "idle")  # the user's cookie
        cancels = Cancels(cluster, count)
        cancels.acked[-1] = first
        cancels.delete([cluster.user(cluster.nodes[1])], first, 202)
        threads = [threading.Thread(target=cancels.submit, daemon=True)
                   for _ in range(CLIENTS)]
        striker = threading.Thread(target=cancels.strike, daemon=True)
        for thread in (*threads, striker):
            thread.start()
        for thread in threads:
            thread.join()
        cancels.done.set()
        striker.join(2 * SHIFT_S)
        settled = cancels.settle()
        runs = runs_of(cluster)
        time.sleep(REST_S)
        cancels.expect(runs_of(cluster) == runs, "begun again")
        cancels.judge()
    print(f"{len(cancels.acked)} jobs cancelled, ended after "
          f"{spread(cancels.ended_ms)}; {len(cancels.forgotten)} forgotten "
          f"after {spread(cancels.took_ms)}; runs: {runs}; blows: "
          f"{cancels.blows}; asked again after {cancels.again}; all ended "
          f"{settled:.1f} s later", flush=True)
    return cancels.broken
