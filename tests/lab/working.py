"""Several nodes with jobs that leave a trace (toil.c)."""
import hashlib
import http.client
import os
import random
import time

import judge
import lib
import nodes
import polls
import proxy

TOIL = os.path.join(os.environ.get("BUILDDIR", "."), "tests/lab/toil")
ARCHIVE = os.path.join(os.environ.get("SRCDIR", "."), "contrib/jobs/archive")
ENDED = polls.ENDED
LATE_S = 0.5
SHIFT_S = 30  # a node that was started is ready within

# What each kind of job runs, and what its configuration says besides.
COUNT = "count OWN 200 10 100"
COUNTS = 'output = "count.txt"; resume = "checkpoint"; unique = "none"; '
KINDS = {
    "count": (COUNT, COUNTS + "attempts = 20;"),
    "frail": (COUNT, COUNTS + "attempts = 1;"),
    "archive": ("beside OWN ARCHIVE TREE",
                'output = "tree.tar.gz"; unique = "none";'),
    "once": ("once ONCE", 'unique = "none"; max-pending = 16000;'),
    "idle": ("once ONCE 3600000", 'unique = "none"; max-pending = 200000;'),
    "user": ("once ONCE 300", 'unique = "user";'),
    "value": ("once ONCE 300", 'unique = "${param.of}"; params = { of = { '
              'match = "[0-9]+"; required = true; }; };'),
}


