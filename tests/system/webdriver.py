"""A WebDriver client of one screen: Chromium through chromedriver.

Only what the page's test needs, with the standard library alone.
"""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--no-default-browser-check",
    "--disable-dev-shm-usage", "--hide-scrollbars",
)


def find_chromium():
    """Chromium's path, or None where it or its driver is missing."""
    if not shutil.which("chromedriver"):
        return None
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


class Browser:
    """A fresh profile and a window; `with` ends both."""

    def __init__(self, size=(1100, 900)):
        self.dir = tempfile.mkdtemp(prefix="holdfast-page-")
        self.log = open(os.path.join(self.dir, "driver.log"), "w+",
                        encoding="utf-8")
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=self.log, stderr=self.log,
            env={**os.environ, "HOME": self.dir})
        self.base = f"http://127.0.0.1:{self._port()}"
        flags = [*CHROMIUM_FLAGS, f"--user-data-dir={self.dir}/profile",
                 f"--window-size={size[0]},{size[1]}"]
        options = {"args": flags, "binary": find_chromium()}
        answer = self._post("/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }}})
        self.base += "/session/" + answer["sessionId"]

    def _port(self):
        for _ in range(600):
            with open(self.log.name, encoding="utf-8") as log:
                for line in log:
                    if "started successfully on port" in line:
                        return int(line.rsplit(None, 1)[1].rstrip("."))
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("chromedriver does not start")

    def _post(self, path, body):
        request = urllib.request.Request(
            self.base + path, json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:600]) from None

    def open(self, url):
        self._post("/url", {"url": url})

    def reload(self):
        self._post("/refresh", {})

    def run(self, script, *args):
        """The value of the JavaScript function body SCRIPT."""
        return self._post("/execute/sync", {"script": script, "args": args})

    def cdp(self, command, **params):
        return self._post("/goog/cdp/execute",
                          {"cmd": command, "params": params})

    def logs(self, kind):
        return self._post("/se/log", {"type": kind})

    def screenshot(self, path):
        request = urllib.request.Request(self.base + "/screenshot")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            data = base64.b64decode(json.load(answer)["value"])
        with open(path, "wb") as file:
            file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            request = urllib.request.Request(self.base, method="DELETE")
            urllib.request.build_opener(
                urllib.request.ProxyHandler({})).open(request, timeout=20)
        except OSError:
            pass
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)
