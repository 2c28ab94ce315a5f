"""Speaks a text with the reference and compares with the audio of `mynah trace`, from the same seed.

    VOXCPM_SRC=/folder/of/the/package python compare_audio.py MODEL TRACE --text "{HH AH0 L OW1}." --seed 1

MODEL is a checkpoint folder, TRACE the file that `mynah trace` wrote for the same text and seed. Prints the
signal-to-noise ratio in decibels and the largest difference.
"""

import argparse
import math
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
parser.add_argument("trace")
parser.add_argument("--text", required=True)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--max-patches", type=int, default=2000)
options = parser.parse_args()

import reference  # noqa: E402, F401
import torch  # noqa: E402

from safetensors.torch import load_file  # noqa: E402
from voxcpm.model.voxcpm import VoxCPMModel  # noqa: E402

model = VoxCPMModel.from_local(options.model, optimize=False, device="cpu")
torch.manual_seed(options.seed)
reference = model.generate(options.text, max_len=options.max_patches).flatten()
ours = load_file(options.trace)["audio"].flatten()
if len(reference) != len(ours):
    sys.exit(f"the reference speaks {len(reference)} samples, the trace holds {len(ours)}")
noise = (reference - ours).square().mean().item()
ratio = 10 * math.log10(reference.square().mean().item() / noise) if noise > 0 else math.inf
print(f"{len(ours)} samples, {ratio:.1f} dB, largest difference {(reference - ours).abs().max().item():.2e}")
