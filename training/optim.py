"""Muon for the matrices of the layers, AdamW for everything else."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

#: Coefficients of successive Newton-Schulz steps (few, strong steps first).
NEWTON_SCHULZ = ((8.2051, -22.9019, 16.4607), (4.0664, -2.8612, 0.5184), (3.9096, -2.8234, 0.5250),
                 (3.2856, -2.4153, 0.4853))


def orthogonalise(g: Tensor) -> Tensor:
    """The nearest orthogonal matrices to a stack [n, rows, columns], approximately."""
    x = g.bfloat16()
    flip = x.shape[1] > x.shape[2]
    if flip:
        x = x.transpose(1, 2)
    x = x / (x.float().norm(dim=(1, 2), keepdim=True) * 1.01 + 1e-7).bfloat16()
    for a, b, c in NEWTON_SCHULZ:
        s = x @ x.transpose(1, 2)
        x = a * x + (b * s + c * (s @ s)) @ x
    return (x.transpose(1, 2) if flip else x).float()


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised; scaled so that learning rates of AdamW carry over."""

    def __init__(self, params: list[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[nn.Parameter]] = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    shapes[tuple(p.shape)].append(p)
            for shape, ps in shapes.items():
                for p in ps:
                    if "momentum" not in self.state[p]:
                        self.state[p]["momentum"] = torch.zeros_like(p)
                ms = [self.state[p]["momentum"] for p in ps]
                gs = [p.grad for p in ps]
                torch._foreach_lerp_(ms, gs, 1 - group["momentum"])
                update = orthogonalise(torch.stack(torch._foreach_lerp(gs, ms, group["momentum"])))
                torch._foreach_mul_(ps, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(ps, list(update.unbind(0)), alpha=-group["lr"] * 0.2 * max(shape) ** 0.5)


def split(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter], list[nn.Parameter]]:
    """Matrices inside transformer layers; other matrices; vectors."""
    inner, outer, vectors = [], [], []
    for name, p in model.named_parameters():
        (vectors if p.ndim < 2 else inner if ".layers." in name else outer).append(p)
    return inner, outer, vectors
