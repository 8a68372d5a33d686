"""Submits jobs fast: pipelined over keep-alive connections."""
import json
import socket

import lib

DEPTH = 64


def request(method, path, body=b""):
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n"
    if body:
        head += ("Content-Type: application/json\r\n"
                 f"Content-Length: {len(body)}\r\n")
    return head.encode() + b"\r\n" + body


class Feeder:
    def __init__(self, node):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(node.socket)
        self.file = self.sock.makefile("rb", 1 << 20)

    def answer(self):
        status = int(self.file.readline().split(b" ", 2)[1])
        length = 0
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self.file.read(length)

    def submit(self, kind, count):
        """Ids of COUNT jobs; a refused one is asked for again."""
        message = request("POST", "/v1/jobs",
                          json.dumps({"type": kind}).encode())
        sent = 0
        ids = []
        while len(ids) < count:
            burst = min(DEPTH, count - len(ids))
            self.sock.sendall(message * burst)
            sent += burst
            for _ in range(burst):
                status, body = self.answer()
                if status == 202:
                    ids.append(json.loads(body)["id"])
                else:
                    lib.check(status == 503, status, body[:300])
        return ids

    def close(self):
        self.file.close()
        self.sock.close()


def feed(node, kind, count):
    """COUNT jobs through as many connections as pay."""
    from concurrent.futures import ThreadPoolExecutor
    lanes = 4
    feeders = [Feeder(node) for _ in range(lanes)]
    with ThreadPoolExecutor(lanes) as pool:
        parts = list(pool.map(
            lambda n: feeders[n].submit(kind, count // lanes + (
                1 if n < count % lanes else 0)), range(lanes)))
    for feeder in feeders:
        feeder.close()
    return [ident for part in parts for ident in part]
