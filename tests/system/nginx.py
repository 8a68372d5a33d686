"""Goal: through nginx, round robin, while nodes are killed one by one, every
answer is 2xx or 304, no version and no percent goes back, each submission is
one job, files arrive whole, and nobody poses as somebody else."""
import hashlib
import http.client
import os
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import nodes  # noqa: E402
import proxy  # noqa: E402
from lib import check  # noqa: E402

MEGABYTES = 48
KILLS = 3
COUNT = """#!/bin/sh
# Counts for some seconds, from where the attempt before it was.
i=${HOLDFAST_STATE:+$(cat "$HOLDFAST_STATE")}
i=${i:-0}
while [ "$i" -lt 200 ]; do
  i=$((i + 1))
  echo "$((i / 2)) step $i" >&3
  echo $i | "$1" checkpoint -
  sleep 0.05
done
echo "counted to $i" >"$HOLDFAST_OUTPUT"
"""
BIG = f"""#!/bin/sh
head -c {MEGABYTES}M /dev/urandom >"$HOLDFAST_OUTPUT"
sha256sum <"$HOLDFAST_OUTPUT" | cut -d ' ' -f 1 >&2
"""
JOBS = """
count = {{ command = [ "{dir}/count", "{holdfast}" ]; output = "count.txt";
  unique = "user"; attempts = 9; resume = "checkpoint"; }};
big = {{ command = [ "{dir}/big" ]; output = "big.bin"; unique = "none"; }};
quick = {{ command = [ "/bin/sh", "-c", "echo 50 $$HOLDFAST_PARAM_WORD >&3" ];
  params = {{ word = {{ match = "[a-z0-9]+"; required = true; }}; }};
  unique = "none"; max-pending = 500; }};
"""


def version_of(job):
    return [int(part) for part in job["version"].split(".")]


def brief(job):
    return {name: job[name] for name in
            ("version", "state", "attempt", "node", "progress")}


class Poller(threading.Thread):
    """A page that polls one job; what is wrong is in WRONG."""

    def __init__(self, client, ident, wait):
        super().__init__(daemon=True)
        self.client = client
        self.path = f"/v1/jobs/{ident}"
        self.wait = wait
        self.wrong = []
        self.answers = 0
        self.longest_s = 0
        self.seen = None
        self.nodes = []

    def run(self):
        try:
            while self.seen is None or \
                    self.seen["state"] not in ("ready", "error", "cancelled"):
                self.poll()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.wrong.append(repr(error))

    def poll(self):
        headers = {}
        path = self.path
        if self.seen is not None:
            headers["If-None-Match"] = f'"{self.seen["version"]}"'
            path += f"?wait={self.wait}" if self.wait else ""
        begin = time.monotonic()
        answer = self.client.ask("GET", path, headers=headers)
        self.answers += 1
        self.longest_s = max(self.longest_s, time.monotonic() - begin)
        if answer.status == 200:
            self.look(answer.json())
        elif answer.status != 304:
            self.wrong.append(f"{answer.status} {answer.text()[:200]}")
        if not self.wait:
            time.sleep(0.01)

    def look(self, job):
        old = self.seen
        self.seen = job
        if job["node"] and job["node"] not in self.nodes[-1:]:
            self.nodes.append(job["node"])
        if old is None:
            return
        for what, went_back in (
                ("version", version_of(job) < version_of(old)),
                ("attempt", job["attempt"] < old["attempt"]),
                ("percent", job["attempt"] == old["attempt"] and
                 job["state"] != "pending" and
                 (job["progress"]["percent"] or 0) <
                 (old["progress"]["percent"] or 0))):
            if went_back:
                self.wrong.append(f"{what} went back: {brief(old)} then "
                                  f"{brief(job)}")


