"""As kinds.py: datagrams that are lost, doubled, late, old or forged."""
import threading
import time

from kinds import (WORK, bring, hand_over, keeps_on, kind, lease_ms,
                   power_off, stop_node)
from lib import check

LOSS = {"loss": 0.5, "twice": 0.3, "damage": 0.1, "jitter_s": 0.3}


class Noise:
    """While it lasts: half of all datagrams are lost, of the rest many come
    twice, in another order or spoilt; all that was ever said is said again,
    and forged ones come besides."""

    def __init__(self, cluster):
        self.relay = cluster.relay
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.make, daemon=True)

    def make(self):
        while not self.over.wait(0.2):
            self.relay.forge(20)
            for sender in self.relay.kept:
                self.relay.replay(sender)

    def __enter__(self):
        self.relay.disturb(**LOSS)
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.relay.disturb()


@kind("noise", lambda lease: 100, noise=True)
def make_noise(cluster):
    """datagrams lost, doubled, late, replayed, forged: the work goes on"""
    with Noise(cluster):
        return keeps_on(cluster, lambda _: None, 3 * lease_ms(cluster) / 1000)


@kind("power-noise", lambda lease: lease + 500, noise=True)
def power_off_noise(cluster):
    """all of the node killed, amidst all that"""
    with Noise(cluster):
        return power_off(cluster)


@kind("handover-noise", lambda lease: lease, noise=True)
def hand_over_noise(cluster):
    """handover amidst all that"""
    with Noise(cluster):
        return hand_over(cluster)


@kind("one-way", lambda lease: 100, noise=True)
def one_way(cluster):
    """nobody hears the holder, which hears all: the work goes on"""
    node, _ = cluster.holder(WORK)
    ways = {(node.index, other.index) for other in cluster.others(node)}

    def strike(_):
        cluster.relay.cut = ways
    try:
        return keeps_on(cluster, strike, 3 * lease_ms(cluster) / 1000)
    finally:
        cluster.relay.cut = set()


@kind("yesterday", lambda lease: 100, noise=True)
def replay_yesterday(cluster):
    """what a node said when it gave all up, once it has work again: no change
    """
    relay = cluster.relay
    node, _ = cluster.holder(WORK)
    relay.kept[node.index].clear()
    stop_node(cluster)
    said = list(relay.kept[node.index])
    check(said, "it left without a word")
    bring(cluster, node)

    def again(_):
        for _ in range(20):
            relay.replay(node.index, said)
            time.sleep(0.02)
    return keeps_on(cluster, again, 2 * lease_ms(cluster) / 1000)
