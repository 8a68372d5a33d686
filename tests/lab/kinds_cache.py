"""As kinds.py: machines that keep what they read, as clients of NFS do."""
import time

import kinds
from kinds import WORK, keeps_on, kind, lease_ms

CACHED = "cached"


@kind("cached", lambda lease: 100, faulty=CACHED)
def caches(cluster):
    """names, attributes and contents are cached by all: the work goes on"""
    return keeps_on(cluster, lambda _: None, 3 * lease_ms(cluster) / 1000)


def with_caches(name):
    other = kinds.KINDS[name]

    def strike(cluster):
        return other.strike(cluster)
    strike.__doc__ = f"{other.about}; all cache"
    kind(f"{name}-cached", other.bound_ms, faulty=CACHED)(strike)


for what in ("work", "journal", "term", "handover", "power"):
    with_caches(what)


@kind("power-cached-again", lambda lease: lease + 500, faulty=CACHED)
def power_off_again(cluster):
    """all of the node killed just after it was given the work; all cache"""
    kinds.hand_over(cluster)
    cluster.wait_for(lambda: cluster.is_alive(WORK), kinds.SETTLE,
                     "it runs")
    time.sleep(0.05)
    return kinds.power_off(cluster)
