#!/usr/bin/env python3
"""Runs the program and ends it, gently and not: draining, kill -9, TLS.

    tools/service-check/life_check.py [drain] [kill] [tls]     default: all

Exit code 0 where all is as it should be. Needs openssl.
"""
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from service import ROOT, SENTENCE, Checks, Mynah, Stream, free_port, make_certificate, program

check = Checks()
SPEECH = {"model": "tts-1", "voice": "alloy", "input": SENTENCE * 3, "response_format": "pcm", "seed": 1}
HELLO = {"model": "tts-1", "voice": "alloy", "input": "Hello.", "response_format": "wav"}


def check_drain():
    with Mynah() as mynah:
        alone = mynah.post("/v1/audio/speech", SPEECH)[2]
        stream = Stream(mynah.connection(), "/v1/audio/speech", SPEECH)
        stream.piece()
        mynah.process.send_signal(signal.SIGTERM)
        start = time.monotonic()
        refusals = []
        while time.monotonic() - start < 2 and not refusals:
            status, headers, body = mynah.post("/v1/audio/speech", {**SPEECH, "input": "Hello."})
            if status != 200:
                refusals.append((status, headers.get("retry-after"), b'"draining"' in body))
        ready = mynah.get("/health/ready")[0]
        live = mynah.get("/health/live")[0]
        ended = []
        reader = threading.Thread(target=lambda: ended.append(stream.rest()))
        reader.start()
        reader.join(35)
        code = mynah.process.wait(35)
        seconds = time.monotonic() - start
        check("SIGTERM: new speech is refused with a time to try again",
              bool(refusals) and refusals[0][0] == 503 and int(refusals[0][1] or 0) > 0 and refusals[0][2], f"{refusals}")
        check("SIGTERM: not ready, but alive", ready == 503 and live == 200, f"{ready} {live}")
        check("SIGTERM: running speech comes to its end", ended == [True] and stream.body == alone,
              f"{len(stream.body)} of {len(alone)} bytes, ended: {ended}, same: {stream.body == alone}")
        check("SIGTERM: the program ends well within 30 s", code == 0 and seconds < 30, f"{code} after {seconds:.1f} s")
    with Mynah() as mynah:
        stream = Stream(mynah.connection(), "/v1/audio/speech", {**SPEECH, "input": SENTENCE * 200})
        stream.piece()
        mynah.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        mynah.process.send_signal(signal.SIGTERM)
        start = time.monotonic()
        code = mynah.process.wait(20)
        check("a second SIGTERM ends at once", time.monotonic() - start < 3, f"code {code}")
        check("and the client sees that its speech was cut off", not stream.rest())


def check_kill():
    with tempfile.TemporaryDirectory(prefix="mynah-kill-") as home:
        port = free_port()
        with Mynah(port=port, home=home) as mynah:
            alone = mynah.post("/v1/audio/speech", SPEECH)[2]
            stream = Stream(mynah.connection(), "/v1/audio/speech", {**SPEECH, "input": SENTENCE * 200})
            stream.piece()
            mynah.process.kill()
            mynah.process.wait()
            check("kill -9: the client sees that its speech was cut off", not stream.rest())
        leftovers = [str(path) for path in pathlib.Path(home).rglob("*") if path.name.endswith(".part")]
        with Mynah(port=port, home=home) as mynah:
            again = mynah.post("/v1/audio/speech", SPEECH)
            check("kill -9: the next start speaks as before", again[0] == 200 and again[2] == alone, f"{again[0]}")
            check("kill -9: nothing half-made is left", not leftovers, f"{leftovers}")


def run(*arguments, home):
    """Runs a server that cannot start, and returns what it said."""
    environment = dict(os.environ, XDG_DATA_HOME=home, XDG_CACHE_HOME=home)
    ended = subprocess.run(
        [program(), "serve", "--port", str(free_port()), *map(str, arguments)], cwd=ROOT, env=environment,
        capture_output=True, timeout=30)
    return ended.returncode, ended.stderr.decode()


def check_tls():
    with tempfile.TemporaryDirectory(prefix="mynah-tls-") as home:
        folder = pathlib.Path(home)
        prints = []
        for _ in range(2):
            with Mynah("--tls", "self", home=home) as mynah:
                kept = next(folder.rglob("self-signed.pem"))
                context = ssl.create_default_context(cafile=str(kept))
                for name in ("localhost", "127.0.0.1"):
                    with context.wrap_socket(
                            socket.create_connection(("127.0.0.1", mynah.port)), server_hostname=name) as connection:
                        version = connection.version()
                prints.append(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", mynah.port))))
                curl = subprocess.run(
                    ["curl", "--silent", "--fail", "--cacert", kept, f"https://localhost:{mynah.port}/v1/audio/speech",
                     "-H", "Content-Type: application/json", "-d", json.dumps(HELLO)], capture_output=True)
                check("curl speaks TLS with a certificate of our own", curl.stdout[:4] == b"RIFF", f"{version}, code {curl.returncode}")
                same = mynah.post("/v1/audio/speech", HELLO, {"Origin": f"https://127.0.0.1:{mynah.port}"})
                check("pages of the server may speak over TLS", same[0] == 200, f"{same[0]}")
                stream = Stream(mynah.connection(), "/v1/audio/speech", {**SPEECH, "input": SENTENCE * 100})
                stream.piece()
                stream.connection.sock.close()
                stream.answer.close()
                end = time.monotonic() + 5
                while mynah.metric('mynah_requests_cancelled_total{reason="reader_gone"}') < 1 and time.monotonic() < end:
                    time.sleep(0.05)
                text = mynah.get("/metrics")[2].decode()
                check("a client that leaves a TLS connection cancels its speech",
                      "mynah_requests_cancelled_total{" in text, f"{time.monotonic() - end + 5:.1f} s")
        check("the certificate is kept", prints[0] == prints[1])
        check("for its owner only", oct(kept.stat().st_mode & 0o777) == "0o600")
        certificate, key = folder / "a.pem", folder / "a.key"
        for path, other in [(certificate, key), (folder / "b.pem", folder / "b.key")]:
            make_certificate("localhost", path, other, "rsa:2048")
        with Mynah("--tls-cert", certificate, "--tls-key", key, home=home) as mynah:
            context = ssl.create_default_context(cafile=str(certificate))
            with context.wrap_socket(
                    socket.create_connection(("127.0.0.1", mynah.port)), server_hostname="localhost") as connection:
                check("a certificate that was given is shown", connection.version() == "TLSv1.3")
        for name, arguments, word in [
            ("a missing certificate", ("--tls-cert", folder / "none.pem", "--tls-key", key), "none.pem cannot be read"),
            ("a key of another certificate", ("--tls-cert", certificate, "--tls-key", folder / "b.key"), "is not that of"),
            ("a file without a key", ("--tls-cert", certificate, "--tls-key", certificate), "has no private key"),
            ("half of the options", ("--tls-cert", certificate), "go together"),
            ("another word", ("--tls", "yes"), "can only be self"),
        ]:
            code, words = run(*arguments, home=home)
            check(f"{name} is told", code != 0 and word in words, words.strip().splitlines()[0][:110] if words else "")


PARTS = {"drain": check_drain, "kill": check_kill, "tls": check_tls}
for part in sys.argv[1:] or PARTS:
    print("==", part, flush=True)
    PARTS[part]()
check.end()
