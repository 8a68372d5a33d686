"""Goal: what jobs save and make goes with them, whatever becomes of their
nodes; what nobody needs goes away, and that disturbs nobody; storage that hangs
takes no node along that merely serves files."""
import http.client
import os
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import mount  # noqa: E402
import nodes  # noqa: E402
import unfit  # noqa: E402
from lib import check  # noqa: E402

DAY_S = 86400
SWEEP_S = 30   # all directories are looked at, with much else going on
FILES = 1000   # of a tree that is removed slowly
OLD, YOUNG = "0" * 25 + "1", "0" * 25 + "2"  # jobs that nobody knows

# Counts to 40, from where it was saved; writes into its directory all along.
COUNT = """#!/bin/sh
i=$(cat "${HOLDFAST_STATE:-/dev/null}")
i=${i:-0}
echo "$HOLDFAST_TOKEN $i" >>"$1"
while [ "$i" -lt 40 ]; do
  i=$((i + 1))
  echo "$HOLDFAST_TOKEN" >>now
  echo $i | "$PROGRAM" checkpoint -
  echo "$((i * 100 / 40))" >&3
  sleep 0.05
done
seq 100000 >"$HOLDFAST_OUTPUT"
"""
# More than any buffer on the way holds.
LARGE = """#!/bin/sh
seq 3000000 >"$HOLDFAST_OUTPUT"
seq 50000
"""
# Waits to be told how to end.
WAITS = """#!/bin/sh
echo begun >"$HOLDFAST_OUTPUT"
while [ ! -e "$1" ]; do sleep 0.05; done
exit "$(cat "$1")"
"""


