"""Checks of what the server keeps: voices, history, jobs, and the page System."""

import io
import time
import zipfile

from visit import await_done, fill, generate, open_view

SENTENCE = "The morning train was late again, so we walked along the river and talked about the long winter."


def label(text):
    """The field that a label names, for CSS."""
    return (f"[...document.querySelectorAll('main > div:not([hidden]) label')].find((n) => n.offsetParent && n.innerText.trim() === '{text}')")


def write(browser, name, text):
    browser.evaluate(f"{label(name)}.control.focus()")
    browser.type(text)


def voice(browser, mynah):
    """A recording of the microphone becomes a voice with consent; it is heard, used, renamed, handed on and deleted."""
    open_view(browser, mynah, "voices")
    browser.click("button=New voice")
    browser.click("button=Record")
    browser.wait("document.querySelector('.recording')", "it records", 20)
    assert browser.text(".script blockquote") == SENTENCE
    time.sleep(6)
    browser.click("button=Stop recording")
    browser.wait("document.querySelector('.advice li')", "there is advice", 30)
    advice = browser.text(".advice")
    assert browser.evaluate(f"{label('What is said in it, word for word')}.control.value") == SENTENCE
    browser.click("button=Save voice")
    browser.wait("document.querySelector('.reference .fault:not([hidden])')", "the missing name is told")
    write(browser, "Name of the voice", "Robin")
    write(browser, "Who agreed to the use of this voice, and how?", "Made up for a test")
    browser.click("button=Save voice")
    browser.wait("document.querySelector('.reference .fault:not([hidden])')", "the missing consent is told")
    browser.evaluate("[...document.querySelectorAll('.save .check input')][0].click()")
    browser.click("button=Save voice")
    browser.wait("[...document.querySelectorAll('.item .title')].some((n) => n.innerText === 'Robin')", "the voice is in the list", 60)
    saved = next(one for one in mynah.json("/api/v1/voices")["voices"] if one["kind"] == "own")
    assert saved["name"] == "Robin" and saved["consent"] == "Made up for a test", saved
    browser.click("button=Preview")
    browser.wait("document.querySelector('button[aria-pressed=true]')", "it is played")
    archive = mynah.home / "voice.zip"
    archive.write_bytes(browser.download("button=Export")[1])
    assert "voice.json" in zipfile.ZipFile(archive).namelist()
    browser.click("button=Rename")
    browser.wait("document.querySelector('dialog[open] input')", "a dialog asks")
    browser.evaluate("document.querySelector('dialog input').select()")
    browser.type("Heron")
    browser.click("dialog button[value=yes]")
    browser.wait("[...document.querySelectorAll('.item .title')].some((n) => n.innerText === 'Heron')", "it is renamed")
    browser.click("button=Speak with it")
    browser.wait(f"document.querySelector('#voice').value === '{saved['id']}'", "it is chosen")
    generate(browser, "Hello, this is my voice.")
    browser.click("nav a[href='#voices']")
    browser.click("button=Delete")
    browser.wait("document.querySelector('dialog[open]')", "a dialog asks")
    browser.click("dialog button[value=yes]")
    browser.wait("![...document.querySelectorAll('.item .title')].some((n) => n.innerText === 'Heron')", "it is gone")
    browser.upload("main > div:not([hidden]) input[accept*=zip]", archive)
    browser.wait("[...document.querySelectorAll('.item .title')].some((n) => n.innerText === 'Robin')", "it is imported")
    return f"advice: {advice!r}"


def once(browser, mynah):
    """An uploaded recording is the voice of one speech, and nothing of it is kept."""
    open_view(browser, mynah, "speak")
    count = len(mynah.json("/api/v1/voices")["voices"])
    browser.choose("#voice", "(recording)")
    fill(browser, "#text", "Hello again.")
    browser.click("button=Generate")
    browser.wait("document.querySelector('.reference .fault:not([hidden])')", "the missing recording is told")
    browser.upload(".reference input[type=file]", mynah.home / "speaker.wav")
    browser.wait("document.querySelector('.advice li')", "there is advice", 30)
    write(browser, "What is said in it, word for word", SENTENCE)
    browser.click("button=Generate")
    await_done(browser)
    assert len(mynah.json("/api/v1/voices")["voices"]) == count
    return browser.text(".status")


