#!/usr/bin/env python3
"""Measures what the server costs beside its engine, with the nano voice.

    tools/service-check/load.py [overhead] [parallel] [crowd] [wrk]     default: all

Prints figures as docs/benchmarks.md has them, and a fault where a bar is missed. The machine should have nothing else
to do. wrk is the program of that name.
"""
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from service import SENTENCE, Checks, Mynah, Stream, parallel

check = Checks()
TEXT = SENTENCE * 4


def speech(seed, text=TEXT, **more):
    return {"text": text, "voice": "alloy", "format": "pcm", "stream": "audio", "seed": seed, "attempts": 1, **more}


def spoken(mynah, seed, **more):
    """One streamed speech: seconds to its first and last byte, and its bytes."""
    stream = Stream(mynah.connection(), "/api/v1/speech", speech(seed, **more))
    whole = stream.rest()
    if stream.status != 200 or not whole:
        raise SystemExit(f"A speech failed: {stream.status} {stream.body[:200]}")
    return stream.times[0], stream.times[-1], stream.body


def overhead():
    """The client's clock against the engine's, for the same speech, with the history and without.

    The engine's time is all its work on a speech, from reading the text to the last patch; what is left is the server's.
    """
    median = statistics.median
    with Mynah() as mynah:
        spoken(mynah, 1)
        shares, wholes = {True: [], False: []}, {True: [], False: []}
        waits, engines, patches, firsts, lasts = [], [], [], [], []
        for seed in range(2, 18):
            # In turns, so that both have the same of what else the machine does.
            kept = seed % 2 == 0
            stream = Stream(mynah.connection(), "/api/v1/speech", speech(seed // 2, stream="events", history=kept))
            begun = None
            while stream.piece():
                if begun is None and b"event: audio" in stream.body:
                    begun = time.monotonic() - stream.start
            whole = time.monotonic() - stream.start
            done = json.loads(re.search(rb"event: done\ndata: (.*)\n", stream.body).group(1))
            engine = done["rtf"] * done["seconds"]
            patch = engine / (done["seconds"] / 0.16)
            shares[kept].append((whole - engine) / engine)
            wholes[kept].append(whole)
            waits.append(done["queue_wait_seconds"])
            firsts.append((begun - done["first_audio_seconds"]) / patch)
            lasts.append(begun)
            engines.append(engine)
            patches.append(patch)
        print(f"speech: {median(engines):.3f} s in the engine, {1000 * median(patches):.2f} ms a patch, "
              f"first audio at the client after {1000 * median(lasts):.1f} ms; "
              f"the text is cut and waits for {1000 * median(waits):.1f} ms")
        longer = median(with_ / without - 1 for with_, without in zip(wholes[True], wholes[False]))
        # Encoding for the history takes the processor from the engine, too, and is in its time then.
        print(f"with the history a speech takes {100 * longer:+.2f} % longer than without")
        for kept, what in [(True, "the server"), (False, "without the history it")]:
            some = shares[kept]
            check(f"{what} takes less than 2 % of the engine's time", median(some) < 0.02,
                  f"median {100 * median(some):.2f} %, {100 * min(some):.2f} to {100 * max(some):.2f} %")
        check("the first byte is there within 1.5 patches of the engine's first audio", median(firsts) < 1.5,
              f"median {median(firsts):.2f} patches, at most {max(firsts):.2f}")


def parallel_requests():
    with Mynah() as mynah:
        spoken(mynah, 1)
        start = time.monotonic()
        alone = [spoken(mynah, seed) for seed in range(8)]
        one_by_one = time.monotonic() - start
        start = time.monotonic()
        together = parallel(lambda seed: spoken(mynah, seed), list(range(8)))
        at_once = time.monotonic() - start
        check("8 at once take less time than one after the other", at_once < one_by_one,
              f"{at_once:.2f} s against {one_by_one:.2f} s")
        check("each says the same to the bit", [one[2] for one in alone] == [one[2] for one in together])
        begun = [one[0] for one in together]
        check("nobody waits for another to end", max(begun) < min(one[1] for one in together),
              f"first bytes after {min(begun):.2f} to {max(begun):.2f} s, ends after "
              f"{min(one[1] for one in together):.2f} to {max(one[1] for one in together):.2f} s")
    with Mynah("--max-batch", "1") as mynah:
        # One place: those who came first are spoken first.
        ends, lock = [], threading.Lock()

        def ask(index):
            time.sleep(0.05 * index)
            spoken(mynah, index, text=SENTENCE)
            with lock:
                ends.append(index)

        parallel(ask, list(range(8)))
        check("with one place those who came first are first", ends == sorted(ends), f"{ends}")


class Crowd:
    """Connections that want little and last long."""

    def __init__(self, mynah, idle, headers, bodies, readers):
        self.sockets = []
        self.over = threading.Event()
        address = ("127.0.0.1", mynah.port)
        for _ in range(idle):
            connection = socket.create_connection(address)
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(65536)
            self.sockets.append(connection)
        self.dripping = []
        for _ in range(headers):
            self.dripping.append(self.open(address, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: "))
        for _ in range(bodies):
            self.dripping.append(self.open(
                address, b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100000\r\n\r\n{\"input\": \""))
        for index in range(readers):
            body = json.dumps(speech(index, sample_rate=48000)).encode()
            self.open(address, b"POST /api/v1/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      b"Content-Length: %d\r\n\r\n%b" % (len(body), body), buffer=4096)
        threading.Thread(target=self.drip, daemon=True).start()

    def open(self, address, words, buffer=None):
        connection = socket.socket()
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.connect(address)
        connection.sendall(words)
        self.sockets.append(connection)
        return connection

    def drip(self):
        while not self.over.wait(0.2):
            for connection in self.dripping:
                try:
                    connection.sendall(b"x")
                except OSError:
                    pass

    def close(self):
        self.over.set()
        for connection in self.sockets:
            connection.close()


def crowd():
    with Mynah("--max-batch", "8") as mynah:
        spoken(mynah, 1)

        def several():
            begin = mynah.processor_seconds()
            runs = [spoken(mynah, 7) for _ in range(5)]
            return runs, (mynah.processor_seconds() - begin) / len(runs)

        alone, computed_alone = several()
        people = Crowd(mynah, idle=200, headers=48, bodies=48, readers=4)
        # The slow readers' speech is made first; then only the connections are left.
        end = time.monotonic() + 60
        while mynah.metric("mynah_requests_accepted_total") < 10 and time.monotonic() < end:
            time.sleep(0.05)
        while json.loads(mynah.get("/health/ready")[2])["active"] > 0 and time.monotonic() < end:
            time.sleep(0.1)
        crowded, computed_crowded = several()
        people.close()
        # Other work on the machine comes and goes: the runs afterwards count as alone too.
        later, _ = several()
        alone += later
        before, after = statistics.median(one[1] for one in alone), statistics.median(one[1] for one in crowded)
        spread = (max(one[1] for one in alone) - min(one[1] for one in alone)) / before
        check("200 idle and 100 slow connections do not slow a speech down",
              after < before * (1.05 + spread),
              f"{before:.3f} s alone, {after:.3f} s among {len(people.sockets)} connections ({100 * (after / before - 1):+.1f} %;"
              f" runs alone differ by {100 * spread:.1f} %)")
        check("nor cost the processor anything", computed_crowded < 1.05 * computed_alone,
              f"{computed_alone:.2f} s of processor for a speech alone, {computed_crowded:.2f} s in the crowd")
        check("nor change it", all(one[2] == alone[0][2] for one in crowded))
        first = [statistics.median(one[0] for one in some) for some in (alone, crowded)]
        print(f"first byte: {1000 * first[0]:.1f} ms alone, {1000 * first[1]:.1f} ms in the crowd")
        check("the server is well afterwards", mynah.get("/health/ready")[0] == 200)


def wrk():
    script = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = %s\n'
    body = json.dumps({"model": "tts-1", "voice": "alloy", "input": "Good morning.", "response_format": "pcm", "seed": 1})
    with Mynah("--queue", "1000") as mynah, tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "speech.lua")
        file.write_text(script % json.dumps(body))
        base = f"http://127.0.0.1:{mynah.port}"
        for name, arguments in [
            ("/health/live, 64 connections", ["-c64", base + "/health/live"]),
            ("short speech, 1 connection", ["-c1", "-s", file, base + "/v1/audio/speech"]),
            ("short speech, 16 connections", ["-c16", "-s", file, base + "/v1/audio/speech"]),
        ]:
            ended = subprocess.run(
                ["wrk", "-t1", "-d8s", "--timeout", "60s", "--latency", *map(str, arguments)], capture_output=True, text=True)
            rate = re.search(r"Requests/sec:\s+([\d.]+)", ended.stdout).group(1)
            latency = {share: time_ for share, time_ in re.findall(r"(\d+)%\s+(\S+)", ended.stdout)}
            errors = re.findall(r"(Socket errors.*|Non-2xx.*)", ended.stdout)
            print(f"wrk {name}: {rate} a second, half within {latency.get('50')}, 99 % within {latency.get('99')}")
            check(f"wrk {name}: no errors", not errors, f"{errors}")


PARTS = {"overhead": overhead, "parallel": parallel_requests, "crowd": crowd, "wrk": wrk}
for part in sys.argv[1:] or PARTS:
    print("==", part, flush=True)
    PARTS[part]()
check.end()
