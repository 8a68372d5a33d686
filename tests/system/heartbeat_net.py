"""Three nodes in networks of their own, of which one direction is cut."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))

import net  # noqa: E402
from lib import check, main, wait_for  # noqa: E402
from nodes import Cluster  # noqa: E402

WAIT_S = 20
NAMES = ("n0", "n1", "n2")


def seen(node):
    client = node.operator()
    nodes = client.ask("GET", "/v1/nodes").json()["nodes"]
    client.close()
    return {node["name"]: node for node in nodes}


def matrix(node):
    """{(who, whom): whether it hears it}, as NODE sees it."""
    return {(name, other): hears for name, row in seen(node).items()
            for other, hears in row["hears"].items()}


def all_but(*deaf):
    return {(a, b): (a, b) not in deaf for a in NAMES for b in NAMES
            if a != b}


def is_seen(cluster, wanted):
    return all(matrix(node) == wanted for node in cluster.nodes[:2])


def has_event(node, kind, subject):
    client = node.operator()
    events = client.ask("GET", "/v1/events").json()["events"]
    client.close()
    return any((event["event"], event["subject"]) == (kind, subject)
               for event in events)


def body():
    with Cluster(nets=True) as cluster:
        cluster.start()
        wait_for(lambda: is_seen(cluster, all_but()), WAIT_S, "all hear all")
        holder, life = cluster.holder()
        # What n1 sends to n2 is lost; n2 is heard.
        route = ("blackhole", cluster.net.address(2) + "/32")
        net.ip("-n", cluster.net.name(1), "route", "add", *route)
        wait_for(lambda: is_seen(cluster, all_but(("n2", "n1"))), WAIT_S,
                 "the direction that is cut shows")
        wait_for(lambda: has_event(cluster.nodes[1], "node-one-way", "n2"),
                 WAIT_S, "who is not heard is told")
        row = seen(cluster.nodes[1])["n2"]
        check(row["heard"] and row["hears_us"] is False, row)
        said = cluster.nodes[0].run("nodes").stdout
        check("does not hear n1" in said, said)
        said = cluster.nodes[1].run("nodes").stdout
        check("does not hear us" in said, said)
        net.ip("-n", cluster.net.name(1), "route", "del", *route)
        wait_for(lambda: is_seen(cluster, all_but()), WAIT_S,
                 "all hear all again")
        check(cluster.holder() == (holder, life), "something moved")


main(body)
