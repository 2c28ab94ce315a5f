"""Built-in voices, and how near cloned speech comes to its prompt's speaker.

    python -m training.speakers voices --work DIR
    python -m training.speakers previews --work DIR --mynah PROGRAM --model FOLDER
    python -m training.speakers check --work DIR [--mynah PROGRAM --model FOLDER] [--cases 40]

``voices`` lets the teachers speak one prompt per built-in voice and writes
DIR/voices: the prompt's latents (scaled, as the exported encoder gives them),
the prompt as a preview and voices.json for generation.json.  ``previews`` puts
what the product says in each voice in the place of the prompts.  ``check`` has the product
(or PyTorch, where no product is named: for a look in between) clone unseen synthetic speakers from a clip and its words, and asks the speaker
encoder (``training.embedder``) whether the result is nearer to its prompt's speaker
than to any built-in voice; the teacher's own voice through the audio VAE is asked
about in the same way, and is the most that can be reached.  A speaker is the mean of
some sentences, as one of them says as much of its words as of its voice; how often
the prompt alone is nearest is printed, too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from . import checkpoints, embedder, judge, phonemes, tokenizer
from .audiovae import AudioVAE
from .dataset import PATCH, SAMPLES_PER_PATCH
from .speech import SAMPLE_RATE
from .teachers import Hibari, Kokoro, Tract, level

#: Speakers from this number on are never trained on.
UNSEEN = 1_000_000
#: Sentences that a speaker is the mean of, a clone's prompt among them.
SENTENCES = 6
#: A tract whose formants and pitch are both this near to those of another (ratios) is the same speaker.
SAME_SPEAKER = (1.06, 1.15)


@dataclass
class Voice:
    """A built-in voice: hibari in a vocal tract, or Kokoro with one of its style vectors."""

    name: str
    description: str
    transcript: str
    tract: Tract | None = None
    style: str = ""


VOICES = (
    Voice("wren", "Woman, American, clear and friendly", "Good morning. The kettle is on, and breakfast is almost ready.",
          tract=Tract()),
    Voice("bram", "Man, low and calm", "We walked along the shore until the lamps were lit.",
          tract=Tract(formant=0.85, pitch=0.55, pitch_range=0.9, speed=0.95, tilt=-0.4)),
    Voice("finch", "Young and bright, lively pitch", "Look over there, the little boat is coming back!",
          tract=Tract(formant=1.14, pitch=1.28, pitch_range=1.15, speed=1.03, tilt=0.3)),
    Voice("ayame", "Woman, soft and even", "The garden was quiet, and the rain had just stopped.", style="jf_alpha"),
    Voice("kumo", "Man, deep and steady", "Every road in the valley leads to the old bridge.", style="jm_kumo"),
)


def speak(voice: Voice, hibari: Hibari, kokoro: Kokoro, text: str | None = None) -> tuple[np.ndarray, str]:
    """The samples of the prompt, or of another text, and its phonemes in misaki's alphabet."""
    misaki, _ = hibari.phonemize(text or voice.transcript)
    if voice.tract is None:
        return level(kokoro.synthesise(misaki, kokoro.voices[voice.style], 1.0)), misaki
    wave, _ = hibari.synthesise(misaki, 1, voice.tract)
    return (wave if voice.tract == Tract() else level(wave)), misaki


@torch.inference_mode()
def encode_prompt(vae: AudioVAE, scale: Tensor, wave: np.ndarray) -> Tensor:
    """Patches [n, PATCH, D] of a clip, zeros on its left up to whole patches."""
    x = torch.from_numpy(np.pad(wave, (-len(wave) % SAMPLES_PER_PATCH, 0))).float()[None, None]
    return (vae.encoder(x)[0][0].T / scale).reshape(-1, PATCH, len(scale)).contiguous()


