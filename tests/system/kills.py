#!/usr/bin/env python3
"""See kills.sh."""
import http.client
import os
import random
import signal
import sys
import threading
import time

import lib
from lib import check

BRIEF = os.environ.get("BRIEF") is not None
SUBMISSIONS = int(os.environ.get("SUBMISSIONS", 150 if BRIEF else 1000))
DURATION = float(os.environ.get("DURATION", 10 if BRIEF else 60))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 31))
KILL_MIN = float(os.environ.get("KILL_MIN", "0.3"))
KILL_MAX = float(os.environ.get("KILL_MAX", "1.0"))
PATIENCE = float(os.environ.get("PATIENCE", "120"))
SUBMITTERS = 4
POLLERS = 3
LOSSES_MAX = 16  # an attempt may be lost that often
ENDED = ("ready", "error", "cancelled")
BROKEN = (OSError, http.client.HTTPException, ValueError)

# what to submit, how often out of 100: kind, least and most seconds
MIX = [(40, "quick", 0, 0), (25, "work", 0.2, 2.0), (10, "fail", 0.05, 0.3),
       (10, "fork", 0.05, 0.4), (5, "stubborn", 0.2, 2.0),
       (10, "solo", 0.1, 0.8)]
# whom to kill, how often
VICTIMS = [("journal", 4), ("http", 4), ("control", 2), ("worker", 5),
           ("supervisor", 2), ("guardian", 1)]
CANCELLED_OF_100 = 6

JOBS = """
    quick = {{ command = [ "/bin/true" ]; env = [ "{mark}" ];
        max-pending = 16000; keep = "1h"; attempts = 3; backoff = "100ms"; }};
    work = {{ command = {command}; params = {params}; env = [ "{mark}" ];
        max-pending = 16000; keep = "1h"; attempts = 3; backoff = "100ms";
        stop-timeout = "500ms"; output = "output.txt"; }};
    solo = {{ command = {command}; params = {params}; env = [ "{mark}" ];
        max-pending = 16000; keep = "1h"; attempts = 3; backoff = "100ms";
        stop-timeout = "500ms"; output = "output.txt"; unique = "user"; }};
"""


class Known:
    """A job that was acknowledged."""

    def __init__(self, ident, kind, user):
        self.ident = ident
        self.kind = kind
        self.user = user
        self.deleted = False  # asked to; a second time forgets it
        self.ended_at = None
        self.state = None


