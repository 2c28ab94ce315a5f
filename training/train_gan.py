"""AudioVAE stage 2: the decoder alone, encoder frozen; spectral losses, then discriminators as well.

    python -m training.train_gan --work DIR [--adversarial-from STEP] [--anneal-from STEP --anneal-steps N]

Where DIR/listener.pt is there (``training.listener``), the decoded sound must say the
same phones as well.  Starts from DIR/vae/frozen.pt (written by train_vae at the end of stage 1) and
resumes from DIR/gan/last.pt.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from pathlib import Path

import torch

from . import listener as listening
from .audiovae import AudioVAE
from .discriminators import Discriminators, discriminator_loss, generator_losses
from .losses import SpectralLoss
from .model import AUDIO_VAE_CONFIG
from .speech import Crops
from .stopping import Clock


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--sets", default="default,warped,kokoro")
    ap.add_argument("--batch", type=int, default=4)
    ap.add_argument("--frames", type=int, default=24, help="latent frames (40 ms) per crop")
    ap.add_argument("--lr", type=float, default=4e-4)
    ap.add_argument("--half-life", type=float, default=20000)
    ap.add_argument("--mel", type=float, default=45, help="weight of the mel loss: at 15 words get lost for the judges' sake")
    ap.add_argument("--listener", type=float, default=3, help="weight of what the listener hears")
    ap.add_argument("--noise", type=float, default=0.15, help="added to the latents; the decoder must bear it")
    ap.add_argument("--adversarial-from", type=int, default=1500)
    ap.add_argument("--anneal-from", type=int, default=1_000_000, help="from this step on the rate falls to nothing ...")
    ap.add_argument("--anneal-steps", type=int, default=1200, help="... in so many, and the work is done")
    ap.add_argument("--steps", type=int, default=1_000_000)
    ap.add_argument("--minutes", type=float, default=1e9)
    ap.add_argument("--anneal-minutes", type=float, default=0.0, help="let the rate fall over the last of --minutes")
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    out = args.work / "gan"
    out.mkdir(parents=True, exist_ok=True)

    vae, ema, judges = AudioVAE(AUDIO_VAE_CONFIG), AudioVAE(AUDIO_VAE_CONFIG), Discriminators()
    decoder = list(vae.decoder.parameters())
    opt = torch.optim.AdamW(decoder, lr=args.lr, betas=(0.8, 0.99), weight_decay=1e-3)
    opt_d = torch.optim.AdamW(judges.parameters(), lr=args.lr, betas=(0.8, 0.99), weight_decay=1e-3)
    step, last = 0, out / "last.pt"
    if last.exists():
        c = torch.load(last, weights_only=False)
        vae.load_state_dict(c["model"])
        ema.load_state_dict(c["ema"])
        judges.load_state_dict(c["judges"])
        opt.load_state_dict(c["opt"])
        opt_d.load_state_dict(c["opt_d"])
        step = c["step"]
    else:
        c = torch.load(args.work / "vae" / "frozen.pt", weights_only=False)
        vae.load_state_dict(c["ema"])
        ema.load_state_dict(c["ema"])
    vae.encoder.requires_grad_(False)
    ema.requires_grad_(False)
    torch.manual_seed(step)
    crops = Crops([args.work / "speech" / s for s in args.sets.split(",")], seed=step)
    spectral = SpectralLoss()
    listener = listening.load(args.work / "listener.pt") if (args.work / "listener.pt").exists() else None

    def save() -> None:
        torch.save({"model": vae.state_dict(), "ema": ema.state_dict(), "judges": judges.state_dict(),
                    "opt": opt.state_dict(), "opt_d": opt_d.state_dict(), "step": step}, out / "last.tmp")
        os.replace(out / "last.tmp", last)

    log = open(out / "log.jsonl", "a", encoding="utf-8")
    clock = Clock(args.minutes)
    saved = mark = time.time()
    cpu = time.process_time()
    sums: dict[str, float] = defaultdict(float)
    end = min(args.steps, args.anneal_from + args.anneal_steps)
    while step < end and not clock.over:
        warm = min(step, abs(step - args.adversarial_from)) if step >= args.adversarial_from else step
        rate = args.lr * min(1.0, (warm + 1) / 100) * 0.5 ** (step / args.half_life)
        rate *= min(1.0, (end - step) / args.anneal_steps) if step >= args.anneal_from else 1.0
        rate *= min(1.0, max(0.0, clock.left / (60 * args.anneal_minutes))) if args.anneal_minutes else 1.0
        for o in (opt, opt_d):
            for g in o.param_groups:
                g["lr"] = rate
        x = crops.batch(args.batch, vae.hop * args.frames)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            mu = vae.encoder(x)[0].float()
        z = mu + args.noise * torch.rand(len(x), 1, 1) * 2 * torch.randn_like(mu)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = vae.decoder(z)
        y = y.float()
        mel, relative = spectral(y[:, 0], x[:, 0])
        loss = args.mel * mel + 2 * relative
        row = {"mel": mel, "relative": relative}
        if listener is not None:
            phones, layers = listening.listening_loss(listener, y[:, 0], x[:, 0])
            loss = loss + args.listener * (phones + layers)
            row |= {"phones": phones, "layers": layers}
        if step >= args.adversarial_from:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                real, fake = judges(x), judges(y.detach())
            loss_d = discriminator_loss(real, fake)
            opt_d.zero_grad(set_to_none=True)
            loss_d.backward()
            torch.nn.utils.clip_grad_norm_(judges.parameters(), 10.0)
            opt_d.step()
            judges.requires_grad_(False)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                fake = judges(y)
            judges.requires_grad_(True)
            adversarial, matching = generator_losses(real, fake)
            loss = loss + adversarial + 2 * matching
            row |= {"judges": loss_d, "adversarial": adversarial, "matching": matching}
        opt.zero_grad(set_to_none=True)
        loss.backward()
        row["norm"] = torch.nn.utils.clip_grad_norm_(decoder, 50.0)
        opt.step()
        step += 1
        with torch.no_grad():
            torch._foreach_lerp_(list(ema.decoder.parameters()), decoder, 1 - min(0.998, step / (step + 10)))
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
    print(f"stopped at step {step}", flush=True)


if __name__ == "__main__":
    main()
