"""The checks of the Studio. Each is a function; its first line says what it promises."""

import argparse
import os
import sys
import time
import traceback
from pathlib import Path

import accessibility
import dialogs
import faults
import hearing
import library
import pictures
from chromium import Chromium
from server import Mynah
from visit import TEXT, VIEWS, await_done, every_view, fill, generate, open_view

LONG = "The river was slow, and the boats lay still in the evening light. " * 40
MOST_LATE = 1.5 * 0.16  # Seconds after the engine had the first patch: one and a half patches of the nano voice.


def load(browser, mynah):
    """The page comes whole, asks nobody else, breaks no rule of its policy, and is small."""
    browser.call("Network.setCacheDisabled", cacheDisabled=True)
    open_view(browser, mynah)
    for view in VIEWS:
        browser.click(f"nav a[href='#{view}']")
        browser.wait(f"document.querySelector('nav a[href=\"#{view}\"]').ariaCurrent === 'page'", "the view is there")
        time.sleep(0.5)
    sizes = {}
    for event in browser.drain():
        parameters = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            address = parameters["request"]["url"]
            assert address.startswith((mynah.address, "blob:", "data:")), f"the page asked {address}"
        if event["method"] == "Network.responseReceived":
            response = parameters["response"]
            if "/studio/" in response["url"]:
                sizes[response["url"]] = int(response["headers"].get("Content-Length", response["headers"].get("content-length", 0)))
        if event["method"] == "Runtime.exceptionThrown":
            raise AssertionError(parameters["exceptionDetails"])
        if event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            raise AssertionError(parameters["entry"]["text"])
    browser.call("Network.setCacheDisabled", cacheDisabled=False)
    assert len(sizes) > 25 and sum(sizes.values()) < 200_000, sizes
    policy = browser.evaluate("fetch('/').then((r) => r.headers.get('content-security-policy'))")
    assert "unsafe" not in policy and "default-src 'none'" in policy, policy
    return f"{len(sizes)} files, {sum(sizes.values())} bytes"


def hear(browser, mynah):
    """What is played is, sample by sample, what the downloaded file holds; it is not silent and begins soon."""
    tap = hearing.listen(browser)
    try:
        for turn in range(4):
            open_view(browser, mynah)
            fill(browser, "#text", TEXT)
            browser.wait("window.isTapped", "the tap listens")
            browser.click("button=Generate")
            await_done(browser)
            browser.wait("document.querySelector('button.round').ariaLabel === 'Play'", "it was played to its end", 120)
            time.sleep(0.5)
            played, is_exact = hearing.heard(browser)
            made, arrived, started = browser.evaluate(
                "import('/studio/speech.js').then(({ speech: { facts } }) => [facts.madeAfter, facts.arrivedAfter, facts.heardAfter])")
            late = started - made
            file = hearing.samples_of(browser.download("button=Download as WAV")[1])
            is_equal = hearing.trimmed(played) == hearing.trimmed(file) and is_exact
            if is_equal and late <= MOST_LATE:
                break
            print(f"    turn {turn + 1}: equal {is_equal}, {len(hearing.trimmed(played))} of {len(hearing.trimmed(file))} samples,"
                  f" heard {late:.3f} s after it was made, arrived {arrived - made:.3f} s after")
        else:
            raise AssertionError("what was played is not what was downloaded, or it began late")
        power = (sum(value * value for value in file) / len(file)) ** 0.5
        assert power > 200, f"silent: {power}"
        facts = browser.text(".facts").replace("\n", " ")
        return (f"{len(file)} samples are equal, rms {power:.0f}; the first patch was made after"
                f" {made * 1000:.0f} ms, arrived {(arrived - made) * 1000:.0f} ms and was heard {late * 1000:.0f} ms later; {facts}")
    finally:
        hearing.leave(browser, tap)


