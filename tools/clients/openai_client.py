#!/usr/bin/env python3
"""Speaks to a running Mynah with OpenAI's own client, which knows nothing of Mynah.

    pip install openai
    python tools/clients/openai_client.py [http://127.0.0.1:6006] [KEY]

Exit code 0 where everything came back as OpenAI's client expects it.
"""
import io
import wave

import openai

from client import base, check, key

client = openai.OpenAI(base_url=base + "/v1", api_key=key or "none", max_retries=0)
TEXT = "Good morning. Shall we begin?"

check("models.list", "tts-1" in [model.id for model in client.models.list()])

answer = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="wav")
with wave.open(io.BytesIO(answer.read())) as sound:
    seconds = sound.getnframes() / sound.getframerate()
    check("wav", 0.3 < seconds < 30, f"{seconds:.2f} s at {sound.getframerate()} Hz")

for name, start in [("mp3", (b"ID3", b"\xff")), ("flac", (b"fLaC",)), ("opus", (b"OggS",)), ("pcm", (b"",))]:
    answer = client.audio.speech.create(model="tts-1", voice="nova", input=TEXT, response_format=name)
    body = answer.read()
    check(name, body.startswith(start) and len(body) > 1000, f"{len(body)} bytes")

with client.audio.speech.with_streaming_response.create(
    model="gpt-4o-mini-tts", voice="coral", input=TEXT, response_format="pcm", instructions="Softly."
) as stream:
    pieces = [len(piece) for piece in stream.iter_bytes()]
    check("streaming", len(pieces) > 1, f"{len(pieces)} pieces, {sum(pieces)} bytes")

with client.audio.speech.with_streaming_response.create(
    model="gpt-4o-mini-tts", voice="coral", input=TEXT, response_format="pcm", stream_format="sse"
) as stream:
    lines = list(stream.iter_lines())
    names = [line[7:] for line in lines if line.startswith("event: ")]
    check("sse", names.count("speech.audio.delta") > 1 and names[-1] == "speech.audio.done", f"{len(names)} events")

for name, arguments, expected in [
    ("unknown model", dict(model="nobody", voice="alloy", input=TEXT), openai.NotFoundError),
    ("unknown voice", dict(model="tts-1", voice="nobody", input=TEXT), openai.BadRequestError),
    ("empty input", dict(model="tts-1", voice="alloy", input=""), openai.BadRequestError),
    ("aac", dict(model="tts-1", voice="alloy", input=TEXT, response_format="aac"), openai.BadRequestError),
]:
    try:
        client.audio.speech.create(**arguments)
        check(name, False, "was not refused")
    except openai.APIStatusError as error:
        check(name, isinstance(error, expected) and bool(error.code), f"{error.status_code} {error.code} {error.param}")

check.end()
