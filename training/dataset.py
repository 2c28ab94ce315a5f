"""Utterances for the language model: token ids, the teacher's timing, latents, and batches of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import phonemes, tokenizer

SAMPLES_PER_FRAME = 600   # of the teacher's durations
SAMPLES_PER_LATENT = 960
PATCH = 4
#: Patches at the start of an unknown speaker's prompt that are not learned: nothing says yet who speaks, and without a
#: prompt it has to be the default voice.
UNKNOWN_SPEAKER = 8
SAMPLES_PER_PATCH = SAMPLES_PER_LATENT * PATCH


@dataclass
class Utterance:
    """One sentence of one speaker."""

    line: str            # ARPAbet
    frames: np.ndarray   # of each character of the line, and last of the silence after it
    latents: np.ndarray  # [patches, PATCH, D], scaled
    text: str
    speaker: int         # -1: the default voice


def utterance_line(meta: dict, seed: int, vary: phonemes.Variation | None) -> tuple[str, np.ndarray]:
    """Text line and frames of a teacher's sentence; leading silence goes to the first character."""
    duration = meta["dur"]
    items = phonemes.parse(meta["ph"], duration[1:-1])
    if meta.get("words"):
        phonemes.attach_spellings(items, meta["words"])
    line, frames = phonemes.render(items, random.Random(seed), vary)
    if frames:
        frames[0] += duration[0]
    return line, np.array([*frames, duration[-1]], np.float32)


def tokens(line: str, frames: np.ndarray) -> tuple[list[int], list[float]]:
    """Ids with AUDIO_START and the frames of each."""
    ids, per_token = tokenizer.encode(line, frames)
    return [*ids, tokenizer.AUDIO_START], [*per_token, float(frames[-1])]


def load(latents: Path, speech: Path, scale: np.ndarray | None, max_patches: int,
         vary: phonemes.Variation | None = None, only: set[str] | None = None) -> list[Utterance]:
    """All utterances of a folder of latent shards and the folder of the teacher's speech they came from."""
    out = []
    for shard in sorted(latents.glob("*.npz")):
        if only is not None and shard.stem not in only:
            continue
        with np.load(shard) as z:
            lat, off = z["lat"], z["off"]
        if scale is not None:
            lat = (lat / scale).astype(np.float32)
        for i, meta in enumerate(json.loads((speech / f"{shard.stem}.json").read_text())):
            n = int(off[i + 1] - off[i]) // PATCH
            if n < 4 or n > max_patches:
                continue
            line, frames = utterance_line(meta, int(shard.stem) * 100003 + i, vary)
            if "{" not in line:
                continue
            x = lat[off[i]:off[i] + n * PATCH].reshape(n, PATCH, -1)
            out.append(Utterance(line, frames, x, meta["text"], meta.get("spk", -1)))
    return out


def alignment(frames: list[float], patches: int, shift: int = 0) -> np.ndarray:
    """How the samples of each patch divide over the tokens: [patches, len(frames)], rows sum to 1."""
    edge = np.concatenate([[0.0], np.cumsum(frames)]) * SAMPLES_PER_FRAME
    start = (np.arange(patches) - shift)[:, None] * SAMPLES_PER_PATCH
    share = np.clip(np.minimum(edge[None, 1:], start + SAMPLES_PER_PATCH) - np.maximum(edge[None, :-1], start), 0, None)
    total = share.sum(1, keepdims=True)
    empty = total[:, 0] <= 0
    share[empty, -1], total[empty] = 1, 1
    return (share / total).astype(np.float32)


@dataclass
class Batch:
    tokens: Tensor      # [B, T] ids, 0 elsewhere
    is_text: Tensor     # [B, T, 1]
    row: Tensor         # [N] row of each patch
    position: Tensor    # [N] position of each patch
    patches: Tensor     # [N, P, D]
    first: Tensor       # [N] no patch before this one
    last: Tensor        # [N] the end of the utterance
    target: Tensor      # [N] counts in the loss (not where the speaker is still unknown)
    align: Tensor       # [N, Lt] share of the text positions in this patch
    text_length: int
    voice: Tensor       # [B, 2 D] what the latents of the row's speaker are like
    drift: Tensor       # [B, D] the way from this speaker to another
    spoken: Tensor      # [N] follows a prompt


@dataclass
class Example:
    """What the model reads at once: a sentence, alone or after a prompt."""

    ids: list[int]       # with AUDIO_START at the end
    frames: list[float]  # of each id
    patches: np.ndarray  # [n, PATCH, D]
    prompt: int = 0      # patches of the prompt
    unlearned: int = 0   # of them, at the start, that are not to be learned


