"""Checks of what goes wrong: each failure is one helpful sentence, and the typed text is never lost."""

import json
import socket
import time

import accessibility
from chromium import Chromium
from server import Mynah
from visit import await_done, choose_theme, fill, generate, open_view

TEXT = "A text that nobody wants to type again."
LONG = "The river was slow, and the boats lay still in the evening light. " * 40


def said(browser, words, seconds=20):
    browser.wait("[...document.querySelectorAll('.fault')].some((n) => n.offsetParent && n.innerText.includes("
                 + repr(words) + "))", f"the page says {words!r}", seconds)


class Busy:
    """Long speeches: one that is spoken, and others that wait."""

    def __init__(self, mynah, waiting):
        body = json.dumps({"text": 20 * LONG, "history": False})
        self.connections = []
        for queued in range(waiting + 1):
            connection = mynah.connection()
            connection.request("POST", "/api/v1/speech", body, {"Content-Type": "application/json"})
            self.connections.append(connection)
            end = time.monotonic() + 20
            while True:
                now = mynah.json("/api/v1/status")
                if now["active"] == 1 and now["queue_depth"] == queued:
                    break
                assert time.monotonic() < end, f"not busy: {now}"
                time.sleep(0.05)

    def let_go(self):
        for connection in self.connections:
            connection.close()


def gone(browser, mynah):
    """The server goes and comes back: said in words, the text stays through a reload, and speaking goes on."""
    open_view(browser, mynah, "speak")
    fill(browser, "#text", TEXT)
    mynah.stop()
    browser.click("button=Generate")
    said(browser, "The server does not answer")
    mynah.start()
    browser.go(mynah.address)
    browser.wait(f"document.querySelector('#text').value === '{TEXT}'", "the text is still there")
    browser.wait("document.querySelector('.state').dataset.state === 'ready'", "the page knows that the server is back")
    browser.click("button=Generate")
    await_done(browser)
    return "the text stayed"


def lost(browser, mynah):
    """A server that dies in the middle: said in words, what came can be played, and the page goes on when it is back."""
    with Mynah() as frail:
        open_view(browser, frail, "speak")
        fill(browser, "#text", LONG)
        browser.click("button=Generate")
        browser.wait("document.querySelector('.status').innerText.startsWith('Speaking')", "it speaks", 60)
        time.sleep(0.5)
        frail.process.kill()
        frail.process.wait()
        said(browser, "The connection was lost", 60)
        status = browser.text(".status")
        assert not browser.evaluate("document.querySelector('button.round').disabled")
        assert browser.download("button=Download as WAV")[1].startswith(b"RIFF")
        assert not browser.evaluate("[...document.querySelectorAll('.files .chip')].some((n) => n.textContent === 'FLAC')")
        browser.wait("document.querySelector('.state').dataset.state === 'gone'", "the page knows that the server is gone", 30)
        frail.start()
        browser.wait("document.querySelector('.state').dataset.state === 'ready'", "the page knows that it is back", 30)
        assert browser.evaluate("document.querySelector('#text').value") == LONG, "the text is another"
        generate(browser, TEXT)
        return status


def full(browser, mynah):
    """A full queue, and a client with too much under way: the page says so, waits, and speaks when there is room."""
    times = []
    for options, waiting, words in (
        (("--max-batch", 1, "--queue", 1), 1, "too much to do"), (("--per-client", 1), 0, "as many requests under way"),
    ):
        with Mynah(*options) as small:
            busy = Busy(small, waiting)
            open_view(browser, small, "speak", states=("ready", "busy"))
            fill(browser, "#text", TEXT)
            browser.click("button=Generate")
            said(browser, words)
            browser.wait("document.querySelector('.status').innerText.startsWith('Trying again in')", "the page waits")
            busy.let_go()
            start = time.monotonic()
            await_done(browser)
            times.append(f"{time.monotonic() - start:.0f} s")
            assert not browser.evaluate("[...document.querySelectorAll('.fault')].some((n) => n.offsetParent)")
            assert browser.evaluate("document.querySelector('#text').value") == TEXT
    return f"spoken {' and '.join(times)} after there was room"


def too_long(browser, mynah):
    """A text that is too long is told before it is sent."""
    open_view(browser, mynah, "speak")
    browser.evaluate("document.querySelector('#text').value = 'word '.repeat(20001); document.querySelector('#text').dispatchEvent(new Event('input'))")
    assert "100,005 characters" in browser.text("#text-size"), browser.text("#text-size")
    browser.click("button=Generate")
    said(browser, "up to 100,000 can be spoken at once")
    return browser.text("#text-size")


def unreadable(browser, mynah):
    """A file that is no sound is told in words."""
    file = mynah.home / "holiday.mp3"
    file.write_bytes(b"This is not a recording at all. " * 100)
    open_view(browser, mynah, "voices")
    browser.click("button=New voice")
    browser.upload("main > div:not([hidden]) .reference input[type=file]", file)
    browser.wait("[...document.querySelectorAll('.reference .fault')].some((n) => n.offsetParent)", "it is told")
    return browser.text(".reference .fault")


def no_microphone(browser, mynah):
    """Without a microphone the page says what to do instead."""
    other = Chromium(wants_microphone=False)
    try:
        open_view(other, mynah, "voices")
        other.call("Browser.grantPermissions", permissions=["audioCapture"], origin=mynah.address.rstrip("/"))
        other.click("button=New voice")
        other.click("button=Record")
        said(other, "No microphone was found")
        return other.text(".reference .fault")
    finally:
        other.close()


