"""Requests that are wrong, hostile or endless: an answer, and no harm."""
import json
import socket
import threading
import time

import lib
from lib import check

JOBS = """
    ok = { command = [ "/bin/true" ]; max-pending = 16000; };
    echo = { command = [ "/bin/echo", "${param.what}" ];
             params = { what = { match = "[a-z]{1,8}"; required = true; };
                        more = { default = "x"; }; }; };
    say = { command = [ "/bin/sh", "-c",
            "head -c 100000 /dev/zero >$HOLDFAST_OUTPUT" ];
            output = "zeros"; };
    one = { command = [ "/bin/sleep", "0.2" ]; max-pending = 2; };
"""
PROXY = 'trusted-proxies = [ "127.0.0.1" ]; user-header = "X-Remote-User";'


class Shared:
    """One node for all of these cases: none may bring it down."""
    node = None

    @classmethod
    def get(cls):
        if cls.node is None:
            cls.node = lib.Node(jobs=JOBS, http=PROXY).start()
        return cls.node


def raw(request, seconds=5, unix=False, hold=False):
    """The bytes that come back until the connection ends or SECONDS."""
    node = Shared.get()
    if unix:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(node.socket)
    else:
        sock = socket.create_connection(("127.0.0.1", node.port))
    sock.settimeout(seconds)
    got = b""
    try:
        sock.sendall(request)
        if not hold:
            sock.shutdown(socket.SHUT_WR)
        while piece := sock.recv(65536):
            got += piece
    except OSError:
        pass
    finally:
        sock.close()
    return got


def status_of(got):
    words = got.split(b" ", 2)
    return int(words[1]) if got.startswith(b"HTTP/1.") else None


def post(body, kind="application/json", extra=""):
    return (f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n"
            ).encode() + body


def well(before=None):
    """The node serves, and it is the node that did before."""
    node = Shared.get()
    client = node.operator()
    job = lib.wait_end(client, lib.submit(client, "ok")["id"])
    check(job["state"] == "ready", job)
    deaths = [line for line in node.log().splitlines()
              if " ended pid=" in line]
    check(not deaths, "a role died:", deaths[:3])
    client.close()


def wrong_bodies_are_refused_with_a_problem():
    deep = b'{"type":' + b"[" * 30000 + b"]" * 30000 + b"}"
    many = json.dumps({"type": "ok", "params": {
        f"p{n}": "x" for n in range(2000)}}).encode()
    cases = [
        (b"", 400), (b"{", 400), (b"null", 422), (b"[]", 422),
        (b'"ok"', 422), (b'{"type": 5}', 422), (b'{"type": null}', 422),
        (b"{}", 422), (b'{"type": ""}', 404), (b'{"type": "nope"}', 404),
        (b'{"type": "ok", "type": "ok"}', 400),
        (b'{"type": "ok"} x', 400), (b'{"type": "ok\xff\xfe"}', 400),
        (b'{"type": "ok\xed\xa0\x80"}', 400), (b'{"type": "ok\\u0000"}', 422),
        (b'{"type": "ok\x00"}', 400), (b"\x00" * 100, 400), (deep, 400),
        (many, 422), (b'{"type": "ok", "params": []}', 422),
        (b'{"type": "ok", "params": {"x": "y"}}', 422),
        (b'{"type": "echo"}', 422),
        (b'{"type": "echo", "params": {"what": "UPPER"}}', 422),
        (b'{"type": "echo", "params": {"what": "a\\nb"}}', 422),
        (b'{"type": "echo", "params": {"what": {}}}', 422),
        (b'{"type": "echo", "params": {"what": 1e400}}', 422),
        (b'{"type": "ok", "key": 5}', 422), (b'{"type": "ok", "no": 1}', 422),
        (json.dumps({"type": "ok", "key": "k" * 5000}).encode(), 422),
        (b'{"type": "../../etc/passwd"}', 404),
        (b"1" * 5000, 422), (b'{"type": "' + b"a" * 60000 + b'"}', 404),
    ]
    wrong = []
    for body, expected in cases:
        client = Shared.get().operator()
        answer = client.ask("POST", "/v1/jobs", body,
                            {"Content-Type": "application/json"})
        client.close()
        if not 400 <= answer.status < 500:
            wrong.append((body[:60], answer.status, answer.text()[:200]))
            continue
        problem = answer.problem()
        if not problem.get("title") or problem.get("status") != answer.status:
            wrong.append((body[:60], problem))
        if answer.status not in (expected, 400, 404, 413, 422):
            wrong.append((body[:60], answer.status, expected))
    check(not wrong, wrong)
    well()


