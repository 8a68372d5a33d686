"""The ways of datagrams between nodes, on which they get lost, come twice,
late, in another order, again after a day, or from somebody else.

Each node reaches another through a port of ours of its own, and what arrives
there seems to come from the port by which the sender can be reached.
"""
import random
import selectors
import socket
import threading
import time
from collections import deque

KEPT = 2000  # datagrams of each node, for replays


class Relay:
    """PORTS: where the nodes listen, by their index."""

    def __init__(self, ports):
        self.ports = ports
        self.lock = threading.Lock()
        self.random = random.Random(1)
        self.loss = self.twice = self.damage = 0.0
        self.jitter_s = 0.0
        self.cut = set()  # (from, to)
        self.kept = {index: deque(maxlen=KEPT) for index in range(len(ports))}
        self.late = []  # (when, socket, datagram, to)
        self.passed = self.lost = self.forged = 0
        self.selector = selectors.DefaultSelector()
        self.ways = {}
        for sender in range(len(ports)):
            for taker in range(len(ports)):
                if sender != taker:
                    self.begin_way(sender, taker)
        self.over = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def begin_way(self, sender, taker):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        self.ways[sender, taker] = sock
        self.selector.register(sock, selectors.EVENT_READ, (sender, taker))

    def peers_of(self, sender):
        """The addresses its configuration names."""
        return [f"127.0.0.1:{sock.getsockname()[1]}"
                for (one, _), sock in self.ways.items() if one == sender]

    # ---- faults ----

    def disturb(self, loss=0.0, twice=0.0, damage=0.0, jitter_s=0.0):
        """Of all datagrams that part is lost, doubled, or has a bit wrong;
        each is late by up to JITTER_S."""
        with self.lock:
            self.loss, self.twice, self.damage = loss, twice, damage
            self.jitter_s = jitter_s

    def replay(self, sender, datagrams=None):
        """What SENDER ever said, or these of it, is said again to all."""
        with self.lock:
            again = list(datagrams or self.kept[sender])
            for taker in range(len(self.ports)):
                if taker != sender:
                    for datagram in again:
                        self.put(sender, taker, datagram)

    def forge(self, count):
        """COUNT datagrams to each that nobody with a key has made: noise, and
        true ones cut short, grown, or with other bytes."""
        with self.lock:
            for sender, taker in self.ways:
                known = list(self.kept[sender]) or [bytes(100)]
                for _ in range(count):
                    self.forged += 1
                    self.put(sender, taker, self.spoilt(
                        self.random.choice(known)))

    def spoilt(self, datagram):
        datagram = bytearray(datagram)
        how = self.random.randrange(4)
        if how == 0:
            return self.random.randbytes(self.random.randrange(1, 1400))
        if how == 1:
            return bytes(datagram[:self.random.randrange(len(datagram))])
        if how == 2:
            return bytes(datagram) + self.random.randbytes(20)
        datagram[self.random.randrange(len(datagram))] ^= \
            1 << self.random.randrange(8)
        return bytes(datagram)

    # ---- its work ----

    def put(self, sender, taker, datagram):
        try:
            # From the port by which TAKER reaches SENDER.
            self.ways[taker, sender].sendto(
                datagram, ("127.0.0.1", self.ports[taker]))
        except OSError:
            pass

    def hand_on(self, sender, taker, datagram):
        self.kept[sender].append(datagram)
        if (sender, taker) in self.cut or self.random.random() < self.loss:
            self.lost += 1
            return
        if self.random.random() < self.damage:
            datagram = self.spoilt(datagram)
        for _ in range(1 + (self.random.random() < self.twice)):
            self.passed += 1
            self.late.append((time.monotonic() + self.random.random() *
                              self.jitter_s, sender, taker, datagram))

    def send_due(self):
        now = time.monotonic()
        due = [one for one in self.late if one[0] <= now]
        self.late = [one for one in self.late if one[0] > now]
        for _, sender, taker, datagram in sorted(due, key=lambda one: one[0]):
            self.put(sender, taker, datagram)

    def run(self):
        while not self.over:
            ready = self.selector.select(0.005 if self.late else 0.05)
            with self.lock:
                for key, _ in ready:
                    try:
                        self.hand_on(*key.data, key.fileobj.recv(2048))
                    except OSError:
                        pass
                self.send_due()

    def end(self):
        if not self.over:
            self.over = True
            self.thread.join(5)
            for sock in self.ways.values():
                sock.close()