class Submitter(threading.Thread):
    """Asks for one job after the other, without a key."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.stop = False
        self.wrong = []
        self.ids = []

    def run(self):
        while not self.stop:
            word = f"w{len(self.ids)}"
            try:
                answer = self.client.ask("POST", "/v1/jobs", {
                    "type": "quick", "params": {"word": word}})
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
                continue
            if answer.status == 202:
                self.ids.append(answer.json()["id"])
            else:
                self.wrong.append(f"{answer.status} {answer.text()[:200]}")
            time.sleep(0.05)


def make(cluster):
    for name, text in (("count", COUNT), ("big", BIG)):
        path = os.path.join(cluster.dir, name)
        with open(path, "w", encoding="ascii") as script:
            script.write(text)
        os.chmod(path, 0o755)
    for node in cluster.nodes:
        node.write_conf(workers=4, http=proxy.TRUST, jobs=JOBS.format(
            dir=cluster.dir, holdfast=lib.HOLDFAST))
    cluster.start()
    return proxy.Proxy([node.port for node in cluster.nodes])


# ---- while nodes die ----

def everybody_is_served_while_nodes_die(cluster, front):
    first = front.user()
    ident = lib.submit(first, "count")["id"]
    check(first.cookie, "who is new gets a cookie")
    pollers = [Poller(front.user(), ident, wait)
               for wait in ("5s", "60s", None)]
    for poller in pollers:
        poller.client.cookie = first.cookie
        poller.start()
    submitter = Submitter(front.user())
    submitter.start()
    for count in range(KILLS):
        victim = choose(cluster, pollers[0], count)
        print(f"{victim.settings['name']} is killed at",
              pollers[0].seen["progress"], flush=True)
        victim.kill_all()
        victim.process.wait(10)
        time.sleep(2.5)
        victim.spawn()
        victim.wait_ready()
    submitter.stop = True
    submitter.join(60)
    for poller in pollers:
        poller.join(90)
        check(not poller.is_alive(), "it ends:", poller.seen, cluster.logs())
    for who in (*pollers, submitter):
        check(not who.wrong, len(who.wrong), "times:",
              "\n".join(who.wrong[:5]), cluster.logs(),
              front.log("error.log")[-3000:])
    job = pollers[0].seen
    check(job["state"] == "ready" and job["attempt"] > 1, "it ended:", job)
    for poller in pollers:
        print(f"wait {poller.wait}: {poller.answers} answers, the longest "
              f"after {poller.longest_s:.2f} s; ran on {poller.nodes}")
    each_submission_is_one_job(cluster, front, submitter)


def choose(cluster, poller, count):
    """First who runs the job, then another."""
    lib.wait_for(lambda: poller.wrong or (
        poller.seen and (poller.seen["progress"]["percent"] or 0) >
        10 + 20 * count), 60, "it gets on")
    runs = cluster.by_name(poller.seen["node"])
    return runs if count % 2 == 0 else cluster.others(runs)[0]


def each_submission_is_one_job(cluster, front, submitter):
    client = submitter.client
    check(len(submitter.ids) == len(set(submitter.ids)), "each is another")
    kept = []
    path = "/v1/jobs?type=quick&limit=1000"

    def all_ended():
        kept[:] = client.ask("GET", path).json()["jobs"]
        return all(job["state"] == "ready" for job in kept)
    lib.wait_for(all_ended, 60, "all are ready")
    check(sorted(job["id"] for job in kept) == sorted(submitter.ids),
          len(submitter.ids), "were taken,", len(kept), "are there")
    words = [job["progress"]["message"] for job in kept]
    check(len(set(words)) == len(words), "each with its own parameter:", words)
    everybody_s = cluster.nodes[0].operator().ask("GET", path).json()["jobs"]
    users = {job["user"] for job in everybody_s
             if job["progress"]["message"] in words}
    check(len(users) == 1, "none for nobody:", users)
    print(f"{len(kept)} submissions, {front.asked_twice()} requests asked of "
          "more than one node")


class Cutter(threading.Thread):
    """Stands before a node, and loses each of its answers."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.node = port
        self.lost = 0
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.sock.accept()
            with client:
                asked = client.recv(65536)
                while asked.startswith(b"POST") and \
                        not asked.rstrip().endswith(b"}"):
                    asked += client.recv(65536)
                if asked.startswith(b"POST"):
                    self.lose(asked)

    def lose(self, asked):
        # Whence nginx asks, which is believed what it says of a request.
        with socket.create_connection(("127.0.0.1", self.node), 10,
                                      (proxy.FROM, 0)) as node:
            node.sendall(asked)
            if b" 202 " in node.recv(65536).split(b"\r\n")[0]:
                self.lost += 1


def an_answer_that_is_lost_makes_no_second_job(cluster):
    """Neither a second user, of who had no cookie yet."""
    ports = [node.port for node in cluster.nodes]
    cutter = Cutter(ports[0])
    front = proxy.Proxy([cutter.port, *ports[1:]])
    operator = cluster.nodes[1].operator()

    def jobs():
        return operator.ask("GET", "/v1/jobs?type=quick&limit=1000"
                            ).json()["jobs"]
    before = {job["id"] for job in jobs()}
    users = [front.user() for _ in range(9)]
    asked = [lib.submit(user, "quick", {"word": "lost"}) for user in users]
    check(cutter.lost >= 3, cutter.lost, "answers were lost")
    for user, job in zip(users, asked):
        check(user.cookie and user.ask("GET", f"/v1/jobs/{job['id']}"
                                       ).status == 200, "it is the user's")
    check({job["id"] for job in jobs()} - before ==
          {job["id"] for job in asked}, "one job for each request")
    front.end()


