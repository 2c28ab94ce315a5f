"""The acoustic language model in PyTorch, written for training on few CPU cores.

Names of modules and parameters are those of the reference implementation, so
that ``state_dict()`` is the ``model.safetensors`` of the official layout.  The
audio VAE lives in ``audiovae.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from . import kernels
from .tokenizer import VOCAB_SIZE

AUDIO_VAE_CONFIG = {
    "encoder_dim": 12, "encoder_rates": [5, 4, 4, 4, 3], "latent_dim": 32,
    "decoder_dim": 768, "decoder_rates": [3, 4, 4, 4, 5], "depthwise": True,
    "sample_rate": 24000, "use_noise_block": False,
}


def make_config(hidden: int = 256, ffn: int = 768, heads: int = 4, kv_heads: int = 2, layers: int = 6,
                residual_layers: int = 2, encoder: tuple[int, int, int] = (192, 512, 2),
                dit: tuple[int, int, int] = (256, 768, 4), head_dim: int = 64) -> dict:
    """A config.json; the defaults are the nano voice."""
    ones = [1.0] * (head_dim // 2)
    return {
        "architecture": "voxcpm",
        "lm_config": {
            "bos_token_id": 1, "eos_token_id": 2, "hidden_size": hidden, "intermediate_size": ffn,
            "max_position_embeddings": 2048, "num_attention_heads": heads, "num_hidden_layers": layers,
            "num_key_value_heads": kv_heads, "rms_norm_eps": 1e-5,
            "rope_scaling": {"type": "longrope", "long_factor": ones, "short_factor": ones,
                             "original_max_position_embeddings": 2048},
            "vocab_size": VOCAB_SIZE, "use_mup": False, "scale_emb": 1.0, "dim_model_base": 256,
            "scale_depth": 1.0, "rope_theta": 10000.0, "kv_channels": head_dim},
        "patch_size": 4, "feat_dim": 32, "residual_lm_num_layers": residual_layers,
        "scalar_quantization_latent_dim": 128, "scalar_quantization_scale": 9,
        "encoder_config": {"hidden_dim": encoder[0], "ffn_dim": encoder[1], "num_heads": heads,
                           "num_layers": encoder[2], "kv_channels": head_dim},
        "dit_config": {"hidden_dim": dit[0], "ffn_dim": dit[1], "num_heads": heads, "num_layers": dit[2],
                       "kv_channels": head_dim,
                       "cfm_config": {"sigma_min": 1e-6, "solver": "euler", "t_scheduler": "log-norm",
                                      "training_cfg_rate": 0.1, "inference_cfg_rate": 2.0}},
        "audio_vae_config": AUDIO_VAE_CONFIG, "max_length": 2048, "device": "cpu", "dtype": "bfloat16",
    }


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        if kernels.fused(x):
            return kernels.rms(x, self.weight, self.eps)
        y = x.float()
        return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + self.eps) * self.weight).to(x.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE in f32 on [..., T, D]."""
    x = x.float()
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Attention(nn.Module):
    """Grouped-query attention; plain matrix products are fastest at these lengths on a CPU."""

    def __init__(self, width: int, heads: int, kv_heads: int, head_dim: int):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = heads, kv_heads, head_dim
        self.q_proj = nn.Linear(width, heads * head_dim, bias=False)
        self.k_proj = nn.Linear(width, kv_heads * head_dim, bias=False)
        self.v_proj = nn.Linear(width, kv_heads * head_dim, bias=False)
        self.o_proj = nn.Linear(heads * head_dim, width, bias=False)

    def project(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries [B, H, T, D], rotated keys and values [B, K, T, D]."""
        b, t, _ = x.shape
        q = self.q_proj(x).view(b, t, self.heads, self.head_dim)
        k = self.k_proj(x).view(b, t, self.kv_heads, self.head_dim)
        v = self.v_proj(x).view(b, t, self.kv_heads, self.head_dim).transpose(1, 2)
        if kernels.fused(x):
            return kernels.rope(q, *rope), kernels.rope(k, *rope), v
        return rotate(q.transpose(1, 2), *rope).to(v.dtype), rotate(k.transpose(1, 2), *rope).to(v.dtype), v

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Tensor | None,
                cache: list[Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The output and the log-attention scores [B, K, G*T, S] before the softmax."""
        b, t, _ = x.shape
        q, k, v = self.project(x, rope)
        if cache is not None:
            if cache:
                k, v = torch.cat((cache[0], k), 2), torch.cat((cache[1], v), 2)
            cache[:] = [k, v]
        groups = self.heads // self.kv_heads
        q = q.reshape(b, self.kv_heads, groups * t, self.head_dim)
        scores = torch.matmul(q, k.transpose(-1, -2)).float() * self.head_dim ** -0.5
        if mask is not None:
            scores = scores + mask.repeat(groups, 1)
        y = torch.matmul(scores.softmax(-1).to(v.dtype), v).reshape(b, self.heads, t, self.head_dim)
        return self.o_proj(y.transpose(1, 2).reshape(b, t, -1)), scores


class MLP(nn.Module):
    def __init__(self, width: int, inner: int):
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_proj(x), self.up_proj(x)
        return self.down_proj(kernels.gated(gate, up) if kernels.fused(x) else F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, width: int, inner: int, heads: int, kv_heads: int, head_dim: int, eps: float):
        super().__init__()
        self.self_attn = Attention(width, heads, kv_heads, head_dim)
        self.mlp = MLP(width, inner)
        self.input_layernorm = RMSNorm(width, eps)
        self.post_attention_layernorm = RMSNorm(width, eps)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Tensor | None,
                cache: list[Tensor] | None = None) -> tuple[Tensor, Tensor]:
        y, scores = self.self_attn(self.input_layernorm(x), rope, mask, cache)
        x = x + y
        return x + self.mlp(self.post_attention_layernorm(x)), scores


