"""Small discriminators for the adversarial stage: four spectrogram scales and four periods."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

Features = list[Tensor]


class SpectrogramDiscriminator(nn.Module):
    """2-D convolutions on a power-compressed complex spectrogram."""

    def __init__(self, n_fft: int, channels: int = 16):
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft))

        def conv(i: int, o: int, kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Module:
            return weight_norm(nn.Conv2d(i, o, kernel, stride, (kernel[0] // 2, kernel[1] // 2)))

        c = channels
        self.convs = nn.ModuleList([conv(2, c, (3, 7), (1, 2)), conv(c, c, (3, 7), (1, 2)), conv(c, 2 * c, (3, 7), (1, 2)),
                                    conv(2 * c, 2 * c, (3, 7), (1, 2)), conv(2 * c, 2 * c, (3, 3), (1, 1))])
        self.out = conv(2 * c, 1, (3, 3), (1, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Features]:
        s = torch.view_as_real(torch.stft(x[:, 0], self.n_fft, self.n_fft // 4, window=self.window, return_complex=True))
        power = s.square().sum(-1, keepdim=True).add(1e-7)
        h = (s / power.sqrt() * power.pow(0.15) * 2).permute(0, 3, 2, 1).contiguous(memory_format=torch.channels_last)
        features = []
        for c in self.convs:
            h = F.leaky_relu(c(h), 0.1)
            features.append(h)
        return self.out(h), features


class PeriodDiscriminator(nn.Module):
    """1-D convolutions on every p-th sample."""

    def __init__(self, period: int, channels: int = 12):
        super().__init__()
        self.period = period
        c = channels
        sizes = [(1, c, 3), (c, 2 * c, 3), (2 * c, 4 * c, 3), (4 * c, 6 * c, 3), (6 * c, 6 * c, 1)]
        self.convs = nn.ModuleList(weight_norm(nn.Conv1d(i, o, 5, s, 2)) for i, o, s in sizes)
        self.out = weight_norm(nn.Conv1d(6 * c, 1, 3, 1, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Features]:
        b, p = x.shape[0], self.period
        x = F.pad(x, (0, -x.shape[-1] % p), mode="reflect")
        h = x.view(b, -1, p).transpose(1, 2).reshape(b * p, 1, -1).contiguous()
        features = []
        for c in self.convs:
            h = F.leaky_relu(c(h), 0.1)
            features.append(h)
        return self.out(h), features


class Discriminators(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([SpectrogramDiscriminator(n) for n in (2048, 1024, 512, 256)]
                                   + [PeriodDiscriminator(p) for p in (2, 3, 5, 7)])

    def forward(self, x: Tensor) -> list[tuple[Tensor, Features]]:
        return [d(x) for d in self.parts]


def discriminator_loss(real: list, fake: list) -> Tensor:
    """Least squares."""
    return sum(((1 - r.float()) ** 2).mean() + (f.float() ** 2).mean() for (r, _), (f, _) in zip(real, fake)) / len(real)


def generator_losses(real: list, fake: list) -> tuple[Tensor, Tensor]:
    """Adversarial loss and relative feature matching."""
    adversarial = sum(((1 - f.float()) ** 2).mean() for f, _ in fake) / len(fake)
    matching = sum((a.detach().float() - b.float()).abs().mean() / (a.detach().float().abs().mean() + 1e-4)
                   for (_, r), (_, f) in zip(real, fake) for a, b in zip(r, f))
    return adversarial, matching / sum(len(f) for _, f in fake)