def conf(cluster):
    """The jobs of its nodes."""
    text = ""
    for name, script, more in (
            ("count", COUNT, 'output = "count.txt"; resume = "checkpoint"; '),
            ("large", LARGE, 'output = "large.txt";'),
            ("waits", WAITS, 'output = "waits.txt"; attempts = 1; '
             'keep = "2s"; ')):
        path = os.path.join(cluster.dir, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(script)
        os.chmod(path, 0o755)
        text += (f'{name} = {{ command = [ "{path}", "{path}.said" ]; {more} '
                 f'unique = "none"; env = [ "{lib.MARK}={cluster.mark}", '
                 f'"PROGRAM={lib.HOLDFAST}" ]; }};\n')
    for node in cluster.nodes:
        node.write_conf(jobs=text)


def said(cluster, name):
    """Lines of what jobs of that name wrote."""
    return [line.split() for line in lib.read(
        os.path.join(cluster.dir, name + ".said")).splitlines()]


def ask(node, path, timeout=10, method="GET", body=None):
    client = node.operator(timeout)
    try:
        return client.ask(method, path, body)
    finally:
        client.close()


def submit(node, kind):
    answer = ask(node, "/v1/jobs", method="POST", body={"type": kind})
    check(answer.status == 202, answer.status, answer.text())
    return answer.json()["id"]


def wait_job(cluster, node, job, truth, what):
    def is_so():
        try:
            answer = ask(node, f"/v1/jobs/{job}", 5)
        except (OSError, http.client.HTTPException):
            return None
        shown = answer.json() if answer.status == 200 else None
        return shown if shown and truth(shown) else None
    return cluster.wait_for(is_so, 40, what)


def wait_state(cluster, node, job, *states):
    return wait_job(cluster, node, job, lambda shown: shown["state"] in states,
                    f"{job} is {states}")


def left(cluster, job):
    """What lies below the directory of JOB."""
    top = os.path.join(cluster.shared, "jobs", job)
    return sorted(os.path.relpath(os.path.join(base, name), top)
                  for base, dirs, files in os.walk(top)
                  for name in dirs + files)


def token_dir(shown):
    return f"{int(shown['token']):016x}"


# ---- across nodes ----

def strike(cluster, how):
    """A job runs on a node, which is struck: that node, when all is well."""
    before = len(said(cluster, "count"))
    asked = cluster.nodes[0]
    job = submit(asked, "count")
    shown = wait_job(cluster, asked, job, lambda shown: (
        shown["progress"]["percent"] or 0) >= 30, "it is in the midst")
    # Most often the one that was asked, if it was known to be free.
    node = cluster.by_name(shown["node"])
    how(node)
    other = cluster.others(node)[0]
    end = wait_state(cluster, other, job, "ready", "error")
    check(end["state"] == "ready" and end["attempt"] == 2, end)
    lines = said(cluster, "count")[before:]
    check(len(lines) == 2 and int(lines[1][0]) > int(lines[0][0]),
          "attempts:", lines)
    # A checkpoint each 50 ms or so.
    check(int(lines[1][1]) * 100 // 40 >= shown["progress"]["percent"] - 10,
          "began anew, not from what was saved:", shown, lines)
    for each in cluster.others(node):
        wait_state(cluster, each, job, "ready")
        answer = ask(each, f"/v1/jobs/{job}/output")
        check(answer.status == 200 and
              answer.body == b"".join(b"%d\n" % i for i in range(1, 100001)),
              "output:", answer.status, len(answer.body))
    # Nothing but what is served, or logged.
    cluster.wait_for(lambda: left(cluster, job) in
                     ([token_dir(end), f"{token_dir(end)}/output"],), SWEEP_S,
                     "the rest goes")
    return node


def moves(cluster):
    for how in (lambda node: node.kill_all(),
                lambda node: node.process.terminate()):
        node = strike(cluster, how)
        node.process.wait(30)
        node.spawn()
        node.wait_ready()
    # One that wakes late, in the midst of its work, spoils nothing.
    node = strike(cluster, lambda node: node.freeze())
    node.thaw()
    lib.wait_for(node.is_ready, 40, f"it is back\n{cluster.logs()}")


def pids_of(node, name):
    return [pid for role, pid in node.roles() if role == name]


def by_courier(cluster):
    """Control never reads storage itself: who asks it gets all the same."""
    node = cluster.nodes[1]
    job = submit(node, "large")
    wait_state(cluster, node, job, "ready")
    whole = b"".join(b"%d\n" % i for i in range(1, 3000001))
    path = f"/v1/jobs/{job}/output"
    for other in cluster.nodes:
        answer = ask(other, path)
        check(answer.status == 200 and answer.body == whole,
              "whole:", answer.status, len(answer.body), len(whole))
    client = node.operator()
    for first, last in ((0, 0), (1000, 5000000), (len(whole) - 5, None)):
        answer = client.ask("GET", path, headers={
            "Range": f"bytes={first}-{'' if last is None else last}"})
        end = len(whole) - 1 if last is None else last
        check(answer.status == 206 and answer.body == whole[first:end + 1] and
              answer.headers["Content-Range"] ==
              f"bytes {first}-{end}/{len(whole)}", first, last, answer.status,
              answer.headers["Content-Range"], len(answer.body))
    answer = client.ask("HEAD", path)
    check(answer.status == 200 and answer.body == b"" and
          answer.headers["Content-Length"] == str(len(whole)), "HEAD")
    answer = client.ask("GET", f"/v1/jobs/{job}/log?tail=2")
    check(answer.status == 200 and answer.text().split() == ["49999", "50000"],
          "log:", answer.status, answer.text()[-100:])
    client.close()
    # Some go away in the midst of it.
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(node.socket)
            sock.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            sock.recv(100)
    control = pids_of(node, "control")[0]
    lib.wait_for(lambda: not lib.children().get(control), 10,
                 "its couriers have gone")


def goes_away(cluster):
    """With the time, with the leader, and with what nobody knows."""
    say = os.path.join(cluster.dir, "waits.said")
    jobs = os.path.join(cluster.shared, "jobs")
    head = cluster.wait_for(lambda: unfit.leader(cluster), 20, "a leader")
    job = submit(head, "waits")
    wait_state(cluster, head, job, "processing")
    for name, age_s in ((OLD, 2 * DAY_S), (YOUNG, 0)):
        attempt = os.path.join(jobs, name, "0000000100000001")
        os.makedirs(attempt)
        for path in (attempt, os.path.join(jobs, name)):
            os.utime(path, (time.time() - age_s,) * 2)
    with open(say, "w", encoding="ascii") as file:
        file.write("0")
    wait_state(cluster, head, job, "ready")
    # It may die before it has them removed, or just after.
    head.kill_all()
    cluster.wait_for(lambda: not os.path.exists(os.path.join(jobs, OLD)),
                     SWEEP_S, "what nobody knows goes")
    cluster.wait_for(lambda: left(cluster, job) == [], SWEEP_S,
                     "what has expired goes")
    check(os.path.exists(os.path.join(jobs, YOUNG)), "it was young")
    answer = ask(cluster.others(head)[0], f"/v1/jobs/{job}/output")
    check(answer.status == 410, answer.status, answer.text())
    os.unlink(say)
    head.process.wait(10)
    head.spawn()
    head.wait_ready()


def in_memory():
    with nodes.Cluster(3, lease="2s", memory=True, singletons={}) as cluster:
        conf(cluster)
        cluster.start()
        moves(cluster)
        by_courier(cluster)
        goes_away(cluster)


# ---- storage that is slow, or hangs ----

def slow(cluster):
    """A tree goes that takes longer than the lease: nobody is held up."""
    say = os.path.join(cluster.dir, "waits.said")
    head = cluster.wait_for(lambda: unfit.leader(cluster), 20, "a leader")
    job = submit(head, "waits")
    shown = wait_state(cluster, head, job, "processing")
    tree = os.path.join(cluster.shared, "jobs", job, token_dir(shown), "tree")
    os.mkdir(tree)
    for i in range(FILES):
        with open(os.path.join(tree, str(i)), "w", encoding="ascii"):
            pass
    lives = cluster.trace["w"].latest()
    for node in cluster.nodes:
        node.mount.fault("name", "delay", 5, "/jobs/*/tree/*")
    with open(say, "w", encoding="ascii") as file:
        file.write("1")
    wait_state(cluster, head, job, "error")
    worst, count = 0, 0
    until = time.monotonic() + 120
    while os.path.exists(tree) and os.listdir(tree):
        check(time.monotonic() < until, "it does not go:", cluster.logs())
        at = time.monotonic()
        submit(head, "count" if count == 0 else "waits")
        worst = max(worst, time.monotonic() - at)
        count += 1
        time.sleep(0.05)
    for node in cluster.nodes:
        node.mount.clear()
    os.unlink(say)
    print(f"slow: {count} submissions meanwhile, longest "
          f"{worst * 1000:.0f} ms", flush=True)
    check(count > 10, "it was not slow:", count)
    check(cluster.trace["w"].latest().pid == lives.pid, "the work was ended:",
          cluster.logs())


def get_quickly(node, path, statuses, what):
    """A connection each, so whoever is free answers."""
    for _ in range(10):
        at = time.monotonic()
        client = node.user(5)
        client.cookie = node.cookie
        try:
            answer = client.ask("GET", path)
        except (OSError, http.client.HTTPException) as error:
            raise lib.Failed(f"{what}: {path}: {error!r}") from None
        finally:
            client.close()
        check(answer.status in statuses and time.monotonic() - at < 3, what,
              path, answer.status, answer.text()[:300])


def read_whole(node, path, into):
    client = node.user(60)
    client.cookie = node.cookie
    into.append(client.ask("GET", path))
    client.close()


def hung(cluster):
    """One is caught by it; the others answer, and refuse files."""
    node = cluster.nodes[0]
    client = node.user()
    job = lib.submit(client, "count")["id"]
    node.cookie = client.cookie
    client.close()
    wait_state(cluster, node, job, "ready")
    path = f"/v1/jobs/{job}/output"
    get_quickly(node, path, (200,), "before")
    node.mount.fault("open", "fail", 5, "/jobs/*/output")
    get_quickly(node, path, (503,), "failing")
    node.mount.clear()
    # Not the lease: that is for others to try.
    node.mount.fault("open,read,stat", "hang", 0, "/jobs/*/output")
    check(ask(node, path, 5).status == 503, "asked of control")
    for path_of_all in ("/v1/status", "/healthz", f"/v1/jobs/{job}"):
        check(ask(node, path_of_all, 5).status == 200, path_of_all)
    get_quickly(node, path, (503,), "a courier hangs")
    node.mount.clear()
    lib.wait_for(lambda: ask(node, path, 5).status == 200, 10, "it is back")
    node.mount.fault("open,read,stat", "hang", 0, "/jobs/*/output")
    caught = []
    reader = threading.Thread(target=read_whole, args=(node, path, caught))
    reader.start()
    cluster.wait_for(lambda: node.mount.counts()["hanging"][0] > 0, 10,
                     "one hangs")
    time.sleep(0.5)
    get_quickly(node, f"/v1/jobs/{job}", (200,), "hung")
    get_quickly(node, path, (503,), "hung")
    for path_of_all in ("/v1/status", "/healthz"):
        check(ask(node, path_of_all, 5).status == 200, path_of_all)
    check(ask(node, path, 5).status == 503, "control went there, too")
    node.mount.clear()
    reader.join(20)
    check(caught and caught[0].status == 200 and
          len(caught[0].body) == 588895, "it went on:", caught)
    get_quickly(node, path, (200,), "after")


def on_faulty_mounts():
    if not mount.is_possible():
        print("no faultfs, or no /dev/fuse: part of it left out", flush=True)
        return
    with nodes.Cluster(2, lease="2s", memory=True, faulty=True,
                       singletons={"w": unfit.AGAIN}) as cluster:
        conf(cluster)
        cluster.start()
        hung(cluster)
        slow(cluster)
        cluster.check()


PARTS = {"memory": in_memory, "faulty": on_faulty_mounts}


def main():
    brief = ["memory"] if os.environ.get("BRIEF") else list(PARTS)
    for name in sys.argv[1:] or brief:
        PARTS[name]()


if __name__ == "__main__":
    lib.main(main)
