"""Storage that is missing, read-only, full, or gives back other bytes."""
import os
import random
import subprocess

import lib
from lib import check

JOBS = """
    ok = { command = [ "/bin/true" ]; max-pending = 16000; keep = "1h"; };
    say = { command = [ "/bin/sh", "-c", "echo hello >$HOLDFAST_OUTPUT" ];
            output = "hello.txt"; keep = "1h"; };
"""
MOUNTS = bool(os.environ.get("PRIVATE_MOUNTS"))
SKIPPED = "skipped, needs mounts of its own"


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def unmount(path):
    subprocess.run(["umount", "-l", path], check=True)


def finish(client, kind="ok", **more):
    job = lib.submit(client, kind, **more)
    end = lib.wait_end(client, job["id"])
    check(end["state"] == "ready", "not ready:", end)
    return job["id"]


def all_there(client, idents):
    for ident in idents:
        answer = client.ask("GET", f"/v1/jobs/{ident}")
        check(answer.status == 200, "lost", ident, answer.status)
        check(answer.json()["state"] == "ready", answer.text())


def told(node, *words, seconds=15):
    def said():
        return all(word in node.log() for word in words)
    try:
        lib.wait_for(said, seconds, f"{words} in the log")
    except lib.Failed as failed:
        raise lib.Failed(f"{failed}\n{node.log()[-2000:]}") from None


def goes_or_waits(node, *words):
    """Refuses with 1 and says WORDS; or stays up, not ready, and says so.
    True if it is up."""
    node.spawn()
    lib.wait_for(lambda: node.process.poll() is not None or
                 all(word in node.log() for word in words), 15,
                 f"{words} is told\n{node.log()[-2000:]}")
    if node.process.poll() is not None:
        check(node.process.returncode == 1, "status",
              node.process.returncode, node.log()[-2000:])
        check(all(word in node.log() for word in words), words, node.log())
        node.check_nothing_left()
        return False
    check(not node.is_ready(), "claims to be ready")
    return True


def a_missing_shared_directory_is_told():
    node = lib.Node(jobs=JOBS)
    os.rmdir(node.shared)
    node.start()  # one of this machine alone is made, and said to be
    told(node, "made the shared directory " + node.shared)
    check(node.stop() == 0, "bad stop")


def a_shared_directory_that_can_not_be_made_is_told():
    node = lib.Node(jobs=JOBS, shared="/proc/nowhere/at/all")
    if goes_or_waits(node, node.shared, "No such file"):
        node.stop()


def a_read_only_shared_directory_is_told():
    if not MOUNTS:
        return SKIPPED
    node = lib.Node(jobs=JOBS)
    mount("--bind", node.shared, node.shared)
    mount("-o", "remount,bind,ro", node.shared)
    if goes_or_waits(node, node.shared, "Read-only"):
        node.stop()
    unmount(node.shared)
    return None


def fill_and_free(node, client, kept):
    filler = os.path.join(node.shared, "filler")
    fd = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(fd, b"x" * 4096):
            pass
    except OSError:
        pass
    os.close(fd)
    refused = None
    for _ in range(20000):
        answer = client.ask("POST", "/v1/jobs", {"type": "ok"})
        if answer.status != 202:
            refused = answer
            break
        kept.append(answer.json()["id"])
    check(refused is not None, "a full directory was never noticed")
    check(refused.status in (503, 507), refused.status, refused.text())
    refused.problem()
    check(node.process.poll() is None, "the node ended")
    for ident in kept:
        end = lib.wait_end(client, ident)
        check(end["state"] in ("ready", "error"), end)
    os.unlink(filler)
    lib.wait_for(lambda: client.ask("POST", "/v1/jobs", {"type": "ok"})
                 .status == 202, 20, "there is room again", 0.2)
    check(node.stop() == 0, "bad stop")
    node.start()
    client = node.operator()
    for ident in kept:
        check(client.ask("GET", f"/v1/jobs/{ident}").status == 200,
              "lost", ident)
    check(node.stop() == 0, "bad stop")
    unmount(node.shared)


