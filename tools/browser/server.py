"""A Mynah of its own for the checks, with an empty store."""

import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Mynah:
    def __init__(self, program=None, *, host="127.0.0.1", extra=()):
        built = [ROOT / ".build" / kind / "mynah" for kind in ("release", "debug")]
        program = program or next((file for file in built if file.exists()), None)
        if not program:
            raise SystemExit("No program: swift build -c release --product mynah")
        self.program, self.host, self.extra = program, host, extra
        self.data = Path(tempfile.mkdtemp(prefix="mynah-data-"))
        self.log = open(self.data / "log", "w+")
        self.port = 0
        self.start()

    def start(self):
        command = [str(self.program), "serve", "--host", self.host, "--port", str(self.port), "--data", str(self.data / "store"),
                   "--model", str(ROOT / "models" / "nano"), *self.extra]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            text = (self.data / "log").read_text()
            found = re.findall(r"listens on http://[^:\s]+:(\d+)", text)
            if found and self.is_ready(int(found[-1])):
                self.port = int(found[-1])
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise SystemExit((self.data / "log").read_text())

    def is_ready(self, port):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready").status == 200
        except OSError:
            return False

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path):
        return json.load(urllib.request.urlopen(self.address + path))

    def speak(self, text, **fields):
        """A wave file of a text."""
        request = urllib.request.Request(
            self.address + "api/v1/speech", json.dumps({"text": text, "history": False, **fields}).encode(),
            {"Content-Type": "application/json"})
        return urllib.request.urlopen(request).read()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