def build(work: Path) -> None:
    """Write the folder of built-in voices."""
    import soundfile

    hibari, kokoro = Hibari(), Kokoro()
    vae, _ = checkpoints.load_vae(checkpoints.newest_vae(work))
    scale = torch.from_numpy(np.load(work / "latents" / "scale.npy"))
    out = work / "voices"
    out.mkdir(parents=True, exist_ok=True)
    entries = []
    for voice in VOICES:
        wave, misaki = speak(voice, hibari, kokoro)
        z = encode_prompt(vae, scale, wave)
        save_file({"latents": z}, out / f"{voice.name}.safetensors")
        soundfile.write(out / f"{voice.name}.ogg", wave, SAMPLE_RATE, format="OGG", subtype="VORBIS")
        entries.append({"name": voice.name, "description": voice.description, "transcript": voice.transcript,
                        "phonemes": phonemes.to_arpabet(misaki), "latents": f"voices/{voice.name}.safetensors",
                        "preview": f"voices/{voice.name}.ogg"})
        print(f"{voice.name}: {len(wave) / SAMPLE_RATE:.2f} s, {len(z)} patches")
    (out / "voices.json").write_text(json.dumps(entries, indent=1, ensure_ascii=False), encoding="utf-8")


def strangers(count: int) -> list[Tract]:
    """Tracts never trained on that are none of the built-in voices: the same speaker in two places has no nearest."""
    def near(a: Tract, b: Tract) -> bool:
        ratios = a.formant / b.formant, a.pitch / b.pitch
        return all(1 / most < ratio < most for ratio, most in zip(ratios, SAME_SPEAKER, strict=True))

    known = [v.tract for v in VOICES if v.tract]
    every = (Tract.random(UNSEEN + i) for i in itertools.count())
    return list(itertools.islice((t for t in every if not any(near(t, k) for k in known)), count))


class Nearest:
    """Which of some voices a clip is nearest to; every clip that is compared has gone through the audio VAE."""

    def __init__(self, work: Path):
        self.encoder = embedder.load(work)
        self.vae, _ = checkpoints.load_vae(checkpoints.newest_vae(work))

    def embed(self, wave: np.ndarray) -> np.ndarray:
        """Of a clip that has not gone through the audio VAE yet."""
        return self.encoder.embed(embedder.through_vae(self.vae, wave))

    @staticmethod
    def mean(embeddings: list[np.ndarray]) -> np.ndarray:
        """The direction of a speaker."""
        total = np.sum(embeddings, axis=0)
        return total / np.linalg.norm(total)


@dataclass
class Heard:
    """Similarities of a clip to its prompt's speaker and the nearest built-in voice, and the same for the clips alone."""

    speaker: float
    built_in: float
    prompt: float
    built_in_prompt: float


#: The speech of a text in the voice of a clip with its words: (samples, their text, text) to samples.
Cloner = Callable[[np.ndarray, str, str], np.ndarray]


def product(mynah: Path, model: Path) -> Cloner:
    """Clones with ``mynah say``."""
    import soundfile

    def clone(wave: np.ndarray, words: str, text: str) -> np.ndarray:
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "prompt.wav"
            soundfile.write(clip, wave, SAMPLE_RATE)
            return judge.speak(mynah, model, text, ["--prompt-audio", str(clip), "--prompt-text", words])

    return clone


def in_training(work: Path, tts: Path, hibari: Hibari) -> Cloner:
    """Clones with the language model as it is being trained and the newest audio VAE."""
    model, scale, step = checkpoints.load_tts(tts)
    vae, _ = checkpoints.load_vae(checkpoints.newest_vae(work))
    print(f"language model of step {step}")

    @torch.inference_mode()
    def clone(wave: np.ndarray, words: str, text: str) -> np.ndarray:
        line = " ".join(phonemes.to_arpabet(hibari.phonemize(t)[0]) for t in (words, text))
        ids = tokenizer.encode(line)[0] + [tokenizer.AUDIO_START]
        z = model.generate(ids, prompt=encode_prompt(vae, scale, wave), max_patches=60, temperature=0.5,
                           generator=torch.Generator().manual_seed(1))
        return vae.decoder((z.reshape(-1, z.shape[-1]) * scale).T[None])[0, 0].numpy()

    return clone


