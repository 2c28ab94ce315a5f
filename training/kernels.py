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


class _Rms(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        x = x.contiguous()
        y, inv = torch.empty_like(x, dtype=torch.bfloat16), torch.empty(x.shape[:-1])
        half = x.dtype == torch.bfloat16
        library().rms_forward(_p(x), _i(half), _p(weight), _p(y), _p(inv), _i(inv.numel()), _i(x.shape[-1]), ctypes.c_float(eps))
        ctx.save_for_backward(x, weight, inv)
        return y

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight, inv = ctx.saved_tensors
        grad = grad.contiguous()
        dx, dw = torch.empty_like(x), torch.empty_like(weight)
        library().rms_backward(_p(x), _i(x.dtype == torch.bfloat16), _p(weight), _p(inv), _p(grad), _p(dx), _p(dw),
                               _i(inv.numel()), _i(x.shape[-1]))
        return dx, dw, None


def _rope(x: Tensor, cos: Tensor, sin: Tensor, shape: tuple[int, ...], is_back: bool) -> Tensor:
    b, t, h, d = shape
    y = torch.empty(shape if is_back else (b, h, t, d), dtype=torch.bfloat16)
    library().rope(_p(x), _p(cos), _p(sin), _p(y), _i(b), _i(t), _i(h), _i(d), ctypes.c_float(-1 if is_back else 1), _i(is_back))
    return y


class _Rope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        ctx.shape = tuple(x.shape)
        return _rope(x.contiguous(), cos, sin, ctx.shape, False)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None, None]:
        return _rope(grad.contiguous(), *ctx.saved_tensors, ctx.shape, True), None, None


class _Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor) -> Tensor:
        a, b = a.contiguous(), b.contiguous()
        y = torch.empty_like(a)
        library().gated_forward(_p(a), _p(b), _p(y), _i(a.numel()))
        ctx.save_for_backward(a, b)
        return y

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        a, b = ctx.saved_tensors
        grad = grad.contiguous()
        da, db = torch.empty_like(a), torch.empty_like(b)
        library().gated_backward(_p(a), _p(b), _p(grad), _p(da), _p(db), _i(a.numel()))
        return da, db


def fused(x: Tensor) -> bool:
    """Whether the language model's fused operators stand in: training under autocast to bf16, at widths they know."""
    return torch.is_grad_enabled() and torch.is_autocast_enabled("cpu") and x.shape[-1] <= 4096 and library() is not None


def rms(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """RMSNorm of f32 or bf16 to bf16."""
    return _Rms.apply(x, weight, eps)


def rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """[B, T, H, D] in bf16 to rotated [B, H, T, D]."""
    return _Rope.apply(x, cos.contiguous(), sin.contiguous())


def gated(a: Tensor, b: Tensor) -> Tensor:
    """silu(a) * b in bf16."""
    return _Gated.apply(a, b)
