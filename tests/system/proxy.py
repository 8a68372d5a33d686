"""A real nginx in front of nodes, with contrib/nginx.conf as it is but for
addresses."""
import atexit
import http.client
import os
import re
import shutil
import signal
import subprocess
import tempfile

import lib

CONF = os.path.join(os.environ.get("SRCDIR", "."), "contrib/nginx.conf")
FROM = "127.0.0.77"  # whence nginx asks, unlike everybody else here
TRUST = (f'trusted-proxies = [ "{FROM}" ]; user-header = "X-Remote-User"; '
         'request-header = "X-Request-Id";')
MAIN = """
daemon off; worker_processes 2; pid {dir}/pid; error_log {dir}/error.log info;
{user}
events {{ worker_connections 512; }}
http {{
	log_format upstreams '$msec $status $request_method $uri '
			     '$upstream_addr $upstream_status $request_time';
	access_log {dir}/access.log upstreams;
	client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi; uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	proxy_bind {bind};
	include {dir}/holdfast.conf;
}}
"""


def find():
    """nginx's path, or None."""
    return shutil.which("nginx") or shutil.which(
        "nginx", path="/usr/sbin:/usr/local/sbin")


class Proxy:
    """In front of nodes at PORTS; in its configuration CHANGES, pairs of a
    pattern that has to be there and what stands instead."""

    def __init__(self, ports, changes=()):
        if find() is None:
            lib.skip("no nginx")
        self.dir = tempfile.mkdtemp(prefix="holdfast-nginx-")
        os.chmod(self.dir, 0o755)
        atexit.register(self.end)
        self.port = lib.free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        conf = lib.read(CONF)
        changes = [(r"listen 80;", f"listen 127.0.0.1:{self.port};"),
                   *((rf"server 10\.0\.7\.{11 + n}:8080 ",
                      f"server 127.0.0.1:{port} ")
                     for n, port in enumerate(ports)), *changes]
        for pattern, text in changes:
            conf, count = re.subn(pattern, text, conf)
            lib.check(count > 0, CONF, "has no", pattern)
        self.write("holdfast.conf", conf)
        # Its worker has to reach what the test's user made.
        user = "user root;" if os.geteuid() == 0 else ""
        self.write("nginx.conf",
                   MAIN.format(dir=self.dir, bind=FROM, user=user))
        self.process = subprocess.Popen(
            [find(), "-p", self.dir, "-c", f"{self.dir}/nginx.conf"],
            stdin=subprocess.DEVNULL)
        lib.wait_for(self.answers, 10, "nginx answers")

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
            f.write(text)

    def answers(self):
        lib.check(self.process.poll() is None, "nginx ended:",
                  self.log("error.log"))
        try:
            self.user(timeout=5).ask("GET", "/healthz")
            return True
        except OSError:
            return False

    def user(self, timeout=100):
        return lib.Client(lambda: http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=timeout))

    def log(self, name):
        return lib.read(os.path.join(self.dir, name))

    def asked_twice(self):
        """How many requests went to more than one node."""
        return sum(", 127.0.0.1:" in line
                   for line in self.log("access.log").splitlines())

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