def downloads(browser, mynah):
    """Every format and both subtitles can be downloaded, and are what they say."""
    open_view(browser, mynah)
    generate(browser)
    starts = {"WAV": b"RIFF", "FLAC": b"fLaC", "OGG": b"OggS", "OPUS": b"OggS", "MP3": b"", "PCM": b""}
    formats = browser.evaluate("[...document.querySelectorAll('.files .chip')].map((n) => n.textContent)")
    sizes = []
    for name in formats:
        file, data = browser.download(f"button={'Subtitles' if name in ('SRT', 'VTT') else 'Download'} as {name}")
        assert file.startswith("Good-morning") and file.endswith(f".{name.lower()}"), file
        assert data.startswith(starts.get(name, b"")) and len(data) > (20 if name in ("SRT", "VTT") else 1000), name
        if name == "VTT":
            assert data.startswith(b"WEBVTT") and b"-->" in data and b"Good morning." in data
        sizes.append(f"{name} {len(data)}")
    return ", ".join(sizes)


def stop(browser, mynah):
    """Stop silences at once and frees the engine; what was made stays."""
    tap = hearing.listen(browser)
    try:
        open_view(browser, mynah)
        fill(browser, "#text", LONG)
        browser.wait("window.isTapped", "the tap listens")
        browser.click("button=Generate")
        browser.wait("document.querySelector('button.round').ariaLabel === 'Pause' && !document.querySelector('.time').innerText.startsWith('0:00')",
                     "it plays", 120)
        assert mynah.json("/api/v1/status")["active"] == 1
        browser.evaluate("document.querySelector('button.stop').addEventListener('click', () => { window.stoppedAt = window.heard.length; })")
        browser.click("button=Stop")
        start = time.monotonic()
        while mynah.json("/api/v1/status")["active"]:
            assert time.monotonic() - start < 10, "the engine goes on"
            time.sleep(0.02)
        freed = time.monotonic() - start
        time.sleep(0.7)
        loud = browser.evaluate(
            "window.heard.slice(window.stoppedAt).findLastIndex((block) => block.some((value) => value !== 0))")
        # Blocks that the tap had gathered, or that were on their way to the page, when the button was pressed.
        seconds = (loud + 1) * 128 / 24000
        assert seconds < 0.3, f"sound for {seconds} s more"
        assert browser.text(".status").startswith("Stopped after"), browser.text(".status")
        assert not browser.evaluate("document.querySelector('button.round').disabled")
        return f"silent {seconds * 1000:.0f} ms after the click, engine free after {freed:.2f} s"
    finally:
        hearing.leave(browser, tap)


def read_along(browser, mynah):
    """What is being said is marked, sentence by sentence, and the place can be moved."""
    open_view(browser, mynah)
    fill(browser, "#text", TEXT)
    browser.click("button=Generate")
    seen = []
    end = time.monotonic() + 60
    while time.monotonic() < end:
        now = browser.text(".read-along mark").strip()
        if now and (not seen or seen[-1] != now):
            seen.append(now)
        if browser.evaluate("document.querySelector('button.round').ariaLabel === 'Play'") and seen:
            break
        time.sleep(0.05)
    assert len(seen) >= 2 and seen[0].startswith("Good morning"), seen
    browser.choose(".seek", "1.0")
    assert browser.text(".time").startswith("0:01"), browser.text(".time")
    return " / ".join(seen)


# How far the speech is.
STATE = "import('/studio/speech.js').then(({ speech }) => [speech.state, speech.player.length, speech.fields.text])"


