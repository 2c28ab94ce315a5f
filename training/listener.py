"""A small phone recogniser, so that the audio VAE's decoder loses no word.

    python -m training.listener --work DIR [--steps N]

Spectral losses and discriminators weigh a stop's burst of ten milliseconds as any
other ten milliseconds; a word hangs on it.  The listener hears which phone the
teacher speaks in each frame (the teacher's own durations say so) and train_gan
asks that it hears the same in the decoded sound.  Writes DIR/listener.pt and
prints how many frames of held-back utterances it hears rightly.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .losses import mel_filters
from .speech import Shard, shards
from .stopping import Clock

HOP = 240              # samples (10 ms) a frame
FRAME = 600            # samples of one frame of the teacher's durations
#: misaki's letters for English; stress marks belong to what follows, and spaces and punctuation to nobody.
PHONES = "AIOWYbdfhijklmnpstuvwzðŋɑɐɔəɛɜɡɪɹʃʊʌʒʤʧθTæᵊᵻɾʔ"
SILENCE, NOBODY = 0, -100
#: One utterance of so many is kept for the exam.
HELD_BACK = 50


class Listener(nn.Module):
    """Log-mel frames [batch, samples / HOP] to the phones' logits [batch, phones, frames]."""

    def __init__(self, width: int = 192):
        super().__init__()
        self.register_buffer("window", torch.hann_window(512), persistent=False)
        self.register_buffer("mel", mel_filters(1024, 80), persistent=False)
        self.first = nn.Conv1d(80, width, 5, padding=2)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.GroupNorm(8, width), nn.GELU(), nn.Conv1d(width, width, 5, padding=2 * d, dilation=d))
            for d in (1, 2, 4, 1, 2, 4))
        self.last = nn.Conv1d(width, len(PHONES) + 1, 1)

    def forward(self, wave: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and what each layer makes of ``wave`` [batch, samples]."""
        s = torch.view_as_real(torch.stft(wave, 1024, HOP, 512, self.window, center=True, return_complex=True))
        power = (s.square().sum(-1) * (16.0 / (512 * 512)) + 1e-12).sqrt()
        h = self.first(torch.log10(power.transpose(1, 2) @ self.mel + 3e-5).transpose(1, 2) + 2.5)
        heard = []
        for layer in self.layers:
            h = h + layer(h)
            heard.append(h)
        return self.last(F.gelu(h)), heard


def listening_loss(listener: Listener, decoded: Tensor, original: Tensor) -> tuple[Tensor, Tensor]:
    """How differently the phones of two waves [batch, samples] are heard: divergence, and distance of the layers."""
    with torch.no_grad():
        target, layers = listener(original)
    logits, heard = listener(decoded)
    phones = F.kl_div(logits.log_softmax(1), target.log_softmax(1), log_target=True, reduction="none").sum(1).mean()
    distance = sum(((a - b).abs().mean() / b.abs().mean() for a, b in zip(heard, layers)), torch.zeros(()))
    return phones, distance / len(layers)


def labels(meta: dict) -> np.ndarray:
    """The phone of each frame of an utterance."""
    kinds = [SILENCE] + [PHONES.find(c) + 1 if c in PHONES else NOBODY for c in meta["ph"]] + [SILENCE]
    for i in range(len(meta["ph"]) - 1, 0, -1):
        if meta["ph"][i - 1] in "ˈˌ":
            kinds[i] = kinds[i + 1]
    ends = np.cumsum(meta["dur"]) * FRAME / HOP
    at = np.searchsorted(ends, np.arange(meta["n"] // HOP) + 0.5)
    return np.array(kinds + [NOBODY])[np.minimum(at, len(kinds))]


class Lessons:
    """Random stretches with their phones, now louder, now softer, now with a little noise."""

    def __init__(self, groups: list[list[Shard]], is_exam: bool):
        self.groups, self.is_exam = groups, is_exam
        self.rng, self.noise = random.Random(int(is_exam)), np.random.default_rng(int(is_exam))

    def one(self, frames: int) -> tuple[np.ndarray, np.ndarray]:
        n = frames * HOP
        while True:
            shard = self.rng.choice(self.rng.choice(self.groups))
            i = self.rng.randrange(len(shard.metas))
            meta = shard.metas[i]
            if (i % HELD_BACK == 0) == self.is_exam and meta["n"] // HOP > frames and len(meta["dur"]) == len(meta["ph"]) + 2:
                break
        at = self.rng.randint(0, meta["n"] // HOP - frames - 1)
        wave = shard.wave(i)[at * HOP:at * HOP + n] * self.rng.uniform(0.5, 1.3)
        wave = wave + self.noise.standard_normal(n, np.float32) * self.rng.choice((0.0, 3e-4, 2e-3))
        return wave.astype(np.float32), labels(meta)[at:at + frames]

    def batch(self, size: int, frames: int) -> tuple[Tensor, Tensor]:
        waves, phones = zip(*(self.one(frames) for _ in range(size)))
        return torch.from_numpy(np.stack(waves)), torch.from_numpy(np.stack(phones)).long()


def load(path: Path) -> Listener:
    listener = Listener()
    listener.load_state_dict(torch.load(path, weights_only=True)["model"])
    return listener.eval().requires_grad_(False)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--sets", default="default,warped")
    ap.add_argument("--steps", type=int, default=2500)
    ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--frames", type=int, default=120)
    ap.add_argument("--lr", type=float, default=1.5e-3)
    ap.add_argument("--minutes", type=float, default=1e9)
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(0)
    groups = [g for g in (shards(args.work / "speech" / s) for s in args.sets.split(",")) if g]
    lessons, exam = Lessons(groups, is_exam=False), Lessons(groups, is_exam=True)
    listener = Listener()
    opt = torch.optim.AdamW(listener.parameters(), lr=args.lr, weight_decay=1e-2)
    clock, mark, total, step = Clock(args.minutes), time.time(), 0.0, 0
    while step < args.steps and not clock.over:
        for g in opt.param_groups:
            g["lr"] = args.lr * min(1.0, (step + 1) / 100) * (1 - step / args.steps)
        waves, phones = lessons.batch(args.batch, args.frames)
        loss = F.cross_entropy(listener(waves)[0][..., :args.frames], phones, ignore_index=NOBODY)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(listener.parameters(), 1.0)
        opt.step()
        step, total = step + 1, total + float(loss.detach())
        if step % 100 == 0:
            print({"step": step, "loss": round(total / 100, 4), "wall": round((time.time() - mark) / 100, 3)}, flush=True)
            mark, total = time.time(), 0.0
    right = count = 0
    with torch.inference_mode():
        for _ in range(20):
            waves, phones = exam.batch(args.batch, args.frames)
            heard = listener(waves)[0][..., :args.frames].argmax(1)
            known = phones != NOBODY
            right, count = right + int((heard == phones)[known].sum()), count + int(known.sum())
    torch.save({"model": listener.state_dict(), "step": step}, args.work / "listener.pt")
    print({"what": "listener", "step": step, "frames_heard_rightly": round(right / count, 4)}, flush=True)


if __name__ == "__main__":
    main()
