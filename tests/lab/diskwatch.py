"""How long a sync takes on the disk of a directory, all the while: what a
bound that was missed may be due to."""
import os
import tempfile
import threading
import time

EVERY_S = 0.05
RECORD = 512   # bytes
LONG_MS = 20   # syncs that are kept


class DiskWatch(threading.Thread):
    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder = folder
        self.over = False
        self.long = []  # (when it began, when it ended) in monotonic ns
        self.longest_ms = 0

    def run(self):
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            while not self.over:
                begin = time.monotonic_ns()
                os.pwrite(file.fileno(), os.urandom(RECORD), 0)
                os.fdatasync(file.fileno())
                self.note(begin, time.monotonic_ns())
                time.sleep(EVERY_S)

    def note(self, begin, end):
        took = (end - begin) / 1e6
        self.longest_ms = max(self.longest_ms, took)
        if took > LONG_MS:
            self.long.append((begin, end))

    def within_ms(self, begin, end):
        """The longest that was under way between BEGIN and END."""
        return max(((last - first) / 1e6 for first, last in self.long
                    if last >= begin and first <= end), default=0)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join(10)