def languages(browser, mynah):
    """The language changes in place: text, choices and what was spoken stay; no key is shown in either language."""
    open_view(browser, mynah)
    generate(browser, "One moment, please.")
    browser.click("summary")
    browser.choose(".drawer input[type=number]", "7")
    leftover = []
    for code in ("zh", "en"):
        browser.choose("header select", code)
        browser.wait(f"document.documentElement.lang.startsWith('{code}')", "the language is another")
        for view in VIEWS:
            browser.click(f"nav a[href='#{view}']")
            time.sleep(0.4)
            leftover += browser.evaluate(
                "[...document.querySelectorAll('[data-text]')].flatMap((n) => [n.childElementCount ? '' : n.textContent,"
                " ...n.getAttributeNames().map((a) => n.getAttribute(a))]).filter((t) => /^[a-z]+(\\.[a-zA-Z_-]+)+$/.test(t ?? ''))")
        browser.click("nav a[href='#speak']")
        if code == "zh":
            assert browser.text("button.primary").strip() == "生成" and browser.text(".status").startswith("完成")
            english = browser.evaluate(
                "[...document.querySelectorAll('main [data-text], header [data-text]')].filter((n) => n.offsetParent && !n.closest('.read-along')"
                " && /^[A-Z][a-z ,.]{3,}$/.test(n.textContent)).map((n) => n.textContent)")
            assert not english, english
    assert not leftover, leftover
    assert browser.evaluate("document.querySelector('#text').value") == "One moment, please."
    assert browser.evaluate("document.querySelector('.drawer input').value") == "7"
    assert browser.text(".status").startswith("Done")
    fill(browser, "#text", LONG)
    browser.click("button=Generate")
    browser.wait("document.querySelector('.status').innerText.startsWith('Speaking')", "it speaks", 60)
    before = browser.evaluate(STATE)
    browser.choose("header select", "zh")
    browser.wait("document.querySelector('.status').innerText.startsWith('正在生成')", "the state is told in Chinese")
    after = browser.evaluate(STATE)
    assert after[0] == before[0] == "speaking" and after[1] >= before[1] and after[2] == before[2], (before, after)
    browser.press("Escape")
    browser.wait("document.querySelector('.status').innerText.startsWith('已停止')", "Escape stops")
    return "both complete; a speech goes on through the switch"


def under_way(browser, mynah):
    """A speech goes on while other views are looked at, and can be stopped there; a recording that is played pauses it."""
    open_view(browser, mynah)
    generate(browser, "A sentence to hear again.")
    fill(browser, "#text", LONG)
    browser.click("button=Generate")
    browser.wait("document.querySelector('.status').innerText.startsWith('Speaking')", "it speaks", 60)
    browser.click("nav a[href='#history']")
    browser.wait("document.querySelector('.under-way').offsetParent !== undefined && !document.querySelector('.under-way').hidden", "a bar tells of it")
    told = browser.text(".under-way a")
    browser.wait("document.querySelector('main > div:not([hidden]) .item button')", "the history is there")
    browser.click("button=Play")
    browser.wait("import('/studio/speech.js').then(({ speech }) => speech.player.state === 'paused')", "the speech pauses")
    assert mynah.json("/api/v1/status")["active"] == 1
    browser.click(".under-way button")
    end = time.monotonic() + 10
    while mynah.json("/api/v1/status")["active"]:
        assert time.monotonic() < end, "the engine goes on"
        time.sleep(0.02)
    browser.wait("document.querySelector('.under-way').hidden", "the bar goes")
    browser.click("nav a[href='#speak']")
    assert browser.text(".status").startswith("Stopped"), browser.text(".status")
    browser.click("nav a[href='#history']")
    browser.wait("document.querySelector('main > div:not([hidden]) .item button')", "the history is there")
    browser.click("button=Speak again")
    browser.wait("document.querySelector('.fault.note')?.offsetParent", "the replaced text is offered")
    await_done(browser)
    browser.click("button=Undo")
    assert browser.evaluate("document.querySelector('#text').value") == LONG, "the text is lost"
    return told


def tab_to(browser, name):
    """Presses Tab until a control of this name or id has the focus."""
    for _ in range(60):
        browser.press("Tab")
        if browser.evaluate(accessibility.FOCUSED)[0] == name:
            return
    raise AssertionError(f"{name} is not reached with the Tab key")


