"""The page of an operator, in Chromium.  SHOTS=DIR keeps screenshots."""
import os
import time

from lib import Node, main, wait_for
from pagecheck import (check, it_fits_a_phone, nobody_else_is_asked,
                       open_page, requests, until)
from webdriver import Browser

TOKEN = "open sesame"
SERVICES = """services = {
  web = { command = [ "/bin/sh", "-c", "echo '<b>hello</b>'; exec sleep 1000" ];
    stop-timeout = "1s"; };
  app = { command = [ "/bin/sleep", "1000" ]; after = [ "web" ]; };
  broken = { command = [ "/bin/sh", "-c", "echo 'no <i>file</i>' >&2; exit 7" ];
    restart = "temporary"; };
  off = { command = [ "/bin/sleep", "1000" ]; enabled = false; };
};
singletons = {
  mailer = { command = [ "/bin/sleep", "1000" ]; stop-timeout = "1s"; };
  sweep = { command = [ "/bin/sh", "-c", "echo 'dust' >&2; exit 3" ];
    every = "1h"; };
};"""
IDLE_S = 5
TURNS = 6  # on a machine where the last change takes its time
HIDE = """
Object.defineProperty(document, 'hidden',
  { configurable: true, get: () => arguments[0] });
document.dispatchEvent(new Event('visibilitychange'));
"""
UNITS = """
return [...document.querySelectorAll('#' + arguments[0] + ' .unit')].map(
  (unit) => ({
    name: unit.querySelector('h3').textContent,
    state: unit.querySelector('.state').textContent,
    message: unit.querySelector('.message').textContent,
  }));
"""
UNIT = """
const unit = [...document.querySelectorAll('.unit')].find(
  (unit) => unit.querySelector('h3').textContent === arguments[0]);
"""
TOKEN_IN = """
const input = document.querySelector('#sign-in input');
document.getElementById('operator').open = true;
input.value = arguments[0];
document.querySelector('#sign-in button').click();
"""
EVENTS = """
return [...document.querySelectorAll('#event-list li')].map((event) => ({
  subject: event.querySelector('strong').textContent,
  what: event.querySelector('.what').textContent,
  title: event.querySelector('time').title,
}));
"""


class Page:
    def __init__(self, browser):
        self.browser = browser

    def state(self, name, kind="services"):
        units = {unit["name"]: unit for unit in self.browser.run(UNITS, kind)}
        return units.get(name, {}).get("state")

    def open_unit(self, name):
        self.browser.run(UNIT + "unit.open = true", name)

    def text(self, name, selector):
        return self.browser.run(
            UNIT + "return unit.querySelector(arguments[1]).textContent",
            name, selector)

    def buttons(self, name):
        return self.browser.run(
            UNIT + "return [...unit.querySelectorAll('.actions button')]"
            ".filter((one) => !one.hidden).map((one) => one.textContent)",
            name)

    def press(self, name, action):
        """As with the keyboard: the button has the focus."""
        self.browser.run(
            UNIT + "const button = unit.querySelector("
            "`[data-action=${arguments[1]}]`); button.focus();"
            "button.click()", name, action)

    def is_hidden(self, ident):
        return self.browser.run(
            "return document.getElementById(arguments[0]).hidden", ident)

    def shot(self, name):
        if os.environ.get("SHOTS"):
            self.browser.screenshot(
                os.path.join(os.environ["SHOTS"], name + ".png"))


def start(node):
    """Until it answers: a failed service keeps it from being ready."""
    node.spawn()
    wait_for(lambda: os.path.exists(node.socket), 20, "a socket")
    wait_for(lambda: node.run("status").returncode != 4, 20, "an answer")


def a_token_opens_it(page):
    run = page.browser.run
    until(lambda: not page.is_hidden("operator"), "the token can be given")
    check(page.is_hidden("services") and page.is_hidden("events"),
          "without it there is nothing to see")
    run(TOKEN_IN, "close sesame")
    until(lambda: run("return document.querySelector('#sign-in .problem')"
                      ".textContent").startswith("That is not"),
          "a wrong token is refused")
    check(page.is_hidden("services"), "and opens nothing")
    run(TOKEN_IN, TOKEN)
    until(lambda: page.state("web") == "ready", "the token shows services")
    check(run("return localStorage.length") == 0 and
          run("return Object.values(sessionStorage)") == [TOKEN] and
          TOKEN not in run("return document.cookie"),
          "it is kept in the session's storage alone")
    check(run("return document.querySelector('#sign-in input').value") == "",
          "and no more in the form")
    run("window.mark = 1")


