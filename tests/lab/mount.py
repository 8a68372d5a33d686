"""A shared directory as one node sees it, with faults on command: faultfs."""
import atexit
import os
import signal
import socket
import subprocess
import time

import lib

FAULTFS = os.path.join(os.environ.get("BUILDDIR", "."), "tests/lab/faultfs")


def is_possible():
    return os.access(FAULTFS, os.X_OK) and os.access("/dev/fuse", os.W_OK)


def can_be_small():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True, check=False).returncode == 0


def small(path, size_mb):
    """Mounts a file system of SIZE_MB MiB upon PATH, until we end."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "none",
                    path], check=True)
    atexit.register(subprocess.run, ["umount", "-l", path], check=False,
                    stderr=subprocess.DEVNULL)


def fill(path):
    """Takes all that is free below PATH; how to give it back."""
    name = os.path.join(path, "filler")
    with open(name, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    return lambda: os.unlink(name)


class Mount:
    """MODE: "", "cached" or "plain", see faultfs.c."""

    def __init__(self, backing, path, mode=""):
        self.path = path
        self.control = path + ".control"
        os.makedirs(path, exist_ok=True)
        self.process = subprocess.Popen(
            [FAULTFS, backing, path, self.control, *mode.split()], stdin=subprocess.DEVNULL)
        atexit.register(self.end)
        lib.wait_for(lambda: os.path.ismount(path), 10, "faultfs is mounted")

    def tell(self, words):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(10)
            sock.connect(self.control)
            sock.send(words.encode())
            answer = sock.recv(4096).decode()
        lib.check(answer != "what?\n", "faultfs does not know:", words)
        return answer

    def fault(self, ops, action, arg=0, pattern=""):
        """From when on it is so, CLOCK_MONOTONIC in ns."""
        self.tell(f"set {ops} {action} {arg} {pattern}")
        return time.monotonic_ns()

    def hang(self, ops="all", pattern=""):
        return self.fault(ops, "hang", 0, pattern)

    def clear(self):
        self.tell("clear")

    def counts(self):
        """Name -> (calls, faulty ones); "hanging" -> (how many,)."""
        return {words[0]: tuple(map(int, words[1:])) for words in
                map(str.split, self.tell("counts").splitlines())}

    def rate(self, kbs):
        """So many kB a second go through it; 0: as many as can."""
        self.tell(f"rate {kbs}")

    def moved(self):
        """KiB: of the lease file read and written, of all else likewise."""
        return [number / 1024 for number in self.counts()["moved"]]

    def end(self):
        """Whatever hangs in it fails."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        subprocess.run(["umount", "-l", self.path], check=False,
                       stderr=subprocess.DEVNULL)
        if os.path.exists(self.control):
            os.unlink(self.control)

    def leave(self):
        """An orderly end."""
        self.clear()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
