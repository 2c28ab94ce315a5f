#!/usr/bin/env python3
"""Speaks to a running Mynah over a WebSocket with the package `websockets`, which knows nothing of Mynah.

    pip install websockets
    python tools/clients/websocket_client.py [http://127.0.0.1:6006] [KEY]

Exit code 0 where text that arrives in pieces is spoken, to the byte, as the whole text is by POST /api/v1/speech.
"""
import asyncio
import json
import time
import urllib.request

import websockets

from client import base, check, key

address = base.replace("http", "ws", 1) + "/api/v1/stream"
headers = {"Authorization": "Bearer " + key} if key else {}
TEXT = "Good morning, Dr. Smith. Shall we begin? It costs $3.50, and no more."


def whole(text, **fields):
    body = json.dumps({"text": text, "format": "pcm", "stream": "audio", "cutting": "sentences", **fields})
    request = urllib.request.Request(
        base + "/api/v1/speech", body.encode(), {"Content-Type": "application/json", **headers}
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read()


async def utterance(socket, text, size=4):
    """Sends a text in pieces, as a language model writes it, and reads what comes back."""
    start = time.monotonic()

    async def write():
        for position in range(0, len(text), size):
            await socket.send(json.dumps({"type": "input.text", "text": text[position : position + size]}))
            await asyncio.sleep(0.002)
        await socket.send(json.dumps({"type": "input.done"}))

    writing = asyncio.create_task(write())
    sound, events, first = b"", [], None
    while not events or events[-1]["type"] not in ("session.done", "audio.cancelled"):
        message = await asyncio.wait_for(socket.recv(), 120)
        if isinstance(message, bytes):
            first = first or time.monotonic() - start
            sound += message
        else:
            events.append(json.loads(message))
    await writing
    return sound, [event for event in events if event["type"] != "queue"], first


async def main():
    settings = {"type": "session.config", "response_format": "pcm", "seed": 7}
    async with websockets.connect(address, additional_headers=headers) as socket:
        await socket.send(json.dumps(settings))
        sound, events, first = await utterance(socket, TEXT)
        names = [event["type"] for event in events]
        count = events[-1]["total_sentences"]
        check("events", count and names == ["audio.start", "audio.done"] * count + ["session.done"], f"first sound after {first:.2f} s")
        expected = whole(TEXT, seed=7)
        check("the same as in one request", sound == expected, f"{len(sound)} and {len(expected)} bytes")
        for size in (1, 9, 1000):
            async with websockets.connect(address, additional_headers=headers) as other:
                await other.send(json.dumps(settings))
                again, _, _ = await utterance(other, TEXT, size)
                check(f"the same in pieces of {size}", again == sound)
        for number in range(3):
            more, events, _ = await utterance(socket, "And one more. And another.")
            check(f"utterance {number + 2}", events[-1]["utterance_index"] == number + 1 and len(more) > 1000)

        await socket.send(json.dumps({"type": "session.config", "response_format": "wav", "stream_audio": False}))
        sound, events, _ = await utterance(socket, "Only one.")
        check("wav", sound[:4] == b"RIFF" and int.from_bytes(sound[4:8], "little") == len(sound) - 8)

        await socket.send(json.dumps({"type": "input.text", "text": "A long story begins here. " * 20}))
        while not isinstance(await socket.recv(), bytes):
            pass
        start = time.monotonic()
        await socket.send(json.dumps({"type": "input.cancel"}))
        while True:
            message = await asyncio.wait_for(socket.recv(), 30)
            if not isinstance(message, bytes) and json.loads(message)["type"] == "audio.cancelled":
                break
        check("cancel", time.monotonic() - start < 2, f"after {time.monotonic() - start:.3f} s")
        sound, events, _ = await utterance(socket, "And now something else.")
        check("goes on after a cancel", events[-1]["type"] == "session.done" and len(sound) > 1000)

        for message, code in [("nonsense", "invalid_json"), ('{"type": "dance"}', "invalid_value")]:
            await socket.send(message)
            answer = json.loads(await socket.recv())
            check(f"error {code}", answer["type"] == "error" and answer["code"] == code)
        waiter = await socket.ping(b"there?")
        await asyncio.wait_for(waiter, 10)
        check("pong", True)
        await socket.send(json.dumps({"type": "session.close"}))
        await socket.wait_closed()
        check("goodbye", socket.close_code == 1000, str(socket.close_code))

    async with websockets.connect(address, additional_headers=headers) as socket:
        await socket.send(b"\x00\x01")
        await socket.wait_closed()
        check("binary is refused", socket.close_code == 1003, str(socket.close_code))
    try:
        async with websockets.connect(address, additional_headers=headers, origin="http://evil.example"):
            check("a stranger's page", False, "was let in")
    except websockets.InvalidStatus as error:
        check("a stranger's page", error.response.status_code == 403, str(error.response.status_code))
    if key:
        async with websockets.connect(address, subprotocols=["mynah.v1", "mynah.key." + key]) as socket:
            sound, _, _ = await utterance(socket, "Hello.")
            check("key in a subprotocol", socket.subprotocol == "mynah.v1" and len(sound) > 1000)
        async with websockets.connect(address) as socket:
            await socket.send(json.dumps({"type": "session.config", "api_key": key}))
            sound, _, _ = await utterance(socket, "Hello.")
            check("key in the first message", len(sound) > 1000)


asyncio.run(main())
check.end()
