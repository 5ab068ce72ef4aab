"""Writes checkpoint-pictures/: what diffusers draws with small random models whose single files this program must recognise.

    python test/golden/make_checkpoint_pictures.py

Widths are multiples of 64 and groups are 32, as the published models have them, so that a config can be told from shapes.
Weights follow the recipe of tiny_models.py; the single files themselves are written by the test, in the original names.
Configs go to configs/cp-*/. Made with torch 2.15, diffusers 0.42.
"""
import json
import pathlib
import shutil
import tempfile

import numpy
import torch
from diffusers import AutoencoderTiny, LatentConsistencyModelImg2ImgPipeline, LatentConsistencyModelPipeline
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline

import make_pictures
from tiny_models import CONFIGS, fill, pipeline_folder

HERE = pathlib.Path(__file__).parent
OUT = HERE / "checkpoint-pictures"
DOWN, CROSS_DOWN = "DownBlock2D", "CrossAttnDownBlock2D"
UP, CROSS_UP = "UpBlock2D", "CrossAttnUpBlock2D"
SCHEDULER = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False,
             "num_train_timesteps": 1000, "set_alpha_to_one": False, "steps_offset": 1, "timestep_spacing": "leading"}


def unet(widths, cross, context, **more):
    return {"_class_name": "UNet2DConditionModel", "block_out_channels": widths, "cross_attention_dim": context,
            "down_block_types": [CROSS_DOWN if c else DOWN for c in cross], "sample_size": 8,
            "up_block_types": [CROSS_UP if c else UP for c in reversed(cross)], "norm_num_groups": 32, **more}


