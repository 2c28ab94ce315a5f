"""Loads kernels.cpp as autograd functions; builds it on first use and falls back to PyTorch without a compiler."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The compiled kernels, or None where no C++ compiler is at hand."""
    source = Path(__file__).with_name("kernels.cpp")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "nano-voice-training"
    binary = cache / f"kernels-{digest}.so"
    if not binary.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache, suffix=".so", delete=False) as f:
            command = ["g++", "-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC", str(source),
                       "-o", f.name]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            print("no C++ compiler: the audio VAE trains with PyTorch's own operators, several times slower")
            return None
        os.replace(f.name, binary)
    return ctypes.CDLL(str(binary))


def _p(t: Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(t.data_ptr() if t is not None else 0)


_i = ctypes.c_int64


class _Snake(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, alpha: Tensor) -> Tensor:
        x, a = x.contiguous(), alpha.detach().reshape(-1).contiguous()
        y = torch.empty_like(x)
        library().snake_forward(_p(x), _p(a), _p(y), *map(_i, x.shape))
        ctx.save_for_backward(x, a)
        ctx.shape = alpha.shape
        return y

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, a = ctx.saved_tensors
        grad = grad.contiguous()
        dx, da = torch.empty_like(x), torch.empty_like(a)
        library().snake_backward(_p(x), _p(a), _p(grad), _p(dx), _p(da), *map(_i, x.shape))
        return dx, da.view(ctx.shape)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, w: Tensor, bias: Tensor | None, dilation: int) -> Tensor:
        x, w = x.contiguous(), w.contiguous()
        y = torch.empty_like(x)
        library().depthwise_forward(_p(x), _p(w), _p(bias), _p(y), *map(_i, (*x.shape, w.shape[-1], dilation)))
        ctx.save_for_backward(x, w)
        ctx.dilation, ctx.has_bias = dilation, bias is not None
        return y

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, Tensor | None, None]:
        x, w = ctx.saved_tensors
        grad = grad.contiguous()
        dx, dw = torch.empty_like(x), torch.empty_like(w)
        db = torch.empty(x.shape[1]) if ctx.has_bias else None
        library().depthwise_backward(_p(x), _p(w), _p(grad), _p(dx), _p(dw), _p(db),
                                     *map(_i, (*x.shape, w.shape[-1], ctx.dilation)))
        return dx, dw, db, None


def snake(x: Tensor, alpha: Tensor) -> Tensor:
    """x + sin(alpha x)^2 / (alpha + 1e-9)."""
    if library() is None:
        return x + (alpha + 1e-9).reciprocal() * torch.sin(alpha * x).square()
    return _Snake.apply(x.float(), alpha)


def depthwise(x: Tensor, w: Tensor, bias: Tensor | None, dilation: int) -> Tensor:
    """Causal depthwise convolution, weights [C, 1, K]."""
    if library() is None:
        return F.conv1d(F.pad(x, ((w.shape[-1] - 1) * dilation, 0)), w, bias, dilation=dilation, groups=x.shape[1])
    return _Depthwise.apply(x.float(), w, bias, dilation)
