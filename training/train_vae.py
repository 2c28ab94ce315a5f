"""AudioVAE stages 0 and 1: the encoder with a log-mel head, then encoder and decoder together.

    python -m training.train_vae --work DIR --steps 2600 [--start CHECKPOINT --wave 4 --listener 2 --anchor 20]

With ``--wave`` the latents must tell the wave below 600 Hz as well, with
``--listener`` the decoded sound the same phones (``training.listener``); ``--start``
takes another run's weights.  With ``--anchor`` that pair goes on together: noise of a plain
level, no head, and latents that stay near those of ``--start``'s encoder, so that a language
model need not begin anew.  Stage 0 is the first ``--encoder-steps`` steps.  Resumes from DIR/vae/last.pt.
``--freeze`` copies the averaged weights to DIR/vae/frozen.pt at the end: from
then on latents may be encoded, and the decoder goes on in train_gan.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from pathlib import Path

import torch
import torch.nn.functional as F

from . import checkpoints, listener as listening
from .audiovae import AudioVAE
from .losses import LowWaveLoss, MelHead, SpectralLoss, WaveHead
from .model import AUDIO_VAE_CONFIG
from .speech import Crops
from .stopping import Clock


def ramp(step: int, begin: int, length: int) -> float:
    """0 before ``begin``, 1 after ``begin + length``."""
    return min(1.0, max(0.0, (step - begin) / length))


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--sets", default="default,warped,kokoro")
    ap.add_argument("--encoder-steps", type=int, default=2000)
    ap.add_argument("--steps", type=int, default=3500, help="after stage 0")
    ap.add_argument("--batch", type=int, default=8)
    ap.add_argument("--frames", type=int, default=16, help="latent frames (40 ms) per crop")
    ap.add_argument("--lr", type=float, default=8e-4)
    ap.add_argument("--warmup", type=int, default=300)
    ap.add_argument("--half-life", type=float, default=15000)
    ap.add_argument("--kl", type=float, default=0.01)
    ap.add_argument("--noise-from", type=int, default=1300, help="sampling and KL ramp up from this step on")
    ap.add_argument("--noise-floor", type=float, default=0.15,
                    help="least noise on the latents, from step 2000 on; its mean with --anchor")
    ap.add_argument("--start", type=Path, default=None, help="begin after stage 0 with the weights of a checkpoint")
    ap.add_argument("--anchor", type=float, default=0.0, help="weight of what the latents leave --start's by, beyond --leave")
    ap.add_argument("--leave", type=float, default=0.03, help="mean squared deviation that costs nothing")
    ap.add_argument("--anneal-from", type=int, default=1_000_000_000, help="step at which the rate begins to fall to zero")
    ap.add_argument("--mel", type=float, default=15, help="weight of the mel loss")
    ap.add_argument("--wave", type=float, default=0.0, help="weight of the wave below 600 Hz")
    ap.add_argument("--listener", type=float, default=0.0, help="weight of what the listener (DIR/listener.pt) hears")
    ap.add_argument("--minutes", type=float, default=1e9)
    ap.add_argument("--freeze", action="store_true")
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    out = args.work / "vae"
    out.mkdir(parents=True, exist_ok=True)

    vae, ema = AudioVAE(AUDIO_VAE_CONFIG), AudioVAE(AUDIO_VAE_CONFIG).requires_grad_(False)
    vae.initialise()
    ema.load_state_dict(vae.state_dict())
    head, spectral = MelHead(AUDIO_VAE_CONFIG["latent_dim"]), SpectralLoss()
    wave_head = WaveHead(AUDIO_VAE_CONFIG["latent_dim"])
    params = [*vae.parameters(), *(() if args.anchor else head.parameters()),
              *(wave_head.parameters() if args.wave else ())]
    opt = torch.optim.AdamW(params, lr=args.lr, betas=(0.8, 0.99), weight_decay=1e-3)
    step, last = -args.encoder_steps, out / "last.pt"
    before = checkpoints.load_vae(args.start)[0].encoder.requires_grad_(False) if args.anchor else None
    if last.exists():
        c = torch.load(last, weights_only=False)
        vae.load_state_dict(c["model"])
        ema.load_state_dict(c["ema"])
        head.load_state_dict(c["head"])
        if args.wave:
            wave_head.load_state_dict(c["wave_head"])
        opt.load_state_dict(c["opt"])
        step = c["step"]
    elif args.start:
        step, weights = 0, torch.load(args.start, weights_only=False)["ema"]
        vae.load_state_dict(weights)
        ema.load_state_dict(weights)
    torch.manual_seed(step + 1_000_000)
    crops = Crops([args.work / "speech" / s for s in args.sets.split(",")], seed=step)
    low_wave = LowWaveLoss()
    listener = listening.load(args.work / "listener.pt") if args.listener else None

    def save() -> None:
        torch.save({"model": vae.state_dict(), "ema": ema.state_dict(), "head": head.state_dict(),
                    "wave_head": wave_head.state_dict(), "opt": opt.state_dict(), "step": step}, out / "last.tmp")
        os.replace(out / "last.tmp", last)

    log = open(out / "log.jsonl", "a", encoding="utf-8")
    clock = Clock(args.minutes)
    saved = mark = time.time()
    cpu = time.process_time()
    sums: dict[str, float] = defaultdict(float)
    while step < args.steps and not clock.over:
        joint = step >= 0
        since = step if joint else step + args.encoder_steps
        rate = args.lr * min(1.0, (since + 1) / (args.warmup if joint else 30)) * 0.5 ** (max(0, step) / args.half_life)
        if step >= args.anneal_from:
            rate *= (args.steps - step) / (args.steps - args.anneal_from)
        for g in opt.param_groups:
            g["lr"] = rate
        x = crops.batch(args.batch, vae.hop * args.frames)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mu, logvar = vae.encoder(x)
        mu, logvar = mu.float(), logvar.float().clamp(-8, 4)
        row: dict[str, torch.Tensor] = {}
        if before is None:
            noisy = ramp(step, args.noise_from, 1000)
            floor = ramp(step, 2000, 300) * args.noise_floor ** 2
            z = mu + noisy * torch.randn_like(mu) * (logvar.exp() + floor).sqrt()
            row["head"] = head(z, x)
            loss = 10 * row["head"]
        else:
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                old = before(x)[0].float()
            z = mu + args.noise_floor * 2 * torch.rand(len(x), 1, 1) * torch.randn_like(mu)
            row["left"] = (mu - old).square().mean()
            loss = args.anchor * F.relu(row["left"] - args.leave)
        if args.wave:
            heard = wave_head(z, x)
            loss, row["wave_head"] = loss + 2 * args.wave * heard, heard
        if joint:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                y = vae.decoder(z)
            mel, relative = spectral(y.float()[:, 0], x[:, 0])
            if args.wave:
                wave = low_wave(y.float()[:, 0], x[:, 0])
                loss, row["wave"] = loss + args.wave * wave, wave
            if listener is not None:
                phones, layers = listening.listening_loss(listener, y.float()[:, 0], x[:, 0])
                loss = loss + args.listener * (phones + layers)
                row |= {"phones": phones, "layers": layers}
            loss = loss + args.mel * mel + 2 * relative
            row |= {"mel": mel, "relative": relative, "std": mu.std()}
            if before is None:
                kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).mean()
                loss = loss + args.kl * noisy * kl
                row |= {"kl": kl, "sigma": (0.5 * logvar).exp().mean()}
        opt.zero_grad(set_to_none=True)
        loss.backward()
        row["norm"] = torch.nn.utils.clip_grad_norm_(params, 10.0)
        opt.step()
        step += 1
        with torch.no_grad():
            done = step + args.encoder_steps
            torch._foreach_lerp_(list(ema.parameters()), list(vae.parameters()), 1 - min(0.999, done / (done + 10)))
        for k, v in row.items():
            sums[k] += float(v.detach())
        if step % 50 == 0:
            line = {k: round(v / 50, 4) for k, v in sums.items()}
            line |= {"step": step, "lr": rate, "wall": round((time.time() - mark) / 50, 2),
                     "cpu": round((time.process_time() - cpu) / 50, 2)}
            print(line, flush=True)
            log.write(json.dumps(line) + "\n")
            log.flush()
            sums.clear()
            mark, cpu = time.time(), time.process_time()
        if time.time() - saved > 300:
            save()
            saved = time.time()
    save()
    if args.freeze and step >= args.steps:
        torch.save({"ema": ema.state_dict(), "step": step}, out / "frozen.pt")
        print(f"frozen at step {step}", flush=True)
    print(f"stopped at step {step}", flush=True)


if __name__ == "__main__":
    main()
