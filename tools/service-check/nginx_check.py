#!/usr/bin/env python3
"""Puts nginx with deploy/nginx.conf in front of Mynah, both on free ports, and checks what nginx could spoil.

    tools/service-check/nginx_check.py

Exit code 0 where all is as it should be. Needs nginx and openssl.
"""
import base64
import http.client
import os
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import time

from service import ROOT, SENTENCE, Checks, Mynah, Stream, free_port, make_certificate, request

KEY = "nginx-check-key"
HEADERS = {"Host": "speech.example", "Authorization": "Bearer " + KEY}
check = Checks()


def site(folder, port, plain_port, mynah_port):
    """The site of deploy/ with free ports and a certificate of this hour, in a configuration of its own."""
    certificate, key = folder / "site.pem", folder / "site.key"
    make_certificate("speech.example", certificate, key, "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    text = (ROOT / "deploy/nginx.conf").read_text()
    for old, new in [
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"), ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
        ("http://127.0.0.1:6006", f"http://127.0.0.1:{mynah_port}"),
        ("/etc/ssl/certs/speech.example.pem", str(certificate)), ("/etc/ssl/private/speech.example.key", str(key)),
    ]:
        if old not in text:
            raise SystemExit(f"deploy/nginx.conf has no \"{old}\"")
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text)
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        + ("user root;\n" if os.geteuid() == 0 else "")
        + f"events {{}}\nhttp {{\n    access_log off;\n{temporary}    include {folder}/site.conf;\n}}\n")
    return certificate


def connect(port, certificate):
    """A connection to the site that is checked against its certificate, under its name."""
    context = ssl.create_default_context(cafile=str(certificate))

    class Connection(http.client.HTTPSConnection):
        def connect(self):
            self.sock = context.wrap_socket(
                socket.create_connection(("127.0.0.1", port), self.timeout), server_hostname="speech.example")

    return Connection("speech.example", port, timeout=60)


def check_streams(open_site, mynah):
    fields = {"model": "tts-1", "voice": "alloy", "input": SENTENCE * 6, "response_format": "pcm", "seed": 1}
    stream = Stream(open_site(), "/v1/audio/speech", fields, HEADERS)
    whole = stream.rest()
    first, last = stream.times[0], stream.times[-1]
    check("sound arrives while it is made", stream.status == 200 and whole and len(stream.times) > 5
          and first < last / 2, f"first {first:.2f} s, last {last:.2f} s, {len(stream.times)} pieces")
    direct = mynah.post("/v1/audio/speech", fields, HEADERS)
    check("nginx changes nothing", direct[2] == stream.body, f"{len(stream.body)} bytes")
    events = Stream(
        open_site(), "/api/v1/speech",
        {"text": SENTENCE * 6, "stream": "events", "format": "pcm", "seed": 1}, HEADERS)
    events.rest()
    first, last = events.times[0], events.times[-1]
    names = re.findall(rb"^event: (\w+)$", events.body, re.MULTILINE)
    check("events arrive one by one", first < last / 2 and len(events.times) > 5 and names[-1] == b"done",
          f"first {first:.2f} s, last {last:.2f} s, {len(names)} events in {len(events.times)} pieces")


def check_bodies(open_site):
    connection = open_site()
    connection.putrequest("POST", "/v1/audio/speech", skip_host=True)
    for name, value in {**HEADERS, "Content-Type": "application/json", "Content-Length": str(30 << 20)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    check("nginx refuses large bodies in the shape of Mynah's errors",
          answer.status == 413 and b'"code": "body_too_large"' in body, f"{answer.status}")
    status, _, body = request(
        open_site(), "POST", "/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": "a" * (3 << 20)}, HEADERS)
    check("Mynah refuses what nginx lets through", status == 413 and b"body_too_large" in body, f"{status}")


def check_leaving(open_site, mynah):
    def gone():
        text = mynah.get("/metrics", HEADERS)[2].decode()
        return sum(float(line.split()[-1]) for line in text.splitlines()
                   if line.startswith("mynah_requests_cancelled_total{"))

    before = gone()
    stream = Stream(
        open_site(), "/v1/audio/speech",
        {"model": "tts-1", "voice": "alloy", "input": SENTENCE * 60, "response_format": "pcm"}, HEADERS)
    stream.piece()
    stream.connection.sock.shutdown(socket.SHUT_RDWR)
    stream.connection.close()
    start = time.monotonic()
    while gone() == before and time.monotonic() - start < 10:
        time.sleep(0.02)
    seconds = time.monotonic() - start
    check("a client that leaves cancels its speech", gone() == before + 1 and seconds < 2, f"after {seconds:.2f} s")


def check_upgrade(open_site):
    """A WebSocket handshake through nginx, by hand."""
    connection = open_site()
    connection.connect()
    nonce = base64.b64encode(os.urandom(16)).decode()
    connection.sock.sendall(
        (f"GET /api/v1/stream HTTP/1.1\r\nHost: speech.example\r\nAuthorization: Bearer {KEY}\r\n"
         f"Origin: https://speech.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n").encode())
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.sock.recv(4096)
        if not piece:
            break
        head += piece
    lines = head.decode(errors="replace").split("\r\n")
    check("WebSockets are passed on", lines[0].startswith("HTTP/1.1 101") and "upgrade: websocket" in head.decode().lower(),
          lines[0])
    connection.sock.close()


def main():
    with tempfile.TemporaryDirectory(prefix="mynah-nginx-") as name:
        folder = pathlib.Path(name)
        port, plain_port = free_port(), free_port()
        with Mynah("--allow-host", "speech.example", environment={"MYNAH_API_KEY": KEY}) as mynah:
            certificate = site(folder, port, plain_port, mynah.port)
            nginx = subprocess.Popen(
                ["nginx", "-e", folder / "start.log", "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
            try:
                def open_site():
                    return connect(port, certificate)

                end = time.monotonic() + 10
                while time.monotonic() < end:
                    try:
                        socket.create_connection(("127.0.0.1", port), 1).close()
                        break
                    except OSError:
                        time.sleep(0.05)
                status, headers, _ = request(open_site(), "GET", "/health/ready", headers={"Host": "speech.example"})
                check("the site answers", status == 200 and headers.get("x-request-id", "").isalnum(), f"{status}")
                plain = request(
                    http.client.HTTPConnection("127.0.0.1", plain_port), "GET", "/x", headers={"Host": "speech.example"})
                check("plain HTTP leads to the site", plain[0] == 308 and plain[1]["location"] == "https://speech.example/x")
                status, _, _ = request(open_site(), "GET", "/v1/models", headers={"Host": "speech.example"})
                check("keys are asked for", status == 401, f"{status}")
                check_streams(open_site, mynah)
                check_bodies(open_site)
                check_leaving(open_site, mynah)
                check_upgrade(open_site)
                mynah.process.terminate()
                mynah.process.wait(40)
                status, headers, body = request(open_site(), "GET", "/v1/models", headers=HEADERS)
                check("while Mynah is away there is a 503", status == 503 and headers.get("retry-after") == "5"
                      and b"server_away" in body, f"{status}")
            finally:
                nginx.terminate()
                nginx.wait(10)
    check.end()


main()