def a_bad_parameter_is_named():
    client = Shared.get().operator()
    answer = client.ask("POST", "/v1/jobs",
                        {"type": "echo", "params": {"what": "A"}})
    check(answer.status == 422 and "what" in answer.text(), answer.text())
    answer = client.ask("POST", "/v1/jobs",
                        {"type": "echo", "params": {"wat": "a"}})
    check(answer.status == 422 and "wat" in answer.text(), answer.text())


def a_body_too_large_is_refused():
    for unix in (False, True):
        got = raw(post(b"x" * 70000), unix=unix)
        # None: what was still under way undid the answer.
        check(status_of(got) in (413, None), got[:200])
        got = raw(b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: "
                  b"application/json\r\nContent-Length: 99999999999\r\n\r\n",
                  hold=True, seconds=3, unix=unix)
        check(status_of(got) == 413, got[:200])
        chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        got = raw(b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: "
                  b"application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
                  chunk * 20 + b"0\r\n\r\n", unix=unix)
        check(status_of(got) in (413, None), got[:200])
    well()


def a_length_together_with_chunks_is_refused():
    body = b'{"type":"ok"}'
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    got = raw(b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\n"
              b"Content-Type: application/json\r\nContent-Length: 5\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n" + chunked)
    check(status_of(got) == 400, got[:300])
    got = raw(b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
              b"Content-Length: 6\r\n\r\nabcdef")
    check(status_of(got) in (400, None), got[:300])
    for length in (b"-1", b"+5", b"0x5", b"5 5", b"",
                   b"99999999999999999999999"):
        got = raw(b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                  length + b"\r\n\r\nabcde", seconds=3)
        check(status_of(got) in (400, 411, 413, 415, None), length, got[:200])
    well()


def headers_too_large_are_refused():
    for request in (
            b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * (1 << 20) +
            b"\r\n\r\n",
            b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200000 + b"\r\n",
            b"G" * (1 << 20)):
        got = raw(request)
        check(status_of(got) in (400, 413, 414, 431, None), got[:200])
    got = raw(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
              b"Cookie: other=" + b"c" * 4096 + b"\r\n\r\n")
    check(status_of(got) == 200, "a foreign cookie of 4 KB:", got[:200])
    well()


def what_is_no_http_is_refused():
    for request in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
                    b"\x00" * 4096, b"\r\n" * 4000, b"hello\r\n\r\n",
                    b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\n: 1\r\n\r\n",
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        got = raw(request, seconds=2)
        check(status_of(got) is None or status_of(got) >= 200, got[:100])
    well()


def paths_out_of_the_tree_are_not_found():
    for path in ("/v1/jobs/..%2f..%2f..%2fetc%2fpasswd",
                 "/v1/jobs/../../../../etc/passwd", "/../etc/passwd",
                 "/%2e%2e/%2e%2e/etc/passwd", "/v1/jobs/%00",
                 "/v1/jobs/" + "a" * 26 + "%00/output",
                 "/v1/jobs/" + "a" * 25, "/v1/jobs/" + "A" * 26,
                 "/v1/jobs/" + "0" * 26 + "/output/../log", "//", "/%ff",
                 "/v1/jobs/..;/x", "/v1/jobs/%", "/v1/jobs/%zz",
                 "/index.html/..", "/v1//jobs", "/v1/jobs/"):
        for unix in (False, True):
            got = raw(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n"
                      b"Connection: close\r\n\r\n", unix=unix)
            check(status_of(got) in (400, 401, 403, 404), path, got[:300])
            check(b"root:" not in got, path)
    well()


