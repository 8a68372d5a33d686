"""Clients that look at a job through another node each time, and notice when
they are told of the past."""
import http.client
import random
import threading
import time

TAG = "ETag"
KEPT = 10  # of each kind of what was wrong, to be looked at
ENDED = ("ready", "error", "cancelled")
CALM = ("cut", "status")  # findings of what a machine that stood still may be


def version_of(text):
    return tuple(map(int, text.strip('"').split("-")[0].split(".")))


class Findings:
    """What all pollers together saw."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}
        self.wrongs = []

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def wrong(self, what, *words):
        self.count("WRONG " + what)
        if self.wrongs_of(what) <= KEPT:
            with self.lock:
                self.wrongs.append(" ".join(map(str, (what, *words))))

    def wrongs_of(self, what):
        return self.counts.get("WRONG " + what, 0)

    def tell(self):
        return ", ".join(f"{what} {count}" for what, count in
                         sorted(self.counts.items()))


class Poller(threading.Thread):
    """Of job ABOUT.  FRONTS: of each address (make a client, (is it away?,
    how often was it struck?)).  One that was struck is excused until it is
    ready again, and so is a connection that was made before."""

    def __init__(self, about, fronts, findings, pause=0.01):
        super().__init__(daemon=True)
        self.about = about
        self.fronts = fronts
        self.findings = findings
        self.pause = pause
        self.random = random.Random(about)
        self.clients = [make() for make, _ in fronts]
        self.strikes = [state()[1] for _, state in fronts]
        self.version = (0, 0)
        self.tag = None
        self.job = None
        self.ready = set()  # (version, token) of each end that was seen
        self.seen_ready = set()  # fronts that showed it
        self.stop = False

    def run(self):
        turn = self.random.randrange(len(self.fronts))
        while not self.stop and len(self.seen_ready) < len(self.fronts):
            turn = (turn + 1) % len(self.fronts)
            self.look(turn)
            time.sleep(self.pause)
        for client in self.clients:
            client.close()

    def path(self):
        wait = self.random.choice(("", "", "?wait=100ms", "?wait=1s"))
        if self.job is not None and self.job["state"] in ENDED:
            wait = ""
        return f"/v1/jobs/{self.about}{wait}"

    def is_excused(self, turn):
        away, strikes = self.fronts[turn][1]()
        return away or strikes != self.strikes[turn]

    def is_cut(self, turn, error, begin):
        """No answer came."""
        if not self.is_excused(turn):
            time.sleep(0.2)  # who struck it may not have said so yet
        if self.is_excused(turn):
            self.findings.count("cut")
        else:
            self.findings.wrong("cut", f"{begin:.3f}", self.about, "front",
                                turn, repr(error))
        self.strikes[turn] = self.fronts[turn][1]()[1]

    def look(self, turn):
        before = self.is_excused(turn)
        headers = {"If-None-Match": self.tag} if self.tag else {}
        begin = time.monotonic()
        try:
            answer = self.clients[turn].ask("GET", self.path(),
                                            headers=headers)
        except (OSError, http.client.HTTPException) as error:
            self.is_cut(turn, error, begin)
            return
        away = before or self.is_excused(turn)
        self.findings.count(f"{answer.status}" + (
            " of one that starts" if away and answer.status >= 400 else ""))
        if answer.status == 200:
            self.take(answer, turn)
        elif answer.status == 304:
            if self.job is not None and self.job["state"] in ENDED:
                self.seen_ready.add(turn)
        elif not away:
            self.findings.wrong("status", f"{begin:.3f}", self.about, "front",
                                turn, answer.status, answer.text()[:160])

    def take(self, answer, turn):
        job = answer.json()
        version = version_of(answer.headers[TAG])
        old = self.job
        told = (self.about, "front", turn, "was", self.version,
                old and (old["state"], old["attempt"],
                         old["progress"]["percent"]), "now",
                version, job["state"], job["attempt"],
                job["progress"]["percent"], f"{time.monotonic():.3f}")
        if version < self.version:
            self.findings.wrong("version back", *told)
            return  # a client keeps what it knew
        if old is not None:
            self.compare(old, job, told)
        if job["state"] in ENDED:
            self.ready.add((job["state"], version, job["token"]))
            self.seen_ready.add(turn)
            if len(self.ready) > 1:
                self.findings.wrong("ended twice", *told, self.ready)
        self.version, self.tag, self.job = version, answer.headers[TAG], job

    def compare(self, old, job, told):
        if old["state"] in ENDED and job["state"] not in ENDED:
            self.findings.wrong("ended and went on", *told)
        if job["attempt"] < old["attempt"]:
            self.findings.wrong("attempt back", *told)
        # While it waits for the next attempt there is none.
        if job["attempt"] == old["attempt"] and job["state"] != "pending" \
                and (job["progress"]["percent"] or 0) < \
                (old["progress"]["percent"] or 0):
            self.findings.wrong("percent back", *told)
