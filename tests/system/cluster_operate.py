"""Operators of a cluster: wherever a singleton runs, each node tells where, and
has it stopped, started, restarted, handed over."""
import os
import tempfile

from lib import check, main, now, wait_for
from members import NAMES, WAIT_S, cluster, free_udp_port

STOP_S = 1  # the work takes to stop
WORK = ("trap 'sleep 1; echo >%s/runs; exit 0' TERM; "
        "echo $HOLDFAST_NODE $$ >%s/runs; "
        "while :; do sleep 0.05; done")


def singletons(dir):
    work = WORK % (dir, dir)
    return ('singletons = {\n  mailer = { command = [ "/bin/sh", "-c", '
            f'"{work}" ]; stop-timeout = "9s"; }};\n}};\n').replace("$", "$$")


def runs(dir):
    """The node it runs on by its own word, and its process; [] if none."""
    try:
        with open(os.path.join(dir, "runs"), encoding="utf-8") as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def tell(member, *words, code=0):
    done = member.run(*words)
    check(done.returncode == code, member.name(), words, done)
    return done.stdout + done.stderr


def place(members):
    """Where it is when all agree on that."""
    names = {member.run("whereis", "mailer").stdout.strip()
             for member in members}
    return names.pop() if len(names) == 1 else None


def settled(members, dir):
    def agreed():
        name = place(members)
        return name if name and runs(dir)[:1] == [name] else None
    name = wait_for(agreed, WAIT_S, "all agree on where it runs")
    return members[NAMES.index(name)]


def other_than(members, member):
    return next(one for one in members if one is not member)


def a_stop_waits_for_the_end(members, dir):
    holder = settled(members, dir)
    other = other_than(members, holder)
    began = now()
    check("mailer stopped" in tell(other, "stop", "mailer"), "it is stopped")
    check(runs(dir) == [], "it still runs, though it is said to be stopped")
    check(now() - began >= STOP_S, "it was not asked politely")
    check("elsewhere" in tell(other, "start", "mailer") or
          place(members) == other.name(), "it is started")
    settled(members, dir)


def a_restart_is_another_process(members, dir):
    holder = settled(members, dir)
    before = runs(dir)
    tell(other_than(members, holder), "restart", "mailer")
    wait_for(lambda: len(runs(dir)) == 2 and runs(dir)[1] != before[1],
             WAIT_S, "another process runs")


def it_goes_where_it_is_wished(members, dir):
    for asked, target in ((0, 2), (2, 1), (1, 0)):
        name = NAMES[target]
        said = tell(members[asked], "handover", "mailer", name)
        check(said == f"mailer is on {name}\n", said)
        check(settled(members, dir).name() == name, "it is elsewhere")
    before = runs(dir)
    said = tell(members[2], "handover", "mailer", name)
    check(said == f"mailer is on {name}\n" and runs(dir) == before, said)
    said = tell(members[1], "handover", "mailer")
    check(settled(members, dir).name() in NAMES[1:], said)


def what_can_not_be_is_refused(members):
    said = tell(members[0], "handover", "mailer", "nobody", code=5)
    check("no node of that name" in said, said)
    said = tell(members[0], "handover", "nothing", code=5)
    check("no singleton of that name" in said, said)


def a_drained_node_gives_it_up(members, dir):
    holder = settled(members, dir)
    tell(holder, "drain")
    wait_for(lambda: settled(members, dir) is not holder, WAIT_S,
             "a drained node gives it up")
    wait_for(lambda: members[0].seen()[holder.name()]["draining"], WAIT_S,
             "all see that it is drained")
    said = tell(settled(members, dir), "handover", "mailer", holder.name(),
                code=1)
    check("can't take it" in said, said)
    tell(holder, "undrain")
    wait_for(lambda: not members[0].seen()[holder.name()]["draining"], WAIT_S,
             "and that it is no more")
    wait_for(lambda: holder.run("handover", "mailer",
                                holder.name()).returncode == 0, WAIT_S,
             "it can have it again")


def body():
    with tempfile.TemporaryDirectory(prefix="holdfast-trial-") as dir:
        members = cluster([free_udp_port() for _ in NAMES],
                          top=singletons(dir))
        for member in members:
            member.begin()
        settled(members, dir)
        a_stop_waits_for_the_end(members, dir)
        a_restart_is_another_process(members, dir)
        it_goes_where_it_is_wished(members, dir)
        what_can_not_be_is_refused(members)
        a_drained_node_gives_it_up(members, dir)
        for member in members:
            check(member.stop() == 0, "a node ended badly")


main(body)
