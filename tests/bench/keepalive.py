#!/usr/bin/env -S python3 -B
"""User space an idle keep-alive connection costs the http process."""

import socket
import sys

from node import ROUNDS, Node, median, pss, verdict

CONNECTIONS = 1000


def main():
    costs = []
    with Node() as node:
        job, cookie = node.submit("long")
        request = (f"GET /v1/jobs/{job['id']} HTTP/1.1\r\nHost: x\r\n"
                   f"Cookie: {cookie}\r\n\r\n").encode()
        pid = node.role("http")
        kept = []
        for _ in range(ROUNDS):
            before = pss(pid)
            for _ in range(CONNECTIONS):
                client = socket.create_connection(("127.0.0.1", node.port))
                for _ in range(2):
                    client.sendall(request)
                    if b" 200 " not in client.recv(4096):
                        raise SystemExit("no answer")
                kept.append(client)
            costs.append((pss(pid) - before) / CONNECTIONS)
    print(f"keepalive: {median(costs):.0f} bytes a connection "
          f"(rounds: {' '.join(f'{cost:.0f}' for cost in costs)})")
    return verdict("keepalive", median(costs) / 8192, 1.0, at_least=False)


if __name__ == "__main__":
    sys.exit(main())