def check(work: Path, mynah: Path | None, model: Path | None, tts: Path, cases: int) -> None:
    """Clone ``cases`` unseen speakers; report how often the prompt is nearest."""
    hibari, kokoro = Hibari(), Kokoro()
    clone = product(mynah, model) if mynah and model else in_training(work, tts, hibari)
    nearest = Nearest(work)
    lines = Path(__file__).with_name("evaluation.txt").read_text(encoding="utf-8").splitlines()
    built_in = [[nearest.embed(speak(v, hibari, kokoro, text)[0]) for text in (None, *lines[-SENTENCES + 1:])] for v in VOICES]
    means, prompts = np.stack([nearest.mean(v) for v in built_in]), np.stack([v[0] for v in built_in])
    results: dict[str, list[Heard]] = {"clone": [], "teacher": []}
    for case, tract in enumerate(strangers(cases)):
        prompt, target = lines[case % len(lines)], lines[(case + 37) % len(lines)]
        others = [lines[(case + 50 + i) % len(lines)] for i in range(SENTENCES - 1)]
        wave, same, *more = (level(hibari.synthesise(hibari.phonemize(text)[0], case, tract)[0])
                             for text in (prompt, target, *others))
        out = clone(wave, prompt, target)
        asked = nearest.embed(wave)
        speaker = nearest.mean([asked, *(nearest.embed(w) for w in more)])
        for who, spoken in (("clone", nearest.encoder.embed(out)), ("teacher", nearest.embed(same))):
            results[who].append(Heard(float(spoken @ speaker), float((means @ spoken).max()),
                                      float(spoken @ asked), float((prompts @ spoken).max())))
        print(f"{case}: formants {tract.formant:.2f}, pitch {tract.pitch:.2f}: " + "; ".join(
            f"{who} {own[-1].speaker:.2f} to its speaker, {own[-1].built_in:.2f} to a built-in voice"
            for who, own in results.items()), flush=True)
    for who, own in results.items():
        row = {"what": who, "by": "product" if mynah else "training", "cases": cases,
               "nearest_is_speaker": sum(h.speaker > h.built_in for h in own) / cases,
               "nearest_is_prompt": sum(h.prompt > h.built_in_prompt for h in own) / cases,
               "similarity": round(float(np.mean([h.speaker for h in own])), 3),
               "nearest_built_in": round(float(np.mean([h.built_in for h in own])), 3)}
        print(row)
        with open(work / "evaluation.jsonl", "a", encoding="utf-8") as f:
            f.write(json.dumps(row) + "\n")


def previews(mynah: Path, model: Path) -> None:
    """Let every built-in voice introduce itself."""
    for voice in json.loads((model / "generation.json").read_text(encoding="utf-8"))["voices"]:
        line = f"Hello, I am {voice['name'].capitalize()}, and this is how your text sounds when I read it."
        subprocess.run([mynah, "say", line, "--model", model, "--voice", voice["name"], "--seed", "1",
                        "-o", model / voice["preview"]], check=True)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("what", choices=("voices", "previews", "check"))
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--mynah", type=Path, help="the program (previews, check)")
    ap.add_argument("--model", type=Path, help="an exported checkpoint (previews, check)")
    ap.add_argument("--tts", type=Path, help="a state of train_tts (check without --mynah)")
    ap.add_argument("--cases", type=int, default=40)
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if args.what == "voices":
        build(args.work)
    elif args.what == "check":
        check(args.work, args.mynah, args.model, args.tts or args.work / "tts" / "last.pt", args.cases)
    elif not (args.mynah and args.model):
        ap.error(f"{args.what} needs --mynah and --model")
    else:
        previews(args.mynah, args.model)


if __name__ == "__main__":
    main()
