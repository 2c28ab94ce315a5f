"""Times the reference implementation: VoxCPM-1.5 at full size, random weights, a number of patches, by stage.

    VOXCPM_SRC=/folder/of/the/unpacked/wheel python bench_reference.py --precision f32 --threads 2 --patches 25

Prints one JSON object with the keys of `mynah bench --json`. Only the package's model code is imported; whatever its
top level wants (downloads, web page) is left out.
"""

import argparse
import json
import resource
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--patches", type=int, default=25)
parser.add_argument("--steps", type=int, default=10)
parser.add_argument("--cfg", type=float, default=2.0)
options = parser.parse_args()

import reference  # noqa: E402, F401
import torch  # noqa: E402

torch.set_num_threads(options.threads)
from voxcpm.model.voxcpm import VoxCPMConfig, VoxCPMModel  # noqa: E402
from voxcpm.modules.audiovae import AudioVAE, AudioVAEConfig  # noqa: E402

rope = {"type": "longrope", "long_factor": [1.0] * 32, "short_factor": [1.0] * 32, "original_max_position_embeddings": 32768}
local = {"hidden_dim": 1024, "ffn_dim": 4096, "num_heads": 16, "num_layers": 8}
config = VoxCPMConfig.model_validate({
    "lm_config": {
        "bos_token_id": 1, "eos_token_id": 2, "hidden_size": 1024, "intermediate_size": 4096,
        "max_position_embeddings": 32768, "num_attention_heads": 16, "num_hidden_layers": 24, "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5, "rope_theta": 10000, "rope_scaling": rope, "vocab_size": 73448, "scale_emb": 12,
        "dim_model_base": 256, "scale_depth": 1.4, "use_mup": False,
    },
    "patch_size": 4, "feat_dim": 64, "scalar_quantization_latent_dim": 256, "scalar_quantization_scale": 9,
    "residual_lm_num_layers": 8, "encoder_config": local,
    "dit_config": {**local, "cfm_config": {"sigma_min": 1e-6, "solver": "euler", "t_scheduler": "log-norm"}},
    "max_length": 512, "device": "cpu", "dtype": "float32" if options.precision == "f32" else "bfloat16",
})


class Tokens:
    """Stands in for the tokenizer: the text is a number of tokens."""

    vocab: dict = {}

    def tokenize(self, text, **_):
        return ["x"] * int(text)

    def convert_tokens_to_ids(self, tokens):
        return list(range(1000, 1000 + len(tokens)))


seconds = {}


def timed(stage, function):
    def call(*arguments, **named):
        start = time.perf_counter()
        result = function(*arguments, **named)
        seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - start
        return result

    return call


start = time.perf_counter()
torch.manual_seed(0)
vae = AudioVAE(AudioVAEConfig(
    encoder_dim=64, encoder_rates=[2, 3, 6, 7, 7], latent_dim=64, decoder_dim=2048, decoder_rates=[7, 7, 6, 3, 2],
    sample_rate=44100))
model = VoxCPMModel(config, Tokens(), vae, device="cpu").eval()
if options.precision == "bf16":
    model = model.to(torch.bfloat16)
    model.audio_vae = model.audio_vae.to(torch.float32)
load = time.perf_counter() - start

model.base_lm.forward = timed("prefill", model.base_lm.forward)
model.residual_lm.forward = timed("prefill", model.residual_lm.forward)
model.base_lm.forward_step = timed("lm", model.base_lm.forward_step)
model.residual_lm.forward_step = timed("lm", model.residual_lm.forward_step)
model.feat_encoder.forward = timed("local_encoder", model.feat_encoder.forward)
model.feat_decoder.forward = timed("diffusion", model.feat_decoder.forward)
model.audio_vae.decode = timed("vae_decode", model.audio_vae.decode)

start = time.perf_counter()
audio = model.generate(
    "40", min_len=options.patches + 1, max_len=options.patches, inference_timesteps=options.steps,
    cfg_value=options.cfg)
wall = time.perf_counter() - start
length = audio.shape[-1] / 44100
print(json.dumps({
    "rtf": wall / length, "audio_seconds": length, "wall_seconds": wall, "load_seconds": load,
    "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "threads": options.threads,
    "precision": options.precision, "stages": {name: {"seconds": value} for name, value in seconds.items()},
}))
