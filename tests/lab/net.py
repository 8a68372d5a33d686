"""Machines as far as the network goes: a namespace each, on one bridge."""
import atexit
import os
import shutil
import subprocess


def ip(*words):
    subprocess.run(["ip", *words], check=True, stderr=subprocess.DEVNULL)


def is_possible():
    """Root, with a kernel that knows namespaces, pairs and bridges."""
    if os.geteuid() != 0 or not shutil.which("ip") or \
            not shutil.which("nsenter"):
        return False
    try:
        with Net(1):
            return True
    except subprocess.CalledProcessError:
        return False


class Net:
    """Host I, from 0, has the address 10.77.0.(I + 1) on its device "lan"."""

    made = 0

    def __init__(self, hosts):
        Net.made += 1
        self.tag = f"hf{os.getpid()}-{Net.made}"[-9:]
        self.hosts = hosts
        self.up = False
        atexit.register(self.end)
        try:
            self.begin()
        except subprocess.CalledProcessError:
            self.end()
            raise

    def name(self, host):
        return f"{self.tag}n{host}"

    def port(self, host):
        return f"{self.tag}p{host}"

    def address(self, host):
        return f"10.77.0.{host + 1}"

    def begin(self):
        self.up = True
        # The bridge is in a namespace of its own: the machine's has none of
        # its addresses.
        ip("netns", "add", self.tag)
        ip("-n", self.tag, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.tag, "link", "set", "bridge", "up")
        for host in range(self.hosts):
            name, port = self.name(host), self.port(host)
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
            ip("link", "add", port, "netns", self.tag, "type", "veth",
               "peer", "name", "lan", "netns", name)
            ip("-n", name, "addr", "add", self.address(host) + "/24", "dev",
               "lan")
            ip("-n", name, "link", "set", "lan", "up")
            ip("-n", self.tag, "link", "set", port, "master", "bridge", "up")

    def enter(self, host):
        """What a command is put behind to run there."""
        return ["nsenter", f"--net=/run/netns/{self.name(host)}"]

    def cut(self, host):
        """It hears nobody and nobody hears it; its device stays up."""
        ip("-n", self.tag, "link", "set", self.port(host), "nomaster")

    def heal(self, host):
        ip("-n", self.tag, "link", "set", self.port(host), "master", "bridge",
           "up")

    def end(self):
        if not self.up:
            return
        self.up = False
        for name in [self.name(host) for host in range(self.hosts)] + \
                [self.tag]:
            subprocess.run(["ip", "netns", "del", name], check=False,
                           stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
