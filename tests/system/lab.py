"""Goal: what the tests of a cluster stand on can be trusted."""
import errno
import mmap
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lab"))
import lib  # noqa: E402
import judge  # noqa: E402
import mount  # noqa: E402
import net  # noqa: E402
import nodes  # noqa: E402
from lib import check  # noqa: E402


def put(path, data, offset=0):
    """0, or the errno."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_DSYNC, 0o600)
    try:
        check(os.pwrite(fd, data, offset) == len(data), "a short write")
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)
    return 0


def try_writes(here, there, path):
    check(put(f"{path}/here/x", b"first") == 0, "a plain write")
    check(lib.read(f"{path}/there/x") == "first", "the other reads it")
    here.fault("write", "torn", 2, "/x")
    check(put(f"{path}/here/x", b"TORN!") == errno.EIO, "torn")
    check(put(f"{path}/here/y", b"y") == 0, "the pattern")
    check(put(f"{path}/there/z", b"z") == 0, "the other mount")
    check(lib.read(f"{path}/there/x") == "TOrst", "two bytes of it")
    here.clear()
    here.fault("write", "lost")
    check(put(f"{path}/here/x", b"LOST!") == 0, "lost")
    here.fault("all", "fail", errno.ESTALE)
    check(put(f"{path}/there/x", b"other") == 0, "the other mount")
    try:
        os.stat(f"{path}/here/x")
        check(False, "no ESTALE")
    except OSError as error:
        check(error.errno == errno.ESTALE, "not ESTALE but", error)
    here.clear()
    check(lib.read(f"{path}/here/x") == "other", "what the other wrote")
    here.fault("write", "late", 0)
    check(put(f"{path}/here/x", b"late!") == errno.EIO, "late")
    check(lib.read(f"{path}/there/x") == "other", "not yet there")
    here.clear()
    lib.wait_for(lambda: lib.read(f"{path}/there/x") == "late!", 5,
                 "a late write lands")


def try_hanging(here, path):
    here.hang("write")
    writer = threading.Thread(target=put, args=(f"{path}/here/x", b"hung!"))
    writer.start()
    lib.wait_for(lambda: here.counts()["hanging"] == (1,), 5, "it hangs")
    check(lib.read(f"{path}/here/x") == "late!", "others go on")
    check(writer.is_alive(), "it does not hang")
    here.clear()
    writer.join(5)
    check(not writer.is_alive(), "it hangs for ever")
    check(lib.read(f"{path}/there/x") == "hung!", "it was done")
    begin = time.monotonic()
    here.fault("read", "delay", 100)
    check(lib.read(f"{path}/here/x") == "hung!", "read late")
    check(time.monotonic() - begin >= 0.1, "no delay")


def try_mounts():
    with tempfile.TemporaryDirectory() as path:
        os.mkdir(f"{path}/back")
        here = mount.Mount(f"{path}/back", f"{path}/here")
        there = mount.Mount(f"{path}/back", f"{path}/there")
        try:
            try_writes(here, there, path)
            try_hanging(here, path)
        finally:
            here.end()
            there.end()


def look(path, flags=0):
    fd = os.open(path, os.O_RDONLY | flags)
    try:
        memory = mmap.mmap(-1, 4096)  # aligned
        length = os.preadv(fd, [memory], 0)
        return memory[:length][:5]
    finally:
        os.close(fd)


def try_caches():
    with tempfile.TemporaryDirectory() as path:
        os.mkdir(f"{path}/back")
        old = mount.Mount(f"{path}/back", f"{path}/old", "cached")
        try:
            put(f"{path}/back/x", b"first" + bytes(4091))
            with open(f"{path}/old/x", "rb", buffering=0) as file:
                check(file.read(5) == b"first", "a read")
                put(f"{path}/back/x", b"later")
                file.seek(0)
                check(file.read(5) == b"first", "nothing is cached")
                check(look(f"{path}/old/x", os.O_DIRECT) == b"later",
                      "O_DIRECT shows what was")
            put(f"{path}/back/y", b"there")
            check(os.path.exists(f"{path}/old/y"), "a new name")
            os.unlink(f"{path}/back/y")
            check(os.path.exists(f"{path}/old/y"), "names are not cached")
        finally:
            old.end()
        plain = mount.Mount(f"{path}/back", f"{path}/plain", "plain")
        try:
            check(look(f"{path}/plain/x") == b"later", "a plain read")
            look(f"{path}/plain/x", os.O_DIRECT)
            check(False, "it takes O_DIRECT")
        except OSError as error:
            check(error.errno == errno.EINVAL, "not EINVAL but", error)
        finally:
            plain.end()


HEAR = ("import socket,sys; s = socket.socket(type=socket.SOCK_DGRAM); "
        "s.bind(('0.0.0.0', 7400)); print('up', flush=True)\n"
        "while True: print(s.recv(99).decode(), flush=True)")
SAY = ("import socket,sys; s = socket.socket(type=socket.SOCK_DGRAM); "
       "s.sendto(sys.argv[2].encode(), (sys.argv[1], 7400))")


def try_net():
    with net.Net(2) as lan:
        def say(word):
            subprocess.run([*lan.enter(0), sys.executable, "-c", SAY,
                            lan.address(1), word], check=False,
                           stderr=subprocess.DEVNULL)
        with subprocess.Popen([*lan.enter(1), sys.executable, "-c", HEAR],
                              stdout=subprocess.PIPE, text=True) as hearer:
            heard = hearer.stdout.readline
            try:
                check(heard() == "up\n", "it does not listen")
                say("one")
                check(heard() == "one\n", "not heard")
                lan.cut(0)
                say("two")
                lan.heal(0)
                say("three")
                check(heard() == "three\n", "heard through a cut")
            finally:
                hearer.kill()


def run_work(path, node, token, milliseconds, *more):
    env = dict(os.environ, HOLDFAST_NODE=node, HOLDFAST_TOKEN=str(token))
    before = os.path.getsize(path) if os.path.exists(path) else 0
    with subprocess.Popen([nodes.WITNESS, "work", path, *more],
                          env=env) as work:
        lib.wait_for(lambda: os.path.exists(path) and
                     os.path.getsize(path) > before, 20, "it writes")
        time.sleep(milliseconds / 1000)
        work.terminate()
        check(work.wait(5) == 0, "the witness failed")


def try_judge(path):
    trace = judge.Trace(f"{path}/alone")
    run_work(trace.path, "n0", 1, 60)
    run_work(trace.path, "n1", 2, 60)
    lives = trace.read()
    check([life.node for life in lives] == ["n0", "n1"], lives)
    check(trace.overlap()[0] < 0 and not trace.fallen(), trace.overlap())
    run_work(trace.path, "n0", 1, 20)
    check(trace.fallen(), "a token fell and nobody saw it")
    trace = judge.Trace(f"{path}/two")
    threads = [threading.Thread(target=run_work,
                                args=(trace.path, f"n{i}", i + 1, 200))
               for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(trace.overlap()[0] > 0, "two at once and nobody saw it")


def try_sink(path, name):
    sink = judge.Sink(f"{path}/sink.trace")
    with subprocess.Popen([nodes.WITNESS, "sink", name,
                           sink.path]) as process:
        try:
            lib.wait_for(lambda: os.path.exists(sink.path), 5, "a sink")
            for node, token in (("n0", 7), ("n1", 8), ("n0", 7)):
                run_work(f"{path}/work", node, token, 30, "5", "0", name)
            lines = sink.lines()
            check({line[0] for line in lines if line[4] == 8} == {True},
                  "refused what was right")
            verdicts = [line[0] for line in lines if line[4] == 7]
            check(verdicts[0] and not verdicts[-1], "an old token is taken")
        finally:
            process.kill()


def main():
    if not os.access(nodes.WITNESS, os.X_OK):
        lib.skip("tests/lab/witness was not built")
    with tempfile.TemporaryDirectory() as path:
        try_judge(path)
        os.mkdir(f"{path}/far")
        try_sink(path, f"{path}/sink")
        try_sink(f"{path}/far", f"127.0.0.1:{lib.free_port()}")
    if net.is_possible():
        try_net()
    if not mount.is_possible():
        lib.skip("no faultfs, or no /dev/fuse")
    try_mounts()
    try_caches()


if __name__ == "__main__":
    lib.main(main)
