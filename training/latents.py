"""Encode shards of speech to latents with the frozen encoder.

    python -m training.latents --work DIR --set default [--count N]

Writes DIR/latents/SET/NNNN.npz (``lat`` [frames, D] f32 unscaled, ``off``
starts of the utterances; each padded with zeros to whole patches) and, once,
DIR/latents/scale.npy (the standard deviation per channel).
"""

from __future__ import annotations

import argparse
import math
import os
import time
from pathlib import Path

import numpy as np
import torch

from . import checkpoints
from .audiovae import AudioVAE
from .dataset import SAMPLES_PER_LATENT, SAMPLES_PER_PATCH
from .speech import SAMPLE_RATE, Shard


@torch.inference_mode()
def encode_shard(vae: AudioVAE, shard: Shard, batch: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Latents of all utterances one after the other, and where each begins."""
    order = sorted(range(len(shard.metas)), key=lambda i: shard.metas[i]["n"])
    out: list[np.ndarray] = [np.empty(0)] * len(order)
    for at in range(0, len(order), batch):
        part = order[at:at + batch]
        padded = [math.ceil(shard.metas[i]["n"] / SAMPLES_PER_PATCH) * SAMPLES_PER_PATCH for i in part]
        x = torch.zeros(len(part), 1, max(padded))
        for r, i in enumerate(part):
            x[r, 0, :shard.metas[i]["n"]] = torch.from_numpy(shard.wave(i))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mu = vae.encoder(x)[0].float()
        for r, i in enumerate(part):
            out[i] = mu[r, :, :padded[r] // SAMPLES_PER_LATENT].T.contiguous().numpy()
    return np.concatenate(out), np.cumsum([0] + [len(o) for o in out])


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--set", required=True)
    ap.add_argument("--count", type=int, default=1_000_000, help="encode only so many shards")
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    out = args.work / "latents" / args.set
    out.mkdir(parents=True, exist_ok=True)
    vae, step = checkpoints.load_vae(args.work / "vae" / "frozen.pt")
    print(f"encoder of step {step}")
    for path in sorted((args.work / "speech" / args.set).glob("*.json"))[:args.count]:
        target = out / f"{path.stem}.npz"
        if target.exists():
            continue
        shard, cpu = Shard(path.parent, path.stem), time.process_time()
        lat, off = encode_shard(vae, shard)
        with open(out / f".{path.stem}.tmp", "wb") as f:
            np.savez(f, lat=lat.astype(np.float32), off=off)
        os.replace(out / f".{path.stem}.tmp", target)
        seconds = len(lat) * SAMPLES_PER_LATENT / SAMPLE_RATE
        std = lat.std(0)
        print(f"{args.set} {path.stem}: {seconds / 3600:.2f} h, {(time.process_time() - cpu) / seconds * 1e3:.1f} ms a second, "
              f"std {std.min():.2f} to {std.max():.2f}", flush=True)
        if not (out.parent / "scale.npy").exists():
            np.save(out.parent / "scale.npy", std.astype(np.float32))


if __name__ == "__main__":
    main()