def methods_that_do_not_fit_are_refused():
    client = Shared.get().operator()
    for method, path in (("PUT", "/v1/jobs"), ("PATCH", "/v1/jobs"),
                         ("POST", "/readyz"), ("DELETE", "/v1/jobs"),
                         ("BREW", "/v1/jobs"), ("POST", "/")):
        answer = client.ask(method, path, b"{}",
                            {"Content-Type": "application/json"})
        check(answer.status in (404, 405, 501), method, path, answer.status)
        if answer.status == 405:
            check(answer.headers.get("Allow"), "no Allow:", method, path)


def strange_queries_are_refused_or_ignored():
    client = Shared.get().operator()
    ident = lib.submit(client, "ok")["id"]
    lib.wait_end(client, ident)
    for query in ("wait=", "wait=x", "wait=-1s", "wait=99999999999999999999s",
                  "wait=%00", "wait=1s&wait=2s", "&&&=&", "%zz"):
        answer = client.ask("GET", f"/v1/jobs/{ident}?{query}")
        check(answer.status in (200, 400, 422), query, answer.status)
    for query in ("limit=0", "limit=-1", "limit=99999999999999999999",
                  "limit=x", "state=nope", "after=nope", "after=" + "0" * 26,
                  "type=%00", "user=" + "u" * 3000):
        answer = client.ask("GET", f"/v1/jobs?{query}")
        check(answer.status in (200, 400, 404, 414, 422, 431), query,
              answer.status, answer.text()[:200])
    well()


def ranges_out_of_bounds_are_answered_as_the_rules_say():
    client = Shared.get().operator()
    ident = lib.wait_end(client, lib.submit(client, "say")["id"])["id"]
    path = f"/v1/jobs/{ident}/output"
    for field, status, size in (
            ("bytes=0-0", 206, 1), ("bytes=99999-", 206, 1),
            ("bytes=-5", 206, 5), ("bytes=0-99999999999999999999999", 206,
                                   100000),
            ("bytes=100000-", 416, None), ("bytes=-0", 416, None),
            ("bytes=99999999999999999999999-", 416, None),
            ("bytes=5-2", 200, 100000), ("bytes=", 200, 100000),
            ("bytes=x-y", 200, 100000), ("lines=1-2", 200, 100000),
            ("bytes=-99999999999999999999999", 206, 100000),
            ("bytes=" + ",".join(f"{n}-{n}" for n in range(400)), None,
             None)):
        answer = client.ask("GET", path, headers={"Range": field})
        check(status is None or answer.status == status or
              (status == 200 and answer.status == 416), field, answer.status)
        if answer.status in (200, 206) and size is not None:
            check(len(answer.body) in (size, 100000), field,
                  len(answer.body))
    well()


def a_user_sees_nothing_of_others():
    node = Shared.get()
    mine, theirs = node.user(), node.user()
    job = lib.submit(mine, "ok")
    check(mine.ask("GET", f"/v1/jobs/{job['id']}").status == 200, "not mine")
    for method, tail in (("GET", ""), ("DELETE", ""), ("GET", "/output"),
                         ("GET", "/log")):
        answer = theirs.ask(method, f"/v1/jobs/{job['id']}{tail}")
        check(answer.status in (401, 404), method, tail, answer.status)
    forged = node.user()
    forged.cookie = mine.cookie[:-3] + "AAA"
    check(forged.ask("GET", f"/v1/jobs/{job['id']}").status in (401, 404),
          "a forged cookie passed")
    for bad in ("holdfast=", "holdfast=" + "x" * 3000, "holdfast=a.b",
                "holdfast=\xff", "=;;;=", "holdfast"):
        got = raw(b"GET /v1/jobs/" + job["id"].encode() +
                  b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: " +
                  bad.encode("latin1") + b"\r\n\r\n")
        check(status_of(got) in (400, 401, 404), bad[:40], got[:100])
    headers = {"X-Remote-User": "u" * 4000}
    check(node.user().ask("GET", "/v1/jobs", headers=headers).status in
          (400, 401, 403, 413, 431), "a name of 4000 bytes passed")
    got = raw(b"GET /v1/jobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
              b"Authorization: Bearer nope\r\n\r\n")
    check(status_of(got) in (401, 403), got[:200])
    well()


