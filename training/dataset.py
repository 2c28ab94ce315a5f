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


def collate(parts: list[tuple[list[int], list[float], np.ndarray, int]]) -> Batch:
    """Pad a list of (ids, frames, patches, patches not to learn) to one batch; ids include AUDIO_START."""
    b = len(parts)
    t = max(len(ids) + len(x) for ids, _, x, _ in parts)
    lt = max(len(ids) for ids, *_ in parts)
    tokens, is_text = torch.zeros(b, t, dtype=torch.long), torch.zeros(b, t, 1)
    row, position, xs, first, last, target, align = [], [], [], [], [], [], []
    for r, (ids, frames, x, unlearned) in enumerate(parts):
        n, k = len(x), len(ids)
        tokens[r, :k] = torch.tensor(ids)
        is_text[r, :k] = 1
        row += [r] * n
        position += range(k, k + n)
        xs.append(x)
        first += [1] + [0] * (n - 1)
        last += [0] * (n - 1) + [1]
        target += [0] * unlearned + [1] * (n - unlearned)
        a = np.zeros((n, lt), np.float32)
        a[:, :k] = alignment(frames, n)
        align.append(a)
    return Batch(tokens, is_text, torch.tensor(row), torch.tensor(position), torch.from_numpy(np.concatenate(xs)),
                 torch.tensor(first).bool(), torch.tensor(last), torch.tensor(target).float(),
                 torch.from_numpy(np.concatenate(align)), lt)


class Sampler:
    """Batches of about equally long examples with at most ``budget`` patches each."""

    def __init__(self, items: list[Utterance], budget: int, rng: random.Random, prompted: float = 0.0):
        self.items, self.budget, self.rng = items, budget, rng
        #: Share of the default voice's sentences that follow a prompt: long texts are spoken so.
        self.prompted = prompted
        self.by_speaker: dict[int, list[int]] = {}
        for i, u in enumerate(items):
            self.by_speaker.setdefault(u.speaker, []).append(i)

    def example(self, i: int) -> tuple[list[int], list[float], np.ndarray, int]:
        """The default voice mostly alone; another speaker after a prompt of the same speaker."""
        u = self.items[i]
        if u.speaker < 0 and self.rng.random() >= self.prompted:
            return *tokens(u.line, u.frames), u.latents, 0
        return self.join(self.items[self.rng.choice(self.by_speaker[u.speaker])], u)

    @staticmethod
    def join(p: Utterance, u: Utterance) -> tuple[list[int], list[float], np.ndarray, int]:
        """Prompt ``p`` and target ``u`` as one example; the space between them takes the silence around it."""
        gap = len(p.latents) * SAMPLES_PER_PATCH / SAMPLES_PER_FRAME - p.frames[:-1].sum()
        frames = np.concatenate([p.frames[:-1], [gap], u.frames]).astype(np.float32)
        unlearned = 0 if u.speaker < 0 else min(UNKNOWN_SPEAKER, len(p.latents))
        return *tokens(f"{p.line} {u.line}", frames), np.concatenate([p.latents, u.latents]), unlearned

    def batches(self, max_patches: int) -> Iterator[Batch]:
        """One pass over the utterances of at most ``max_patches`` in random order."""
        order = [i for i, u in enumerate(self.items) if len(u.latents) <= max_patches]
        self.rng.shuffle(order)
        for c in range(0, len(order), 1024):
            chunk = [self.example(i) for i in order[c:c + 1024]]
            chunk.sort(key=lambda e: len(e[0]) + len(e[2]))
            groups: list[list] = [[]]
            size = 0
            for e in chunk:
                if groups[-1] and size + len(e[2]) > self.budget:
                    groups.append([])
                    size = 0
                groups[-1].append(e)
                size += len(e[2])
            self.rng.shuffle(groups)
            for g in groups:
                yield collate(g)
