"""What the checks do with the page: open it as at a first visit, write, generate, wait for the end."""

import time

VIEWS = ("speak", "voices", "history", "batch", "system")
TEXT = "Good morning. Shall we begin? The train to the north leaves at nine from platform four."


def open_view(browser, mynah, view="speak"):
    """The page as at a first visit, in English."""
    browser.go(mynah.address)
    browser.evaluate("localStorage.clear(); localStorage.setItem('mynah.language', '\"en\"')")
    browser.go(mynah.address + f"?{time.monotonic()}#{view}")
    browser.wait("document.querySelector('.state').dataset.state === 'ready'", "the server is ready")


def choose_theme(browser, name):
    browser.choose("header select:last-of-type", name)


def fill(browser, selector, text):
    browser.click(selector)
    browser.type(text)


def generate(browser, text=TEXT):
    """Has a text spoken to its end."""
    fill(browser, "#text", text)
    browser.click("button=Generate")
    await_done(browser)


def await_done(browser, seconds=120):
    browser.wait("document.querySelector('.status').innerText.startsWith('Done')", "the speech is done", seconds)