def history(browser, mynah):
    """What was spoken can be heard, downloaded, spoken again with the same seed to the same sound, and deleted."""
    open_view(browser, mynah, "speak")
    generate(browser, "A sentence to remember.")
    browser.click("nav a[href='#history']")
    browser.wait("document.querySelector('.item .excerpt')?.innerText === 'A sentence to remember.'", "it is in the history")
    entries = mynah.json("/api/v1/history")["entries"]
    browser.click("button=Play")
    browser.wait("document.querySelector('button[aria-pressed=true]')", "it is played")
    first = browser.download("button=Download")[1]
    browser.click("button=Speak again")
    browser.wait("location.hash === '#speak' && document.querySelector('.status').innerText.startsWith('Done')", "it is spoken again", 120)
    browser.wait(f"document.querySelector('.facts').innerText.includes('{entries[0]['seed']}')", "the seed is the same")
    again = browser.download("button=Download as WAV")[1]
    assert first[-20000:] == again[-20000:], "the same seed gave another sound"
    browser.click("nav a[href='#history']")
    count = len(entries) + 1
    browser.wait(f"document.querySelectorAll('main > div:not([hidden]) .item').length === {count}", "both are there")
    browser.click("button=Delete")
    browser.wait(f"document.querySelectorAll('main > div:not([hidden]) .item').length === {count - 1}", "it is deleted")
    return f"{count} entries, equal sound"


def speed(browser, mynah):
    """The speed of the settings is heard, jobs take it, and the history tells it; an entry that is spoken again keeps it."""
    open_view(browser, mynah, "speak")
    generate(browser, "A sentence to be said quickly, and a little more of it.")
    usual = mynah.json("/api/v1/history")["entries"][0]
    assert "speed" not in usual["parameters"], usual
    browser.evaluate("document.querySelector('details.drawer').open = true")
    write(browser, "Speed", "2")
    write(browser, "Seed", usual["seed"])
    browser.click("button=Generate")
    browser.wait("document.querySelector('.status').innerText.startsWith('Done') && document.querySelector('.facts').offsetParent", "it is spoken")
    deadline = time.monotonic() + 60
    while (quick := mynah.json("/api/v1/history")["entries"][0])["id"] == usual["id"] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert quick["parameters"]["speed"] == 2 and quick["seed"] == usual["seed"], quick
    share = quick["seconds"] / usual["seconds"]
    assert 0.48 < share < 0.52, share
    browser.click("nav a[href='#history']")
    browser.wait("document.querySelector('.item .hint').innerText.includes('speed 2.00')", "the history tells the speed")
    assert "speed" not in browser.evaluate("document.querySelectorAll('.item .hint')[1].innerText")
    browser.click("nav a[href='#batch']")
    browser.wait("document.querySelector('#lines')?.offsetParent", "the page is there")
    fill(browser, "#lines", "The first line.")
    browser.click("button=Start")
    browser.wait("document.querySelector('.badge.finished')", "the job is finished", 180)
    browser.click("button=Remove")
    browser.wait("document.querySelector('.empty')", "it is gone")
    browser.evaluate("localStorage.clear(); sessionStorage.clear()")
    browser.click("nav a[href='#history']")
    browser.click("button=Speak again")
    browser.wait(f"{label('Speed')}.control.value === '2'", "the entry's speed is taken over")
    browser.wait("location.hash === '#speak' && document.querySelector('.status').innerText.startsWith('Done')", "it is spoken again", 120)
    return f"{usual['seconds']:.2f} s became {quick['seconds']:.2f} s"


def batch(browser, mynah):
    """Three lines become three files in a zip archive; the progress is shown; a job can be removed."""
    open_view(browser, mynah, "batch")
    fill(browser, "#lines", "The first line.\n\nThe second line.\nThe third line.")
    assert browser.text("#lines-count") == "3 lines"
    write(browser, "Title", "Three lines")
    browser.click("button=Start")
    browser.wait("document.querySelector('.badge.finished')", "the job is finished", 180)
    browser.evaluate("document.querySelector('.item details').open = true")
    browser.wait("document.querySelectorAll('.item .item').length === 3", "its parts are there")
    names = zipfile.ZipFile(io.BytesIO(browser.download("button=All files (zip)")[1])).namelist()
    assert len([name for name in names if name.endswith(".wav")]) >= 3, names
    browser.click("button=Remove")
    browser.wait("document.querySelector('.empty')", "it is gone")
    return ", ".join(names)


