#!/usr/bin/env -S python3 -B
"""One http process against one nginx worker, the same bytes, 64 clients."""

import os
import subprocess
import sys
import tempfile
import time

from node import ROUNDS, Node, free_port, median, need, verdict, wrk

NGINX = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error;
events {{ worker_connections 1024; multi_accept on; }}
http {{
  access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on;
  open_file_cache max=100 inactive=1h; open_file_cache_valid 1h;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b;
  fastcgi_temp_path {dir}/c; uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;
  default_type application/json; etag on;
  server {{
    listen 127.0.0.1:{port} backlog=1024; root {dir};
    add_header Cache-Control "private, no-store";
    add_header X-Content-Type-Options nosniff;
  }}
}}
"""


def start_nginx(directory, port, body):
    with open(os.path.join(directory, "job"), "wb") as file:
        file.write(body)
    os.chmod(directory, 0o755)
    conf = os.path.join(directory, "nginx.conf")
    with open(conf, "w") as file:
        file.write(NGINX.format(dir=directory, port=port))
    nginx = subprocess.Popen(["nginx", "-c", conf, "-p", directory],
                             stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return nginx


def main():
    need("nginx", "wrk")
    ours, theirs, ratios = [], [], []
    with Node() as node, tempfile.TemporaryDirectory() as directory:
        job, cookie = node.submit("long")
        time.sleep(0.3)
        path = f"/v1/jobs/{job['id']}"
        _, _, body = node.ask("GET", path, headers={"Cookie": cookie})
        port = free_port()
        nginx = start_nginx(directory, port, body)
        try:
            header = [f"Cookie: {cookie}"]
            for _ in range(ROUNDS):
                ours.append(wrk(f"http://127.0.0.1:{node.port}{path}", header))
                theirs.append(wrk(f"http://127.0.0.1:{port}/job", header))
                ratios.append(ours[-1] / theirs[-1])
        finally:
            nginx.terminate()
            nginx.wait()
    print(f"http: {len(body)} bytes; holdfast {median(ours):.0f}/s, "
          f"nginx {median(theirs):.0f}/s")
    return verdict("http", median(ratios), 1.0)


if __name__ == "__main__":
    sys.exit(main())
