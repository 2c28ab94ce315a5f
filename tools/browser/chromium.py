"""Drives Chromium over the DevTools protocol: what a person can do with a page, and what can be seen of it."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from websockets.sync.client import connect

KEYS = {
    "Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""), "Home": (36, ""),
}


class Chromium:
    """A browser without a window, with one page, a made-up microphone, and an empty profile."""

    def __init__(self, microphone=None, *, wants_microphone=True):
        self.folder = Path(tempfile.mkdtemp(prefix="studio-"))
        self.downloads = self.folder / "downloads"
        self.downloads.mkdir()
        flags = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
            "--disable-dev-shm-usage", f"--user-data-dir={self.folder / 'profile'}",
        ]
        if wants_microphone:
            flags += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
            if microphone:
                flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
        program = shutil.which("chromium") or shutil.which("google-chrome")
        if not program:
            raise SystemExit("No chromium on this machine: apt-get install chromium")
        self.process = subprocess.Popen(
            [program, *flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.events, self.serial = [], 0
        port = self._wait(self._port, "Chromium did not start", 60)
        targets = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json"))
        address = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
        self.socket = connect(address, max_size=None, ping_interval=None)
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility", "DOM"):
            self.call(f"{domain}.enable")
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))

    def _port(self):
        file = self.folder / "profile" / "DevToolsActivePort"
        lines = file.read_text().split() if file.exists() else []
        return int(lines[0]) if lines else None

    @staticmethod
    def _wait(look, message, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(message)

    def close(self):
        try:
            self.call("Browser.close")
        except Exception:
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # The protocol

    def call(self, method, **parameters):
        self.serial += 1
        self.socket.send(json.dumps({"id": self.serial, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message.get("id") == self.serial:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def drain(self):
        """All events so far."""
        self.call("Runtime.evaluate", expression="0")
        return self.events

    def evaluate(self, expression):
        """The value of an expression in the page, awaited where it is a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=False)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    # What a person does

    def go(self, address):
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && document.querySelector('main h1, form')", "the page is there", 60)

    def size(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 500)

    def click(self, selector):
        box = self.evaluate(
            f"(() => {{ const n = {self._find(selector)}; if (!n) return null; n.scrollIntoView({{block: 'center'}});"
            " const r = n.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        assert box, f"there is no {selector}"
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def press(self, key, *, control=False):
        code, text = KEYS[key]
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 2 if control else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text and not control else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def choose(self, selector, value):
        self.evaluate(
            f"(() => {{ const n = {self._find(selector)}; n.value = {json.dumps(value)};"
            " n.dispatchEvent(new Event('input', {bubbles: true})); n.dispatchEvent(new Event('change', {bubbles: true})); })()")

    def upload(self, selector, file):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", files=[str(file)], nodeId=node)

    # What is to be seen

    @staticmethod
    def _find(selector):
        """An element by CSS, or by its visible text: `button=Generate`."""
        if "=" in selector and selector.split("=")[0].isalpha():
            tag, text = selector.split("=", 1)
            return (f"[...document.querySelectorAll('{tag}')].find((n) => n.offsetParent && "
                    f"(n.textContent.trim() === {json.dumps(text)} || n.getAttribute('aria-label') === {json.dumps(text)}))")
        return f"document.querySelector({json.dumps(selector)})"

    def text(self, selector):
        return self.evaluate(f"{self._find(selector)}?.innerText ?? ''")

    def wait(self, expression, what, seconds=30):
        def look():
            try:
                return self.evaluate(f"Promise.resolve({expression}).then(Boolean)")
            except AssertionError:
                return False
        self._wait(look, f"in vain waited until {what}", seconds)

    def screenshot(self, file):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        Path(file).write_bytes(base64.b64decode(data))

    def download(self, selector):
        """Clicks what downloads a file; its name and its bytes."""
        for file in self.downloads.iterdir():
            file.unlink()
        self.click(selector)

        def look():
            files = list(self.downloads.iterdir())
            return files[0] if len(files) == 1 and files[0].suffix != ".crdownload" and files[0].stat().st_size else None
        file = self._wait(look, "no file came", 60)
        return file.name, file.read_bytes()
