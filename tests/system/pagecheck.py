"""What the tests of the page share."""
import json
import sys
import time

PATIENCE_S = 60
LISTEN = """
window.violations = [];
document.addEventListener('securitypolicyviolation',
  (event) => window.violations.push(event.blockedURI + event.violatedDirective));
"""


def check(truth, text):
    print(("ok: " if truth else "FAILED: ") + text, flush=True)
    if not truth:
        sys.exit(1)


def until(question, text):
    """Asks QUESTION until it is true; its value."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = question()
        if value:
            check(True, text)
            return value
        time.sleep(0.05)
    check(False, text)
    return None


def open_page(browser, url):
    """Opens the page at URL, its violations of the policy noted."""
    browser.cdp("Page.enable")
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)
    browser.open(url)


def it_fits_a_phone(browser):
    browser.cdp("Emulation.setDeviceMetricsOverride", width=360, height=740,
                deviceScaleFactor=2, mobile=True)
    check(browser.run("return document.documentElement.scrollWidth") <= 360,
          "nothing is wider than a phone")


def requests(browser):
    """The URLs asked for since the last call."""
    urls = []
    for entry in browser.logs("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            urls.append(message["params"]["request"]["url"])
    # The empty window Chromium opens first is its own affair.
    return [one for one in urls if not one.startswith("chrome:")]


def nobody_else_is_asked(browser, url, urls):
    check(len(urls) > 10, f"{len(urls)} requests were seen")
    foreign = [one for one in urls if not one.startswith((url, "data:"))]
    check(not foreign, f"all below {url} {foreign[:3]}")
    check(browser.run("return window.violations") == [],
          "the content security policy was kept")
    severe = [entry["message"] for entry in browser.logs("browser")
              if "Refused" in entry["message"]
              or entry["source"] == "javascript"]
    check(not severe, f"the console is clean {severe[:3]}")
