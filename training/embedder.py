"""A small speaker encoder, trained on the teachers' voices, for the cloning check.

    python -m training.embedder --work DIR [--steps 3000]

Public speaker encoders tell real people apart; they hardly tell vocal tracts of
one teacher apart, and the sound of the audio VAE moves their results as far as
another speaker does.  This one is a convolution over log-mels with statistics
pooling, trained with an additive angular margin on the speakers of the
``warped`` and ``kokoro`` sets, half of the time as the audio VAE gives them back.
Writes DIR/embedder.pt.  How well it tells speakers apart that it never heard,
``training.speakers check`` says beside its result.
"""

from __future__ import annotations

import argparse
import os
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import checkpoints, speech
from .audiovae import AudioVAE
from .dataset import SAMPLES_PER_PATCH
from .losses import mel_filters
from .stopping import Clock

BANDS, WINDOW, HOP = 64, 1024, 240
CROP = 36000          # samples of a training example (1.5 s)
MARGIN, SCALE = 0.2, 24.0


@torch.inference_mode()
def through_vae(vae: AudioVAE, wave: np.ndarray) -> np.ndarray:
    """The same sound, as the audio VAE gives it back."""
    x = torch.from_numpy(np.pad(wave, (-len(wave) % SAMPLES_PER_PATCH, 0))).float()[None, None]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return vae.decoder(vae.encoder(x)[0])[0, 0].float().numpy()


class SpeakerEncoder(nn.Module):
    """Samples [B, n] at 24 kHz to directions [B, 128]."""

    def __init__(self, width: int = 192, out: int = 128):
        super().__init__()
        self.register_buffer("window", torch.hann_window(WINDOW))
        self.register_buffer("mel", mel_filters(WINDOW, BANDS))
        layers: list[nn.Module] = []
        for i, (kernel, dilation) in enumerate(((5, 1), (3, 2), (3, 3), (1, 1))):
            layers += [nn.Conv1d(BANDS if i == 0 else width, width, kernel, dilation=dilation), nn.ReLU(),
                       nn.BatchNorm1d(width)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * width, out)

    def features(self, x: Tensor) -> Tensor:
        """Log-mels [B, BANDS, frames] at a common loudness."""
        x = x / (x.square().mean(-1, keepdim=True).sqrt() + 1e-4) * 0.1
        s = torch.stft(x, WINDOW, HOP, window=self.window, return_complex=True).abs()
        return (s.transpose(1, 2) @ self.mel).clamp(min=1e-3).log().transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = self.body(self.features(x))
        return F.normalize(self.head(torch.cat((h.mean(-1), h.var(-1).add(1e-5).sqrt()), -1)), dim=-1)

    @torch.inference_mode()
    def embed(self, wave: np.ndarray) -> np.ndarray:
        """The direction of a whole clip."""
        return self.eval()(torch.from_numpy(np.ascontiguousarray(wave)).float()[None])[0].numpy()


def load(work: Path) -> SpeakerEncoder:
    """The encoder that ``main`` has trained."""
    encoder = SpeakerEncoder()
    encoder.load_state_dict(torch.load(work / "embedder.pt"))
    return encoder


class Clips:
    """Utterances by speaker, clean and as the audio VAE gives them back."""

    def __init__(self, work: Path, vae: AudioVAE, most: int):
        self.speakers: list[list[tuple[np.ndarray, np.ndarray]]] = []
        by_speaker: dict[tuple[str, int], list[np.ndarray]] = {}
        for kind in ("warped", "kokoro"):
            for shard in speech.shards(work / "speech" / kind):
                for i, meta in enumerate(shard.metas):
                    clips = by_speaker.setdefault((kind, meta["spk"]), [])
                    if len(clips) < most:
                        clips.append(shard.wave(i)[:2 * CROP])
        for clips in by_speaker.values():
            if len(clips) > 1:
                self.speakers.append([(c, through_vae(vae, c)) for c in clips])

    def batch(self, rng: random.Random, size: int) -> tuple[Tensor, Tensor]:
        """Crops [2 * size, CROP], two of each speaker, and the speakers' numbers."""
        rows, who = [], []
        for s in rng.sample(range(len(self.speakers)), size):
            for _ in range(2):
                clip = rng.choice(rng.choice(self.speakers[s]))
                at = rng.randint(0, max(0, len(clip) - CROP))
                row = np.zeros(CROP, np.float32)
                part = clip[at:at + CROP]
                row[:len(part)] = part
                rows.append(row)
                who.append(s)
        return torch.from_numpy(np.stack(rows)), torch.tensor(who)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--steps", type=int, default=3000)
    ap.add_argument("--clips", type=int, default=3, help="of each speaker")
    ap.add_argument("--minutes", type=float, default=1e9)
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(1)
    rng = random.Random(1)
    vae, _ = checkpoints.load_vae(checkpoints.newest_vae(args.work))
    clips = Clips(args.work, vae, args.clips)
    print(f"{len(clips.speakers)} speakers", flush=True)
    encoder = SpeakerEncoder()
    centres = nn.Parameter(torch.randn(len(clips.speakers), 128))
    optimiser = torch.optim.AdamW([*encoder.parameters(), centres], lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=args.steps)
    clock, total, right = Clock(args.minutes), 0.0, 0.0
    for step in range(1, args.steps + 1):
        if clock.over:
            break
        x, who = clips.batch(rng, 24)
        cosine = encoder.train()(x) @ F.normalize(centres, dim=-1).T
        with torch.no_grad():
            right += float((cosine.argmax(-1) == who).float().mean())
        angle = cosine.clamp(-1 + 1e-6, 1 - 1e-6).acos()
        own = F.one_hot(who, len(centres)).bool()
        loss = F.cross_entropy(SCALE * torch.where(own, (angle + MARGIN).cos(), cosine), who)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if step % 200 == 0:
            print({"step": step, "loss": round(total / 200, 3), "right": round(right / 200, 3)}, flush=True)
            total = right = 0.0
    torch.save(encoder.state_dict(), args.work / "embedder.pt")


if __name__ == "__main__":
    main()
