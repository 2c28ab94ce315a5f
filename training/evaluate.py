"""Word error rates with Whisper base, durations and stopping.

    python -m training.evaluate --work DIR --whisper DIR [--count N] [--what vae,tts]

``tts`` speaks evaluation.txt (sentences nobody trained on) in the default
voice, one try each; ``vae`` sends the teacher's speech of the same sentences
through the audio VAE.  Results go to DIR/evaluation.jsonl.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import checkpoints, phonemes, tokenizer
from .losses import SpectralLoss
from .speech import SAMPLE_RATE
from .teachers import Hibari


def normalise(s: str) -> str:
    """Lower-case words only."""
    s = re.sub(r"[^a-z0-9' ]", " ", s.lower().replace("-", " ").replace("’", "'"))
    return re.sub(r"\s+", " ", s).strip()


class Recogniser:
    """Whisper base from a local folder (CTranslate2 format), greedy."""

    def __init__(self, folder: Path):
        from faster_whisper import WhisperModel

        self.model = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True,
                                  cpu_threads=int(os.environ.get("OMP_NUM_THREADS", "1")))

    def __call__(self, wave: np.ndarray) -> str:
        from scipy.signal import resample_poly

        x = np.pad(resample_poly(wave, 2, 3).astype(np.float32), (1600, 8000))
        segments, _ = self.model.transcribe(x, language="en", beam_size=1, temperature=0.0, without_timestamps=True,
                                            condition_on_previous_text=False, vad_filter=False)
        return " ".join(s.text for s in segments)


#: Spellings of Whisper that say the same.
SAME = {"neighbours": "neighbors", "humour": "humor", "favourite": "favorite", "colour": "color", "20": "twenty",
        "15": "fifteen", "4": "four", "3": "three", "6": "six", "100": "hundred", "6am": "six", "930": "half past nine"}


def error_rate(references: list[str], heard: list[str]) -> tuple[float, float]:
    """Word and character error rate."""
    import jiwer

    refs = [normalise(r) for r in references]
    hyps = [" ".join(SAME.get(w, w) for w in normalise(h).split()) for h in heard]
    return jiwer.wer(refs, hyps), jiwer.cer(refs, hyps)


def longest_silence(wave: np.ndarray) -> float:
    """Seconds of the longest stretch 40 dB below the loudest frame, not at the edges."""
    n = len(wave) // 240
    rms = np.sqrt((wave[:n * 240].reshape(n, 240) ** 2).mean(1) + 1e-12)
    loud = np.nonzero(rms > rms.max() * 0.01)[0]
    return float(np.diff(loud).max() * 0.01) if len(loud) > 1 else 0.0


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--whisper", type=Path, default=os.environ.get("WHISPER_DIR"))
    ap.add_argument("--tts", type=Path, default=None)
    ap.add_argument("--vae", type=Path, default=None)
    ap.add_argument("--text", default="evaluation.txt", help="or dev.txt, to choose by")
    ap.add_argument("--count", type=int, default=100)
    ap.add_argument("--what", default="tts")
    ap.add_argument("--cfg", type=float, default=2.0)
    ap.add_argument("--steps", type=int, default=10)
    ap.add_argument("--temperature", type=float, default=1.0)
    ap.add_argument("--show", type=int, default=5)
    ap.add_argument("--keep", type=Path, default=None, help="folder for the audio")
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    lines = Path(__file__).with_name(args.text).read_text(encoding="utf-8").splitlines()
    lines = lines[::max(1, len(lines) // args.count)][:args.count]
    teacher, hear = Hibari(), Recogniser(args.whisper)
    vae, vae_step = checkpoints.load_vae(args.vae or checkpoints.newest_vae(args.work))
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)

    def report(row: dict, heard: list[str]) -> None:
        row["wer"], row["cer"] = (round(v, 4) for v in error_rate(lines, heard))
        row |= {"text": args.text, "sentences": len(lines), "vae_step": vae_step, "time": time.strftime("%Y-%m-%d %H:%M")}
        for ref, hyp in list(zip(lines, heard))[:args.show]:
            print(f"   said  {normalise(ref)}\n   heard {normalise(hyp)}")
        print(row, flush=True)
        with open(args.work / "evaluation.jsonl", "a", encoding="utf-8") as f:
            f.write(json.dumps(row) + "\n")

    spoken = [teacher.speak(s, seed=i) for i, s in enumerate(lines)]
    if "teacher" in args.what:
        report({"what": "teacher"}, [hear(s.wave) for s in spoken])
    if "vae" in args.what:
        heard, mels = [], []
        loss = SpectralLoss()
        with torch.inference_mode():
            for s in spoken:
                x = F.pad(torch.from_numpy(s.wave)[None, None], (0, -len(s.wave) % vae.hop))
                y = vae.decoder(vae.encoder(x)[0])
                mels.append(float(loss(y[:, 0], x[:, 0])[0]))
                heard.append(hear(y[0, 0].numpy()))
        report({"what": "vae", "mel": round(float(np.mean(mels)), 4)}, heard)
    if "tts" in args.what:
        model, scale, step = checkpoints.load_tts(args.tts or args.work / "tts" / "last.pt")
        heard, ratios, unstopped, silent, seconds, cpu = [], [], 0, 0, 0.0, time.process_time()
        waves = []
        for i, (line, s) in enumerate(zip(lines, spoken)):
            ids = tokenizer.encode(phonemes.to_arpabet(s.misaki))[0] + [tokenizer.AUDIO_START]
            limit = min(6 * len(ids) + 10, int(len(s.wave) / 3840 * 2) + 10)
            z = model.generate(ids, steps=args.steps, cfg=args.cfg, max_patches=limit,
                               generator=torch.Generator().manual_seed(1), temperature=args.temperature)
            with torch.inference_mode():
                y = vae.decoder((z.reshape(-1, z.shape[-1]) * scale).T[None])[0, 0].numpy()
            waves.append(y)
            unstopped += len(z) >= limit
            silent += longest_silence(y) > 0.7
            ratios.append(len(y) / len(s.wave))
            seconds += len(y) / SAMPLE_RATE
            if args.keep:
                import soundfile

                soundfile.write(args.keep / f"{i:03d}.wav", y, SAMPLE_RATE)
        cpu = time.process_time() - cpu
        heard = [hear(y) for y in waves]
        report({"what": "tts", "step": step, "cfg": args.cfg, "steps": args.steps, "temperature": args.temperature,
                "unstopped": unstopped,
                "silences": silent, "duration": round(float(np.mean(ratios)), 3),
                "off_by_25": int(sum(not 0.75 <= r <= 1.25 for r in ratios)),
                "real_time": round(seconds / cpu, 2)}, heard)


if __name__ == "__main__":
    main()