def keyboard(browser, mynah):
    """Everything can be reached and done with the keyboard, and the focus is seen."""
    open_view(browser, mynah)
    names, unseen = accessibility.walk(browser)
    for wanted in ("Skip to the content", "Speak", "System", "Language", "text", "voice", "Generate"):
        assert wanted in names, f"{wanted} is not reached: {names}"
    assert not unseen, f"no focus to be seen: {unseen}"
    # A speech with the Tab key, the arrows and Enter only.
    browser.evaluate("document.activeElement.blur()")
    tab_to(browser, "text")
    browser.type("Hello there.")
    tab_to(browser, "voice")
    before = browser.evaluate("document.querySelector('#voice').selectedIndex")
    browser.press("ArrowDown")
    assert browser.evaluate("document.querySelector('#voice').selectedIndex") != before, "no other voice"
    tab_to(browser, "Generate")
    browser.press("Enter")
    await_done(browser, 60)
    browser.evaluate("document.activeElement.blur()")
    tab_to(browser, "Voices")
    browser.press("Enter")
    browser.wait("document.activeElement.textContent === 'Voices' && document.activeElement.tagName === 'H1'", "the heading has the focus")
    tab_to(browser, "New voice")
    browser.press("Enter")
    browser.wait("document.querySelector('main > div:not([hidden]) .reference').offsetParent", "the form opens")
    open_view(browser, mynah)
    fill(browser, "#text", "Hello there.")
    browser.press("Enter", control=True)
    await_done(browser, 60)
    browser.evaluate("document.querySelector('#text').value = ''; document.querySelector('#text').focus()")
    browser.type(LONG)
    browser.press("Enter", control=True)
    browser.wait("document.querySelector('.status').innerText.startsWith('Speaking')", "it speaks", 60)
    browser.press("Escape")
    browser.wait("document.querySelector('.status').innerText.startsWith('Stopped')", "Escape stops", 10)
    browser.evaluate("document.querySelector('.seek').focus()")
    browser.press("Home")
    browser.press("ArrowRight")
    assert browser.text(".time").startswith("0:00")
    return f"{len(names)} stops: {', '.join(names)}"


def everybody(browser, mynah):
    """axe finds nothing in any view, theme or language; every control has a name; live regions speak; 360 px are enough."""
    found = []
    open_view(browser, mynah)
    generate(browser, "One moment, please.")
    browser.choose("#voice", "(recording)")
    for view, language, theme in every_view(browser, ("zh", "en")):
        time.sleep(0.6)
        browser.evaluate("document.querySelectorAll('main details').forEach((n) => { n.open = true; })")
        time.sleep(0.2)
        found += [f"{view} {language} {theme}: {line}" for line in accessibility.faults(browser)]
    browser.click("nav a[href='#speak']")
    roles = browser.evaluate("[...document.querySelectorAll('[role=status],[role=alert],[aria-live]')].length")
    assert roles >= 3, "live regions are missing"
    browser.size(360, 780)
    for code in ("zh", "en"):
        browser.choose("header select", code)
        for view in VIEWS:
            browser.click(f"nav a[href='#{view}']")
            time.sleep(0.4)
            if accessibility.is_too_wide(browser):
                found.append(f"{view} {code}: wider than 360 px")
    browser.size(1100, 900)
    assert not found, "\n      ".join(found)
    return "nothing found"


CHECKS = [
    load, hear, downloads, stop, under_way, read_along, languages, keyboard, everybody, *dialogs.CHECKS, *library.CHECKS,
    *faults.CHECKS,
]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(check.__name__ for check in CHECKS))
    options.add_argument("--program", help="the mynah to try")
    options.add_argument("--screenshots", type=Path, metavar="DIR", help="make pictures of all views")
    given = options.parse_args()
    wanted = [check for check in CHECKS if not given.checks or check.__name__ in given.checks]
    if given.program:
        os.environ["MYNAH"] = os.path.abspath(given.program)
    failed = []
    with Mynah() as mynah:
        recording = mynah.home / "speaker.wav"
        recording.write_bytes(mynah.speak(library.SENTENCE, seed=11))
        browser = Chromium(recording)
        try:
            browser.size(1100, 900)
            for check in wanted if not given.screenshots or given.checks else []:
                start = time.monotonic()
                browser.events.clear()
                try:
                    result = check(browser, mynah)
                    print(f"ok    {check.__name__} ({time.monotonic() - start:.1f} s): {result}", flush=True)
                except Exception as error:
                    failed.append(check.__name__)
                    print(f"FAIL  {check.__name__}: {check.__doc__}\n      {error or traceback.format_exc()}", flush=True)
                    browser.size(1100, 900)
            if given.screenshots:
                pictures.take(browser, mynah, given.screenshots)
        finally:
            browser.close()
    if failed:
        sys.exit(f"{len(failed)} of {len(wanted)} checks failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
