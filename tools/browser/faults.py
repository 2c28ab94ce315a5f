"""Checks of what goes wrong: each failure is one helpful sentence, and the typed text is never lost."""

import socket

from chromium import Chromium
from server import Mynah
from visit import await_done, fill, generate, open_view

TEXT = "A text that nobody wants to type again."


def said(browser, words, seconds=20):
    browser.wait("[...document.querySelectorAll('.fault')].some((n) => n.offsetParent && n.innerText.includes("
                 + repr(words) + "))", f"the page says {words!r}", seconds)


def answer_once(browser, status, code, headers=""):
    """Lets the next request of the page be refused."""
    browser.evaluate(
        "(() => { const real = window.fetch; window.fetch = (...all) => { if (!String(all[0]).includes('speech')) return real(...all);"
        f" window.fetch = real; return Promise.resolve(new Response(JSON.stringify({{error: {{code: '{code}', message: 'x'}}}}),"
        f" {{status: {status}, headers: {{{headers}}}}})); }}; }})()")


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
    """A line that breaks in the middle: said in words, and what came can be played."""
    open_view(browser, mynah, "speak")
    fill(browser, "#text", TEXT)
    browser.evaluate(
        "(() => { const real = window.fetch; window.fetch = async (...all) => { const r = await real(...all);"
        " if (!String(all[0]).includes('speech')) return r; window.fetch = real; let left = 60000;"
        " const cut = new TransformStream({ transform(chunk, c) { left -= chunk.length; if (left < 0) c.error(new TypeError('network')); else c.enqueue(chunk); } });"
        " return new Response(r.body.pipeThrough(cut), {status: 200, headers: r.headers}); }; })()")
    browser.click("button=Generate")
    said(browser, "The connection was lost", 60)
    assert not browser.evaluate("document.querySelector('button.round').disabled")
    assert browser.evaluate("document.querySelector('#text').value") == TEXT
    return browser.text(".status")


def full(browser, mynah):
    """A full queue: the page waits as long as the server says, and tries again by itself."""
    open_view(browser, mynah, "speak")
    fill(browser, "#text", TEXT)
    answer_once(browser, 503, "queue_full", "'Retry-After': '2'")
    browser.click("button=Generate")
    said(browser, "too much to do")
    await_done(browser)
    assert not browser.evaluate("[...document.querySelectorAll('.fault')].some((n) => n.offsetParent)")
    return "tried again"


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


CHECKS = [slow_line, key, gone, lost, full, too_long, unreadable, no_microphone, no_https]