def nobody_waits_for_a_frozen_node(cluster, front):
    """As if it had lost its power: it accepts, and says nothing."""
    frozen = cluster.nodes[0]
    frozen.freeze()
    client = front.user()
    longest = 0
    for _ in range(9):
        begin = time.monotonic()
        answer = client.ask("GET", "/v1/jobs")
        check(answer.status == 200, answer.status, answer.text())
        longest = max(longest, time.monotonic() - begin)
    lib.submit(client, "quick", {"word": "x"})
    frozen.thaw()
    frozen.signal_all(signal.SIGKILL)
    frozen.restart()
    print(f"a node frozen: the longest answer after {longest:.1f} s")
    check(1 < longest < 25, longest, "s for an answer")


# ---- files ----

def files_arrive_whole(cluster, front):
    client = front.user()
    job = lib.submit(client, "big")
    job = lib.wait_end(client, job["id"], 60)
    check(job["state"] == "ready", job)
    href = job["output"]["href"]
    sha = client.ask("GET", f"/v1/jobs/{job['id']}/log").text().split()[-1]
    whole = client.ask("GET", href)
    check(whole.status == 200 and
          hashlib.sha256(whole.body).hexdigest() == sha, "not the whole file:",
          whole.status, len(whole.body), sha)
    parts = b""
    tag = whole.headers["ETag"]
    step = MEGABYTES * 1024 * 1024 // 7 + 1
    for begin in range(0, MEGABYTES * 1024 * 1024, step):
        part = front.user()
        part.cookie = client.cookie
        answer = part.ask("GET", href, headers={
            "Range": f"bytes={begin}-{begin + step - 1}", "If-Range": tag})
        check(answer.status == 206, "a part:", answer.status)
        parts += answer.body
    check(hashlib.sha256(parts).hexdigest() == sha, "whole from parts")
    check(not [name for _, _, names in os.walk(
        os.path.join(front.dir, "proxy")) for name in names],
        "nothing was put on disk on the way")
    return client, job


# ---- who asks ----

def nobody_poses_as_another(cluster, front, client, job):
    path = f"/v1/jobs/{job['id']}"
    for node in cluster.nodes:
        direct = node.user()
        direct.cookie = client.cookie
        check(direct.ask("GET", path).status == 200, "a cookie is good for "
              "every node")
    for headers in ({}, {"X-Remote-User": job["user"]},
                    {"X-Forwarded-User": job["user"]}):
        for user in (front.user(), cluster.nodes[0].user()):
            check(user.ask("GET", path, headers=headers).status == 404,
                  "somebody else's job is not there")
    for name in ("X-Remote-User", "X_Remote_User", "x-remote-user"):
        answer = front.user().ask("POST", "/v1/jobs", {
            "type": "quick", "params": {"word": "x"}}, {
            name: "ann", "Authorization": "Basic YW5uOng="})
        check(answer.json()["user"].startswith("~"), "nobody says who he is")
    same = {"X-Request-Id": "0" * 32}
    ids = {front.user().ask("POST", "/v1/jobs", {
        "type": "quick", "params": {"word": "x"}}, same).json()["id"]
        for _ in range(3)}
    check(len(ids) == 3, "nor what a request is called")
    check(front.user().ask("GET", "/metrics").status == 404, "no metrics")


def users_of_nginx_are_users(cluster):
    front = proxy.Proxy(
        [node.port for node in cluster.nodes],
        [(r'proxy_set_header X-Remote-User "";',
          'proxy_set_header X-Remote-User "ann";')])
    job = lib.submit(front.user(), "quick", {"word": "x"})
    check(job["user"] == "ann", "nginx says who it is")
    check(front.user().ask("GET", f"/v1/jobs/{job['id']}").status == 200,
          "who needs no cookie then")
    front.end()


def body():
    with nodes.Cluster(3, lease="1s", memory=True, singletons={}) as cluster:
        front = make(cluster)
        nobody_poses_as_another(cluster, front,
                                *files_arrive_whole(cluster, front))
        users_of_nginx_are_users(cluster)
        an_answer_that_is_lost_makes_no_second_job(cluster)
        nobody_waits_for_a_frozen_node(cluster, front)
        everybody_is_served_while_nodes_die(cluster, front)
        front.end()


if __name__ == "__main__":
    lib.main(body)
