"""Write a checkpoint in the official layout.

    python -m training.export --work DIR --out DIR2 [--voices DIR/voices]

config.json, model.safetensors (bf16), audiovae.safetensors, the tokenizer's
files and generation.json.  The scale of the latents is folded into the audio
VAE.  The new folder replaces the old one in one step.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from . import checkpoints, tokenizer
from .audiovae import AudioVAE

#: A lower temperature than 1 makes a small model much clearer.
DEFAULTS = {"cfg": 2.0, "steps": 10, "temperature": 0.5, "max_seconds": 30}


def fold_scale(vae: AudioVAE, scale: Tensor) -> dict[str, Tensor]:
    """The state of an audio VAE whose latents are ``mu / scale``."""
    if not vae.config["depthwise"]:
        raise ValueError("folding the scale needs a depthwise first convolution in the decoder")
    state = {k: v.detach().clone() for k, v in vae.state_dict().items()}
    s = scale.view(-1, 1, 1)
    state["encoder.fc_mu.weight_g"] /= s
    state["encoder.fc_mu.bias"] /= scale
    state["decoder.model.0.weight_g"] *= s
    return state


def generation(voices: Path | None, default_voice: str | None) -> dict:
    entries = []
    if voices is not None and (voices / "voices.json").exists():
        entries = json.loads((voices / "voices.json").read_text(encoding="utf-8"))
    return {"text": "arpabet", "defaults": DEFAULTS, "default_voice": default_voice, "voices": entries}


def write(out: Path, tts: Path, vae_path: Path, voices: Path | None, default_voice: str | None) -> dict[str, int]:
    """Build the folder beside ``out`` and swap it in; returns file sizes."""
    model, scale, _ = checkpoints.load_tts(tts)
    vae, _ = checkpoints.load_vae(vae_path)
    out.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    new.chmod(0o755)
    config = dict(model.config)
    config["dtype"] = "float32"
    (new / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    save_file({k: v.detach().bfloat16().contiguous() for k, v in model.state_dict().items()}, new / "model.safetensors")
    save_file({k: v.contiguous() for k, v in fold_scale(vae, scale).items()}, new / "audiovae.safetensors")
    tokenizer.write(new)
    (new / "generation.json").write_text(
        json.dumps(generation(voices, default_voice), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if voices is not None and voices.is_dir():
        shutil.copytree(voices, new / "voices", ignore=shutil.ignore_patterns("voices.json"))
    for path in new.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if out.exists():
        if (out / "README.md").exists():
            shutil.copy2(out / "README.md", new / "README.md")
        old = out.with_name(f".{out.name}-old")
        shutil.rmtree(old, ignore_errors=True)
        os.replace(out, old)
        os.replace(new, out)
        shutil.rmtree(old)
    else:
        os.replace(new, out)
    return {str(p.relative_to(out)): p.stat().st_size for p in sorted(out.rglob("*")) if p.is_file()}


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--out", type=Path, required=True)
    ap.add_argument("--tts", type=Path, default=None)
    ap.add_argument("--vae", type=Path, default=None)
    ap.add_argument("--voices", type=Path, default=None)
    ap.add_argument("--default-voice", default=None)
    args = ap.parse_args()
    sizes = write(args.out, args.tts or args.work / "tts" / "last.pt", args.vae or checkpoints.newest_vae(args.work),
                  args.voices, args.default_voice)
    for name, size in sizes.items():
        print(f"{size:>10}  {name}")
    print(f"{sum(sizes.values()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
