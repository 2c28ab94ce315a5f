"""The audio VAE: causal convolutions, 24 kHz to 25 latent frames of 32 numbers a second and back.

Parameter names are those of the official layout (weight norm as weight_g and
weight_v), so that ``state_dict()`` is ``audiovae.safetensors``.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import kernels


class Snake(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return kernels.snake(x, self.alpha)


class Conv(nn.Module):
    """Causal convolution with weight norm; ``left`` zeros go before the start."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1, groups: int = 1,
                 left: int = 0):
        super().__init__()
        bound = 1 / math.sqrt(inputs // groups * kernel)
        w = torch.empty(outputs, inputs // groups, kernel).uniform_(-bound, bound)
        self.weight_g = nn.Parameter(w.norm(dim=(1, 2), keepdim=True))
        self.weight_v = nn.Parameter(w)
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.stride, self.dilation, self.groups, self.left = stride, dilation, groups, left
        self.depthwise = groups > 1 and groups == inputs == outputs and stride == 1
        self.to_wave = outputs == 1

    def weight(self) -> Tensor:
        return self.weight_v * (self.weight_g / self.weight_v.norm(dim=(1, 2), keepdim=True))

    def forward(self, x: Tensor) -> Tensor:
        w = self.weight()
        if self.depthwise:
            return kernels.depthwise(x, w, self.bias, self.dilation)
        if self.to_wave:  # the last convolution must not be rounded to bf16
            with torch.autocast("cpu", enabled=False):  # PyTorch's own takes a fifth of a whole training step
                return kernels.depthwise(x, w.transpose(0, 1), None, 1).sum(1, keepdim=True) + self.bias[:, None]
        if self.left:
            x = F.pad(x, (self.left, 0))
        return F.conv1d(x, w, self.bias, self.stride, 0, self.dilation, self.groups)


class UpConv(nn.Module):
    """Causal transposed convolution with weight norm; the last ``stride`` samples are cut."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        bound = 1 / math.sqrt(outputs * 2 * stride)
        w = torch.empty(inputs, outputs, 2 * stride).uniform_(-bound, bound)
        self.weight_g = nn.Parameter(w.norm(dim=(1, 2), keepdim=True))
        self.weight_v = nn.Parameter(w)
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        w = self.weight_v * (self.weight_g / self.weight_v.norm(dim=(1, 2), keepdim=True))
        return F.conv_transpose1d(x, w, self.bias, self.stride)[..., :-self.stride]


class Block(nn.Module):
    """Holds ``block``, a sequence of modules (the name is part of the layout)."""

    def __init__(self, *modules: nn.Module):
        super().__init__()
        self.block = nn.Sequential(*modules)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x)


class Residual(Block):
    def __init__(self, channels: int, dilation: int, groups: int):
        super().__init__(Snake(channels), Conv(channels, channels, 7, dilation=dilation, groups=groups, left=6 * dilation),
                         Snake(channels), Conv(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


def residuals(channels: int, depthwise: bool) -> list[Residual]:
    return [Residual(channels, d, channels if depthwise else 1) for d in (1, 3, 9)]


class Encoder(nn.Module):
    def __init__(self, c: dict):
        super().__init__()
        width = c["encoder_dim"]
        blocks: list[nn.Module] = [Conv(1, width, 7, left=6)]
        for s in c["encoder_rates"]:
            blocks.append(Block(*residuals(width, c["depthwise"]), Snake(width),
                                Conv(width, 2 * width, 2 * s, stride=s, left=2 * math.ceil(s / 2))))
            width *= 2
        self.fc_mu = Conv(width, c["latent_dim"], 3, left=2)
        self.fc_logvar = Conv(width, c["latent_dim"], 3, left=2)
        self.block = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.block(x)
        return self.fc_mu(h), self.fc_logvar(h)


class Decoder(nn.Module):
    def __init__(self, c: dict):
        super().__init__()
        width, d = c["decoder_dim"], c["latent_dim"]
        if c["depthwise"]:
            layers: list[nn.Module] = [Conv(d, d, 7, groups=d, left=6), Conv(d, width, 1)]
        else:
            layers = [Conv(d, width, 7, left=6)]
        for s in c["decoder_rates"]:
            layers.append(Block(Snake(width), UpConv(width, width // 2, s), *residuals(width // 2, c["depthwise"])))
            width //= 2
        self.model = nn.Sequential(*layers, Snake(width), Conv(width, 1, 7, left=6), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        return self.model(z)


class AudioVAE(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.config = config
        self.hop = math.prod(config["encoder_rates"])
        self.encoder, self.decoder = Encoder(config), Decoder(config)

    @torch.no_grad()
    def initialise(self) -> None:
        """Scale the default initialisation so that every snake leaves its linear range.

        Without this the encoder cannot see energies and never learns.
        """
        self.encoder.block[0].weight_g.mul_(20)
        for b in self.encoder.block[1:]:
            b.block[-1].weight_g.mul_(1.73)
        self.encoder.fc_mu.weight_g.mul_(1.73)
        self.encoder.fc_logvar.bias.fill_(-3.0)
        first = self.decoder.model[:2] if self.config["depthwise"] else self.decoder.model[:1]
        for conv in first:
            conv.weight_g.mul_(1.73)
        for b in self.decoder.model:
            if isinstance(b, Block):
                up = b.block[1]
                up.weight_g.mul_(math.sqrt(1.5 * up.stride) * math.sqrt(up.weight_v.shape[1] * 2 / up.weight_v.shape[0]))
        self.decoder.model[-2].weight_g.mul_(0.15)
