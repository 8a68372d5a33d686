"""As kinds.py: clocks that are set and slewed, which no lease may notice."""
import time

from kinds import WORK, keeps_on, kind, lease_ms, power_off
from lib import check

HOUR = 3600
SLEW_PPM = 83333  # what chrony does at most


def set_back(cluster):
    for node in cluster.nodes:
        node.clock.slew(0)


def each_stepped(cluster):
    """One node after the other, the holder first, by an hour forth, two back
    and as far forth again; then by years."""
    holder, _ = cluster.holder(WORK)
    pause = lease_ms(cluster) / 1000 / 15
    for node in [holder, *cluster.others(holder)]:
        for hours in (1, -2, 1, 24 * 3000, -24 * 3000):
            node.clock.step(hours * HOUR)
            time.sleep(pause)


@kind("wall", lambda lease: 100, clocks=True)
def step_wall(cluster):
    """the wall clock of each set by hours and years: the work goes on"""
    return keeps_on(cluster, lambda _: each_stepped(cluster),
                    lease_ms(cluster) / 1000)


def slew(sign):
    def strike(cluster):
        def begin(holder):
            holder.clock.slew(sign * SLEW_PPM)
            for node in cluster.others(holder):
                node.clock.slew(-sign * SLEW_PPM)
        try:
            return keeps_on(cluster, begin, 3 * lease_ms(cluster) / 1000)
        finally:
            set_back(cluster)
    strike.__doc__ = (f"the holder's clocks slewed by {sign * SLEW_PPM} ppm, "
                      "the others' the other way: the work goes on")
    return strike


kind("slew-fast", lambda lease: 100, clocks=True)(slew(1))
kind("slew-slow", lambda lease: 100, clocks=True)(slew(-1))


@kind("power-slewed", lambda lease: lease * 1.1 + 500, clocks=True)
def power_off_slewed(cluster):
    """all of the node killed, while the others' clocks are slewed"""
    holder, _ = cluster.holder(WORK)
    fast, slow = cluster.others(holder)
    fast.clock.slew(SLEW_PPM)
    slow.clock.slew(-SLEW_PPM)
    fast.clock.step(HOUR)
    slow.clock.step(-HOUR)
    try:
        return power_off(cluster)
    finally:
        fast.clock.step(-HOUR)
        slow.clock.step(HOUR)
        set_back(cluster)


AGES = {0: (1000000, 1000000), 1: (5000, 300), 2: (20, 0)}


@kind("power-ages", lambda lease: lease + 500, ages=AGES)
def power_off_ages(cluster):
    """all of the node killed; the nodes were booted at other times"""
    check(len({tuple(node.prefix) for node in cluster.nodes}) ==
          len(cluster.nodes), "they share a time")
    return power_off(cluster)
