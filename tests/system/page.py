"""Drives the page in Chromium: page.py URL HOLDFAST SOCKET DIR.

The node offers: steps (some seconds, then a file), slow, and broken.
"""
import filecmp
import os
import subprocess
import sys

from pagecheck import (check, it_fits_a_phone, nobody_else_is_asked,
                       open_page, requests, until)
from webdriver import Browser

FORM = """
const form = [...document.querySelectorAll('.type')].find(
  (form) => form.querySelector('h3').textContent === arguments[0]);
"""
CARDS = """
return [...document.querySelectorAll('.job')].filter(
  (card) => card.querySelector('h3').textContent === arguments[0]
).map((card) => ({
  id: card.querySelector('.id').textContent,
  state: card.dataset.state,
  percent: card.querySelector('.bar').getAttribute('aria-valuenow'),
  message: card.querySelector('.message').textContent,
  noticed: card.classList.contains('noticed'),
  download: card.querySelector('.download').hidden ? null :
    card.querySelector('.download').getAttribute('href'),
}));
"""
CLICK = """
const card = [...document.querySelectorAll('.job')].find(
  (card) => card.querySelector('.id').textContent === arguments[0]);
card.querySelector(arguments[1]).click();
"""


class Page:
    def __init__(self, browser):
        self.browser = browser

    def start(self, kind):
        self.browser.run(FORM + "form.querySelector('button').click()", kind)

    def cards(self, kind):
        return self.browser.run(CARDS, kind)

    def card(self, kind):
        cards = self.cards(kind)
        return cards[0] if cards else None

    def press(self, card, button):
        self.browser.run(CLICK, card["id"], button)

    def percent(self, kind):
        card = self.card(kind)
        return int((card and card["percent"]) or 0)

    def wait_for_types(self):
        until(lambda: self.browser.run(
            "return document.querySelectorAll('.type').length === 3"),
            "every type of job has a form")


def a_job_moves_without_a_reload(page):
    page.browser.run("window.mark = 1")
    page.start("steps")
    until(lambda: page.card("steps"), "a click starts a job")
    first = until(lambda: page.percent("steps"), "its bar moves")
    until(lambda: page.percent("steps") > first, "and moves on")
    check(page.browser.run("return window.mark") == 1, "without a reload")
    check(page.card("steps")["message"].startswith("step "),
          "its message is shown")


def a_second_click_joins(page):
    page.start("steps")
    until(lambda: page.card("steps")["noticed"], "a second click joins")
    check(len(page.cards("steps")) == 1, "and makes no second card")


def a_reload_keeps_it(page):
    card = page.card("steps")
    check(card["state"] == "processing", "the job runs still")
    page.browser.reload()
    page.wait_for_types()
    until(lambda: page.card("steps"), "a reload keeps the job")
    check(page.card("steps")["id"] == card["id"], "the same one")


def the_file_is_the_one_of_fetch(page, holdfast, socket, directory):
    card = until(lambda: [card for card in page.cards("steps")
                          if card["download"]], "the file is offered")[0]
    page.browser.cdp("Browser.setDownloadBehavior", behavior="allow",
                     downloadPath=directory)
    page.press(card, ".download")
    clicked = os.path.join(directory, "steps.txt")
    fetched = os.path.join(directory, "fetched")
    until(lambda: os.path.exists(clicked), "a click downloads it")
    subprocess.run([holdfast, "fetch", "-q", "-s", socket, "-o", fetched,
                    card["id"]], check=True)
    check(filecmp.cmp(clicked, fetched, shallow=False),
          "its bytes are those of fetch")


def an_error_says_why(page):
    page.start("broken")
    until(lambda: page.card("broken") and
          page.card("broken")["state"] == "error", "a failed job is shown")
    check("gone wrong" in page.card("broken")["message"], "with its reason")
    page.press(page.card("broken"), ".forget")
    until(lambda: not page.cards("broken"), "an ended job is forgotten")


def a_job_is_cancelled(page):
    page.start("slow")
    until(lambda: page.card("slow"), "a slow job starts")
    page.press(page.card("slow"), ".cancel")
    until(lambda: page.card("slow")["state"] == "cancelled",
          "a job is cancelled")


def strangers_see_no_units(page):
    hidden = page.browser.run(
        "return ['services', 'singletons', 'events', 'health', 'notice']"
        ".filter((id) => !document.getElementById(id).hidden)")
    check(hidden == [], f"who is no operator sees no units {hidden}")


def main(url, holdfast, socket, directory):
    with Browser() as browser:
        page = Page(browser)
        open_page(browser, url)
        page.wait_for_types()
        a_job_moves_without_a_reload(page)
        a_second_click_joins(page)
        a_reload_keeps_it(page)
        the_file_is_the_one_of_fetch(page, holdfast, socket, directory)
        an_error_says_why(page)
        a_job_is_cancelled(page)
        strangers_see_no_units(page)
        it_fits_a_phone(browser)
        nobody_else_is_asked(browser, url, requests(browser))


if __name__ == "__main__":
    main(*sys.argv[1:])
