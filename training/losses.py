"""Spectral losses of the audio VAE."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def mel_filters(n_fft: int, bands: int, rate: int = 24000) -> Tensor:
    """Triangular filters [bins, bands], each summing to one."""
    f = torch.linspace(0, rate / 2, n_fft // 2 + 1)
    top = 2595 * math.log10(1 + rate / 2 / 700)
    hz = 700 * (10 ** (torch.linspace(0, top, bands + 2) / 2595) - 1)
    up = (f[:, None] - hz[None, :-2]) / (hz[1:-1] - hz[:-2])
    down = (hz[None, 2:] - f[:, None]) / (hz[2:] - hz[1:-1])
    fb = torch.minimum(up, down).clamp(min=0)
    return fb / (fb.sum(0, keepdim=True) + 1e-6)


class SpectralLoss(nn.Module):
    """L1 of log-mel (mean over five window sizes) and the relative L1 of magnitudes.

    Magnitudes are divided by the window size before the logarithm.
    """

    SCALES = ((128, 12), (256, 24), (512, 48), (1024, 80), (2048, 120))

    def __init__(self) -> None:
        super().__init__()
        for n, bands in self.SCALES:
            self.register_buffer(f"window{n}", torch.hann_window(n))
            self.register_buffer(f"mel{n}", mel_filters(n, bands))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        mel = relative = torch.zeros(())
        for n, _ in self.SCALES:
            mags = []
            for w in (x, y):
                s = torch.view_as_real(torch.stft(w, n, n // 4, window=getattr(self, f"window{n}"), return_complex=True))
                mags.append((s.square().sum(-1) * (16.0 / (n * n)) + 1e-12).sqrt())
            a, b = (torch.log10(m.transpose(1, 2) @ getattr(self, f"mel{n}") + 3e-5) for m in mags)
            mel = mel + (a - b).abs().mean()
            relative = relative + (mags[0] - mags[1]).abs().mean() / (mags[1].abs().mean() + 1e-5)
        return mel / len(self.SCALES), relative / len(self.SCALES)


class LowWaveLoss(nn.Module):
    """Relative L1 of the waves below ``CUT``: unlike magnitudes it asks where in its period a voice stands.

    Latents without that make a decoder invent periods, frame by frame, that do not fit each other.
    """

    CUT, STEP, TAPS = 600, 10, 481

    def __init__(self) -> None:
        super().__init__()
        t = torch.arange(self.TAPS) - self.TAPS // 2
        low = 2 * self.CUT / 24000 * torch.sinc(2 * self.CUT / 24000 * t)
        self.register_buffer("filter", (low * torch.hann_window(self.TAPS, periodic=False))[None, None], persistent=False)

    def low(self, wave: Tensor) -> Tensor:
        """Samples [B, n] to what is below ``CUT``, every ``STEP``th one."""
        return F.conv1d(wave[:, None], self.filter, stride=self.STEP, padding=self.TAPS // 2)[:, 0]

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        a, b = self.low(x), self.low(y)
        return (a - b).abs().mean() / (b.abs().mean() + 1e-4)


class WaveHead(nn.Module):
    """Training-only: the low wave of a latent's 960 samples, predicted from the latents around it.

    The encoder learns from it where a voice stands in its period; the way through the decoder is too long for that.
    """

    def __init__(self, dim: int, width: int = 256):
        super().__init__()
        self.low = LowWaveLoss()
        self.net = nn.Sequential(nn.Conv1d(dim, width, 3, padding=1), nn.SiLU(), nn.Conv1d(width, width, 3, padding=1), nn.SiLU(),
                                 nn.Conv1d(width, 960 // LowWaveLoss.STEP, 1))

    def forward(self, z: Tensor, wave: Tensor) -> Tensor:
        target = self.low.low(wave[:, 0])
        made = self.net(z).transpose(1, 2).flatten(1)
        n = min(made.shape[1], target.shape[1])
        return (made[:, :n] - target[:, :n]).abs().mean() / (target.abs().mean() + 1e-4)


class MelHead(nn.Module):
    """Training-only: log-mel of the two half frames that a latent covers, predicted from the latents."""

    def __init__(self, dim: int):
        super().__init__()
        self.net = nn.Sequential(nn.Conv1d(dim, 192, 3, padding=1), nn.SiLU(), nn.Conv1d(192, 160, 1))
        nn.init.constant_(self.net[-1].bias, -3.2)
        self.register_buffer("window", torch.hann_window(1024), persistent=False)
        self.register_buffer("mel", mel_filters(1024, 80), persistent=False)

    def forward(self, z: Tensor, wave: Tensor) -> Tensor:
        s = torch.stft(F.pad(wave[:, 0], (544, 0)), 1024, 480, window=self.window, center=False, return_complex=True)
        target = torch.log10((s.abs() * (4 / 1024)).transpose(1, 2) @ self.mel + 3e-5)
        n = wave.shape[-1] // 960
        return (self.net(z) - target[:, :2 * n].reshape(len(wave), n, 160).transpose(1, 2)).abs().mean()
