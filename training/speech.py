"""Shards of teacher speech: NNNN.npy (int16 samples of all utterances) and NNNN.json (their texts and places)."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SAMPLE_RATE = 24000


def write_shard(folder: Path, name: str, waves: list[np.ndarray], metas: list[dict]) -> float:
    """Store float waves; each meta gets its ``off`` and ``n``.  Returns the seconds written."""
    folder.mkdir(parents=True, exist_ok=True)
    off, parts = 0, []
    for wave, meta in zip(waves, metas):
        q = (np.clip(wave, -1, 1) * 32767).astype(np.int16)
        meta["off"], meta["n"] = off, len(q)
        parts.append(q)
        off += len(q)
    with open(folder / f"{name}.npy.tmp", "wb") as f:
        np.save(f, np.concatenate(parts))
    (folder / f"{name}.json.tmp").write_text(json.dumps(metas, ensure_ascii=False), encoding="utf-8")
    os.replace(folder / f"{name}.npy.tmp", folder / f"{name}.npy")
    os.replace(folder / f"{name}.json.tmp", folder / f"{name}.json")
    return off / SAMPLE_RATE


class Shard:
    """One shard, samples memory-mapped."""

    def __init__(self, folder: Path, name: str):
        self.name = name
        self.samples = np.load(folder / f"{name}.npy", mmap_mode="r")
        self.metas: list[dict] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))

    def wave(self, i: int) -> np.ndarray:
        m = self.metas[i]
        return self.samples[m["off"]:m["off"] + m["n"]].astype(np.float32) / 32768


def shards(folder: Path) -> list[Shard]:
    return [Shard(folder, p.stem) for p in sorted(folder.glob("*.json"))]


class Crops:
    """Random crops, each folder (kind of voice) equally often."""

    def __init__(self, folders: list[Path], seed: int):
        self.groups = [g for g in (shards(f) for f in folders if f.is_dir()) if g]
        self.rng = random.Random(seed)

    def crop(self, n: int) -> np.ndarray:
        shard = self.rng.choice(self.rng.choice(self.groups))
        m = self.rng.choice(shard.metas)
        if m["n"] <= n:
            x = np.zeros(n, np.float32)
            at = self.rng.randint(0, n - m["n"])
            x[at:at + m["n"]] = shard.samples[m["off"]:m["off"] + m["n"]] / 32768.0
            return x
        at = 0 if self.rng.random() < 0.1 else self.rng.randint(0, m["n"] - n)
        return shard.samples[m["off"] + at:m["off"] + at + n].astype(np.float32) / 32768

    def batch(self, size: int, n: int) -> Tensor:
        """[size, 1, n]"""
        return torch.from_numpy(np.stack([self.crop(n) for _ in range(size)]))[:, None]
