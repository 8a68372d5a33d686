"""Clocks of its own for one node: clock.c, and time namespaces."""
import mmap
import os
import struct
import subprocess
import time

PRELOAD = os.path.join(os.environ.get("BUILDDIR", "."), "tests/lab/clock.so")
LAYOUT = struct.Struct("=Iiqqq")


def is_possible():
    """A C library that takes ours first, and it was built."""
    return os.access(PRELOAD, os.R_OK) and subprocess.run(
        ["date"], env={"LD_PRELOAD": PRELOAD}, capture_output=True,
        check=False).stderr == b""


def has_namespaces():
    return subprocess.run(
        ["unshare", "-T", "--monotonic", "1", "true"], capture_output=True,
        check=False).returncode == 0


def namespace(boot_s, monotonic_s):
    """What a command is put behind to be so much ahead of the machine's time
    since boot."""
    return ["unshare", "-T", "--boottime", str(boot_s), "--monotonic",
            str(monotonic_s), "--"]


class Clock:
    def __init__(self, path):
        with open(path, "wb") as file:
            file.write(bytes(LAYOUT.size))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), LAYOUT.size)
        self.env = {
            "LAB_CLOCK": path, "LD_PRELOAD": PRELOAD,
            "ASAN_OPTIONS": ":".join(
                word for word in (os.environ.get("ASAN_OPTIONS", ""),
                                  "verify_asan_link_order=0") if word)}
        self.version = 0
        self.step_ns = 0
        self.gained_ns = 0
        self.ppm = 0
        self.since_ns = time.monotonic_ns()

    def put(self):
        """The version is odd in between."""
        rest = LAYOUT.pack(0, self.ppm, self.step_ns, self.since_ns,
                           self.gained_ns)[4:]
        self.memory[:4] = struct.pack("=I", self.version + 1)
        self.memory[4:] = rest
        self.version += 2
        self.memory[:4] = struct.pack("=I", self.version)

    def step(self, seconds):
        """Sets the wall clock by so much."""
        self.step_ns += int(seconds * 1e9)
        self.put()

    def slew(self, ppm):
        """From now on it gains so many microseconds a second."""
        now = time.monotonic_ns()
        self.gained_ns += (now - self.since_ns) * self.ppm // 1000000
        self.since_ns = now
        self.ppm = ppm
        self.put()

    def wall(self):
        """What it tells."""
        now = time.monotonic_ns()
        return time.time() + (
            self.step_ns + self.gained_ns +
            (now - self.since_ns) * self.ppm // 1000000) / 1e9