def collate(parts: list[tuple[Example, np.ndarray, np.ndarray]]) -> Batch:
    """Pad examples, with their ``voice`` and ``drift``, to one batch."""
    b = len(parts)
    t = max(len(e.ids) + len(e.patches) for e, *_ in parts)
    lt = max(len(e.ids) for e, *_ in parts)
    tokens, is_text = torch.zeros(b, t, dtype=torch.long), torch.zeros(b, t, 1)
    row, position, xs, first, last, target, align, spoken = [], [], [], [], [], [], [], []
    for r, (e, _, _) in enumerate(parts):
        n, k = len(e.patches), len(e.ids)
        tokens[r, :k] = torch.tensor(e.ids)
        is_text[r, :k] = 1
        row += [r] * n
        position += range(k, k + n)
        xs.append(e.patches)
        first += [1] + [0] * (n - 1)
        last += [0] * (n - 1) + [1]
        target += [0] * e.unlearned + [1] * (n - e.unlearned)
        spoken += [0] * e.prompt + [1 if e.prompt else 0] * (n - e.prompt)
        a = np.zeros((n, lt), np.float32)
        a[:, :k] = alignment(e.frames, n)
        align.append(a)
    return Batch(tokens, is_text, torch.tensor(row), torch.tensor(position), torch.from_numpy(np.concatenate(xs)),
                 torch.tensor(first).bool(), torch.tensor(last), torch.tensor(target).float(),
                 torch.from_numpy(np.concatenate(align)), lt,
                 torch.from_numpy(np.stack([v for _, v, _ in parts])),
                 torch.from_numpy(np.stack([d for _, _, d in parts])), torch.tensor(spoken).float())


class SpeakerStatistics:
    """Mean and deviation over time of the latents of each speaker: simple, and enough to tell speakers apart."""

    def __init__(self, items: list[Utterance]):
        by_speaker: dict[int, list[np.ndarray]] = {}
        for u in items:
            by_speaker.setdefault(u.speaker, []).append(u.latents.reshape(-1, u.latents.shape[-1]))
        self.means, spreads = {}, {}
        for who, latents in by_speaker.items():
            every = np.concatenate(latents[:500])
            self.means[who], spreads[who] = every.mean(0), every.std(0)
        both = {who: np.concatenate((self.means[who], spreads[who])) for who in self.means}
        every = np.stack(list(both.values()))
        middle, scale = every.mean(0), every.std(0) + 1e-3
        #: [2 D], over all speakers of mean 0 and deviation 1.
        self.voices = {who: ((v - middle) / scale).astype(np.float32) for who, v in both.items()}
        self.speakers = sorted(self.means)

    def drift(self, speaker: int, rng: random.Random) -> np.ndarray:
        """[D] the way to the default voice, which is where an unsure model goes, or now and then to any other."""
        other = -1 if -1 in self.means and rng.random() < 0.7 else rng.choice(self.speakers)
        return (self.means[other] - self.means[speaker]).astype(np.float32)


class Sampler:
    """Batches of about equally long examples with at most ``budget`` patches each."""

    def __init__(self, items: list[Utterance], budget: int, rng: random.Random, prompted: float = 0.0,
                 default_share: float = 1.0):
        self.items, self.budget, self.rng = items, budget, rng
        #: Share of the default voice's sentences that follow a prompt: long texts are spoken so.
        self.prompted = prompted
        #: Share of the default voice's sentences in each pass over all.
        self.default_share = default_share
        self.by_speaker: dict[int, list[int]] = {}
        for i, u in enumerate(items):
            self.by_speaker.setdefault(u.speaker, []).append(i)
        self.statistics = SpeakerStatistics(items)

    def example(self, i: int) -> tuple[Example, np.ndarray, np.ndarray]:
        """The default voice mostly alone; another speaker after a prompt of the same speaker."""
        u = self.items[i]
        if u.speaker < 0 and self.rng.random() >= self.prompted:
            e = Example(*tokens(u.line, u.frames), u.latents)
        else:
            e = self.join(self.items[self.other(i)], u)
        return e, self.statistics.voices[u.speaker], self.statistics.drift(u.speaker, self.rng)

    def other(self, i: int) -> int:
        """Another utterance of the same speaker, where there is one."""
        every = self.by_speaker[self.items[i].speaker]
        return next((j for j in (self.rng.choice(every) for _ in range(10)) if j != i), i)

    @staticmethod
    def join(p: Utterance, u: Utterance) -> Example:
        """Prompt ``p`` and target ``u`` as one example; the space between them takes the silence around it."""
        gap = len(p.latents) * SAMPLES_PER_PATCH / SAMPLES_PER_FRAME - p.frames[:-1].sum()
        frames = np.concatenate([p.frames[:-1], [gap], u.frames]).astype(np.float32)
        unlearned = 0 if u.speaker < 0 else min(UNKNOWN_SPEAKER, len(p.latents))
        return Example(*tokens(f"{p.line} {u.line}", frames), np.concatenate([p.latents, u.latents]), len(p.latents),
                       unlearned)

    def batches(self, max_patches: int) -> Iterator[Batch]:
        """One pass over the utterances of at most ``max_patches`` in random order."""
        order = [i for i, u in enumerate(self.items) if len(u.latents) <= max_patches
                 and (u.speaker >= 0 or self.rng.random() < self.default_share)]
        self.rng.shuffle(order)
        for c in range(0, len(order), 1024):
            chunk = [self.example(i) for i in order[c:c + 1024]]
            chunk.sort(key=lambda e: len(e[0].ids) + len(e[0].patches))
            groups: list[list] = [[]]
            size = 0
            for e in chunk:
                if groups[-1] and size + len(e[0].patches) > self.budget:
                    groups.append([])
                    size = 0
                groups[-1].append(e)
                size += len(e[0].patches)
            self.rng.shuffle(groups)
            for g in groups:
                yield collate(g)