class Transformer(nn.Module):
    """A stack of layers with RoPE; ``vocab`` 0 means no embedding table."""

    def __init__(self, lm: dict, width: int, inner: int, heads: int, layers: int, head_dim: int, vocab: int = 0):
        super().__init__()
        if vocab:
            self.embed_tokens = nn.Embedding(vocab, width)
        self.layers = nn.ModuleList(
            Layer(width, inner, heads, lm["num_key_value_heads"], head_dim, lm["rms_norm_eps"])
            for _ in range(layers))
        self.norm = RMSNorm(width, lm["rms_norm_eps"])
        self.gradient_checkpointing = False
        angles = torch.outer(torch.arange(lm["max_position_embeddings"]).float(),
                             lm["rope_theta"] ** (-torch.arange(0, head_dim, 2).float() / head_dim))
        angles = torch.cat((angles, angles), -1)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, x: Tensor, causal: bool, watch: dict[int, Tensor] | None = None,
                outputs: dict[int, Tensor] | None = None, caches: list[list[Tensor]] | None = None) -> Tensor:
        """Run all layers.

        ``watch`` and ``outputs`` name layers (as keys) whose scores and
        outputs the caller wants; they are filled in.
        """
        past = caches[0][0].shape[2] if caches and caches[0] else 0
        t = x.shape[1]
        rope = (self.cos[past:past + t], self.sin[past:past + t])
        mask = torch.full((t, t), -1e9).triu(1) if causal and t > 1 else None
        for i, layer in enumerate(self.layers):
            if self.gradient_checkpointing and self.training:
                x, scores = checkpoint(layer, x, rope, mask, use_reentrant=False)
            else:
                x, scores = layer(x, rope, mask, caches[i] if caches is not None else None)
            if watch is not None and i in watch:
                watch[i] = scores
            if outputs is not None and i in outputs:
                outputs[i] = x
        return self.norm(x).to(x.dtype)


class LocalEncoder(nn.Module):
    """A patch [N, P, D] to one vector, through a learned first token."""

    def __init__(self, lm: dict, c: dict, feat_dim: int):
        super().__init__()
        self.special_token = nn.Parameter(torch.randn(1, 1, 1, c["hidden_dim"]))
        self.in_proj = nn.Linear(feat_dim, c["hidden_dim"])
        self.encoder = Transformer(lm, c["hidden_dim"], c["ffn_dim"], c["num_heads"], c["num_layers"], c["kv_channels"])

    def forward(self, x: Tensor) -> Tensor:
        x = self.in_proj(x)
        first = self.special_token[0].expand(x.shape[0], 1, -1).to(x.dtype)
        return self.encoder(torch.cat((first, x), 1), causal=False)[:, 0]