def a_full_shared_directory_refuses_and_recovers():
    if not MOUNTS:
        return SKIPPED
    node = lib.Node(jobs=JOBS)
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", node.shared)
    node.start()
    client = node.operator()
    return fill_and_free(node, client, [finish(client) for _ in range(5)])


def a_shared_directory_full_at_the_start_is_told():
    if not MOUNTS:
        return SKIPPED
    node = lib.Node(jobs=JOBS)
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", node.shared)
    if goes_or_waits(node, node.shared, "No space left"):
        mount("-o", "remount,size=64m", node.shared)
        node.wait_ready(20)
        finish(node.operator())
        check(node.stop() == 0, "bad stop")
    unmount(node.shared)
    return None


def a_state_directory_too_small_is_told():
    if not MOUNTS:
        return SKIPPED
    node = lib.Node(jobs=JOBS)
    mount("-t", "tmpfs", "-o", "size=16k", "tmpfs", node.state)
    if goes_or_waits(node, node.state):
        node.stop()
    unmount(node.state)
    return None


def a_state_directory_that_fills_up_loses_nothing():
    if not MOUNTS:
        return SKIPPED
    node = lib.Node(jobs=JOBS)
    mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", node.state)
    node.start()
    client = node.operator()
    kept = []
    refused = None
    for _ in range(6000):
        try:
            answer = client.ask("POST", "/v1/jobs", {"type": "ok"})
        except lib.http.client.HTTPException:
            continue
        if answer.status == 202:
            kept.append(answer.json()["id"])
        else:
            refused = answer
            break
    check(refused is not None, len(kept), "jobs kept in 3 MiB")
    check(refused.status in (500, 503, 507), refused.status, refused.text())
    refused.problem()
    check(node.process.poll() is None, "the node ended")
    mount("-o", "remount,size=256m", node.state)
    lib.wait_for(lambda: node.is_ready() and node.operator().ask(
        "POST", "/v1/jobs", {"type": "ok"}).status == 202, 40,
        "there is room again", 0.3)
    client = node.operator()
    for ident in kept:
        check(lib.wait_end(client, ident)["state"] == "ready", ident)
    check(node.stop() == 0, "bad stop")
    unmount(node.state)
    return None


def segments(node):
    found = []
    for base, _, names in os.walk(os.path.join(node.shared, "journal")):
        found += [os.path.join(base, name) for name in sorted(names)]
    return [path for path in found if os.path.basename(path).isdigit()]


def filled(count=30):
    node = lib.Node(jobs=JOBS).start()
    client = node.operator()
    kept = [finish(client) for _ in range(count)]
    kept.append(finish(client, "say"))
    check(node.stop() == 0, "bad stop")
    return node, kept


def used_bytes(path):
    with open(path, "rb") as file:
        return len(file.read().rstrip(b"\0"))


def a_torn_tail_of_the_journal_costs_what_was_torn_only():
    node, kept = filled()
    path = segments(node)[-1]
    used = used_bytes(path)
    with open(path, "r+b") as file:
        file.truncate(used - 7)
    node.start()
    client = node.operator()
    # Its last record may be an end: that job runs again.
    for ident in kept:
        check(lib.wait_end(client, ident)["state"] == "ready", ident)
    finish(client)
    check(node.stop() == 0, "bad stop")


def garbage_behind_the_journal_is_left_out():
    node, kept = filled()
    path = segments(node)[-1]
    used = used_bytes(path) + 8 & ~7
    rng = random.Random(7)
    with open(path, "r+b") as file:
        file.seek(used)
        file.write(rng.randbytes(3000))
    node.start()
    client = node.operator()
    all_there(client, kept)
    check(node.stop() == 0, "bad stop")


