"""Goal: who watches a job in a browser sees a pause when nodes die, nothing
else.  Leaves a series of screenshots in the directory nginx_page beside the
test's log, or in SHOTS."""
import hashlib
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import nodes  # noqa: E402
import proxy  # noqa: E402
from page import Page  # noqa: E402
from pagecheck import (check, it_fits_a_phone,  # noqa: E402
                       nobody_else_is_asked, open_page, requests, until)
from webdriver import Browser  # noqa: E402

LINES = 400000
PACK = f"""#!/bin/sh
# Some seconds of work, from where the attempt before it was; then a file.
i=${{HOLDFAST_STATE:+$(cat "$HOLDFAST_STATE")}}
i=${{i:-0}}
while [ "$i" -lt 120 ]; do
  i=$((i + 1))
  echo "$((i * 100 / 120)) part $i of 120" >&3
  echo $i | "$1" checkpoint -
  sleep 0.1
done
seq {LINES} >"$HOLDFAST_OUTPUT"
"""
JOBS = """
pack = {{ command = [ "{dir}/pack", "{holdfast}" ]; output = "pack.txt";
  unique = "user"; attempts = 9; resume = "checkpoint"; }};
"""
# What a user could have seen, 20 times a second.
WATCH = """
window.seen = [];
setInterval(() => {
  const card = document.querySelector('.job');
  const of = (part) => card && card.querySelector(part);
  const last = window.seen[window.seen.length - 1] || {};
  const now = {
    reached: card && Number(of('.bar').getAttribute('aria-valuenow')),
    state: card && of('.state').textContent,
    message: card && of('.message').textContent,
    figures: card && of('.figures').textContent,
    notes: ['notice', 'health'].filter(
      (id) => !document.getElementById(id).hidden).join(),
    problems: [...document.querySelectorAll('.problem')].filter(
      (one) => !one.hidden).map((one) => one.textContent).join(),
  };
  if (JSON.stringify(now) !== JSON.stringify(last))
    window.seen.push(now);
}, 50);
"""
FIGURES = "return document.querySelector('.job .figures').textContent"


class Shots:
    """Numbered, so that they tell a story."""

    def __init__(self, browser):
        self.browser = browser
        self.count = 0
        self.dir = os.environ.get("SHOTS") or os.path.join(
            os.environ.get("BUILDDIR", "."), "tests/system/nginx_page")
        os.makedirs(self.dir, exist_ok=True)
        for name in os.listdir(self.dir):
            os.unlink(os.path.join(self.dir, name))

    def take(self, name):
        self.count += 1
        self.browser.screenshot(
            os.path.join(self.dir, f"{self.count:02}-{name}.png"))


def make(cluster):
    path = os.path.join(cluster.dir, "pack")
    with open(path, "w", encoding="ascii") as script:
        script.write(PACK)
    os.chmod(path, 0o755)
    for node in cluster.nodes:
        node.write_conf(http=proxy.TRUST, jobs=JOBS.format(
            dir=cluster.dir, holdfast=lib.HOLDFAST))
    cluster.start()
    return proxy.Proxy([node.port for node in cluster.nodes])


def runs_on(cluster, front, page):
    """The node that runs the job, as its user is told."""
    path = f"/v1/jobs/{page.card('pack')['id']}"
    job = page.browser.run(
        "return fetch(arguments[0]).then((answer) => answer.json())", path)
    return job["state"] == "processing" and cluster.by_name(job["node"])


def served_by(cluster, front):
    """The node that answered the page's last poll."""
    ports = {str(node.port): node for node in cluster.nodes}
    for line in reversed(front.log("access.log").splitlines()):
        words = line.split()
        if words[3].startswith("/v1/jobs/"):
            # Of several that were asked the last one answered.
            asked = [word for word in words[4:] if word.strip(",").rsplit(
                ":", 1)[-1] in ports]
            return ports[asked[-1].rsplit(":", 1)[1]]
    return None


def go_on(page, text):
    before = page.percent("pack")
    until(lambda: page.percent("pack") > before + 3, text)


def nodes_die_under_it(cluster, front, page, shots):
    page.start("pack")
    until(lambda: page.percent("pack") > 20, "a click, and its bar moves")
    shots.take("running")
    first = runs_on(cluster, front, page)
    first.kill_all()
    begin = time.monotonic()
    first.process.wait(10)
    shots.take("node-killed")
    time.sleep(2.6)  # nearly a lease: nobody can know yet
    shots.take("pause")
    while "attempt 2" not in page.browser.run(FIGURES):
        if page.browser.run("return document.querySelector('.job .state')"
                            ".textContent") != "running":
            shots.take("moving")
        if time.monotonic() - begin > 60:
            check(False, "another node takes it")
    print(f"seen again after {time.monotonic() - begin:.1f} s", flush=True)
    shots.take("second-attempt")
    go_on(page, "the bar goes on, its node killed")
    shots.take("goes-on")

    server = served_by(cluster, front)
    print("runs on", runs_on(cluster, front, page).settings["name"],
          "and was served by", server.settings["name"], flush=True)
    server.kill_all()
    server.process.wait(10)
    shots.take("server-killed")
    go_on(page, "the bar goes on, the node that served it killed")
    shots.take("goes-on-again")
    for node in (first, server):
        if not node.is_up():
            node.spawn()
            node.wait_ready()
    until(lambda: page.card("pack")["state"] == "ready", "it gets ready")
    time.sleep(0.6)  # the bar's own motion, for the picture
    shots.take("ready")


def nothing_was_amiss(page):
    seen = page.browser.run("return window.seen")
    check(page.browser.run("return window.mark") == 1, "without a reload")
    reached = [one["reached"] for one in seen if one["reached"] is not None]
    check(reached == sorted(reached), f"the bar never went back {reached}")
    for what in ("notes", "problems"):
        check(not [one for one in seen if one[what]],
              f"no {what} were shown {[o for o in seen if o[what]][:3]}")
    print("words:", sorted({one["message"] for one in seen if one["message"]
                            and not one["message"].startswith("part")}),
          "states:", sorted({one["state"] for one in seen if one["state"]}),
          flush=True)


def the_file_arrives_whole(page, shots, directory):
    page.browser.reload()
    until(lambda: page.card("pack") and page.card("pack")["download"],
          "a reload keeps it")
    shots.take("after-a-reload")
    page.browser.cdp("Browser.setDownloadBehavior", behavior="allow",
                     downloadPath=directory)
    page.press(page.card("pack"), ".download")
    path = os.path.join(directory, "pack.txt")
    until(lambda: os.path.exists(path), "a click downloads the file")
    want = "".join(f"{i}\n" for i in range(1, LINES + 1)).encode()
    check(hashlib.sha256(lib.read(path, "rb")).digest() ==
          hashlib.sha256(want).digest(), "it arrives whole")


def body():
    with nodes.Cluster(3, lease="3s", memory=True, singletons={}) as cluster:
        front = make(cluster)
        with Browser(size=(1000, 620)) as browser:
            shots = Shots(browser)
            page = Page(browser)
            open_page(browser, front.url)
            until(lambda: browser.run("return document.querySelector('.type')"
                                      " !== null"), "the page is there")
            browser.run(WATCH + "window.mark = 1")
            shots.take("before")
            nodes_die_under_it(cluster, front, page, shots)
            nothing_was_amiss(page)
            the_file_arrives_whole(page, shots, cluster.dir)
            it_fits_a_phone(browser)
            shots.take("phone")
            nobody_else_is_asked(browser, front.url, requests(browser))
        front.end()


if __name__ == "__main__":
    lib.main(body)
