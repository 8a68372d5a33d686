"""A job that leaves a trace: WITNESS KIND SECONDS.

Appends "WORD JOB TOKEN ATTEMPT PID BOOTTIME_NS" to the file WITNESS when it
starts, every 10 ms, and when it ends, so that afterwards anyone can tell when
which attempt was alive.  KIND is what it does besides:

    work      reports progress for SECONDS, writes "JOB TOKEN" as its output
    fail      as work, but fails the first time
    fork      as work, leaving a grandchild in a session of its own, for ever
    stubborn  as work, but takes no notice of being told to stop
"""
import os
import signal
import sys
import time

BEAT = 0.01
FOREVER = 600

witness, kind, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
job, token, attempt = (os.environ["HOLDFAST_" + name]
                       for name in ("JOB", "TOKEN", "ATTEMPT"))
fd = os.open(witness, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)


def say(word):
    clock = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    os.write(fd, f"{word} {job} {token} {attempt} {os.getpid()} {clock}\n"
             .encode())


def report(percent):
    try:
        os.write(3, f"{percent:.2f} at {percent:.0f}\n".encode())
    except OSError:
        pass


def live(seconds, tell=True):
    start = time.monotonic()
    told = 0
    while (spent := time.monotonic() - start) < seconds:
        say("beat")
        if tell and spent - told >= 0.05:
            report(100 * spent / seconds)
            told = spent
        time.sleep(min(BEAT, max(0, seconds - spent)))


def leave_a_grandchild():
    if os.fork() != 0:
        os.wait()
        return
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("start")
    live(FOREVER, tell=False)
    os._exit(0)


say("start")
if kind == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if kind == "fork":
    leave_a_grandchild()
live(seconds)
failed = f"{witness}.{job}"
if kind == "fail" and not os.path.exists(failed):
    with open(failed, "w", encoding="ascii"):
        pass
    say("end")
    sys.exit("it always fails the first time")
with open(os.environ["HOLDFAST_OUTPUT"], "w", encoding="ascii") as output:
    output.write(f"{job} {token}\n")
say("end")
