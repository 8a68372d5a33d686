#!/usr/bin/env -S python3 -B
"""10,000 long polls of one job: how soon a change has reached the last of
them, and what one costs the http process while it waits."""

import os
import subprocess
import sys
import tempfile
import time

from node import ROUNDS, Node, build, median, pss, verdict

COUNT = int(os.environ.get("COUNT", "10000"))
JOBS = """
jobs = {
  steps = { command = [ "/bin/sh", "-c",
    "while read -r line; do echo $$line >&3; done < '%s'" ]; };
};
"""


def main():
    with tempfile.TemporaryDirectory() as directory:
        client = build("parked", directory)
        fifo = os.path.join(directory, "steps")
        os.mkfifo(fifo, 0o666)
        os.chmod(directory, 0o755)
        os.chmod(fifo, 0o666)
        with Node(JOBS % fifo) as node:
            return measure(node, client, fifo)


def measure(node, client, fifo):
    job, cookie = node.submit("steps")
    steps = open(fifo, "w", buffering=1)
    path = f"/v1/jobs/{job['id']}"
    while True:
        _, fields, body = node.ask("GET", path, headers={"Cookie": cookie})
        if b'"processing"' in body:
            break
        time.sleep(0.05)
    time.sleep(0.5)
    _, fields, _ = node.ask("GET", path, headers={"Cookie": cookie})
    pid = node.role("http")
    before = pss(pid)
    child = subprocess.Popen([client, str(COUNT), str(node.port), path, cookie,
                              fields["ETag"]], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    waits, cost = [], 0
    for turn in range(ROUNDS):
        if child.stdout.readline() != "parked\n":
            raise SystemExit("the client gave up")
        time.sleep(2)
        if turn == 0:
            cost = (pss(pid) - before) / COUNT
        child.stdin.write("go\n")
        child.stdin.flush()
        steps.write(f"{turn + 1} step\n")
        waits.append(float(child.stdout.readline()))
    last = (pss(pid) - before) / COUNT
    child.kill()
    child.wait()
    steps.close()
    print(f"parked: {COUNT} polls, the last answered after "
          f"{median(waits):.0f} ms (rounds: "
          f"{' '.join(f'{wait:.0f}' for wait in waits)}), "
          f"{cost:.0f} bytes each while parked, {last:.0f} in the end")
    return (verdict("parked: time", median(waits) / 500, 1.0, at_least=False)
            + verdict("parked: memory", max(cost, last) / 8192, 1.0,
                      at_least=False))


if __name__ == "__main__":
    sys.exit(min(1, main()))
