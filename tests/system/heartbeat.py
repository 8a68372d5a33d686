"""Nodes of one cluster on the loopback: who hears whom, who is refused."""
import json
import os
import shutil
import signal
import subprocess
import threading
import time

from lib import HOLDFAST, Node, check, main, wait_for
from members import KEY, NAMES, OTHER_KEY, WAIT_S, Member, cluster, free_udp_port

REST_S = 2  # without news

class Poll:
    """A request under way."""

    def __init__(self, member, path):
        self.client = member.operator(timeout=60)
        self.body = None
        self.thread = threading.Thread(target=self.ask, args=(path,),
                                       daemon=True)
        self.thread.start()

    def ask(self, path):
        self.body = self.client.ask("GET", path).json()


def hears(member, who, whom):
    """True, False or None, as MEMBER sees it."""
    return member.seen().get(who, {}).get("hears", {}).get(whom)


def all_hear(members):
    for member in members:
        for who in NAMES:
            for whom in NAMES:
                if who != whom and hears(member, who, whom) is not True:
                    return False
    return True


def they_hear_each_other(members):
    wait_for(lambda: all_hear(members), WAIT_S, "all hear all")
    n2 = members[0].seen()["n2"]
    check(n2["heard"] and n2["hears_us"], n2)
    check(n2["tags"] == ["ssd", "n2"], n2)
    check(n2["address"] == f"127.0.0.1:{members[1].port}", n2)
    check(n2["load"]["cores"] > 0, n2)
    check(members[0].seen()["n1"]["self"], "it knows itself")
    members[0].wait_event("node-heard", "n2")


def people_can_read_it(member):
    done = member.run("nodes")
    check(done.returncode == 0, done.stderr)
    for words in ("cluster trial", "n2", "n3", "ssd"):
        check(words in done.stdout, words, done.stdout)
    parsed = json.loads(member.run("nodes", "--json").stdout)
    check(parsed["cluster"]["name"] == "trial", parsed)
    check(parsed["cluster"]["failover_ms"] > 2000, parsed)
    refused = member.user().ask("GET", "/v1/nodes")
    check(refused.status == 403, "users see the nodes", refused.status)


def metric(member, name):
    client = member.operator()
    text = client.ask("GET", "/metrics").text()
    client.close()
    for line in text.splitlines():
        if line.split(" ")[0] == f"holdfast_{name}":
            return float(line.split(" ")[1])
    return None


def it_is_counted(member):
    for name in ("datagrams_sent_total", "datagrams_received_total"):
        check(metric(member, name) > 0, name)
    check(metric(member, "cluster_peers_heard") == 2, "peers are heard")
    if shutil.which("promtool"):
        client = member.operator()
        judged = subprocess.run(["promtool", "check", "metrics"], check=False,
                                input=client.ask("GET", "/metrics").text(),
                                capture_output=True, text=True)
        client.close()
        check(judged.returncode == 0, judged.stdout, judged.stderr)


def a_stranger_is_refused(members, port):
    stranger = Member("stranger", port,
                      [members[0].udp], OTHER_KEY).begin()
    members[0].wait_event("datagram-refused", str(port))
    check(metric(members[0], "datagrams_refused_total") > 0, "counted")
    check("stranger" not in members[0].seen(), "the stranger is no node")
    check(list(stranger.seen()) == ["stranger"], "it hears nobody")
    stranger.write_key(KEY)
    stranger.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "stranger" in members[0].seen(), WAIT_S,
             "with the right key, after a reload, it is heard")
    stranger.stop()
    wait_for(lambda: not any(
        hears(members[0], name, "stranger") for name in NAMES), WAIT_S,
        "when it has gone that is seen")


def a_twin_is_told(members, port):
    twin = Member("n1", port, [members[0].udp, members[1].udp]).begin()
    members[0].wait_event("node-twin", "n1")
    twin.stop()
    # Whom it heard before that it does not lose.
    wait_for(lambda: all(
        f"hears node={name}" in members[0].log().partition("begins anew")[2]
        for name in NAMES[1:]), WAIT_S, "it notices that the other has gone")
    wait_for(lambda: all_hear(members), WAIT_S, "all hear all again")


