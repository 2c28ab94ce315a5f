"""Go on from an exported checkpoint when the work folder is gone.

    python -m training.seed --work DIR --checkpoint models/nano

Writes DIR/tts/last.pt, DIR/vae/frozen.pt and DIR/latents/scale.npy (ones: the
scale is folded into the exported audio VAE).  Optimisers, discriminators and
the training-only heads begin anew.  Existing files are left alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--checkpoint", type=Path, required=True)
    ap.add_argument("--step", type=int, default=2000, help="step number to go on from (only the schedule reads it)")
    args = ap.parse_args()
    config = json.loads((args.checkpoint / "config.json").read_text(encoding="utf-8"))
    model = {k: v.float() for k, v in load_file(args.checkpoint / "model.safetensors").items()}
    scale = np.ones(config["feat_dim"], np.float32)
    tts, vae = args.work / "tts" / "last.pt", args.work / "vae" / "frozen.pt"
    scale_file = args.work / "latents" / "scale.npy"
    for path in (tts, vae, scale_file):
        if path.exists():
            raise SystemExit(f"{path} exists: nothing was changed")
        path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"config": config, "model": model, "ema": model, "step": args.step, "scale": scale}, tts)
    torch.save({"ema": load_file(args.checkpoint / "audiovae.safetensors"), "step": args.step}, vae)
    np.save(scale_file, scale)
    print(f"ready: {tts}, {vae}, {scale_file}")


if __name__ == "__main__":
    main()