def units_are_told_in_words(page):
    until(lambda: page.state("broken") == "failed", "a failed one is shown")
    check(page.state("off") == "disabled", "and a disabled one")
    message = {unit["name"]: unit["message"] for unit in
               page.browser.run(UNITS, "services")}["broken"]
    check(message == "exit 7 · no <i>file</i>", f"with the reason: {message}")
    until(lambda: page.browser.run(
        "return document.querySelector('#services .summary').textContent")
        == "1 failed, 2 ready, 1 disabled", "all are summed up")
    page.open_unit("web")
    until(lambda: "<b>hello</b>" in page.text("web", "pre"),
          "its latest lines are shown, as text")


def a_stop_from_elsewhere_shows(page, node):
    began = time.monotonic()
    node.run("stop", "web")
    until(lambda: page.state("web") == "stopped",
          "a service stopped elsewhere is shown as stopped, "
          f"{time.monotonic() - began:.2f} s after it was asked")
    check(page.browser.run("return window.mark") == 1, "without a reload")
    check("web stopped" in page.browser.run(
        "return document.getElementById('spoken').textContent"),
        "and it is said aloud")
    node.run("start", "web")
    until(lambda: page.state("web") == "ready", "and as ready again")


def buttons_work(page, node):
    check(page.buttons("web") == ["Restart", "Stop", "Disable"],
          "what runs may be restarted, stopped or disabled")
    pid = page.browser.run(
        UNIT + "return unit.querySelector('.facts').textContent", "web")
    page.press("web", "restart")
    until(lambda: page.state("web") == "ready" and page.browser.run(
        UNIT + "return unit.querySelector('.facts').textContent",
        "web") != pid, "restart restarts")
    page.press("web", "stop")
    until(lambda: page.state("web") == "stopped", "stop stops")
    check(page.buttons("web") == ["Start", "Disable"], "then it may start")
    check(page.browser.run("return document.activeElement.dataset.action")
          == "start", "and the focus is there")
    page.press("web", "disable")
    until(lambda: page.state("web") == "disabled", "disable disables")
    page.press("web", "enable")
    until(lambda: page.state("web") == "ready", "enable enables")
    check("web" in node.run("status").stdout, "the node agrees")


def singletons_are_shown(page):
    until(lambda: page.state("mailer", "singletons") == "ready",
          "a singleton that always runs is shown")
    page.open_unit("mailer")
    check(page.buttons("mailer") == ["Restart", "Stop", "Disable"],
          "with its buttons")
    page.press("mailer", "stop")
    until(lambda: page.state("mailer", "singletons") == "stopped",
          "and stopped")
    page.press("mailer", "start")
    until(lambda: page.state("mailer", "singletons") == "ready",
          "and started")
    until(lambda: page.state("sweep", "singletons") == "waiting",
          "one with times waits")
    check(page.text("sweep", ".since").startswith("next "),
          "for the next of them")
    page.open_unit("sweep")
    check(page.buttons("sweep") == ["Start", "Stop", "Disable"],
          "and can be started besides")
    ran = page.text("sweep", ".facts")
    page.press("sweep", "start")
    until(lambda: page.text("sweep", ".facts") != ran, "which it is")
    until(lambda: page.text("sweep", ".message") ==
          "last run failed · exit 3 · dust", "how it went is told")
    page.shot("singletons")


def events_are_listed(page):
    def listed():
        return [(event["subject"], event["what"])
                for event in page.browser.run(EVENTS)]
    # They come by a poll of their own, when the units are shown already.
    for event in (("web", "enabled"), ("web", "stopped"), ("web", "disabled"),
                  ("broken", "failed"), ("app", "started")):
        until(lambda e=event: e in listed(), f"events tell of {event}")
    told = listed()
    events = page.browser.run(EVENTS)
    check(told.index(("web", "enabled")) < told.index(("web", "disabled")),
          "the newest is first")
    check("202" in events[0]["title"], "the full time is a title")


