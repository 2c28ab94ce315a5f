"""Train the language model and the diffusion head on latents.

    python -m training.train_tts --work DIR [--minutes M] [--steps N]

Resumes from DIR/tts/last.pt.  Beside the losses of the architecture (flow
matching and stop) some training-only helpers make it intelligible early:
guided attention of a few heads from the teacher's durations, the phonemes of
the patch heard and of the patch to come, a direct regression of that patch, and what the speaker's latents are like.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import dataset, optim, phonemes
from .model import NanoVoice, count, make_config
from .stopping import Clock
from .tokenizer import VOCAB_SIZE

#: Layer of the TSLM -> heads of the first key/value group that are guided to the text of the coming patch.
GUIDED = {2: 2, 4: 2}
HEARD_LAYER = 1   # output of this layer must know the phonemes of the patch just heard


class Helpers(nn.Module):
    """Heads that exist only in training."""

    def __init__(self, config: dict):
        super().__init__()
        h = config["lm_config"]["hidden_size"]
        out = config["patch_size"] * config["feat_dim"]
        self.coming = nn.Linear(h, VOCAB_SIZE)
        self.heard = nn.Linear(h, VOCAB_SIZE)
        self.semantic = nn.Linear(h, out)
        self.regression = nn.Sequential(nn.Linear(2 * h, h), nn.SiLU(), nn.Linear(h, out))
        self.voice = nn.Linear(2 * h, 2 * config["feat_dim"])


def soft_ce(logits: Tensor, ids: Tensor, share: Tensor) -> Tensor:
    """Cross-entropy against the tokens of each patch, weighted by their share of it."""
    logp = logits.float().log_softmax(-1).gather(1, ids)
    return -(share * logp).sum(-1).mean()


def losses(model: NanoVoice, helpers: Helpers, b: dataset.Batch, dit_share: float, noise: float,
           drift: float) -> dict[str, Tensor]:
    """All losses of a batch by name."""
    x = b.patches
    rows = b.tokens.shape[0]
    heard_x = before_x = x
    if noise:  # the model must bear its own mistakes, the diffusion head smaller ones
        level = noise * torch.rand(rows)[b.row]
        error = level[:, None, None] * torch.randn_like(x)
        heard_x, before_x = x + error, x + 0.4 * error
    if drift:  # and follow its prompt when what it said since has left the prompt's voice
        way = b.drift * drift * torch.rand(rows, 1) * (torch.rand(rows, 1) < 0.5)
        left = (way[b.row] * b.spoken[:, None])[:, None]
        heard_x, before_x = heard_x + left, before_x + left
    feats = model.embed_patches(heard_x)
    emb = model.base_lm.embed_tokens(b.tokens) * b.is_text
    emb = emb.index_put((b.row, b.position), feats.to(emb.dtype))
    watch: dict[int, Tensor] = {i: emb for i in GUIDED}
    outputs: dict[int, Tensor] = {HEARD_LAYER: emb}
    h = model.base_lm(emb, True, watch=watch, outputs=outputs)
    here, before = (b.row, b.position), (b.row, b.position - 1)
    q = model.fsq_layer(h[here])
    h = (h * b.is_text).index_put(here, q.to(h.dtype))
    r = model.residual_lm(h.index_put(here, (q + feats).to(h.dtype)), True)
    lm, res = h[before], r[before]

    out: dict[str, Tensor] = {}
    t = b.tokens.shape[1]
    guided = []
    for layer, heads in GUIDED.items():
        s = watch[layer][:, 0].view(b.tokens.shape[0], -1, t, t)      # [B, G, T, T] of the first kv head
        logp = s[b.row, :heads, b.position - 1].log_softmax(-1)       # [N, heads, T]
        guided.append(-(b.align[:, None] * logp[..., :b.text_length]).sum(-1).mean())
    out["attend"] = torch.stack(guided).mean()
    out["attend_last"] = guided[-1].detach()
    ids = b.tokens[b.row][:, :b.text_length]
    out["coming"] = soft_ce(helpers.coming(lm), ids, b.align)
    out["heard"] = soft_ce(helpers.heard(outputs[HEARD_LAYER][here]), ids, b.align)
    w = b.target / b.target.sum()
    voice = helpers.voice(torch.cat((lm, res), -1)).float()
    out["voice"] = (F.smooth_l1_loss(voice, b.voice[b.row], reduction="none").mean(1) * w).sum()
    flat = x.flatten(1)
    out["semantic"] = ((helpers.semantic(lm).float() - flat).abs().mean(1) * w).sum()
    out["regression"] = ((helpers.regression(torch.cat((lm, res), -1)).float() - flat).abs().mean(1) * w).sum()
    out["stop"] = (F.cross_entropy(model.stop_logits(lm).float(), b.last, reduction="none") * w).sum()
    pick = b.target.nonzero()[:, 0]
    pick = pick[torch.randperm(len(pick))].repeat(math.ceil(dit_share))[:max(8, int(len(pick) * dit_share))]
    previous = torch.cat((torch.zeros_like(x[:1]), before_x[:-1])) * (~b.first)[:, None, None]
    mu = model.lm_to_dit_proj(lm[pick]) + model.res_to_dit_proj(res[pick])
    out["diffusion"] = model.feat_decoder.loss(x[pick], mu.float(), previous[pick])
    return out


WEIGHTS = {"diffusion": 1.0, "stop": 0.1, "attend": 0.4, "coming": 0.3, "heard": 0.2, "semantic": 0.5,
           "regression": 0.5, "voice": 0.3}


def curriculum(step: int, lengths: list[tuple[int, int]]) -> int:
    """Longest utterance in patches allowed at this step."""
    return next((n for until, n in lengths if step < until), 1000)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--out", default="tts")
    ap.add_argument("--latents", default="latents")
    ap.add_argument("--sets", default="default", help="comma-separated folders under latents/ and speech/")
    ap.add_argument("--patches", type=int, default=640, help="per step")
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--muon-lr", type=float, default=0.0, help="above 0: Muon for the layers' matrices")
    ap.add_argument("--warmup", type=int, default=200)
    ap.add_argument("--half-life", type=float, default=6000, help="steps in which the rate halves")
    ap.add_argument("--steps", type=int, default=1_000_000)
    ap.add_argument("--anneal-from", type=int, default=1_000_000_000, help="step at which the rate begins to fall to zero")
    ap.add_argument("--anneal-steps", type=int, default=1500)
    ap.add_argument("--minutes", type=float, default=1e9)
    ap.add_argument("--anneal-minutes", type=float, default=0.0, help="let the rate fall over the last of --minutes")
    ap.add_argument("--dit-share", type=float, default=1.0, help="noisy versions of each patch per step")
    ap.add_argument("--noise", type=float, default=0.5, help="most noise on the patches heard")
    ap.add_argument("--drift", type=float, default=1.0, help="how far what follows a prompt may leave its voice")
    ap.add_argument("--default-share", type=float, default=1.0, help="of the default voice's sentences in each pass")
    ap.add_argument("--max-patches", type=int, default=70)
    ap.add_argument("--curriculum", default="1200:20,3000:34,6000:44", help="STEP:PATCHES,...")
    ap.add_argument("--spelled", type=float, default=0.03, help="share of words given in bare letters")
    ap.add_argument("--lexical", type=float, default=0.5, help="share of words written as CMUdict has them")
    ap.add_argument("--prompted", type=float, default=0.0, help="share of the default voice's sentences after a prompt")
    ap.add_argument("--checkpointing", action="store_true", help="recompute activations (larger models)")
    ap.add_argument("--seed", type=int, default=1)
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    out = args.work / args.out
    out.mkdir(parents=True, exist_ok=True)
    lengths = [(int(a), int(b)) for a, b in (p.split(":") for p in args.curriculum.split(",") if p)]

    config = make_config()
    model, helpers = NanoVoice(config), Helpers(config)
    for part in (model.base_lm, model.residual_lm, model.feat_encoder.encoder, model.feat_decoder.estimator.decoder):
        part.gradient_checkpointing = args.checkpointing
    inner, outer, vectors = optim.split(model)
    use_muon = args.muon_lr > 0
    adam = torch.optim.AdamW([{"params": outer if use_muon else inner + outer, "weight_decay": 0.01},
                              {"params": vectors, "weight_decay": 0.0}], lr=args.lr, betas=(0.9, 0.98), fused=True)
    helping = torch.optim.AdamW(helpers.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    muon = optim.Muon(inner, args.muon_lr) if use_muon else None
    ema = {k: v.detach().clone() for k, v in model.named_parameters()}
    step = begin = 0
    last = out / "last.pt"
    if last.exists():
        c = torch.load(last, weights_only=False)
        model.load_state_dict(c["model"])
        if "helpers" in c:
            helpers.load_state_dict(c["helpers"])
        if "adam" in c:
            adam.load_state_dict(c["adam"])
            helping.load_state_dict(c["helping"])
        if muon and c.get("muon"):
            muon.load_state_dict(c["muon"])
        ema, step = {k: c["ema"][k].clone() for k in ema}, c["step"]
        begin = c.get("begin", step)
    torch.manual_seed(args.seed * 1_000_003 + step)
    rng = random.Random(args.seed * 1_000_003 + step)

    scale_file = args.work / args.latents / "scale.npy"
    scale = np.load(scale_file)
    vary = phonemes.Variation(args.spelled, args.lexical, phonemes.cmu_dictionary())
    items: list[dataset.Utterance] = []
    for name in args.sets.split(","):
        items += dataset.load(args.work / args.latents / name, args.work / "speech" / name, scale, args.max_patches,
                              vary)
    hours = sum(len(u.latents) for u in items) * dataset.SAMPLES_PER_PATCH / 24000 / 3600
    print(f"{len(items)} utterances, {hours:.2f} h; parameters in millions: {count(model)}; from step {step}", flush=True)
    sampler = dataset.Sampler(items, args.patches, rng, args.prompted, args.default_share)

    def save() -> None:
        state = {"config": config, "model": model.state_dict(), "helpers": helpers.state_dict(), "ema": ema,
                 "adam": adam.state_dict(), "helping": helping.state_dict(), "begin": begin, "muon": muon.state_dict() if muon else None, "step": step, "scale": scale}
        torch.save(state, out / "last.tmp")
        os.replace(out / "last.tmp", last)

    params = [*model.parameters(), *helpers.parameters()]
    clock = Clock(args.minutes)
    saved = mark = time.time()
    cpu = time.process_time()
    sums: dict[str, float] = defaultdict(float)
    seen = 0
    log = open(out / "log.jsonl", "a", encoding="utf-8")
    longest = curriculum(step, lengths)
    batches = sampler.batches(longest)
    while step < args.steps and not clock.over:
        if curriculum(step, lengths) != longest:
            longest = curriculum(step, lengths)
            batches = sampler.batches(longest)
        b = next(batches, None)
        if b is None:
            batches = sampler.batches(longest)
            continue
        decay = 0.5 ** (max(0, step - args.warmup) / args.half_life)
        decay *= min(1.0, max(0.02, 1 - (step - args.anneal_from) / args.anneal_steps))
        if args.anneal_minutes:
            decay *= min(1.0, max(0.02, clock.left / (60 * args.anneal_minutes)))
        warm = min(1.0, (step - begin + 1) / args.warmup)  # helpers that begin anew learn first
        for optimiser, rate in ((adam, args.lr * warm), (muon, args.muon_lr * warm), (helping, args.lr)):
            for group in optimiser.param_groups if optimiser else ():
                group["lr"] = rate * decay
        with torch.autocast("cpu", dtype=torch.bfloat16):
            parts = losses(model, helpers, b, args.dit_share, args.noise, args.drift)
        loss = sum(WEIGHTS[k] * v for k, v in parts.items() if k in WEIGHTS)
        for p in params:
            p.grad = None
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(params, 1.0)
        if not math.isfinite(float(norm)):
            print("skipped a step: gradient not finite", flush=True)
            continue
        adam.step()
        helping.step()
        if muon:
            muon.step()
        step += 1
        with torch.no_grad():
            torch._foreach_lerp_(list(ema.values()), [p.detach() for p in model.parameters()],
                                 1 - min(0.999, step / (step + 10)))
        for k, v in parts.items():
            sums[k] += float(v.detach())
        sums["norm"] += float(norm)
        seen += b.patches.shape[0]
        if step % 50 == 0:
            row = {k: round(v / 50, 3) for k, v in sums.items()}
            row |= {"step": step, "patches": seen // 50, "lr": round(decay * warm, 4), "wall": round((time.time() - mark) / 50, 2),
                    "cpu": round((time.process_time() - cpu) / 50, 2), "longest": longest}
            print(row, flush=True)
            log.write(json.dumps(row) + "\n")
            log.flush()
            sums.clear()
            seen, mark, cpu = 0, time.time(), time.process_time()
        if time.time() - saved > 300 or step % 1000 == 0:
            save()
            saved = time.time()
            if step % 1000 == 0:
                torch.save({"config": config, "ema": ema, "step": step, "scale": scale}, out / f"ema-{step:06d}.pt")
    save()
    print(f"stopped at step {step}", flush=True)


if __name__ == "__main__":
    main()
