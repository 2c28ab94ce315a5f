"""The check of all dialogs: what a screen reader and the keyboard find in them."""

import json
import time
from pathlib import Path

import accessibility
from library import SENTENCE
from visit import choose_theme, open_view, save_voice

CATALOGUES = Path(__file__).resolve().parents[2] / "Sources/SpeechServer/Resources/studio"
# Where a dialog is, and the text of the button that opens it.
OPENERS = [
    ("voices", "voices.rename"), ("voices", "voices.delete"), ("history", "history.clear"), ("system", "history.clear"),
    ("system", "keys.new"), ("system", "keys.limits"), ("system", "keys.revoke"),
]
LOOKS = [("en", "light"), ("zh", "dark"), ("zh", "light"), ("en", "dark")]


def dialogs(browser, mynah):
    """In every dialog, theme and language: nothing for axe, the focus inside, Escape closes and gives the focus back."""
    made = prepare(mynah, browser)
    open_view(browser, mynah)
    try:
        found = [fault for code, theme in LOOKS for fault in faults(browser, code, theme)]
    finally:
        for path in made:
            mynah.delete(path)
    assert not found, "\n      ".join(found)
    return f"{len(OPENERS)} dialogs, {len(LOOKS)} times"


def faults(browser, code, theme):
    """What is wrong with the dialogs in a language and a theme, a line for each."""
    found = []
    texts = json.loads((CATALOGUES / f"{code}.json").read_text())
    browser.choose("header select", code)
    choose_theme(browser, theme)
    for view, opener in OPENERS:
        where = f"{view} {opener} {code} {theme}"
        browser.click(f"nav a[href='#{view}']")
        browser.wait(f"document.querySelector('nav a[href=\"#{view}\"]').ariaCurrent === 'page'", "the view is there")
        button = ("[...document.querySelectorAll('main > div:not([hidden]) button')].find((n) => n.offsetParent"
                  f" && n.textContent === {json.dumps(texts[opener])})")
        browser.wait(button, f"there is {where}")
        browser.evaluate(f"{button}.focus()")
        browser.press("Enter")
        browser.wait("document.querySelector('dialog[open]')", f"{where} opens")
        time.sleep(0.1)
        found += [f"{where}: {line}" for line in accessibility.faults(browser)]
        for _ in range(8):
            if not browser.evaluate("document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"):
                found.append(f"{where}: the focus leaves the dialog")
            browser.press("Tab")
        browser.press("Escape")
        browser.wait("!document.querySelector('dialog')", f"{where} closes")
        if browser.evaluate("document.activeElement.textContent") != texts[opener]:
            found.append(f"{where}: the focus does not come back")
    return found


def prepare(mynah, browser):
    """A voice, an entry of the history and a key; returns the paths of what must go again."""
    open_view(browser, mynah)
    voice = save_voice(browser, "Dialog", mynah.speak(SENTENCE, seed=11), SENTENCE)
    mynah.post("/api/v1/speech", {"text": "One moment, please."})
    key = json.loads(mynah.post("/api/v1/keys", {"name": "A client"})[2])["id"]
    return f"/api/v1/voices/{voice}", f"/api/v1/keys/{key}"


CHECKS = [dialogs]
