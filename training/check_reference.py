"""Load an exported folder with the reference implementation and compare its speech with ours.

    python -m training.check_reference FOLDER

Both start from the same noise; prints the signal-to-difference ratio.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import math
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import load_file

from . import tokenizer
from .audiovae import AudioVAE
from .model import NanoVoice

TEXT = "{HH AH0 L OW1}, {W ER1 L D}! {HH AW1} {AA1 R} {Y UW1} today?"


def reference_class():
    """The reference model's class, without importing the web page and tools of its package."""
    spec = importlib.util.find_spec("voxcpm")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the reference package is missing: pip install --no-deps voxcpm")
    root = Path(next(iter(spec.submodule_search_locations)))
    for name, folder in (("voxcpm", root), ("voxcpm.model", root / "model")):
        module = types.ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module
    cuda, torch.version.cuda = torch.version.cuda, None  # torchaudio need not be built for the same CUDA
    try:
        import torchaudio  # noqa: F401
    except (ImportError, OSError):  # built for another PyTorch; the reference needs it for files of sound alone
        sys.modules["torchaudio"] = types.ModuleType("torchaudio")
        sys.modules["torchaudio"].__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
    from voxcpm.model.voxcpm import VoxCPMModel

    torch.version.cuda = cuda

    return VoxCPMModel


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder", type=Path)
    ap.add_argument("--patches", type=int, default=12)
    args = ap.parse_args()
    reference = reference_class().from_local(str(args.folder), optimize=False, device="cpu")
    theirs = reference.text_tokenizer(TEXT)
    ours = tokenizer.encode(TEXT)[0]
    print("ids", "agree" if theirs == ours else f"differ: {theirs} {ours}")

    model = NanoVoice(reference.config.model_dump(mode="json"))
    model.load_state_dict({k: v.float() for k, v in load_file(args.folder / "model.safetensors").items()})
    vae = AudioVAE(reference.config.audio_vae_config.model_dump())
    vae.load_state_dict(load_file(args.folder / "audiovae.safetensors"))
    torch.manual_seed(7)
    a = reference.generate(TEXT, max_len=args.patches, inference_timesteps=10, cfg_value=2.0)[0]
    model.eval()
    z = model.generate([*ours, tokenizer.AUDIO_START], steps=10, cfg=2.0, max_patches=args.patches,
                       generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        b = vae.decoder(z.reshape(-1, z.shape[-1]).T[None])[0, 0]
    if a.shape != b.shape:
        raise SystemExit(f"lengths differ: {a.shape} {b.shape}")
    ratio = 10 * math.log10(float(a.square().sum() / ((a - b).square().sum() + 1e-20)))
    print(f"{len(a) / reference.sample_rate:.2f} s, ours against the reference: {ratio:.1f} dB")


if __name__ == "__main__":
    main()