VAE = {"_class_name": "AutoencoderKL", "block_out_channels": [32, 32, 64, 64], "layers_per_block": 2, "latent_channels": 4,
       "norm_num_groups": 32, "sample_size": 64, "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4}


def clip(layers, act, projected=False):
    return {"architectures": ["CLIPTextModelWithProjection" if projected else "CLIPTextModel"], "model_type": "clip_text_model",
            "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1, "hidden_act": act, "hidden_size": 64, "intermediate_size": 128,
            "num_attention_heads": 1, "num_hidden_layers": layers, "max_position_embeddings": 77, "projection_dim": 64,
            "vocab_size": 540, "layer_norm_eps": 1e-5}


XL = {"addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 64 + 6 * 256,
      "use_linear_projection": True, "attention_head_dim": [1, 1, 2]}
W4, W3 = [64, 64, 128, 128], [64, 64, 128]
MODELS = {
    "cp-sd15": {"unet": unet(W4, [1, 1, 1, 0], 64, attention_head_dim=8), "vae": VAE | {"scaling_factor": 0.18215},
                "text_encoder": clip(3, "quick_gelu"), "scheduler": SCHEDULER},
    "cp-lcm": {"unet": unet(W4, [1, 1, 1, 0], 64, attention_head_dim=8, time_cond_proj_dim=256), "vae": VAE | {"scaling_factor": 0.18215},
               "text_encoder": clip(3, "quick_gelu"), "scheduler": SCHEDULER},
    "cp-sd2": {"unet": unet(W4, [1, 1, 1, 0], 64, attention_head_dim=[1, 1, 2, 2], use_linear_projection=True),
               "vae": VAE | {"scaling_factor": 0.18215}, "text_encoder": clip(2, "gelu"),
               "scheduler": SCHEDULER | {"prediction_type": "v_prediction"}},
    "cp-sdxl": {"unet": unet(W3, [0, 1, 1], 128, transformer_layers_per_block=[1, 1, 2], **XL), "vae": VAE | {"scaling_factor": 0.13025},
                "text_encoder": clip(3, "quick_gelu"), "text_encoder_2": clip(2, "gelu", True), "scheduler": SCHEDULER},
    "cp-ssd1b": {"unet": unet(W3, [0, 1, 1], 128, transformer_layers_per_block=[0, [2, 2], [2, 1]], mid_block_type="UNetMidBlock2D",
                              reverse_transformer_layers_per_block=[[2, 2, 3], [2, 1, 1], 0], **XL), "vae": VAE | {"scaling_factor": 0.13025},
                 "text_encoder": clip(3, "quick_gelu"), "text_encoder_2": clip(2, "gelu", True), "scheduler": SCHEDULER},
    # Vega: no middle at all.
    "cp-vega": {"unet": unet(W3, [0, 1, 1], 128, transformer_layers_per_block=[0, [1, 1], [2, 2]], mid_block_type=None,
                             reverse_transformer_layers_per_block=[[2, 2, 2], [1, 1, 1], 0], **XL), "vae": VAE | {"scaling_factor": 0.13025},
                "text_encoder": clip(3, "quick_gelu"), "text_encoder_2": clip(2, "gelu", True), "scheduler": SCHEDULER},
}
PLAIN = (StableDiffusionPipeline, StableDiffusionImg2ImgPipeline)
PIPELINES = {"cp-sd15": PLAIN, "cp-sd2": PLAIN, "cp-lcm": (LatentConsistencyModelPipeline, LatentConsistencyModelImg2ImgPipeline),
             "cp-sdxl": (StableDiffusionXLPipeline, StableDiffusionXLImg2ImgPipeline)}
PIPELINES["cp-ssd1b"] = PIPELINES["cp-vega"] = PIPELINES["cp-sdxl"]
# What the single file of an SD 2.x is told by: small where it predicts epsilon.
SIGN = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias"
TURBO = {"scheduler": "euler", "guidance": 1.0, "negative": "", "config": {"prediction_type": "epsilon", "timestep_spacing": "trailing"}}

CASES = [
    {"name": "sd15", "model": "cp-sd15"},
    {"name": "sd15-fp8", "model": "cp-sd15", "bits": "fp8"},
    {"name": "sd15-fp8-scaled", "model": "cp-sd15", "bits": "fp8-scaled"},
    {"name": "sd15-int8-rows", "model": "cp-sd15", "bits": "int8-rows"},
    {"name": "sd15-taesd", "model": "cp-sd15", "taesd": True},
    {"name": "sd15-taesd-start", "model": "cp-sd15", "taesd": True, "strength": 0.5},
    {"name": "lcm", "model": "cp-lcm", "scheduler": "lcm", "guidance": 8.0},
    {"name": "sd2-v", "model": "cp-sd2"},
    {"name": "sdxl", "model": "cp-sdxl"},
    {"name": "sdxl-v-ztsnr", "model": "cp-sdxl", "config": {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}},
    {"name": "ssd1b", "model": "cp-ssd1b"},
    {"name": "vega", "model": "cp-vega"},
    {"name": "sd-turbo-1", "model": "cp-sd2", "steps": 1, "quiet": SIGN, **TURBO},
    {"name": "sd-turbo-4", "model": "cp-sd2", "steps": 4, "quiet": SIGN, **TURBO},
    {"name": "sdxl-turbo-1", "model": "cp-sdxl", "steps": 1, **TURBO},
    {"name": "sdxl-turbo-4", "model": "cp-sdxl", "steps": 4, **TURBO},
]
DEFAULTS = make_pictures.DEFAULTS | {"scheduler": "ddim", "guidance": 3.0, "negative": "a cat", "steps": 3, "lcm": False}


def rounded(weight, bits):
    """As 8 bits hold it."""
    if bits == "fp8":
        return weight.to(torch.float8_e4m3fn).float()
    if bits == "fp8-scaled":
        scale = weight.abs().max() / 448
        return (weight / scale).to(torch.float8_e4m3fn).float() * scale
    scale = weight.flatten(1).abs().max(1).values.reshape(-1, *[1] * (weight.ndim - 1)) / 127
    return (weight / scale).round().clamp(-127, 127) * scale


def write_configs():
    for name, parts in MODELS.items():
        folder = CONFIGS / name
        shutil.rmtree(folder, ignore_errors=True)
        xl = "text_encoder_2" in parts
        kind = "LatentConsistencyModelPipeline" if name == "cp-lcm" else "StableDiffusionXLPipeline" if xl else "StableDiffusionPipeline"
        tokenizers = {"tokenizer": ["transformers", "CLIPTokenizer"]} | ({"tokenizer_2": ["transformers", "CLIPTokenizer"]} if xl else {})
        encoders = {part: ["transformers", config["architectures"][0]] for part, config in parts.items() if part.startswith("text")}
        index = {"_class_name": kind, "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
                 "scheduler": ["diffusers", "DDIMScheduler"], **encoders, **tokenizers}
        index |= {"force_zeros_for_empty_prompt": True} if xl else {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False}
        folder.mkdir(parents=True)
        (folder / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")
        for part, config in parts.items():
            (folder / part).mkdir()
            file = "scheduler_config.json" if part == "scheduler" else "config.json"
            (folder / part / file).write_text(json.dumps(config if part != "scheduler" else {"_class_name": "DDIMScheduler", **config}, indent=1) + "\n")
        for part in tokenizers:
            (folder / part).mkdir()
            # The second encoder's short prompts, and SD 2.x's, are filled with "!".
            pad = "!" if part == "tokenizer_2" or name == "cp-sd2" else "<|endoftext|>"
            (folder / part / "tokenizer_config.json").write_text(json.dumps({
                "tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": pad, "bos_token": "<|startoftext|>",
                "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}, indent=1) + "\n")


class Loaded:
    """A pipeline class that loads and then changes what a case wants changed."""

    def __init__(self, cls, case):
        self.cls, self.case = cls, case

    def from_pretrained(self, folder):
        pipe = self.cls.from_pretrained(folder)
        if "bits" in self.case:
            with torch.no_grad():
                for parameter in pipe.unet.parameters():
                    if parameter.ndim > 1:
                        parameter.copy_(rounded(parameter, self.case["bits"]))
        if "quiet" in self.case:
            with torch.no_grad():
                pipe.unet.get_parameter(self.case["quiet"]).mul_(0.125)
        if self.case.get("taesd"):
            pipe.vae = fill(AutoencoderTiny(encoder_block_out_channels=[16] * 4, decoder_block_out_channels=[16] * 4), "vae")
            with torch.no_grad():  # random ones see nothing but black
                pipe.vae.decoder.layers[-1].weight.mul_(0.05)
                pipe.vae.decoder.layers[-1].bias.add_(0.5)
        return pipe


def main():
    write_configs()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    cases = []
    with tempfile.TemporaryDirectory() as temporary:
        for partial in CASES:
            case = {**DEFAULTS, **partial}
            folder = pipeline_folder(case["model"], pathlib.Path(temporary) / case["name"], hub_spelling=False)
            if "config" in case:
                file = folder / "scheduler" / "scheduler_config.json"
                file.write_text(json.dumps(json.loads(file.read_text()) | case["config"]))
            make_pictures.PIPELINES[case["model"]] = tuple(Loaded(cls, case) for cls in PIPELINES[case["model"]])
            [picture] = make_pictures.draw(folder, case)
            picture.save(OUT / f"{case['name']}.png", optimize=True)
            pixels = numpy.asarray(picture)
            print(f"{case['name']:20} mean {pixels.mean():6.1f} deviation {pixels.std():5.1f}")
            cases.append(case)
    (OUT / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
