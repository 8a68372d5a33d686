"""Nodes of one cluster on the loopback."""
import os

from lib import Failed, Node, free_port as free_udp_port, wait_for

WAIT_S = 20
KEY = "a " + "0123456789abcdef" * 4 + "\n"
OTHER_KEY = "a " + "fedcba9876543210" * 4 + "\n"
NAMES = ("n1", "n2", "n3")


class Member(Node):
    """A node of the cluster; PEERS are ports, KEY the keys, None = no file."""

    def __init__(self, name, port, peers, key=KEY, more="", shared=None,
                 top=""):
        super().__init__(name=name, shared=shared)
        self.udp = port
        self.key = os.path.join(self.dir, "keys")
        if key is not None:
            self.write_key(key)
            more += f' key-file = "{self.key}";'
        peers = ", ".join(f'"127.0.0.1:{peer}"' for peer in peers)
        self.write_conf(top=top + (
            f'cluster = {{ name = "trial"; listen = "127.0.0.1:{port}"; '
            f'peers = [ {peers} ]; heartbeat = "100ms"; lease = "2s"; '
            f'tags = [ "ssd", "{name}" ]; {more} }};'))

    def write_key(self, key):
        with open(self.key, "w", encoding="utf-8") as file:
            file.write(key)
        os.chmod(self.key, 0o600)

    def seen(self):
        """{name: node} as this one sees them; {} while it does not answer."""
        try:
            client = self.operator(timeout=5)
            answer = client.ask("GET", "/v1/nodes").json()
            client.close()
            return {node["name"]: node for node in answer["nodes"]}
        except OSError:
            return {}

    def begin(self):
        self.spawn()
        wait_for(lambda: self.name() in self.seen(), WAIT_S, "it answers")
        return self

    def name(self):
        return self.settings["name"]

    def events(self):
        client = self.operator()
        events = client.ask("GET", "/v1/events").json()["events"]
        client.close()
        return [(event["event"], event["subject"], event["text"])
                for event in events]

    def has_event(self, kind, about, words=""):
        return any(event == kind and about in subject and words in text
                   for event, subject, text in self.events())

    def wait_event(self, kind, about, words=""):
        try:
            wait_for(lambda: self.has_event(kind, about, words), WAIT_S,
                     f"{self.name()} tells {kind} of {about}")
        except Failed as failed:
            raise Failed(f"{failed}\n{self.events()}\n{self.log()}") from None

    def role(self, name):
        return dict(self.roles()).get(name)


def cluster(ports, **more):
    """NAMES, not begun, at these ports of UDP, with one directory to share."""
    members = []
    for name, port in zip(NAMES, ports):
        shared = members[0].shared if members else None
        members.append(Member(name, port, ports, shared=shared, **more))
    return members