class TimestepMLP(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(F.silu(self.linear_1(x)))


def sinusoid(t: Tensor, width: int) -> Tensor:
    """Timestep features [N, width]: x1000, sine first, divisor half - 1."""
    half = width // 2
    freq = torch.exp(torch.arange(half) * -(math.log(10000) / (half - 1)))
    x = 1000 * t.float()[:, None] * freq
    return torch.cat((x.sin(), x.cos()), -1)


class LocalDiT(nn.Module):
    """Velocity of one patch given (mu + t), the previous patch and the noisy patch; all [N, P, D]."""

    def __init__(self, lm: dict, c: dict, feat_dim: int):
        super().__init__()
        width = c["hidden_dim"]
        self.width = width
        self.in_proj, self.cond_proj = nn.Linear(feat_dim, width), nn.Linear(feat_dim, width)
        self.out_proj = nn.Linear(width, feat_dim)
        self.time_mlp, self.delta_time_mlp = TimestepMLP(width), TimestepMLP(width)
        self.decoder = Transformer(lm, width, c["ffn_dim"], c["num_heads"], c["num_layers"], c["kv_channels"])

    def forward(self, x: Tensor, mu: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        x, cond = self.in_proj(x), self.cond_proj(cond)
        time = self.time_mlp(sinusoid(t, self.width)) + self.delta_time_mlp(sinusoid(t.new_zeros(1), self.width))
        h = torch.cat(((mu + time).to(x.dtype)[:, None], cond, x), 1)
        return self.out_proj(self.decoder(h, causal=False)[:, 1 + cond.shape[1]:])


class FlowMatching(nn.Module):
    def __init__(self, estimator: LocalDiT, cfg_rate: float):
        super().__init__()
        self.estimator, self.cfg_rate = estimator, cfg_rate

    @staticmethod
    def times(n: int) -> Tensor:
        """Times to train on: 70 % as the sampler visits them (dense near 1, where the text decides), 30 % log-normal.

        The reference draws log-normal times alone, hardly ever above 0.8; a
        small model then never learns what the first steps of the sampler need.
        """
        u = torch.rand(n)
        visited = 2 * u + torch.cos(torch.pi / 2 * u) - 1
        return torch.where(torch.rand(n) < 0.7, visited, torch.sigmoid(torch.randn(n) - 0.4))

    def loss(self, x: Tensor, mu: Tensor, cond: Tensor) -> Tensor:
        """Squared error of the velocity; ``cfg_rate`` of the patches without mu."""
        n = x.shape[0]
        mu = mu * (torch.rand(n, 1) > self.cfg_rate)
        t = self.times(n)
        noise = torch.randn_like(x)
        y = (1 - t)[:, None, None] * x + t[:, None, None] * noise
        return (self.estimator(y, mu, t, cond).float() - (noise - x)).square().mean()

    @torch.inference_mode()
    def sample(self, mu: Tensor, cond: Tensor, noise: Tensor, steps: int, cfg: float) -> Tensor:
        """Euler from noise [N, P, D] with CFG-zero* and sway sampling, as the reference does it."""
        span = torch.linspace(1, 0, steps + 1)
        span = span + (torch.cos(torch.pi / 2 * span) - 1 + span)
        x, n = noise, noise.shape[0]
        skipped = max(1, int(len(span) * 0.04))
        for k in range(skipped, len(span) - 1):
            t = span[k].expand(2 * n)
            v = self.estimator(torch.cat((x, x)), torch.cat((mu, torch.zeros_like(mu))), t, torch.cat((cond, cond)))
            p, q = v.float().flatten(1).chunk(2)
            st = (p * q).sum(1, keepdim=True) / (q.square().sum(1, keepdim=True) + 1e-8)
            x = x - (span[k] - span[k + 1]) * (q * st + cfg * (p - q * st)).view_as(x)
        return x


class FSQ(nn.Module):
    def __init__(self, width: int, inner: int, scale: int):
        super().__init__()
        self.scale = scale
        self.in_proj, self.out_proj = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.in_proj(x).float())
        q = torch.round(h * self.scale) / self.scale
        return self.out_proj(h + (q - h).detach())


class NanoVoice(nn.Module):
    """TSLM, residual LM, local encoder and local DiT of a config.json."""

    def __init__(self, config: dict):
        super().__init__()
        lm, enc, dit = config["lm_config"], config["encoder_config"], config["dit_config"]
        self.config, self.patch, self.dim = config, config["patch_size"], config["feat_dim"]
        h, hd = lm["hidden_size"], lm["kv_channels"]

        def stack(layers: int, vocab: int) -> Transformer:
            return Transformer(lm, h, lm["intermediate_size"], lm["num_attention_heads"], layers, hd, vocab)

        self.base_lm = stack(lm["num_hidden_layers"], lm["vocab_size"])
        self.residual_lm = stack(config["residual_lm_num_layers"], 0)
        self.feat_encoder = LocalEncoder(lm, enc, self.dim)
        self.feat_decoder = FlowMatching(LocalDiT(lm, dit, self.dim), dit["cfm_config"]["training_cfg_rate"])
        self.fsq_layer = FSQ(h, config["scalar_quantization_latent_dim"], config["scalar_quantization_scale"])
        self.enc_to_lm_proj = nn.Linear(enc["hidden_dim"], h)
        self.lm_to_dit_proj = nn.Linear(h, dit["hidden_dim"])
        self.res_to_dit_proj = nn.Linear(h, dit["hidden_dim"])
        self.stop_proj, self.stop_head = nn.Linear(h, h), nn.Linear(h, 2, bias=False)
        self.apply(self._initialise)

    @staticmethod
    def _initialise(m: nn.Module) -> None:
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, std=0.02 if m.in_features >= 64 else 0.1)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        if isinstance(m, nn.Embedding):
            nn.init.normal_(m.weight, std=0.5)

    def stop_logits(self, h: Tensor) -> Tensor:
        return self.stop_head(F.silu(self.stop_proj(h)))

    def embed_patches(self, x: Tensor) -> Tensor:
        """[N, P, D] to [N, H]."""
        return self.enc_to_lm_proj(self.feat_encoder(x))

    @torch.inference_mode()
    def generate(self, ids: list[int], prompt: Tensor | None = None, steps: int = 10, cfg: float = 2.0,
                 max_patches: int = 200, min_patches: int = 2, generator: torch.Generator | None = None,
                 temperature: float = 1.0) -> Tensor:
        """Patches [n, P, D] that follow the optional prompt patches; ``ids`` end with AUDIO_START.

        ``temperature`` scales the noise that patches start from, as in the reference's ``UnifiedCFM.forward``.
        """
        x = self.base_lm.embed_tokens(torch.tensor([ids]))
        cond = torch.zeros(1, self.patch, self.dim)
        n_text = x.shape[1]
        feats = None
        if prompt is not None and len(prompt):
            feats = self.embed_patches(prompt)[None]
            x, cond = torch.cat((x, feats), 1), prompt[-1:]
        base = [[] for _ in self.base_lm.layers]
        residual = [[] for _ in self.residual_lm.layers]
        h = self.base_lm(x, True, caches=base)
        if feats is not None:
            h = torch.cat((h[:, :n_text], self.fsq_layer(h[:, n_text:])), 1)
            r = self.residual_lm(torch.cat((h[:, :n_text], h[:, n_text:] + feats), 1), True, caches=residual)
        else:
            r = self.residual_lm(h, True, caches=residual)
        h, r = h[:, -1], r[:, -1]
        out = []
        for i in range(max_patches):
            mu = self.lm_to_dit_proj(h) + self.res_to_dit_proj(r)
            noise = torch.randn(1, self.dim, self.patch, generator=generator).transpose(1, 2)
            cond = self.feat_decoder.sample(mu, cond, temperature * noise, steps, cfg)
            out.append(cond)
            if i > min_patches and int(self.stop_logits(h).argmax(-1)) == 1:
                break
            e = self.embed_patches(cond)[:, None]
            h = self.fsq_layer(self.base_lm(e, True, caches=base))
            r = self.residual_lm(h + e, True, caches=residual)[:, -1]
            h = h[:, -1]
        return torch.cat(out)


@dataclass
class Parts:
    """Parameter counts in millions, for the log."""

    total: float
    base_lm: float
    residual_lm: float
    encoder: float
    dit: float


def count(model: NanoVoice) -> Parts:
    def m(module: nn.Module) -> float:
        return round(sum(p.numel() for p in module.parameters()) / 1e6, 2)

    return Parts(m(model), m(model.base_lm), m(model.residual_lm), m(model.feat_encoder), m(model.feat_decoder))
