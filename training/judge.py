"""Judge the product: Whisper's word error rate of what ``mynah say --seed 1`` speaks, one try each.

    python -m training.judge --mynah .build/release/mynah --model models/nano --count 100
    python -m training.judge --mynah ... --model ... --count 50 --precision f32,int8

With two precisions or more they speak from the same noise, and each is also
compared with the first one: difference of the word error rates and of the
log-mel spectra.  The sentences are evaluation.txt, which nobody trained on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from .evaluate import Recogniser, error_rate, longest_silence
from .losses import mel_filters
from .speech import SAMPLE_RATE
from .teachers import Hibari

SECONDS_OF_SILENCE = 0.7
TOLERATED_DURATION = 0.25
#: Speech this many times as long as the teacher's went on past its end.
UNSTOPPED = 2.0


def speak(mynah: Path, model: Path, line: str, more: list[str]) -> np.ndarray:
    """The samples of one sentence."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "a.wav"
        subprocess.run([mynah, "say", line, "--model", model, "--seed", "1", "--retry", "1", "-o", out, *more],
                       stderr=subprocess.DEVNULL, check=True)
        wave, rate = soundfile.read(out, dtype="float32")
    if rate != SAMPLE_RATE:
        raise SystemExit(f"this judge hears {SAMPLE_RATE} Hz, not {rate}")
    return wave


def log_mel(wave: np.ndarray) -> torch.Tensor:
    """Natural logarithm of 80 mel bands every 10 ms, [frames, 80]."""
    spectrum = torch.stft(torch.from_numpy(wave), 1024, 240, window=torch.hann_window(1024), return_complex=True)
    return (spectrum.abs().T @ mel_filters(1024, 80)).clamp(min=1e-5).log()


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference of two spectra, over the frames that both have."""
    x, y = log_mel(a), log_mel(b)
    n = min(len(x), len(y))
    return float((x[:n] - y[:n]).abs().mean())


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mynah", type=Path, required=True)
    ap.add_argument("--model", type=Path, required=True)
    ap.add_argument("--whisper", type=Path, default=os.environ.get("WHISPER_DIR"))
    ap.add_argument("--text", default="evaluation.txt", help="or dev.txt, to choose by")
    ap.add_argument("--count", type=int, default=100)
    ap.add_argument("--precision", default="", help="one or more, comma-separated; empty: the product's default")
    ap.add_argument("--show", type=int, default=0, help="print so many sentences as heard")
    ap.add_argument("--options", default="", help="more options for mynah say")
    ap.add_argument("--log", type=Path, default=None, help="append the results, one JSON object a line")
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    lines = Path(__file__).with_name(args.text).read_text(encoding="utf-8").splitlines()
    lines = lines[::max(1, len(lines) // args.count)][:args.count]
    hear, teacher = Recogniser(args.whisper), Hibari()
    lengths = [len(teacher.speak(s, seed=i).wave) for i, s in enumerate(lines)]
    first: list[np.ndarray] | None = None
    first_rate = 0.0
    for precision in args.precision.split(","):
        more = [*(["--precision", precision] if precision else []), *args.options.split()]
        waves = [speak(args.mynah, args.model, line, more) for line in lines]
        heard = [hear(wave) for wave in waves]
        wer, cer = error_rate(lines, heard)
        ratios = [len(w) / n for w, n in zip(waves, lengths)]
        row = {"what": "product", "precision": precision or "default", "options": args.options,
               "text": args.text, "sentences": len(lines),
               "wer": round(wer, 4), "cer": round(cer, 4), "unstopped": sum(r > UNSTOPPED for r in ratios),
               "silences": sum(longest_silence(w) > SECONDS_OF_SILENCE for w in waves),
               "duration": round(float(np.mean(ratios)), 3),
               "off_by_25": sum(abs(r - 1) > TOLERATED_DURATION for r in ratios)}
        if first is None:
            first, first_rate = waves, wer
        else:
            row |= {"wer_difference": round(wer - first_rate, 4),
                    "mel_difference": round(float(np.mean([distance(a, b) for a, b in zip(first, waves)])), 4)}
        for said, heard_as in list(zip(lines, heard))[:args.show]:
            print(f"   said  {said}\n   heard {heard_as.strip()}")
        print(row, flush=True)
        if args.log:
            with open(args.log, "a", encoding="utf-8") as f:
                f.write(json.dumps(row | {"time": time.strftime("%Y-%m-%d %H:%M")}) + "\n")


if __name__ == "__main__":
    main()
