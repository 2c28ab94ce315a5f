"""Built-in voices, and how near cloned speech comes to its prompt's speaker.

    python -m training.speakers voices --work DIR
    python -m training.speakers previews --work DIR --mynah PROGRAM --model FOLDER
    python -m training.speakers check --work DIR --mynah PROGRAM --model FOLDER [--cases 40]

``voices`` lets the teachers speak one prompt per built-in voice and writes
DIR/voices: the prompt's latents (scaled, as the exported encoder gives them),
the prompt as a preview and voices.json for generation.json.  ``previews`` puts
what the product says in each voice in the place of the prompts.  ``check`` has the product
clone unseen synthetic speakers from a clip and its words, and asks the speaker
encoder (``training.embedder``) whether the result is nearer to its prompt than to
any built-in voice; the teacher's own voice through the audio VAE is asked about
in the same way, and is the most that can be reached.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from . import checkpoints, embedder, judge, phonemes
from .audiovae import AudioVAE
from .dataset import PATCH, SAMPLES_PER_PATCH
from .speech import SAMPLE_RATE
from .teachers import Hibari, Kokoro, Tract, level

#: Speakers from this number on are never trained on.
UNSEEN = 1_000_000
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


def speak(voice: Voice, hibari: Hibari, kokoro: Kokoro) -> tuple[np.ndarray, str]:
    """The prompt's samples and its phonemes in misaki's alphabet."""
    misaki, _ = hibari.phonemize(voice.transcript)
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

    def __init__(self, work: Path, built_in: list[np.ndarray]):
        self.encoder = embedder.load(work)
        self.vae, _ = checkpoints.load_vae(checkpoints.newest_vae(work))
        self.built_in = np.stack([self.embed(wave) for wave in built_in])

    def embed(self, wave: np.ndarray) -> np.ndarray:
        """Of a clip that has not gone through the audio VAE yet."""
        return self.encoder.embed(embedder.through_vae(self.vae, wave))

    def __call__(self, spoken: np.ndarray, prompt: np.ndarray) -> tuple[float, float]:
        """Similarity of an embedding to that of its prompt and to the nearest built-in voice's."""
        return float(spoken @ prompt), float((self.built_in @ spoken).max())


def check(work: Path, mynah: Path, model: Path, cases: int) -> None:
    """Clone ``cases`` unseen speakers with ``mynah say``; report how often the prompt is nearest."""
    import soundfile

    hibari, kokoro = Hibari(), Kokoro()
    nearest = Nearest(work, [speak(v, hibari, kokoro)[0] for v in VOICES])
    lines = Path(__file__).with_name("evaluation.txt").read_text(encoding="utf-8").splitlines()
    results: dict[str, list[tuple[float, float]]] = {"clone": [], "teacher": []}
    for case, tract in enumerate(strangers(cases)):
        prompt, target = lines[case % len(lines)], lines[(case + 37) % len(lines)]
        wave, same = (level(hibari.synthesise(hibari.phonemize(text)[0], case, tract)[0]) for text in (prompt, target))
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "prompt.wav"
            soundfile.write(clip, wave, SAMPLE_RATE)
            out = judge.speak(mynah, model, target, ["--prompt-audio", str(clip), "--prompt-text", prompt])
        asked = nearest.embed(wave)
        results["clone"].append(nearest(nearest.encoder.embed(out), asked))
        results["teacher"].append(nearest(nearest.embed(same), asked))
        print(f"{case}: formants {tract.formant:.2f}, pitch {tract.pitch:.2f}: " + "; ".join(
            f"{who} {own[-1][0]:.2f} to the prompt, {own[-1][1]:.2f} to a built-in voice"
            for who, own in results.items()), flush=True)
    for who, own in results.items():
        similarity, other = np.mean(own, axis=0)
        row = {"what": who, "cases": cases, "nearest_is_prompt": sum(a > b for a, b in own) / cases,
               "similarity": round(float(similarity), 3), "nearest_built_in": round(float(other), 3)}
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
    ap.add_argument("--cases", type=int, default=40)
    args = ap.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if args.what == "voices":
        build(args.work)
    elif not (args.mynah and args.model):
        ap.error(f"{args.what} needs --mynah and --model")
    elif args.what == "previews":
        previews(args.mynah, args.model)
    else:
        check(args.work, args.mynah, args.model, args.cases)


if __name__ == "__main__":
    main()
