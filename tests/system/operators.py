"""What operators hear by long poll and tell the node, over the Unix socket and
with the token; and what the others get."""
import os
import signal
import threading

from lib import Node, check, main, now, wait_for

AT_ONCE_S = 5  # far below what a poll is held, far above what it takes
TOKEN = "a token of operators"
SERVE = '[ "/bin/sleep", "1000" ]'
SERVICES = f"""services = {{
  web = {{ command = {SERVE}; stop-timeout = "1s"; }};
  app = {{ command = {SERVE}; stop-timeout = "1s"; }};
}};"""
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Held:
    """A poll under way; done() is its answer once there is one."""

    def __init__(self, client, path, headers=None):
        self.answer = None
        self.began = now()
        self.thread = threading.Thread(
            target=self.ask, args=(client, path, headers), daemon=True)
        self.thread.start()

    def ask(self, client, path, headers):
        self.answer = client.ask("GET", path, headers=headers)

    def done(self):
        self.thread.join(AT_ONCE_S)
        check(self.answer is not None, "a poll is held though there is news")
        check(self.answer.status == 200, self.answer.status)
        return self.answer.json()


def state_of(client, name, headers=None):
    units = client.ask("GET", "/v1/services", headers=headers).json()
    return {unit["name"]: unit["state"] for unit in units["services"]}[name]


def wait_state(client, name, state, headers=None):
    wait_for(lambda: state_of(client, name, headers) == state, 20,
             f"{name} is {state}")


def hear(client, headers, after, subject, kind):
    """Until KIND happens to SUBJECT; what is there is told at once, too."""
    while True:
        heard = Held(client(), f"/v1/events?after={after}&wait=50s",
                     headers).done()
        check(heard["events"] and heard["after"] > after, "no news", heard)
        after = heard["after"]
        for event in heard["events"]:
            if (event["subject"], event["event"]) == (subject, kind):
                return


def hears_of_a_stop(node, client, headers):
    """One who waits for services and one who waits for events."""
    for name in ("app", "web"):  # else this one's start is the news
        wait_state(client(), name, "ready", headers)
    services = client().ask("GET", "/v1/services", headers=headers)
    latest = client().ask("GET", "/v1/events?limit=1",
                          headers=headers).json()["after"]
    lists = Held(client(), "/v1/services?wait=50s",
                 {**headers, "If-None-Match": services.headers["ETag"]})
    answer = client().ask("POST", "/v1/services/web/stop", headers=headers)
    check(answer.status == 202, answer.status, answer.text())
    states = {unit["name"]: unit["state"]
              for unit in lists.done()["services"]}
    check(states["web"] in ("stopping", "stopped"), states)
    hear(client, headers, latest, "web", "unit-stopped")
    answer = client().ask("POST", "/v1/services/web/start", headers=headers)
    check(answer.status == 202, answer.status, answer.text())
    wait_state(client(), "web", "ready", headers)
    check(node.process.poll() is None, "the node ended")


def hears_of_a_reload(node):
    latest = node.operator().ask("GET", "/v1/events?limit=1").json()["after"]
    check(node.run("reload").returncode == 0, "no reload")
    hear(node.operator, {}, latest, "trial", "reloaded")


def hears_of_a_death(node):
    latest = node.operator().ask("GET", "/v1/events?limit=1").json()["after"]
    os.kill(dict(node.roles())["journal"], signal.SIGKILL)
    hear(node.operator, {}, latest, "journal", "role-died")
    node.wait_ready()


def gets_the_latest_events(node):
    client = node.operator()
    everything = client.ask("GET", "/v1/events").json()["events"]
    check(everything[0]["event"] == "node-started", everything[0])
    latest = client.ask("GET", "/v1/events?limit=3").json()["events"]
    check(latest == everything[-3:], "limit=3 gives", latest)
    check(client.ask("GET", "/v1/events?limit=x").status == 400, "limit=x")


def others_get_nothing(node):
    user = node.user()
    status = user.ask("GET", "/v1/status").json()
    check(status["operator"] is False and "roles" not in status, status)
    for path in ("/v1/services", "/v1/services/web", "/v1/events",
                 "/v1/services/web/log"):
        check(user.ask("GET", path).status == 403, path, "is for anybody")
    for action in ("start", "stop", "restart", "enable", "disable"):
        answer = user.ask("POST", f"/v1/services/web/{action}")
        check(answer.status == 403, action, "is for anybody")
    wrong = {"Authorization": "Bearer no such token"}
    check(user.ask("GET", "/v1/status", headers=wrong).status == 401,
          "a wrong token is taken for none")
    wait_state(node.operator(), "web", "ready")


def body():
    node = Node(top=SERVICES)
    token_file = os.path.join(node.dir, "token")
    with open(token_file, "w", encoding="utf-8") as file:
        file.write(TOKEN + "\n")
    node.write_conf(http=f'token-file = "{token_file}";')
    node.start()
    hears_of_a_stop(node, node.operator, {})
    hears_of_a_stop(node, node.user, BEARER)
    hears_of_a_reload(node)
    hears_of_a_death(node)
    gets_the_latest_events(node)
    others_get_nothing(node)
    node.stop()
    node.check_nothing_left()


main(body)
