"""Jobs that misbehave: each ends as it should, and takes nothing along."""
import lib
from lib import check

SH = '[ "/bin/sh", "-c", "%s" ]'
SCRIPTS = {
    "garbage": "head -c 300000 /dev/urandom >&3; "
               "head -c 300000 /dev/urandom >&2; "
               "head -c 300000 /dev/urandom; echo '50 half' >&3",
    "nonsense": r"printf '%%s\\n' -5 101 1e9 nan 'x y' '' 50x 42 >&3; "
                "sleep 0.2; exit 3",
    "endless": "tr '\\\\0' x </dev/zero | head -c 20000000 >&3; "
               "tr '\\\\0' x </dev/zero | head -c 20000000 >&2",
    "flood": "i=0; while [ $i -lt 20000 ]; do echo $((i / 200)) line $i; "
             "i=$((i + 1)); done >&3",
    "deaf": "trap '' TERM INT HUP; while :; do sleep 0.1; done",
    "bomb": "for i in 1 2 3 4 5 6 7 8 9 10; do "
            "(trap '' TERM; setsid sleep 300 & setsid sleep 300 &) & done; "
            "sleep 0.2",
    "leaver": "setsid sleep 300 & setsid sh -c 'exec >/dev/null 2>&1 "
              "3>&- ; sleep 300' & exit 0",
    "utf": r"printf '10 \\303\\050 \\355\\240\\200 \\377 \\033[31m\\n' >&3; "
           r"printf 'last \\377 words \\033[31m\\n' >&2; exit 1",
    "closer": "exec 0<&- 1>&- 2>&- 3>&-; sleep 0.1",
    "suicide": "kill -SEGV $$",
    "killer": "kill -9 $PPID; sleep 300",
    "linker": "ln -s /etc/passwd $HOLDFAST_OUTPUT",
    "folder": "mkdir $HOLDFAST_OUTPUT",
    "pipe": "mkfifo $HOLDFAST_OUTPUT",
    "nothing": "exit 0",
    "hidden": "chmod 0 . ; exit 0",
}
WITH_OUTPUT = ("linker", "folder", "pipe", "nothing")


class Shared:
    node = None

    @classmethod
    def get(cls):
        if cls.node is None:
            cls.node = lib.Node()
            jobs = 'ok = { command = [ "/bin/true" ]; };\n'
            for name, script in SCRIPTS.items():
                script = script.replace("$", "$$").replace('"', '\\"')
                output = 'output = "x"; ' if name in WITH_OUTPUT else ""
                jobs += (f"{name} = {{ command = {SH % script}; {output}"
                         f'env = [ "{lib.MARK}={cls.node.mark}" ]; '
                         'stop-timeout = "300ms"; backoff = "100ms"; '
                         'timeout = "60s"; };\n')
            jobs += ('missing = { command = [ "/no/such/program" ]; };\n'
                     'late = { command = [ "/bin/sleep", "300" ]; '
                     'timeout = "300ms"; };\n'
                     'nodir = { command = [ "/bin/true" ]; '
                     'dir = "/no/such/dir"; };\n')
            cls.node.write_conf(jobs=jobs.replace("%%", "%"))
            cls.node.start()
        return cls.node


def run(kind, seconds=40):
    client = Shared.get().operator()
    end = lib.wait_end(client, lib.submit(client, kind)["id"], seconds)
    return end, str(end.get("error"))


def nothing_left():
    def none():
        node = Shared.get()
        mark = f"{lib.MARK}={node.mark}".encode()
        return not [pid for pid in lib.pids() if lib.is_alive(pid) and
                    mark in lib.read(f"/proc/{pid}/environ", "rb")]
    lib.wait_for(none, 5, "nothing that a job started is left")


def ends(kind, state, *words):
    end, error = run(kind)
    check(end["state"] == state, kind, end)
    for word in words:
        check(word in error, kind, repr(word), "is not in", error)
    nothing_left()
    return end


def garbage_on_every_descriptor_is_no_harm():
    ends("garbage", "ready")


def progress_that_is_none_is_left_out():
    end = ends("nonsense", "error", "exit code 3")
    percent = end["progress"]["percent"]
    check(percent is None or 0 <= percent <= 100, end["progress"])


