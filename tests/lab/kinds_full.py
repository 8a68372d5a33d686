"""As kinds.py: file systems on which no room is left."""
import time

import mount
from judge import MS
from kinds import SETTLE, WORK, hand_over, keeps_on, kind, lease_ms


@kind("state-full", lambda lease: 100, state_mb=32)
def fill_state(cluster):
    """no room for the holder's state for three leases: the work goes on"""
    node, _ = cluster.holder(WORK)
    give_back = mount.fill(node.state)
    try:
        return keeps_on(cluster, lambda _: None, 3 * lease_ms(cluster) / 1000)
    finally:
        give_back()
        node.wait_ready(SETTLE)


@kind("state-full-journal", state_mb=32)
def fill_state_journal(cluster):
    """likewise, and the journal role killed: until the work runs, and all is
    well when there is room again"""
    node, life = cluster.holder(WORK)
    give_back = mount.fill(node.state)
    at = node.kill_role("journal")
    time.sleep(3 * lease_ms(cluster) / 1000)
    give_back()
    cluster.wait_all()
    node.wait_ready(SETTLE)
    new = cluster.trace[WORK].next_after(life)
    return (new.first - at) / MS if new else life.widest / MS


@kind("shared-full", lambda lease: 100, shared_mb=48)
def fill_shared(cluster):
    """no room on the storage all share, for three leases: the work goes on"""
    give_back = mount.fill(cluster.shared)
    try:
        return keeps_on(cluster, lambda _: None, 3 * lease_ms(cluster) / 1000)
    finally:
        give_back()
        for node in cluster.nodes:
            node.wait_ready(SETTLE)


@kind("handover-full", shared_mb=48)
def hand_over_full(cluster):
    """handover without room on the storage all share"""
    give_back = mount.fill(cluster.shared)
    try:
        return hand_over(cluster)
    finally:
        give_back()
        for node in cluster.nodes:
            node.wait_ready(SETTLE)


@kind("power-full", shared_mb=48)
def power_off_full(cluster):
    """all of the node killed, without room on the storage all share for three
    leases"""
    node, life = cluster.holder(WORK)
    give_back = mount.fill(cluster.shared)
    at = node.kill_all()
    time.sleep(3 * lease_ms(cluster) / 1000)
    give_back()
    new = cluster.next_life(life, SETTLE, WORK)
    node.process.wait(SETTLE)
    node.restart(SETTLE)
    for node in cluster.nodes:
        node.wait_ready(SETTLE)
    return (new.first - at) / MS
