"""Starts that must be refused: with a message and status 1 or 2."""
import os
import socket
import subprocess

import lib
from lib import check

TRUE = 'ok = { command = [ "/bin/true" ]; };'


def refused(node, status, *words, seconds=20):
    """The node ends by itself with STATUS and says WORDS."""
    node.spawn()
    got = node.wait_exit(seconds)
    log = node.log()
    check(got == status, "status", got, "instead of", status, log[-1500:])
    for word in words:
        check(word in log, repr(word), "is not in:\n" + log[-1500:])


def checked(text, status, *words):
    """`holdfast check` on TEXT."""
    node = lib.Node()
    with open(node.conf, "wb") as conf:
        conf.write(text if isinstance(text, bytes) else text.encode())
    got = subprocess.run([lib.HOLDFAST, "check", node.conf], text=True,
                         capture_output=True, timeout=20, check=False,
                         errors="replace")
    said = got.stdout + got.stderr
    check(got.returncode == status, "status", got.returncode, "instead of",
          status, said)
    for word in words:
        check(word in said, repr(word), "is not in:\n" + said)
    return said


def an_unknown_key_is_told_with_its_line_and_a_guess():
    said = checked('workers = 2;\njobs = { a = { comand = [ "/bin/true" ]; '
                   '}; };\n', 2, "holdfast.conf:2: error:", "comand",
                   'did you mean "command"?')
    check(said.count("error:") >= 1, said)


def all_errors_of_a_file_are_told_at_once():
    said = checked('workers = 0;\nworkrs = 3;\nhttp = { max-body = "64X"; };\n'
                   'jobs = { a = { command = "x"; timeout = "5 parsecs"; };\n'
                   '};\n', 2, ":1: error", ":2: error", ":3: error",
                   ":4: error")
    check("64X" in said and "parsecs" in said, said)


def wrong_units_and_types_are_told():
    for line in ('jobs = { a = { command = [ "/a" ]; keep = 5; }; };',
                 'jobs = { a = { command = [ "/a" ]; keep = "5"; }; };',
                 'jobs = { a = { command = [ "/a" ]; keep = "5x"; }; };',
                 'jobs = { a = { command = [ "/a" ]; keep = "-5s"; }; };',
                 'jobs = { a = { command = [ "/a" ]; '
                 'keep = "99999999999999999999d"; }; };',
                 'jobs = { a = { command = [ "/a" ]; max-output = "1Q"; }; };',
                 'jobs = { a = { command = [ ]; }; };',
                 'jobs = { a = { }; };',
                 'jobs = { a = 5; };', 'jobs = [ ];', 'workers = "four";',
                 'workers = -1;', 'node = "a b";', 'node = "";',
                 'shared = "relative/path";',
                 'http = { listen = "127.0.0.1:99999"; };',
                 'http = { listen = "nowhere"; };',
                 'jobs = { a = { command = [ "${param.x}" ]; }; };',
                 'jobs = { a = { command = [ "${NOT_SET_AT_ALL}" ]; }; };'):
        checked(line + "\n", 2, "holdfast.conf:1: error:")


def every_prefix_of_a_configuration_is_good_or_told():
    node = lib.Node(jobs=TRUE)
    whole = lib.read(node.conf, "rb")
    for end in range(len(whole)):
        with open(node.conf, "wb") as conf:
            conf.write(whole[:end])
        got = subprocess.run([lib.HOLDFAST, "check", node.conf], timeout=20,
                             capture_output=True, check=False)
        said = got.stdout + got.stderr
        check(got.returncode in (0, 2), end, got.returncode, said)
        if got.returncode == 2:
            check(b"error:" in said and b"holdfast.conf:" in said, end, said)


def garbage_for_a_configuration_is_told():
    checked(bytes(range(256)) * 64, 2, "error:")
    checked(b"a = " + b"(" * 100000, 2, "error:")
    checked(b'a = "' + b"x" * 1000000, 2, "error:")
    checked(b"jobs = { " + b"a = { " * 5000, 2, "error:")


def a_missing_configuration_is_told():
    node = lib.Node()
    os.unlink(node.conf)
    refused(node, 2, node.conf, "No such file")


def an_unknown_user_is_told():
    if os.geteuid() != 0:
        return "skipped, needs root"
    node = lib.Node(jobs=TRUE)
    text = lib.read(node.conf).replace('user = "root"', 'user = "nobody-here"')
    with open(node.conf, "w", encoding="ascii") as conf:
        conf.write(text)
    node.spawn()
    status = node.wait_exit(20)
    check(status in (1, 2) and "nobody-here" in node.log(), status, node.log())
    return None


def a_port_in_use_is_told():
    node = lib.Node(jobs=TRUE)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", node.port))
        sock.listen()
        refused(node, 1, str(node.port), "in use")


def a_state_directory_of_another_node_is_told():
    first = lib.Node(jobs=TRUE).start()
    second = lib.Node(jobs=TRUE, state=first.state)
    refused(second, 1, first.state)
    check(first.is_ready(), "the first suffered")
    check(first.stop() == 0, "bad stop")


def a_shared_directory_of_another_node_is_told():
    first = lib.Node(jobs=TRUE).start()
    second = lib.Node(jobs=TRUE, shared=first.shared, name="other")
    refused(second, 1, first.shared)
    client = first.operator()
    job = lib.submit(client, "ok")
    check(lib.wait_end(client, job["id"])["state"] == "ready", "not ready")
    check(first.stop() == 0, "bad stop")


def a_socket_path_too_long_is_told():
    node = lib.Node(jobs=TRUE)
    node.state = os.path.join(node.dir, "s" * 120)
    os.makedirs(node.state)
    node.write_conf()
    node.spawn()
    status = node.wait_exit(20)
    check(status in (1, 2) and node.state[:40] in node.log(), status,
          node.log())


def a_reload_of_a_bad_file_leaves_all_as_it_was():
    import signal
    node = lib.Node(jobs=TRUE).start()
    with open(node.conf, "a", encoding="ascii") as conf:
        conf.write("oops = ;\n")
    node.process.send_signal(signal.SIGHUP)
    lib.wait_for(lambda: "error:" in node.log(), 10, "the error is told")
    client = node.operator()
    job = lib.submit(client, "ok")
    check(lib.wait_end(client, job["id"])["state"] == "ready", "not ready")
    node.write_conf(jobs=TRUE + ' more = { command = [ "/bin/true" ]; };')
    node.process.send_signal(signal.SIGHUP)
    lib.wait_for(lambda: client.ask("POST", "/v1/jobs", {"type": "more"})
                 .status == 202, 10, "a good reload is taken")
    check(node.stop() == 0, "bad stop")


def commands_without_a_daemon_exit_with_4():
    node = lib.Node()
    for words in (("status",), ("jobs",), ("submit", "x"), ("health",),
                  ("cancel", "0" * 26)):
        got = node.run(*words)
        check(got.returncode == 4 and got.stderr, words, got)


CASES = [
    an_unknown_key_is_told_with_its_line_and_a_guess,
    all_errors_of_a_file_are_told_at_once,
    wrong_units_and_types_are_told,
    every_prefix_of_a_configuration_is_good_or_told,
    garbage_for_a_configuration_is_told,
    a_missing_configuration_is_told,
    an_unknown_user_is_told,
    a_port_in_use_is_told,
    a_state_directory_of_another_node_is_told,
    a_shared_directory_of_another_node_is_told,
    a_socket_path_too_long_is_told,
    a_reload_of_a_bad_file_leaves_all_as_it_was,
    commands_without_a_daemon_exit_with_4,
]