def a_flipped_bit_costs_one_record_and_is_told():
    node, kept = filled()
    path = segments(node)[-1]
    with open(path, "r+b") as file:
        file.seek(used_bytes(path) // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0x10]))
    node.start()
    told(node, "damaged")
    client = node.operator()
    lost = 0
    for ident in kept:
        if client.ask("GET", f"/v1/jobs/{ident}").status == 200:
            check(lib.wait_end(client, ident)["state"] == "ready", ident)
        else:
            lost += 1
    check(lost <= 1, lost, "jobs lost to one flipped bit")
    finish(client)
    check(node.stop() == 0, "bad stop")
    aside = os.listdir(os.path.dirname(path))
    check(any("damaged" in name for name in aside), "not kept:", aside)


def a_journal_of_garbage_is_told_and_the_node_starts():
    node, _ = filled(3)
    for path in segments(node):
        with open(path, "r+b") as file:
            size = os.path.getsize(path)
            file.write(random.Random(9).randbytes(min(size, 1 << 20)))
    node.start()
    told(node, "damaged")
    finish(node.operator())
    check(node.stop() == 0, "bad stop")


def an_empty_segment_is_no_harm():
    node, kept = filled(5)
    path = segments(node)[-1]
    number = int(os.path.basename(path)) + 1
    with open(os.path.join(os.path.dirname(path), f"{number:010d}"), "wb"):
        pass
    node.start()
    all_there(node.operator(), kept)
    check(node.stop() == 0, "bad stop")


def a_lost_or_damaged_view_is_rebuilt():
    node, kept = filled(10)
    for name in os.listdir(node.state):
        path = os.path.join(node.state, name)
        if name.endswith(".mdb") and os.path.getsize(path) > 0:
            with open(path, "r+b") as file:
                file.write(random.Random(3).randbytes(8192))
    node.start()
    all_there(node.operator(), kept)
    check(node.stop() == 0, "bad stop")


def an_output_that_fills_the_disk_ends_in_error():
    if not MOUNTS:
        return SKIPPED
    node = lib.Node(jobs=JOBS + """
        big = { command = [ "/bin/sh", "-c",
            "dd if=/dev/zero of=$HOLDFAST_OUTPUT bs=64k" ];
            output = "big"; };
        wide = { command = [ "/bin/sh", "-c",
            "dd if=/dev/zero of=$HOLDFAST_OUTPUT bs=64k count=32" ];
            output = "wide"; max-output = "1M"; };""")
    mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", node.shared)
    node.start()
    client = node.operator()
    kept = finish(client)
    for kind, word in (("wide", "max-output"), ("big", "")):
        end = lib.wait_end(client, lib.submit(client, kind)["id"], 60)
        check(end["state"] == "error", end)
        check(word in str(end["error"]) or "larger" in str(end["error"]),
              end["error"])
    lib.wait_for(lambda: client.ask("POST", "/v1/jobs", {"type": "ok"})
                 .status == 202, 20, "there is room again", 0.2)
    all_there(client, [kept])
    check(node.stop() == 0, "bad stop")
    unmount(node.shared)
    return None


CASES = [
    a_missing_shared_directory_is_told,
    a_shared_directory_that_can_not_be_made_is_told,
    a_read_only_shared_directory_is_told,
    a_full_shared_directory_refuses_and_recovers,
    a_shared_directory_full_at_the_start_is_told,
    a_state_directory_too_small_is_told,
    a_state_directory_that_fills_up_loses_nothing,
    a_torn_tail_of_the_journal_costs_what_was_torn_only,
    garbage_behind_the_journal_is_left_out,
    a_flipped_bit_costs_one_record_and_is_told,
    a_journal_of_garbage_is_told_and_the_node_starts,
    an_empty_segment_is_no_harm,
    a_lost_or_damaged_view_is_rebuilt,
    an_output_that_fills_the_disk_ends_in_error,
]
