"""A machine's watchdog, as far as who uses it can tell: watchdog.c."""
import atexit
import os
import subprocess

import lib

PROGRAM = os.path.join(os.environ.get("BUILDDIR", "."), "tests/lab/watchdog")


def is_possible():
    return os.access(PROGRAM, os.X_OK) and os.access("/dev/fuse", os.W_OK)


class Watchdog:
    def __init__(self, path):
        self.path = path
        self.trace = path + ".trace"
        with open(path, "wb"):
            pass
        self.process = subprocess.Popen([PROGRAM, path, self.trace],
                                        stdin=subprocess.DEVNULL)
        atexit.register(self.end)
        lib.wait_for(lambda: os.path.ismount(path), 10, "a watchdog")

    def lines(self, *words):
        """(when, word, seconds) of each line, or of those with these words."""
        found = []
        for line in lib.read(self.trace).splitlines():
            at, word, seconds = line.split()
            if not words or word in words:
                found.append((int(at), word, int(seconds)))
        return found

    def last(self, *words):
        lines = self.lines(*words)
        return lines[-1] if lines else None

    def due(self):
        """When it was, or will be, over for who pings no more."""
        at, _, seconds = self.last("open", "timeout", "ping")
        return at + seconds * 1_000_000_000

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        subprocess.run(["umount", "-l", self.path], check=False,
                       stderr=subprocess.DEVNULL)