def a_line_without_end_is_no_harm():
    ends("endless", "ready")


def ten_thousand_reports_a_second_are_no_harm():
    end = ends("flood", "ready")
    check(end["progress"]["percent"] == 100, end)
    size = lib.tree_bytes(Shared.get().shared + "/journal")
    check(size < 16 << 20, "the journal grew to", size)


def one_that_ignores_being_told_is_killed():
    client = Shared.get().operator()
    ident = lib.submit(client, "deaf")["id"]
    lib.wait_for(lambda: client.ask("GET", f"/v1/jobs/{ident}").json()
                 ["state"] == "processing", 10, "it runs")
    start = lib.now()
    check(client.ask("DELETE", f"/v1/jobs/{ident}").status == 202, "cancel")
    end = lib.wait_end(client, ident, 10)
    check(end["state"] == "cancelled", end)
    check(lib.now() - start < 8, "took", lib.now() - start, "s")
    nothing_left()


def what_it_forked_ends_with_it():
    ends("bomb", "ready")
    ends("leaver", "ready")


def words_that_are_no_utf8_are_shown_as_text():
    end = ends("utf", "error", "last")
    for text in (end["progress"]["message"] or "", end["error"]["detail"]):
        check("\x1b" not in text, "an escape passed:", repr(text))


def one_that_closes_everything_is_fine():
    ends("closer", "ready")


def one_killed_by_a_signal_says_so():
    ends("suicide", "error", "signal 11")


def one_that_kills_its_worker_does_not_take_the_node_along():
    client = Shared.get().operator()
    ident = lib.submit(client, "killer")["id"]
    lib.wait_for(lambda: client.ask("GET", f"/v1/jobs/{ident}").json()
                 ["attempt"] >= 2, 20, "it was tried again")
    client.ask("DELETE", f"/v1/jobs/{ident}")
    end = lib.wait_end(client, ident, 30)
    check(end["state"] in ("cancelled", "error"), end)
    nothing_left()


def an_output_that_is_no_file_is_an_error():
    for kind in ("linker", "folder", "pipe", "nothing"):
        end = ends(kind, "error")
        answer = Shared.get().operator().ask(
            "GET", f"/v1/jobs/{end['id']}/output")
        check(answer.status in (404, 409, 410), kind, answer.status)
        check(b"root:" not in answer.body, kind)


def a_command_that_is_not_there_is_told():
    end = ends("missing", "error")
    check("/no/such/program" in str(end["error"]) and
          "No such file" in str(end["error"]), end["error"])
    end = ends("nodir", "error")
    check("/no/such/dir" in str(end["error"]), end["error"])


def one_that_runs_too_long_is_stopped():
    ends("late", "error", "timeout")


def a_scratch_it_locked_is_removed():
    ends("hidden", "ready")


def after_all_of_it_the_jobs_node_stops_in_order():
    node = Shared.get()
    client = node.operator()
    for _ in range(8):
        lib.submit(client, "deaf")
    lib.wait_for(lambda: client.ask("GET", "/v1/jobs?state=processing&limit=9")
                 .json(), 10, "they run")
    deaths = [line for line in node.log().splitlines()
              if " ended pid=" in line]
    check(not deaths, "a role died:", deaths[:3])
    check(node.stop() == 0, "bad stop\n", node.log()[-2000:])
    node.check_nothing_left()
    Shared.node = None


CASES = [
    garbage_on_every_descriptor_is_no_harm,
    progress_that_is_none_is_left_out,
    a_line_without_end_is_no_harm,
    ten_thousand_reports_a_second_are_no_harm,
    one_that_ignores_being_told_is_killed,
    what_it_forked_ends_with_it,
    words_that_are_no_utf8_are_shown_as_text,
    one_that_closes_everything_is_fine,
    one_killed_by_a_signal_says_so,
    one_that_kills_its_worker_does_not_take_the_node_along,
    an_output_that_is_no_file_is_an_error,
    a_command_that_is_not_there_is_told,
    one_that_runs_too_long_is_stopped,
    a_scratch_it_locked_is_removed,
    after_all_of_it_the_jobs_node_stops_in_order,
]
