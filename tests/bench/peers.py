"""What others do that make each write durable, on the disk that our shared
directories are on: the disk itself, Redis, PostgreSQL."""
import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time

import lib

SYNCS = 300
RECORD = 512  # bytes: about what one submission writes
NEVER_ROOT = "postgres"  # PostgreSQL does not run as root


def build(name, folder):
    """NAME.c beside us, compiled into FOLDER."""
    program = os.path.join(folder, name)
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.run(["cc", "-O2", "-o", program,
                    os.path.join(here, name + ".c")], check=True)
    return program


def sync_ms(folder):
    """ms that each of some appends with fdatasync took, in a file that was
    filled with zeros beforehand, as our journal is."""
    took = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(bytes(SYNCS * RECORD))
        file.flush()
        os.fsync(file.fileno())
        for number in range(SYNCS):
            begin = time.monotonic()
            os.pwrite(file.fileno(), os.urandom(RECORD), number * RECORD)
            os.fdatasync(file.fileno())
            took.append((time.monotonic() - begin) * 1000)
    return took


def redis_rate(clients, count):
    if not shutil.which("redis-server") or \
            not shutil.which("redis-benchmark"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        sock = os.path.join(folder, "sock")
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", sock, "--dir",
             folder, "--appendonly", "yes", "--appendfsync", "always",
             "--save", ""], stdout=subprocess.DEVNULL)
        try:
            lib.wait_for(lambda: os.path.exists(sock), 10, "redis")
            told = subprocess.run(
                ["redis-benchmark", "-s", sock, "-c", str(clients), "-n",
                 str(count), "-d", str(RECORD), "-r", "1000000", "-t", "set",
                 "--csv"], capture_output=True, text=True, check=True).stdout
        finally:
            server.kill()
            server.wait()
    return float(re.search(r'"SET","([0-9.]+)"', told).group(1))


def postgres_rate(clients, count):
    """Each client inserts a row and commits it, COUNT in all."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    try:
        user = pwd.getpwnam(NEVER_ROOT)
    except KeyError:
        user = None
    if not found or user is None or os.geteuid() != 0 or \
            not shutil.which("runuser"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        base = os.path.join(folder, "base")
        os.mkdir(base)
        os.chown(base, user.pw_uid, user.pw_gid)
        script = os.path.join(folder, "insert.sql")
        with open(script, "w", encoding="ascii") as file:
            file.write("INSERT INTO job (body) VALUES "
                       f"(repeat('x', {RECORD}));\n")

        def run(*words):
            return subprocess.run(
                ["runuser", "-u", NEVER_ROOT, "--",
                 os.path.join(found[-1], words[0]), *words[1:]], check=True,
                capture_output=True, text=True, cwd=base).stdout
        run("initdb", "-D", base, "-A", "trust")
        run("pg_ctl", "-D", base, "-w", "-l", os.path.join(base, "log"), "-o",
            f"-c listen_addresses='' -k {base} -c max_connections=200",
            "start")
        try:
            run("psql", "-h", base, "-c",
                "CREATE TABLE job (id bigserial PRIMARY KEY, body text)")
            told = run("pgbench", "-h", base, "-n", "-c", str(clients), "-j",
                       "2", "-t", str(count // clients), "-f", script)
        finally:
            run("pg_ctl", "-D", base, "-m", "immediate", "stop")
    return float(re.search(r"tps = ([0-9.]+)", told).group(1))


def rates(clients, count):
    """name -> durable writes a second, of those that are here."""
    found = {"Redis, AOF always": redis_rate(clients, count),
             "PostgreSQL, a commit each": postgres_rate(clients, count)}
    return {name: rate for name, rate in found.items() if rate is not None}
