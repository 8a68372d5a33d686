#!/usr/bin/env python3
"""A service that was stopped is gone, whatever it did to stay: 200 rounds as
root and as a plain user, each with control groups and without.

ROUNDS says how many, WAYS which of root, root-bare, user and user-bare.
"""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "system"))
import lib  # noqa: E402  pylint: disable=wrong-import-position

ROUNDS = int(os.environ.get("ROUNDS", "200"))
WAYS = os.environ.get("WAYS", "root root-bare user user-bare").split()
NOBODY = 65534
NAME = f"gone-{os.getpid()}"  # of all that may not be left

# What each does, and how many processes it has at least.
UNITS = {
    "deaf": ("d", 1),
    "daemons": ("df", 11),
    "many": ("dm", 1001),
    "still": ("fs", 11),
    "forks": ("db", 2),
    "all": ("dfmsb", 1012),
}
LEAST = sum(least for _, least in UNITS.values())


def configuration(program):
    return "services = {\n" + "".join(
        f'{unit} = {{ command = [ "{program}", "{ways}" ]; ready = "fd:9"; '
        'stop-timeout = "20ms"; backoff = "0s"; };\n'
        for unit, (ways, _) in UNITS.items()) + "};\n"


def left():
    """Those with our name, the dead but not reaped as well."""
    return [pid for pid in lib.pids()
            if lib.read(f"/proc/{pid}/comm").strip() == NAME]


def kill_left():
    """True when there was nothing to kill."""
    found = left()
    for pid in found:
        try:
            os.kill(pid, 9)
        except OSError:
            pass
    return not found


def own_group():
    """Our control group of version 2, None where there is none."""
    mounts = [line.split() for line in lib.read("/proc/mounts").splitlines()]
    paths = [words[1] for words in mounts if words[2] == "cgroup2"]
    for line in lib.read("/proc/self/cgroup").splitlines():
        if line.startswith("0::") and paths:
            return paths[-1] + line[3:].rstrip("/")
    return None


class Way:
    """How the node is started."""

    def __init__(self, name):
        self.name = name
        self.is_user = name.startswith("user")
        self.is_bare = name.endswith("-bare")
        self.group = None

    def why_not(self):
        is_root = os.geteuid() == 0
        if not self.is_user and not is_root:
            return "we are no root"
        if not self.is_bare and self.is_user and not is_root:
            return "nobody gives us a control group"
        if not self.is_bare and own_group() is None:
            return "no control groups here"
        return None

    def command(self):
        """What stands before the command of the node."""
        if not self.is_user:
            return ["unshare", "--mount", "sh", "-c",
                    'mount -t tmpfs none /sys/fs/cgroup && exec "$@"', "sh"
                    ] if self.is_bare else []
        become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                  "--clear-groups"] if os.geteuid() == 0 else []
        if self.is_bare:
            return become
        return ["sh", "-c", f'echo $$ >{self.group}/cgroup.procs && exec "$@"',
                "sh"] + become

    def open(self, node):
        if self.is_user and not self.is_bare:
            self.group = os.path.join(own_group(), NAME)
            os.mkdir(self.group)
            for name in ("", "cgroup.procs", "cgroup.subtree_control",
                         "cgroup.threads"):
                os.chown(os.path.join(self.group, name), NOBODY, NOBODY)
        if self.is_user and os.geteuid() == 0:
            for base, _, files in os.walk(node.dir):
                for path in [base] + [os.path.join(base, f) for f in files]:
                    os.chown(path, NOBODY, NOBODY)

    def close(self):
        if self.group is not None:
            lib.wait_for(self.remove, 5, "the control group is empty")

    def remove(self):
        try:
            os.rmdir(self.group)
        except OSError:
            return False
        return True


def build(directory):
    program = os.path.join(directory, NAME)
    subprocess.run(["cc", "-O2", "-o", program,
                    os.path.join(HERE, "escapee.c")], check=True)
    return program


def spawn(node, way):
    with open(node.log_path, "ab") as log:
        node.process = subprocess.Popen(
            way.command() + [lib.HOLDFAST, "run", "-c", node.conf],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def tell(node, action):
    """Each of the units by a command of its own, all at once."""
    commands = [subprocess.Popen(
        [lib.HOLDFAST, action, "-q", "-s", node.socket, unit])
        for unit in UNITS]
    for command in commands:
        lib.check(command.wait(60) == 0, action, "gave", command.returncode,
                  node.log()[-3000:])


def one_round(node, number):
    """Seconds the stop took."""
    if number > 0:
        tell(node, "start")
    count = len(left())
    lib.check(count >= LEAST, "only", count, "of", LEAST, "are there")
    begin = time.perf_counter()
    tell(node, "stop")
    took = time.perf_counter() - begin
    stayed = [(pid, lib.read(f"/proc/{pid}/stat")) for pid in left()]
    lib.check(not stayed, "round", number, "left", len(stayed), stayed[:5],
              node.log()[-3000:])
    return took


def all_ready(node):
    return all(node.log().count(f"{unit}: unit-ready") for unit in UNITS)


def try_way(way):
    node = lib.Node()
    node.write_conf(top=configuration(build(node.dir)))
    os.chmod(node.dir, 0o755)
    way.open(node)
    try:
        begin = time.perf_counter()
        spawn(node, way)
        node.wait_ready()
        lib.wait_for(lambda: all_ready(node), 60, "all are ready")
        lib.check(way.is_bare == ("cgroup: none" in node.log()), way.name,
                  node.log()[-2000:])
        took = sorted(one_round(node, i) for i in range(ROUNDS))
        lib.check(node.stop() == 0, "bad stop")
        node.check_nothing_left()
        print(f"{way.name}: {ROUNDS} rounds of {len(UNITS)} services with "
              f"{LEAST} processes, none left; the stop took "
              f"{took[len(took) // 2]:.3f} s ({took[0]:.3f} to "
              f"{took[-1]:.3f}); {time.perf_counter() - begin:.0f} s",
              flush=True)
    finally:
        node.end()
        lib.wait_for(kill_left, 30, "what is left is killed", 0)
        way.close()


def main():
    for way in map(Way, WAYS):
        why_not = way.why_not()
        if why_not is not None:
            print(f"{way.name}: skipped, {why_not}")
            continue
        try_way(way)


if __name__ == "__main__":
    lib.main(main)
