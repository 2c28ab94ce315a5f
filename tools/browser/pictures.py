"""Pictures of every view, in both themes and languages, and on a phone."""

import shutil
import subprocess
import time

from library import SENTENCE
from visit import TEXT, choose_theme, every_view, fill, open_view, save_voice

LINES = ["Welcome to the museum.", "Please keep to the left.", "The tour begins in the hall."]


def take(browser, mynah, folder):
    folder.mkdir(parents=True, exist_ok=True)
    prepare(browser, mynah)
    browser.size(1000, 720)
    for view, language, theme in every_view(browser, ("en", "zh")):
        if view == "speak":
            speak(browser)
        time.sleep(0.8)
        save(browser, folder / f"{view}-{language}-{theme}.png")
    browser.choose("header select", "en")
    choose_theme(browser, "light")
    browser.click("nav a[href='#voices']")
    browser.click("button=New voice")
    browser.click("button=Record")
    time.sleep(2)
    save(browser, folder / "recording.png")
    browser.click("button=Stop recording")
    browser.click("nav a[href='#speak']")
    time.sleep(0.8)
    browser.click(".drawer summary")
    time.sleep(0.3)
    save(browser, folder / "settings.png")
    browser.click(".drawer summary")
    browser.size(360, 780, 2)
    browser.click("nav a[href='#speak']")
    speak(browser)
    save(browser, folder / "phone.png")
    browser.size(1100, 900)


def prepare(browser, mynah):
    """Something to look at in every view."""
    open_view(browser, mynah, "voices")
    recording = mynah.speak(SENTENCE, seed=11)
    for name in ("Robin", "Heron"):
        save_voice(browser, name, recording, SENTENCE)
        mynah.post("/api/v1/jobs", {"title": f"Tour {name}", "lines": LINES})
        mynah.post("/api/v1/speech", {"text": "It is late, and the lamps are lit along the river.", "voice": name})
    mynah.post("/api/v1/keys", {"name": "Audiobook program", "concurrent_requests": 2})
    browser.go(mynah.address + f"?{time.monotonic()}#speak")
    browser.wait("document.querySelector('.state').dataset.state === 'ready'", "the server is ready")
    fill(browser, "#text", TEXT)
    time.sleep(1)


def speak(browser):
    """The view Speak in the middle of a sentence."""
    browser.click("button.primary")
    browser.wait("import('/studio/speech.js').then(({ speech }) => speech.state === 'done' && speech.player.positionSeconds > 2)",
                 "it plays", 60)
    browser.click("button.round")
    browser.evaluate("scrollTo(0, 0)")
    time.sleep(0.5)


def save(browser, file):
    browser.screenshot(file)
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--speed", "1", "--output", str(file), "64", str(file)], check=True)
