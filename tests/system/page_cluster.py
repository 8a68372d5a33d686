"""The page of an operator of a cluster, in Chromium.  SHOTS=DIR keeps
screenshots."""
import os
import signal

from lib import main, wait_for
from members import NAMES, WAIT_S, cluster, free_udp_port
from pagecheck import (check, it_fits_a_phone, nobody_else_is_asked,
                       open_page, requests, until)
from webdriver import Browser

TOKEN = "open sesame"
SINGLETON = """singletons = {
  mailer = { command = [ "/bin/sleep", "1000" ]; stop-timeout = "1s"; };
};
"""
MAILER = """
const unit = document.querySelector('#singletons .unit');
unit.open = true;
"""
TOKEN_IN = """
const input = document.querySelector('#sign-in input');
document.getElementById('operator').open = true;
input.value = arguments[0];
document.querySelector('#sign-in button').click();
"""
NODES = """
return [...document.querySelectorAll('#cluster-nodes .unit')].map((node) => ({
  name: node.querySelector('h3').textContent,
  state: node.querySelector('.state').textContent,
  message: node.querySelector('.message').textContent,
  facts: node.querySelector('.facts').textContent,
}));
"""
IS_HIDDEN = "return document.getElementById('cluster').hidden"
BOUNDS = "return document.getElementById('cluster-bounds').textContent"
SUMMARY = "return document.getElementById('cluster-summary').textContent"


def shot(browser, name):
    if os.environ.get("SHOTS"):
        browser.screenshot(os.path.join(os.environ["SHOTS"], name + ".png"))


def nodes(browser):
    return {node["name"]: node for node in browser.run(NODES)}


def message(browser, name):
    return nodes(browser).get(name, {}).get("message", "")


def operators_see_the_nodes(browser):
    until(lambda: not browser.run(
        "return document.getElementById('operator').hidden"),
        "the token can be given")
    check(browser.run(IS_HIDDEN), "others see no nodes")
    browser.run(TOKEN_IN, TOKEN)
    until(lambda: sorted(nodes(browser)) == list(NAMES),
          "operators see all of them")
    check("this node" in message(browser, "n1"), "their own is told")
    check(browser.run(SUMMARY).startswith("trial: "), "they are summed up")
    until(lambda: "Does not" not in nodes(browser)["n2"]["facts"] and
          "n3" in nodes(browser)["n2"]["facts"], "who hears whom is told")
    browser.run("document.querySelectorAll('#cluster-nodes .unit')[1].open"
                " = true")


def who_leads_is_told(browser):
    def states():
        return sorted(node["state"] for node in nodes(browser).values())
    until(lambda: states() == ["in", "in", "leads"], "one of them leads")
    leader = [node["name"] for node in nodes(browser).values()
              if node["state"] == "leads"]
    until(lambda: browser.run(SUMMARY) ==
          f"trial: {leader[0]} leads, 3 of 3 alive", "which is said")
    until(lambda: browser.run(BOUNDS).startswith("What a dead node ran goes on"
                                                 " within 2."),
          "the bounds are told")


def a_singleton_is_handed_over(browser, members):
    def place():
        names = {member.run("whereis", "mailer").stdout.strip()
                 for member in members}
        return names.pop() if len(names) == 1 else None

    def message():
        return browser.run(MAILER + "return unit.querySelector('.state')"
                           ".textContent + ' ' + unit.querySelector("
                           "'.message').textContent")
    before = wait_for(lambda: place() in NAMES and place(), WAIT_S,
                      "it runs somewhere")
    until(lambda: message().strip() == (
        "ready" if before == "n1" else f"elsewhere on {before}"),
        "a singleton is shown with where it is")
    browser.run(MAILER + "unit.querySelector('[data-action=handover]')"
                ".click()")
    after = wait_for(lambda: place() not in (None, "", before) and place(),
                     WAIT_S, "it runs elsewhere")
    until(lambda: message().strip() == (
        "ready" if after == "n1" else f"elsewhere on {after}"),
        "and where it was handed to")


def who_stopped_is_told(browser, members):
    members[1].stop()
    until(lambda: nodes(browser)["n2"]["state"] == "released",
          "one that stopped in order is told")
    for _, pid in members[2].roles():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it went with one before it
    until(lambda: nodes(browser)["n3"]["state"] == "dead",
          "one that was killed is dead, and is told")
    shot(browser, "cluster-dead")


def who_is_not_heard_is_told(browser, members):
    pid = members[2].role("heartbeat")
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: "not heard" in message(browser, "n3"),
              "a silent one is told, without a reload")
        check("does not hear" not in message(browser, "n2"),
              "and nobody is blamed for that")
        shot(browser, "cluster-silent")
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: "not heard" not in message(browser, "n3"), "until it is")


def body():
    members = cluster([free_udp_port() for _ in NAMES], top=SINGLETON)
    token_file = os.path.join(members[0].dir, "token")
    with open(token_file, "w", encoding="utf-8") as file:
        file.write(TOKEN + "\n")
    members[0].write_conf(http=f'token-file = "{token_file}";')
    for member in members:
        member.begin()
    wait_for(lambda: len(members[0].seen()) == len(NAMES), WAIT_S, "all heard")
    url = f"http://127.0.0.1:{members[0].port}/"
    with Browser() as browser:
        open_page(browser, url)
        operators_see_the_nodes(browser)
        who_leads_is_told(browser)
        shot(browser, "cluster")
        a_singleton_is_handed_over(browser, members)
        who_is_not_heard_is_told(browser, members)
        it_fits_a_phone(browser)
        shot(browser, "cluster-phone")
        who_stopped_is_told(browser, members)
        nobody_else_is_asked(browser, url, requests(browser))
    members[0].stop()


main(body)