class Trial:
    def __init__(self):
        self.node = lib.Node(workers=6)
        self.witness = os.path.join(self.node.dir, "witness")
        token = os.path.join(self.node.dir, "token")
        with open(token, "w", encoding="ascii") as file:
            file.write("open-sesame\n")
        os.chmod(token, 0o600)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "witness.py")
        self.node.write_conf(
            http=f'token-file = "{token}"; processes = 2;',
            jobs=JOBS.format(
                mark=f"{lib.MARK}={self.node.mark}",
                command=f'[ "{sys.executable}", "-IS", "{script}", '
                        f'"{self.witness}", "${{param.kind}}", '
                        f'"${{param.seconds}}" ]',
                params='{ kind = { required = true; }; '
                       'seconds = { required = true; }; }'))
        self.random = random.Random(SEED)
        self.lock = threading.Lock()
        self.known = {}
        self.keys = {}  # of submissions: the id that was acknowledged
        self.faults = []
        self.stop = threading.Event()
        self.unanswered = 0
        self.polls = 0

    # ---- users ----

    def client(self, number):
        """An operator, at the Unix socket or over TCP."""
        return (self.node.operator(10), self.node.user(10))[number % 2]

    def ask(self, client, *words, **more):
        more.setdefault("headers", {})
        more["headers"]["Authorization"] = "Bearer open-sesame"
        return client.ask(*words, **more)

    def plan(self, rng, number):
        pick = rng.randrange(100)
        for share, kind, least, most in MIX:
            if pick < share:
                break
            pick -= share
        seconds = round(rng.uniform(least, most), 2)
        body = {"type": kind if kind in ("quick", "solo") else "work",
                "key": f"key-{SEED}-{number}", "user": f"u{number % 3}"}
        if kind != "quick":
            body["params"] = {"kind": "work" if kind == "solo" else kind,
                              "seconds": str(seconds)}
        return kind, body, rng.randrange(100) < CANCELLED_OF_100

    def submit(self, rng, number):
        kind, body, cancel = self.plan(rng, number)
        until = lib.now() + PATIENCE
        turn = rng.randrange(2)
        while True:
            if self.stop.is_set() or lib.now() > until:
                self.faults.append(f"never acknowledged: {body}")
                return
            client = self.client(turn)
            turn += 1
            try:
                answer = self.ask(client, "POST", "/v1/jobs", body=body)
                if answer.status == 202:
                    job = answer.json()
                    break
                if answer.status != 503:
                    self.faults.append(f"{answer.status} {answer.text()}")
                    return
            except BROKEN:
                pass
            finally:
                client.close()
            self.unanswered += 1
            time.sleep(rng.uniform(0.02, 0.2))
        self.acknowledge(body, kind, job)
        if cancel:
            time.sleep(rng.uniform(0, 0.5))
            self.cancel(rng, job["id"])

    def acknowledge(self, body, kind, job):
        with self.lock:
            self.keys[body["key"]] = job["id"]
            if job["id"] not in self.known:
                self.known[job["id"]] = Known(job["id"], kind, body["user"])

    def cancel(self, rng, ident):
        self.known[ident].deleted = True
        for turn in range(200):
            client = self.client(turn)
            try:
                if self.ask(client, "DELETE",
                            f"/v1/jobs/{ident}").status != 503:
                    return
            except BROKEN:
                pass
            finally:
                client.close()
            time.sleep(rng.uniform(0.02, 0.2))

    def submitter(self, number):
        rng = random.Random(SEED * 1000 + number)
        start = lib.now()
        for at in range(number, SUBMISSIONS, SUBMITTERS):
            due = start + DURATION * at / SUBMISSIONS
            time.sleep(max(0, due - lib.now()))
            self.submit(rng, at)

    def note(self, ident, job, seen):
        """What one client saw of a job must never go back."""
        version = tuple(int(part) for part in job["version"].split("."))
        if version < seen.get(ident, (0, 0)):
            self.faults.append(
                f"version went back: {ident} {seen[ident]} to {version}")
        seen[ident] = version
        known = self.known[ident]
        if job["state"] in ENDED:
            known.ended_at = known.ended_at or lib.now()
            if known.state not in (None, job["state"]):
                self.faults.append(f"{ident} was {known.state}, now "
                                   f"{job['state']}")
            known.state = job["state"]

    def poller(self, number):
        rng = random.Random(SEED * 2000 + number)
        seen = {}
        turn = number
        while not self.stop.is_set():
            with self.lock:
                live = [k.ident for k in self.known.values()
                        if k.ended_at is None]
                late = list(self.known)[-50:]
            if not late:
                time.sleep(0.05)
                continue
            ident = rng.choice(live if live and rng.random() < 0.9 else late)
            turn += 1
            client = self.client(turn)
            try:
                answer = self.ask(client, "GET", f"/v1/jobs/{ident}")
                if answer.status == 200:
                    self.note(ident, answer.json(), seen)
                    self.polls += 1
                elif answer.status == 404 and not self.known[ident].deleted:
                    self.faults.append(f"vanished: {ident}")
                elif answer.status not in (404, 503):
                    self.faults.append(f"poll {answer.status} "
                                       f"{answer.text()[:300]}")
            except BROKEN:
                time.sleep(0.02)
            finally:
                client.close()
            time.sleep(0.002)

    # ---- the killer ----

    def kill_one(self, count):
        names = [name for name, _ in VICTIMS]
        weights = [weight for _, weight in VICTIMS]
        wanted = self.random.choices(names, weights)[0]
        victims = [pid for name, pid in self.node.roles() if name == wanted]
        if not victims:
            return
        try:
            os.kill(self.random.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            return
        count[wanted] = count.get(wanted, 0) + 1
        if wanted == "guardian":
            self.node.restart()

    def kill_while(self, threads):
        count = {}
        while any(thread.is_alive() for thread in threads):
            self.kill_one(count)
            time.sleep(self.random.uniform(KILL_MIN, KILL_MAX))
            if self.node.process.poll() is not None:
                raise lib.Failed("the guardian ended by itself, status "
                                 f"{self.node.process.returncode}\n"
                                 f"{self.node.log()[-3000:]}")
        return count

    # ---- the verdict ----

    def wait_all(self):
        client = self.node.operator()
        until = lib.now() + PATIENCE
        ends = {}
        for known in self.known.values():
            left = max(0.5, until - lib.now())
            answer = self.ask(client, "GET", f"/v1/jobs/{known.ident}")
            if answer.status == 404 and known.deleted:
                ends[known.ident] = None
                continue
            check(answer.status == 200, "job", known.ident, known.kind,
                  "vanished:", answer.status)
            try:
                ends[known.ident] = lib.wait_end(client, known.ident, left)
            except lib.Failed as failed:
                self.faults.append(str(failed))
        return ends

    def judge_end(self, known, job):
        if job is None:
            return
        title = (job.get("error") or {}).get("title", "")
        if job["state"] == "cancelled":
            good = known.deleted
        elif job["state"] == "error":
            good = "died" in title and job["attempt"] >= LOSSES_MAX
        else:
            good = job["state"] == "ready"
        if not good:
            self.faults.append(f"{known.kind} ended badly: {job}")

    def check_output(self, client, job):
        answer = self.ask(client, "GET", f"/v1/jobs/{job['id']}/output")
        if answer.status != 200:
            self.faults.append(f"output of {job['id']}: {answer.status}")
        elif answer.text() != f"{job['id']} {job['token']}\n":
            self.faults.append(f"output of {job['id']} is of another "
                               f"attempt: {answer.text()} {job['token']}")

    def read_witness(self):
        """job -> token -> [first, last, attempt]"""
        traces = {}
        for line in lib.read(self.witness).splitlines():
            _, job, token, attempt, _, clock = line.split()
            trace = traces.setdefault(job, {}).setdefault(
                int(token), [int(clock), 0, int(attempt)])
            trace[0] = min(trace[0], int(clock))
            trace[1] = max(trace[1], int(clock))
        return traces

    def judge_trace(self, ident, attempts):
        """Attempts of one job never overlap; tokens rise with time."""
        order = sorted(attempts.items(), key=lambda item: item[1][0])
        for (token, (_, last, number)), (next_token, (first, _, following)) \
                in zip(order, order[1:]):
            if next_token <= token or following <= number:
                self.faults.append(f"{ident}: token {next_token} attempt "
                                   f"{following} after {token} {number}")
            if first <= last:
                self.faults.append(
                    f"two live attempts of {ident}: {token} until {last}, "
                    f"{next_token} from {first}")
        known = self.known.get(ident)
        if known is not None and known.ended_at is not None and \
                order[-1][1][1] > known.ended_at * 1e9:
            self.faults.append(f"{ident} was alive after its end was shown")

    def judge_solo(self, traces):
        """Of one user at most one at a time."""
        spans = {}
        for ident, attempts in traces.items():
            known = self.known.get(ident)
            if known is not None and known.kind == "solo":
                spans.setdefault(known.user, []).extend(
                    (first, last, ident)
                    for first, last, _ in attempts.values())
        for user, times in spans.items():
            times.sort()
            for a, b in zip(times, times[1:]):
                if b[0] <= a[1] and a[2] != b[2]:
                    self.faults.append(f"two solo jobs of {user}: {a} {b}")

    def judge(self, ends):
        client = self.node.operator()
        for known in self.known.values():
            job = ends.get(known.ident)
            if known.ident in ends:
                self.judge_end(known, job)
            if job and job["state"] == "ready" and known.kind != "quick":
                self.check_output(client, job)
        traces = self.read_witness()
        for ident, attempts in traces.items():
            self.judge_trace(ident, attempts)
        self.judge_solo(traces)
        return sum(len(attempts) for attempts in traces.values())

    def check_sizes(self):
        view = os.path.getsize(os.path.join(self.node.state, "data.mdb")) \
            if os.path.exists(os.path.join(self.node.state, "data.mdb")) \
            else lib.tree_bytes(self.node.state)
        journal = lib.tree_bytes(os.path.join(self.node.shared, "journal"))
        work = os.path.join(self.node.state, "work")
        print(f"view {view // 1024} KiB, journal {journal // 1024} KiB, "
              f"specs left {len(os.listdir(work))}, "
              f"for {len(self.known)} jobs")
        check(view <= 32 << 20, "the view grew to", view)
        check(not os.listdir(work), "specs left behind:", os.listdir(work)[:5])
        check(journal <= 2 * len(self.known) * 1200 + (4 << 20),
              "the journal grew to", journal)

    def report(self, ends, attempts, kills, seconds):
        states = {}
        for job in ends.values():
            state = job["state"] if job else "forgotten"
            states[state] = states.get(state, 0) + 1
        print(f"{SUBMISSIONS} submissions, {len(self.known)} jobs, "
              f"{attempts} witnessed attempts, {self.polls} polls, "
              f"{self.unanswered} requests repeated, {seconds:.0f} s")
        print("kills:", ", ".join(f"{name} {count}"
                                  for name, count in sorted(kills.items())))
        print("ends:", ", ".join(f"{name} {count}"
                                 for name, count in sorted(states.items())))

    def run(self):
        start = lib.now()
        print(f"SEED={SEED}", flush=True)
        self.node.start()
        users = [threading.Thread(target=self.submitter, args=(n,),
                                  daemon=True) for n in range(SUBMITTERS)]
        pollers = [threading.Thread(target=self.poller, args=(n,),
                                    daemon=True) for n in range(POLLERS)]
        for thread in users + pollers:
            thread.start()
        try:
            kills = self.kill_while(users)
            self.node.wait_ready(30)
            ends = self.wait_all()
        finally:
            self.stop.set()
        for thread in pollers:
            thread.join()
        attempts = self.judge(ends)
        self.report(ends, attempts, kills, lib.now() - start)
        self.check_sizes()
        status = self.node.stop()
        self.node.check_nothing_left()
        check(status == 0, "stopped with status", status)
        for fault in self.faults[:20]:
            print("fault:", fault)
        check(not self.faults, len(self.faults), f"faults, SEED={SEED}")


if __name__ == "__main__":
    lib.main(lambda: Trial().run())