def make_tree(path, megabytes):
    """Files of some kinds, the same each time."""
    draw = random.Random(1)
    os.makedirs(path)
    left = int(megabytes * 1000000)
    number = 0
    while left > 0:
        size = min(left, draw.randrange(1000, 400000))
        words = draw.randbytes(size // 2)
        with open(os.path.join(path, f"file{number}"), "wb") as file:
            file.write(words + words.hex().encode()[:size - len(words)])
        left -= size
        number += 1


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Working(nodes.Cluster):
    """KINDS: those of the table above its nodes know.  MEGABYTES: what there
    is to archive.  PROXIED: behind nginx, where that is."""

    def __init__(self, count=3, kinds=tuple(KINDS), megabytes=50, workers=8,
                 proxied=False, **more):
        if not os.access(TOIL, os.X_OK):
            lib.skip("tests/lab/toil was not built")
        super().__init__(count, singletons=more.pop("singletons", {}), **more)
        tree = os.path.join(self.dir, "tree")
        if "archive" in kinds:
            make_tree(tree, megabytes)
        self.once = os.path.join(self.traces, "once")
        paths = {"OWN": os.path.join(self.traces, "${job.id}"),
                 "ONCE": self.once, "ARCHIVE": ARCHIVE, "TREE": tree}
        text = ""
        for name in kinds:
            words, besides = KINDS[name]
            command = ", ".join(f'"{paths.get(word, word)}"'
                                for word in [TOIL, *words.split()])
            text += (f'{name} = {{ command = [ {command} ]; {besides} '
                     f'env = [ "{lib.MARK}={self.mark}" ]; '
                     'keep = "24h"; };\n')
        self.proxy = None
        proxied = proxied and proxy.find() is not None
        for node in self.nodes:
            node.write_conf(jobs=text, workers=workers,
                            http=proxy.TRUST if proxied else "")
        if proxied:
            self.proxy = proxy.Proxy([node.port for node in self.nodes])
        self.jobs = {}  # id -> its trace
        self.unfit = frozenset()  # struck, and not ready again yet
        self.strikes = {}  # node -> how often it was struck
        self.cookie = None

    # ---- asking ----

    def user(self, node, timeout=10):
        """A client of NODE that is the same user everywhere."""
        if self.net is not None:
            return node.operator(timeout)
        client = node.user(timeout)
        client.cookie = self.cookie
        return client

    def submit(self, node, kind, **more):
        """Its id, asked of NODE, which may take none for a moment."""
        client = self.user(node)
        body = dict(type=kind, **more)

        def take():
            answer = client.ask("POST", "/v1/jobs", body)
            lib.check(answer.status in (202, 503), "submit:", answer.status,
                      answer.text()[:500])
            return answer.json() if answer.status == 202 else None
        job = self.wait_for(take, 10, "it takes a job", 0.1)
        self.cookie = client.cookie
        client.close()
        self.jobs[job["id"]] = judge.Trace(
            os.path.join(self.traces, job["id"]))
        return job["id"]

    def job(self, node, ident):
        """As NODE, asked by an operator, shows it; None when it does not."""
        client = node.operator(timeout=5)
        try:
            answer = client.ask("GET", f"/v1/jobs/{ident}")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            client.close()
        return answer.json() if answer.status == 200 else None

    def wait_state(self, node, ident, states, seconds):
        def is_so():
            job = self.job(node, ident)
            return job if job is not None and job["state"] in states else None
        return self.wait_for(is_so, seconds,
                             f"{ident} is {states} on "
                             f"{node.settings['name']}: "
                             f"{self.job(node, ident)}")

    def listed(self, node, kind):
        """All its jobs of KIND as NODE lists them."""
        client = node.operator(timeout=30)
        found, after = [], ""
        while True:
            answer = client.ask("GET", f"/v1/jobs?type={kind}&limit=1000"
                                f"{after}")
            lib.check(answer.status == 200, answer.status, answer.text()[:300])
            told = answer.json()
            found += told["jobs"]
            if not told.get("next"):
                client.close()
                return found
            after = "&after=" + told["jobs"][-1]["id"]

    def fetch(self, node, ident, timeout=30):
        client = self.user(node, timeout)
        answer = client.ask("GET", f"/v1/jobs/{ident}/output")
        end = time.monotonic() + timeout
        while answer.status == 503 and time.monotonic() < end:
            time.sleep(0.2)  # a read that takes long holds others up
            answer = client.ask("GET", f"/v1/jobs/{ident}/output")
        client.close()
        lib.check(answer.status == 200, "output of", ident, "from",
                  node.settings["name"], answer.status, answer.text()[:300])
        return answer.body

    # ---- watching ----

    def fronts(self):
        """For polls.Poller: each node."""
        def front(node):
            return (lambda: self.user(node), lambda: (
                node in self.unfit, self.strikes.get(node, 0)))
        return [front(node) for node in self.nodes]

    def behind(self):
        """For polls.Poller: nginx, which has to answer whatever happens; of
        nothing when there is none."""
        def make():
            client = self.proxy.user()
            client.cookie = self.cookie
            return client
        return [(make, lambda: (False, 0))] if self.proxy is not None else []

    def end(self):
        if self.proxy is not None:
            self.proxy.end()
        super().end()

    def strike(self, node, how):
        """HOW(NODE), which is excused from now on."""
        self.unfit = self.unfit | {node}
        self.strikes[node] = self.strikes.get(node, 0) + 1
        return how(node)

    def revive(self, node):
        node.process.wait(SHIFT_S)
        node.restart(SHIFT_S)
        # Its http processes are a little later than its control socket.
        time.sleep(LATE_S)
        self.unfit = self.unfit - {node}

    def life_at(self, at, ident):
        """That of its attempt at the time AT."""
        return [life for life in self.jobs[ident].read()
                if life.first <= at][-1]

    def since(self, at, ident, life, seconds):
        """(ms from AT to the first line of the next attempt, its life); None
        when LIFE had come to its end before."""
        trace = self.jobs[ident]
        node = self.others(self.by_name(life.node))[0]

        def next_one():
            new = trace.next_after(life)
            if new is not None:
                return ((new.first - at) / judge.MS, new),
            job = self.job(node, ident)
            is_over = job is not None and job["state"] in ENDED
            return (None,) if is_over and job["attempt"] == 1 else None
        return self.wait_for(next_one, seconds, f"{ident} runs after {life}",
                             0.005)[0]


def once_lines(path):
    """id -> lines, of what `toil once` wrote."""
    found = {}
    for line in lib.read(path).splitlines():
        words = line.split()
        if len(words) == 7:
            found.setdefault(words[6], []).append(words)
    return found


def spread(values, unit="ms", form=".1f"):
    """min, median, p99, max, of how many."""
    if not values:
        return "none"
    rank = sorted(values)
    p99 = rank[min(len(rank) - 1, int(len(rank) * 0.99))]
    return (f"min {rank[0]:{form}}, median {rank[len(rank) // 2]:{form}}, "
            f"p99 {p99:{form}}, max {rank[-1]:{form}} {unit} of {len(rank)}")

