#!/usr/bin/env python3
"""Calls a running Mynah with Gradio's own client, as scripts for the model's original page do.

    pip install gradio_client
    python tools/clients/gradio_client_check.py [http://127.0.0.1:6006] [KEY]

Exit code 0 where the client finds the page's functions, gets playable files, and errors arrive as errors.
"""
import os
import tempfile
import time
import wave

from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from client import base, check, key

headers = {"X-API-Key": key} if key else None
TEXT = "Good morning. Shall we begin?"


def seconds(path):
    with wave.open(path) as sound:
        return sound.getnframes() / sound.getframerate()


client = Client(base, headers=headers, verbose=False, analytics_enabled=False)
described = client.view_api(print_info=False, return_format="dict")
inputs = [item["parameter_name"] for item in described["named_endpoints"]["/generate"]["parameters"]]
check("view_api", len(inputs) == 7 and inputs[0] == "text_input", ", ".join(inputs))
check("view_api as text", "/generate" in client.view_api(print_info=False, return_format="str"))

path = client.predict(TEXT, None, "", 2.0, 10, False, False, api_name="/generate")
check("seven inputs", path.endswith(".wav") and 0.3 < seconds(path) < 30, f"{seconds(path):.2f} s")

path = client.predict(text_input=TEXT, api_name="/generate")
check("by name", 0.3 < seconds(path) < 30, f"{seconds(path):.2f} s")

path = client.predict(TEXT, fn_index=0)
check("by number", 0.3 < seconds(path) < 30)

spoken = client.predict(
    text_input="And this is somebody else.", prompt_wav_path_input=handle_file(path), prompt_text_input=TEXT,
    cfg_value_input=2.0, inference_timesteps_input=10, do_normalize=False, denoise=False, api_name="/generate")
check("with a recording", 0.3 < seconds(spoken) < 30, f"{seconds(spoken):.2f} s")

jobs = [client.submit(f"This is number {number}.", api_name="/generate") for number in range(4)]
check("four at once", all(0.2 < seconds(job.result(timeout=120)) < 30 for job in jobs))

job = client.submit("A long story begins here. " * 60, api_name="/generate")
time.sleep(1)
check("status", job.status().code.name in ("IN_QUEUE", "PROCESSING", "PROGRESS", "STARTING"), str(job.status().code.name))
job.cancel()
path = client.predict("Quickly now.", api_name="/generate")
check("after a cancel", 0.2 < seconds(path) < 30)

for name, arguments, words in [
    ("no text", dict(text_input=""), "text"),
    ("a lone transcript", dict(text_input=TEXT, prompt_text_input="What is said."), "prompt audio"),
    ("a lone recording", dict(text_input=TEXT, prompt_wav_path_input=handle_file(path)), "prompt text"),
    (
        "an address", dict(text_input=TEXT, prompt_wav_path_input=handle_file("http://127.0.0.1:1/a.wav"), prompt_text_input="a"),
        "upload",
    ),
]:
    try:
        client.predict(**arguments, api_name="/generate")
        check(name, False, "was not refused")
    except AppError as error:
        check(name, words in error.message, error.message)
try:
    client.predict(handle_file(path), api_name="/prompt_wav_recognition")
    check("recognition", False, "was not refused")
except AppError as error:
    check("recognition", True, error.message)

with tempfile.TemporaryDirectory() as folder:
    strange = os.path.join(folder, "strange.wav")
    with open(strange, "wb") as file:
        file.write(b"<svg onload=alert(1)>" * 100)
    try:
        client.predict(TEXT, handle_file(strange), TEXT, api_name="/generate")
        check("a file that is no sound", False, "was not refused")
    except Exception as error:
        check("a file that is no sound", "415" in str(error), str(error)[:90])

client.close()
check.end()
