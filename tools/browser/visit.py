"""What the checks do with the page: open it as at a first visit, write, generate, wait for the end."""

import base64
import time

VIEWS = ("speak", "voices", "history", "batch", "system")
TEXT = "Good morning. Shall we begin? The train to the north leaves at nine from platform four."


def open_view(browser, mynah, view="speak", states=("ready",)):
    """The page as at a first visit, in English."""
    browser.go(mynah.address)
    browser.evaluate("sessionStorage.clear(); localStorage.clear(); localStorage.setItem('mynah.language', '\"en\"')")
    browser.go(mynah.address + f"?{time.monotonic()}#{view}")
    browser.wait(f"{list(states)}.includes(document.querySelector('.state').dataset.state)", "the server is ready")


def save_voice(browser, name, recording, transcript):
    """Saves a wave file as a voice, through the page's own connection; its id."""
    return browser.evaluate(
        f"""(async () => {{
          const bytes = Uint8Array.from(atob({base64.b64encode(recording).decode()!r}), (c) => c.charCodeAt(0));
          const form = new FormData();
          form.append('name', {name!r}); form.append('transcript', {transcript!r});
          form.append('consent', 'Made up for the checks'); form.append('audio', new Blob([bytes]), 'a.wav');
          const r = await fetch('/api/v1/voices', {{ method: 'POST', body: form }}); if (!r.ok) throw new Error(await r.text());
          return (await r.json()).id;
        }})()""")


def choose_theme(browser, name):
    browser.choose("header select:last-of-type", name)


def every_view(browser, languages):
    """Goes through all views in all languages and both themes; gives what is to be seen, before all of it may be drawn."""
    for language in languages:
        browser.choose("header select", language)
        for theme in ("light", "dark"):
            choose_theme(browser, theme)
            for view in VIEWS:
                browser.click(f"nav a[href='#{view}']")
                yield view, language, theme


def fill(browser, selector, text):
    """Puts a text in the place of what a field holds."""
    browser.click(selector)
    browser.evaluate("document.activeElement.select()")
    browser.type(text)


def generate(browser, text=TEXT):
    """Has a text spoken to its end."""
    fill(browser, "#text", text)
    browser.click("button=Generate")
    await_done(browser)


def await_done(browser, seconds=120):
    browser.wait("document.querySelector('.status').innerText.startsWith('Done')", "the speech is done", seconds)