def no_https(browser, mynah):
    """From another machine without HTTPS: the microphone's absence is explained, and speech is played all the same."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            own = probe.getsockname()[0]
        except OSError:
            return "skipped: this machine has no address of its own"
    other = Chromium()
    try:
        with Mynah("--host", "0.0.0.0", "--no-auth") as wide:
            other.go(f"http://{own}:{wide.port}/#voices")
            other.wait("document.querySelector('.state').dataset.state === 'ready'", "the server is ready")
            assert not other.evaluate("isSecureContext")
            other.click("button=New voice")
            other.click("button=Record")
            said(other, "only with HTTPS")
            other.click("nav a[href='#speak']")
            other.wait("document.querySelector('#text')", "the view is there")
            fill(other, "#text", TEXT)
            other.click("button=Generate")
            other.wait("document.querySelector('button.round').ariaLabel === 'Pause'", "it plays", 60)
            other.wait("document.querySelector('button.round').ariaLabel === 'Play'", "it played to its end", 60)
            return other.text(".status")
    finally:
        other.close()


def slow_line(browser, mynah):
    """Where sound comes too slowly, it fades and comes back without a click, and no sample is lost."""
    open_view(browser, mynah, "speak")
    step, pauses, lost = browser.evaluate(
        """(async () => {
          const { SampleQueue } = await import('/studio/sample-queue.js');
          const input = Int16Array.from({ length: 24000 }, (_, i) => Math.round(16384 * Math.sin(i * Math.PI / 120)));
          const queue = new SampleQueue();
          queue.restart(0, 1);
          let [at, pauses, step, last, ended] = [0, 0, 0, 0, false];
          for (let block = 0; block < 4000 && !ended; block += 1) {
            if (block % 40 === 0 && at < input.length) queue.push(input.subarray(at, at += 3840));
            if (at >= input.length) queue.end();
            const out = new Float32Array(128);
            const news = queue.fill(out);
            if (news === 'underrun') pauses += 1;
            ended = news === 'ended';
            for (const value of out) { step = Math.max(step, Math.abs(value - last)); last = value; }
          }
          return [step, pauses, input.length - queue.position];
        })()""")
    assert pauses >= 3 and lost == 0 and step < 0.02, (step, pauses, lost)
    return f"{pauses} pauses, largest step {step:.4f}, nothing lost"


def key(browser, mynah):
    """A server with a key asks for it, says when it is wrong, and remembers the right one."""
    with Mynah("--api-key", "a-key-for-the-test") as closed:
        browser.go(closed.address)
        for given, words in (("wrong", "Enter the key"), ("a-key-for-the-test", "not accepted")):
            browser.wait(f"document.querySelector('dialog[open]')?.innerText.includes('{words}')", f"the page says {words!r}")
            browser.click("dialog input")
            browser.type(given)
            browser.press("Enter")
            browser.wait(f"!document.querySelector('dialog[open]')?.innerText.includes('{words}')", "the dialog goes")
        browser.wait("document.querySelectorAll('#voice option').length > 5", "the voices are there")
        browser.go(closed.address)
        browser.wait("document.querySelectorAll('#voice option').length > 5", "the key is remembered")
        generate(browser, TEXT)
        return "asked twice, then never again"


def declined(browser, mynah):
    """Whoever closes the dialog for the key is left alone, and finds it again at the top of the page."""
    with Mynah("--api-key", "a-key-for-the-test") as closed:
        browser.go(closed.address)
        browser.evaluate("localStorage.clear(); localStorage.setItem('mynah.language', '\"en\"')")
        browser.go(closed.address)
        browser.wait("document.querySelector('dialog[open]')", "the page asks for a key")
        for theme in ("light", "dark"):
            choose_theme(browser, theme)
            time.sleep(0.5)  # colours change gradually
            assert not (found := accessibility.faults(browser)), "\n      ".join(found)
        browser.press("Escape")
        end = time.monotonic() + 22
        while time.monotonic() < end:
            assert not browser.evaluate("Boolean(document.querySelector('dialog[open]'))"), "it asks again"
            time.sleep(0.2)
        assert browser.text(".state") == "Key needed", browser.text(".state")
        browser.click("button=Enter key")
        browser.wait("document.querySelector('dialog[open] input')", "the dialog is there")
        browser.type("a-key-for-the-test")
        browser.press("Enter")
        browser.wait("document.querySelectorAll('#voice option').length > 5", "the voices are there")
        browser.wait("document.querySelector('.state').dataset.state === 'ready'", "the server is ready")
        assert not browser.evaluate("Boolean([...document.querySelectorAll('button')].find((n) => n.offsetParent && n.textContent === 'Enter key'))")
        return "silent for 22 s"


def two_tabs(browser, mynah):
    """What another tab writes does not take this tab's text away."""
    open_view(browser, mynah, "speak")
    fill(browser, "#text", TEXT)
    browser.evaluate("localStorage.setItem('mynah.draft', JSON.stringify({ text: 'Of another tab.' }))")
    browser.go(mynah.address)
    assert browser.evaluate("document.querySelector('#text').value") == TEXT
    return "the text stayed"


CHECKS = [slow_line, key, declined, two_tabs, gone, lost, full, too_long, unreadable, no_microphone, no_https]