def too_many_pending_is_told():
    client = Shared.get().operator()
    statuses = {}
    for _ in range(60):
        answer = client.ask("POST", "/v1/jobs", {"type": "one"})
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        if answer.status == 503:
            answer.problem()
            check(answer.headers.get("Retry-After"), "no Retry-After")
    check(set(statuses) == {202, 503}, statuses)
    well()


def slow_senders_hold_up_nobody():
    node = Shared.get()
    socks = []
    for n in range(300):
        sock = socket.create_connection(("127.0.0.1", node.port))
        sock.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Le"
                     if n % 2 else b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\n"
                     b"Content-Type: application/json\r\n"
                     b"Content-Length: 100\r\n\r\n{")
        socks.append(sock)
    worst = 0
    client = node.user()
    for _ in range(50):
        for sock in socks[:100]:
            try:
                sock.sendall(b"x")
            except OSError:
                pass
        start = time.monotonic()
        check(client.ask("GET", "/readyz").status == 200, "not ready")
        worst = max(worst, time.monotonic() - start)
    for sock in socks:
        sock.close()
    check(worst < 5, "a request took", worst, "s meanwhile")
    well()


def readers_that_never_read_hold_up_nobody():
    node = Shared.get()
    client = node.operator()
    ident = lib.wait_end(client, lib.submit(client, "say")["id"])["id"]
    socks = []
    for _ in range(50):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(node.socket)
        sock.sendall((f"GET /v1/jobs/{ident}/output HTTP/1.1\r\n"
                      "Host: x\r\n\r\n" * 50).encode())
        socks.append(sock)
    time.sleep(0.2)
    well()
    for sock in socks:
        sock.close()


def pipelined_and_vanishing_clients_do_no_harm():
    node = Shared.get()
    client = node.operator()
    ident = lib.submit(client, "ok")["id"]
    job = lib.wait_end(client, ident)
    poll = (f"GET /v1/jobs/{ident}?wait=20s HTTP/1.1\r\nHost: x\r\n"
            f'If-None-Match: "{job["version"]}"\r\n\r\n').encode()

    def vanish():
        for _ in range(50):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(node.socket)
            sock.sendall(poll)
            sock.close()
    threads = [threading.Thread(target=vanish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = raw(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n" * 200 +
              b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    check(got.count(b"HTTP/1.1 200") == 201, got.count(b"HTTP/1.1 200"))
    well()


def after_all_of_it_the_node_stops_in_order():
    node = Shared.get()
    well()
    check(node.stop() == 0, "bad stop\n", node.log()[-2000:])
    node.check_nothing_left()
    Shared.node = None


CASES = [
    wrong_bodies_are_refused_with_a_problem,
    a_bad_parameter_is_named,
    a_body_too_large_is_refused,
    a_length_together_with_chunks_is_refused,
    headers_too_large_are_refused,
    what_is_no_http_is_refused,
    paths_out_of_the_tree_are_not_found,
    methods_that_do_not_fit_are_refused,
    strange_queries_are_refused_or_ignored,
    ranges_out_of_bounds_are_answered_as_the_rules_say,
    a_user_sees_nothing_of_others,
    too_many_pending_is_told,
    slow_senders_hold_up_nobody,
    readers_that_never_read_hold_up_nobody,
    pipelined_and_vanishing_clients_do_no_harm,
    after_all_of_it_the_node_stops_in_order,
]
