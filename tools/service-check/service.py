"""Starts the program as people do, and speaks HTTP with it: what the checks beside this file share."""
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SENTENCE = "The quick brown fox jumps over the lazy dog while the old clock on the wall strikes nine. "


def program():
    """The program: MYNAH, else the release build; the debug build speaks too slowly."""
    if "MYNAH" in os.environ:
        return os.environ["MYNAH"]
    build = ROOT / ".build/release/mynah"
    if not build.exists():
        sys.exit("There is no program: swift build -c release --product mynah")
    return str(build)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(name, certificate, key, *kind):
    """A certificate for a name that signs itself, and its key; `kind` is what openssl says after -newkey."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate], check=True, capture_output=True)


class Checks:
    """Counts what is not as it should be."""

    def __init__(self):
        self.faults = 0

    def __call__(self, name, is_so, seen=""):
        print(("ok    " if is_so else "FAULT ") + name, seen, flush=True)
        if not is_so:
            self.faults += 1

    def end(self):
        sys.exit(1 if self.faults else 0)


class Mynah:
    """A running server with the nano voice, and a data folder of its own."""

    def __init__(self, *arguments, port=None, home=None, environment=None):
        self.port = port or free_port()
        self.scratch = None if home else tempfile.TemporaryDirectory(prefix="mynah-check-")
        self.home = pathlib.Path(home or self.scratch.name)
        self.log_path = self.home / "server.log"
        self.is_safe = "--tls" in arguments or "--tls-cert" in arguments
        self.command = [program(), "serve", "--port", str(self.port), *map(str, arguments)]
        self.environment = dict(
            os.environ, XDG_DATA_HOME=str(self.home), XDG_CACHE_HOME=str(self.home), **(environment or {}))
        self.start()

    def start(self):
        """Starts it, also again after `stop`, and waits until it takes requests."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=log)
        self.wait_ready()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        if self.scratch:
            self.scratch.cleanup()

    def wait_ready(self, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.get("/health/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        sys.exit("The server does not get ready:\n" + self.log_path.read_bytes()[-2000:].decode(errors="replace"))

    def connection(self, timeout=120):
        if self.is_safe:
            return http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=timeout, context=ssl._create_unverified_context())
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path, headers=None):
        return request(self.connection(), "GET", path, headers=headers)

    def post(self, path, fields, headers=None, timeout=120):
        return request(self.connection(timeout), "POST", path, fields, headers)

    def metric(self, line):
        """A number of /metrics; 0 where it is not there."""
        text = self.get("/metrics")[2].decode()
        found = re.search("^" + re.escape(line) + r" (\S+)$", text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    def processor_seconds(self):
        """What the server has computed so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def request(connection, method, path, fields=None, headers=None):
    """Sends a request and returns status, headers in small letters, and the body."""
    headers = dict(headers or {})
    body = None
    if fields is not None:
        body = json.dumps(fields)
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


class Stream:
    """A speech that arrives in pieces, with the time of each."""

    def __init__(self, connection, path, fields, headers=None):
        self.connection = connection
        self.start = time.monotonic()
        connection.request(
            "POST", path, json.dumps(fields), {"Content-Type": "application/json", **(headers or {})})
        self.answer = connection.getresponse()
        self.status = self.answer.status
        self.headers = {name.lower(): value for name, value in self.answer.getheaders()}
        self.times = []
        self.body = b""

    def piece(self):
        """Reads what has come; nothing at the end."""
        data = self.answer.read1(65536)
        if data:
            self.times.append(time.monotonic() - self.start)
            self.body += data
        return data

    def rest(self):
        """Reads to the end and tells whether the body came to its own."""
        try:
            while self.piece():
                pass
            return True
        except (http.client.HTTPException, OSError):
            return False
        finally:
            self.connection.close()


def parallel(work, items):
    """Runs `work` for all items at once; the results in their order."""
    results = [None] * len(items)

    def run(index, item):
        results[index] = work(item)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(items)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