def health_is_told(page, node):
    text = "return document.getElementById('health').textContent"
    check(page.is_hidden("health"), "nothing is said of a node that is well")
    node.run("drain")
    until(lambda: "drained" in page.browser.run(text), "a drain is told")
    check(not page.is_hidden("health"), "for all to see")
    node.run("undrain")
    until(lambda: page.is_hidden("health"), "until it is over")


def it_asks_little(page):
    """Nothing happens, sooner or later: what is asked for in a while."""
    for turn in range(TURNS):
        requests(page.browser)
        time.sleep(IDLE_S)
        urls = requests(page.browser)
        if len(urls) <= 1:
            break
        print(f"turn {turn}: {urls}", flush=True)
    check(len(urls) <= 1, f"{len(urls)} requests in {IDLE_S} s of rest")


def a_hidden_page_asks_for_nothing(page, node):
    page.browser.run(HIDE.replace("arguments[0]", "true"))
    for _ in range(TURNS):  # what was under way comes to its end
        time.sleep(1)
        if requests(page.browser) == []:
            break
    node.run("restart", "web")
    node.run("stop", "app")
    time.sleep(1)
    urls = requests(page.browser)
    check(urls == [], f"a hidden page asks for nothing {urls}")
    check(page.state("app") == "ready", "so it shows what was")
    page.browser.run(HIDE.replace("arguments[0]", "false"))
    until(lambda: page.state("app") == "stopped", "once seen it shows what is")
    node.run("start", "app")
    until(lambda: page.state("app") == "ready", "and goes on")


def a_node_away_is_told(page, node):
    node.stop()
    until(lambda: not page.is_hidden("notice"), "a node away is told")
    page.shot("away")
    start(node)
    until(lambda: page.is_hidden("notice"), "and that it is back")
    until(lambda: page.state("web") == "ready", "its services are followed")
    until(lambda: page.browser.run(EVENTS)[-1]["what"] != "stopping",
          "its events begin anew")
    node.run("stop", "web")
    until(lambda: page.state("web") == "stopped", "as they change")
    check(page.browser.run("return window.mark") == 1, "without a reload")


def a_reload_keeps_the_session(page):
    page.browser.reload()
    until(lambda: page.state("web") == "stopped",
          "a reload of the page keeps the session")


def it_ends(page):
    page.browser.run("document.getElementById('sign-out').click()")
    until(lambda: page.is_hidden("services") and page.is_hidden("events"),
          "signing out leaves nothing to see")
    check(page.browser.run("return sessionStorage.length") == 0,
          "nor the token")
    page.browser.reload()
    until(lambda: not page.is_hidden("operator"), "also after a reload")
    check(page.is_hidden("services"), "there is nothing to see")


def body():
    node = Node(top=SERVICES)
    token_file = os.path.join(node.dir, "token")
    with open(token_file, "w", encoding="utf-8") as file:
        file.write(TOKEN + "\n")
    node.write_conf(http=f'token-file = "{token_file}"; base = "/sub/";')
    start(node)
    url = f"http://127.0.0.1:{node.port}/sub/"
    urls = []
    with Browser() as browser:
        page = Page(browser)
        open_page(browser, url)
        a_token_opens_it(page)
        units_are_told_in_words(page)
        a_stop_from_elsewhere_shows(page, node)
        buttons_work(page, node)
        singletons_are_shown(page)
        events_are_listed(page)
        health_is_told(page, node)
        page.shot("operator")
        urls += requests(browser)
        it_asks_little(page)
        a_hidden_page_asks_for_nothing(page, node)
        a_node_away_is_told(page, node)
        a_reload_keeps_the_session(page)
        it_fits_a_phone(browser)
        page.shot("phone")
        it_ends(page)
        nobody_else_is_asked(browser, url, urls + requests(browser))
    node.stop()
    node.check_nothing_left()


main(body)
