"""Loading what the training stages wrote."""

from __future__ import annotations

from pathlib import Path

import torch

from .audiovae import AudioVAE
from .model import AUDIO_VAE_CONFIG, NanoVoice


def load_vae(path: Path) -> tuple[AudioVAE, int]:
    """The averaged audio VAE of a checkpoint of train_vae or train_gan, and its step."""
    c = torch.load(path, weights_only=False, map_location="cpu")
    vae = AudioVAE(AUDIO_VAE_CONFIG)
    vae.load_state_dict(c["ema"])
    return vae.eval(), c["step"]


def newest_vae(work: Path) -> Path:
    """The best audio VAE there is."""
    return next(p for p in (work / "gan" / "last.pt", work / "vae" / "frozen.pt", work / "vae" / "last.pt") if p.exists())


def load_tts(path: Path) -> tuple[NanoVoice, torch.Tensor, int]:
    """The averaged language model, the scale of its latents, and its step."""
    c = torch.load(path, weights_only=False, map_location="cpu")
    model = NanoVoice(c["config"])
    state = model.state_dict()
    state.update(c["ema"])
    model.load_state_dict(state)
    return model.eval(), torch.as_tensor(c["scale"]).float(), c["step"]