def many_jobs(browser, mynah):
    """However many jobs are under way, the page goes on: browsers open six connections to a server and no more."""
    for number in range(9):
        mynah.post("/api/v1/jobs", {"title": f"Job {number}", "lines": ["One line.", "And another line."]})
    open_view(browser, mynah, "batch")
    browser.wait("document.querySelectorAll('main > div:not([hidden]) .list > .item').length >= 9", "the jobs are there")
    start = time.monotonic()
    assert browser.evaluate("fetch('/api/v1/status').then((r) => r.status)") == 200
    answered = time.monotonic() - start
    browser.wait("document.querySelectorAll('.badge.finished').length >= 9", "all are finished", 180)
    for job in mynah.json("/api/v1/jobs")["jobs"]:
        mynah.delete(f"/api/v1/jobs/{job['id']}")
    return f"answered in {answered:.2f} s"


def system(browser, mynah):
    """Model, engine, memory, files and log are shown; what the server keeps can be set; a key is made, limited, used and revoked."""
    open_view(browser, mynah, "system")
    browser.wait("document.querySelector('.log div')", "the log is there")
    text = browser.text("main")
    for wanted in ("nano", "24000 Hz", "Ready", "0.16 s"):
        assert wanted in text, f"{wanted} is missing"
    browser.wait("document.querySelector('.card .check')?.offsetParent", "the settings are there")
    for is_kept in (False, True):
        browser.click(".card .check input")
        await_setting(mynah, "keeps_history", is_kept)
    for given, kept in (("5", 5), ("", None)):
        browser.choose("[data-name=idle_unload_minutes]", given)
        await_setting(mynah, "idle_unload_minutes", kept)
    assert "Together" in text and "free on the disk" in browser.text("main")
    assert not browser.evaluate("[...document.querySelectorAll('.log div')].some((n) => n.textContent.includes('/api/v1/status'))")
    secret = make_key(browser, mynah)
    browser.click("nav a[href='#speak']")
    mynah.post("/api/v1/speech", {"text": "One moment, please."})
    browser.click("nav a[href='#system']")
    browser.wait("[...document.querySelectorAll('.item .hint')].some((n) => /^[1-9]\\d* files?, /.test(n.textContent))", "the files are counted")
    return f"a key of {len(secret)} letters; " + browser.text(".numbers").replace("\n", " ")


def await_setting(mynah, name, value):
    end = time.monotonic() + 10
    while mynah.json("/api/v1/settings").get(name) != value:
        assert time.monotonic() < end, f"{name} was not set"
        time.sleep(0.1)


def make_key(browser, mynah):
    browser.click("button=New key")
    browser.wait("document.querySelector('dialog[open] input')", "a dialog asks")
    browser.click("dialog input")
    browser.type("A friend")
    browser.choose("dialog input[type=number]", "2")
    browser.press("Enter")
    browser.wait("document.querySelector('.secret input')?.offsetParent", "the secret is shown")
    secret = browser.evaluate("document.querySelector('.secret input').value")
    made = next(key for key in mynah.json("/api/v1/keys")["keys"] if key["name"] == "A friend" and "revoked" not in key)
    assert made["concurrent_requests"] == 2 and not made["is_admin"] and len(secret) > 20, made
    browser.click("button=Done")
    assert not browser.evaluate(f"document.body.innerHTML.includes('{secret}')"), "the secret stays on the page"
    browser.click("button=Limits")
    browser.wait("document.querySelector('dialog[open] input')?.value === '2'", "the limit is there")
    browser.choose("dialog input[type=number]", "3")
    browser.click("dialog button[value=yes]")
    browser.wait("document.querySelector('main').innerText.includes('3 at once')", "the limit is another")
    browser.click("button=Revoke")
    browser.wait("document.querySelector('dialog[open]')", "a dialog asks")
    browser.click("dialog button[value=yes]")
    browser.wait("document.querySelector('main').innerText.includes('No keys yet.')", "the key is gone")
    return secret


CHECKS = [voice, once, history, speed, batch, many_jobs, system]