def a_silent_one_is_told(members):
    pid = members[2].role("heartbeat")
    poll = Poll(members[0], "/v1/nodes?wait=50s")
    time.sleep(REST_S)
    check(poll.thread.is_alive(), "a poll ended though nothing changed",
          poll.body)
    os.kill(pid, signal.SIGSTOP)
    try:
        poll.thread.join(WAIT_S)
        told = {node["name"]: node for node in poll.body["nodes"]}
        check(not told["n3"]["heard"], "the poll told of something else")
        wait_for(lambda: not members[0].seen()["n3"]["heard"], WAIT_S,
                 "it is not heard")
        members[0].wait_event("node-lost", "n3")
        wait_for(lambda: hears(members[0], "n2", "n3") is False, WAIT_S,
                 "the other one does not hear it either")
        check(hears(members[0], "n1", "n2") is True, "the others go on")
        check(hears(members[0], "n3", "n1") is None,
              "what a silent one hears nobody knows")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: all_hear(members), WAIT_S, "all hear all again")


def a_killed_one_comes_back(members):
    pid = members[1].role("heartbeat")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: members[1].role("heartbeat") not in (None, pid), WAIT_S,
             "it is started again")
    wait_for(lambda: all_hear(members), WAIT_S, "all hear all again")


def who_leaves_is_missed_at_once(members):
    members[2].stop()
    members[0].wait_event("node-left", "n3")
    check(not members[0].seen()["n3"]["heard"], "who left is not heard")
    check("does not hear n3" not in members[0].run("nodes").stdout,
          "which is no trouble")


def one_that_can_not_join_says_why(port):
    other = Member("other", port, [])
    with open(os.path.join(other.shared, "lease"), "wb") as file:
        file.write(b"no lease file" * 1000)
    other.begin()
    wait_for(lambda: "not ready: The lease file" in other.run("health").stdout,
             WAIT_S, "it says why it is not ready")
    check(other.run("health").returncode == 0, "which is no ill health")
    check("not in: The lease" in other.run("status").stdout, "nor unsaid")
    other.stop()


def without_keys_a_node_goes_on(port):
    for key, tells in ((None, "no `key-file`"), ("a 12\n", "error")):
        lonely = Member("lonely", port, [], key).begin()
        wait_for(lambda: tells in lonely.log(), WAIT_S, "it says why")
        seen = lonely.seen()
        check(list(seen) == ["lonely"], seen)
        check(seen["lonely"]["tags"] == ["ssd", "lonely"], seen)
        check(lonely.role("heartbeat"), "the role waits")
        lonely.stop()


def one_node_is_alone():
    node = Node(top='singletons = { one = { command = '
                '[ "/bin/sleep", "1000" ]; stop-timeout = "1s"; }; };').start()
    client = node.operator()
    seen = client.ask("GET", "/v1/nodes").json()
    client.close()
    check(seen["cluster"] is None and len(seen["nodes"]) == 1, seen)
    check(seen["nodes"][0]["self"], seen)
    check(seen["nodes"][0]["state"] == "leads", seen)
    check("no cluster" in node.run("nodes").stdout, "which is said")
    done = node.run("handover", "one")
    check(done.returncode == 1 and "no other node" in done.stderr, done)
    check(node.run("handover", "two").returncode == 5, "no such singleton")
    node.stop()


def the_check_reads_the_keys(port):
    def verdict(member):
        return subprocess.run([HOLDFAST, "check", member.conf], check=False,
                              capture_output=True, text=True)

    good = verdict(Member("good", port, [port]))
    check(good.returncode == 0, good.stderr)
    bad = verdict(Member("bad", port, [port], "a 12\n"))
    check(bad.returncode == 2 and "keys:1:" in bad.stderr, bad.stderr)
    gone = verdict(Member("gone", port, [port], None,
                          'key-file = "/nowhere/keys";'))
    check(gone.returncode == 0 and "/nowhere/keys" in gone.stderr,
          gone.stderr)
    none = verdict(Member("none", port, [port], None))
    check(none.returncode == 2 and "key-file" in none.stderr, none.stderr)


def body():
    ports = [free_udp_port() for _ in range(5)]
    the_check_reads_the_keys(ports[4])
    members = cluster(ports[:3])
    for member in members:
        member.begin()
    they_hear_each_other(members)
    people_can_read_it(members[0])
    it_is_counted(members[0])
    a_stranger_is_refused(members, ports[3])
    a_twin_is_told(members, ports[3])
    a_silent_one_is_told(members)
    a_killed_one_comes_back(members)
    who_leaves_is_missed_at_once(members)
    one_that_can_not_join_says_why(ports[4])
    without_keys_a_node_goes_on(ports[4])
    one_node_is_alone()


main(body)
