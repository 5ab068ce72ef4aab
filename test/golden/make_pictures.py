"""Writes pictures/: whole pictures drawn by diffusers' pipelines with the tiny random models, for test/engine.

Made with torch 2.15, diffusers 0.42, transformers 5, peft:  python test/golden/make_pictures.py

LoRA weights follow the recipe of tiny_models.py as well: for every weight of two or more dimensions whose name ends in
one of TARGETS, a pair under kohya's spelling, down = 0.5 recipe("lora/NAME", "KEY.lora_down.weight") and up likewise, of
rank RANKS[NAME] and alpha ALPHAS[NAME]. cases.json holds one request a picture; pictures are PNG, mostly 64 x 64.
"""
import json
import pathlib
import tempfile

import numpy
import torch
from diffusers import (
    LatentConsistencyModelImg2ImgPipeline,
    LatentConsistencyModelPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image

from recipes import CLASSES
from tiny_models import component, pipeline_folder, recipe

HERE = pathlib.Path(__file__).parent
PIPELINES = {
    "sd15": (StableDiffusionPipeline, StableDiffusionImg2ImgPipeline),
    "sdxl": (StableDiffusionXLPipeline, StableDiffusionXLImg2ImgPipeline),
    "ssd1b": (StableDiffusionXLPipeline, StableDiffusionXLImg2ImgPipeline),
    "lcm": (LatentConsistencyModelPipeline, LatentConsistencyModelImg2ImgPipeline),
}
ATTENTION = ["to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"]
CONVOLUTIONS = ["conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv", "time_emb_proj"]
# `lcm` reaches everything that the published LCM-LoRAs reach, `ink` what an ordinary style does, `clay` convolutions too.
# `voice` reaches the text encoders as well.
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
TARGETS = {
    "lcm": ATTENTION + CONVOLUTIONS,
    "ink": ATTENTION,
    "clay": ATTENTION + CONVOLUTIONS,
    "voice": ["to_q", "to_v"] + TEXT,
}
RANKS = {"lcm": 8, "ink": 4, "clay": 3, "voice": 5}
ALPHAS = {"lcm": 4.0, "ink": 4.0, "clay": 1.5, "voice": 5.0}

CASES = [
    *({"name": f"sd15-lcm-{n}", "model": "sd15", "steps": n, "lcm": True, "loras": {"ink": 0.8}} for n in (1, 2, 4, 8)),
    {"name": "sd15-guided", "model": "sd15", "lcm": True, "loras": {"ink": 0.8}, "guidance": 1.8, "negative": "red cat"},
    {"name": "sd15-guided-empty", "model": "sd15", "lcm": True, "guidance": 1.8},
    {"name": "sd15-plain", "model": "sd15", "lcm": True, "seed": 2**40 + 3},
    {"name": "sd15-clay", "model": "sd15", "lcm": True, "loras": {"clay": 1.1}},
    {"name": "sd15-two-styles", "model": "sd15", "lcm": True, "loras": {"ink": 0.5, "clay": -0.4}},
    {"name": "sd15-voice", "model": "sd15", "lcm": True, "loras": {"voice": 0.9}, "steps": 2},
    {"name": "sd15-three", "model": "sd15", "lcm": True, "loras": {"ink": 1.0}, "count": 3, "seed": 77},
    {"name": "sd15-wide", "model": "sd15", "lcm": True, "width": 128, "steps": 2},
    {"name": "sd15-odd", "model": "sd15", "lcm": True, "width": 72, "height": 88, "steps": 2},
    {"name": "sd15-img2img", "model": "sd15", "lcm": True, "loras": {"ink": 0.8}, "strength": 0.6},
    {"name": "sd15-ddim", "model": "sd15", "scheduler": "ddim", "steps": 5, "guidance": 4.0, "negative": "a cat"},
    {"name": "sd15-dpm", "model": "sd15", "scheduler": "dpm++", "steps": 5, "guidance": 3.0},
    {"name": "sd15-euler", "model": "sd15", "scheduler": "euler", "steps": 5, "guidance": 3.0},
    {"name": "sd15-ddim-img2img", "model": "sd15", "scheduler": "ddim", "steps": 6, "strength": 0.5, "guidance": 2.0},
    {"name": "sd15-tiny", "model": "sd15", "lcm": True, "loras": {"ink": 0.8}, "steps": 2, "count": 2, "decoder": "tiny"},
    {"name": "sdxl-lcm-2", "model": "sdxl", "lcm": True, "loras": {"ink": 0.8}, "steps": 2},
    {"name": "sdxl-lcm-4", "model": "sdxl", "lcm": True, "loras": {"ink": 0.8}},
    {"name": "sdxl-guided", "model": "sdxl", "lcm": True, "guidance": 1.8, "negative": "red cat"},
    {"name": "sdxl-guided-empty", "model": "sdxl", "lcm": True, "guidance": 1.8},
    {"name": "sdxl-img2img", "model": "sdxl", "lcm": True, "loras": {"ink": 0.8}, "strength": 0.4},
    {"name": "sdxl-voice", "model": "sdxl", "lcm": True, "loras": {"voice": 0.9}, "steps": 2},
    {"name": "sdxl-euler", "model": "sdxl", "scheduler": "euler", "steps": 5, "guidance": 3.0},
    {"name": "ssd1b-lcm", "model": "ssd1b", "lcm": True, "loras": {"ink": 0.8}, "guidance": 1.5, "steps": 3},
    {"name": "lcm-full", "model": "lcm", "guidance": 8.5},
    {"name": "lcm-full-img2img", "model": "lcm", "guidance": 7.5, "strength": 0.5},
]
DEFAULTS = {
    "prompt": "a blue fox and the red cat",
    "negative": "",
    "seed": 11,
    "count": 1,
    "steps": 4,
    "guidance": 1.0,
    "width": 64,
    "height": 64,
    "scheduler": "lcm",
    "lcm": False,
    "loras": {},
    "strength": None,
    "decoder": "full",
}


def init_picture(width, height):
    y, x = numpy.mgrid[0:height, 0:width]
    return Image.fromarray(numpy.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x * y) % 256], -1).astype("uint8"))


def lora_weights(name, pipe):
    state = {}
    if hasattr(pipe, "text_encoder_2"):
        encoders = {"lora_te1": pipe.text_encoder, "lora_te2": pipe.text_encoder_2}
    else:
        encoders = {"lora_te": pipe.text_encoder}
    for prefix, net in {"lora_unet": pipe.unet, **encoders}.items():
        for parameter, value in net.named_parameters():
            module = parameter.removesuffix(".weight")
            if value.ndim < 2 or not any(module.endswith("." + target) for target in TARGETS[name]):
                continue
            if prefix != "lora_unet":
                module = "text_model." + module.removeprefix("text_model.")
            key = f"{prefix}_{module.replace('.', '_')}"
            rank = RANKS[name]
            down = [rank, *value.shape[1:]]
            up = [value.shape[0], rank, *([1] * (value.ndim - 2))]
            state[f"{key}.lora_down.weight"] = 0.5 * recipe(f"lora/{name}", f"{key}.lora_down.weight", down)
            state[f"{key}.lora_up.weight"] = 0.5 * recipe(f"lora/{name}", f"{key}.lora_up.weight", up)
            state[f"{key}.alpha"] = torch.tensor(ALPHAS[name])
    return state


def draw(folder, case):
    text_to_image, image_to_image = PIPELINES[case["model"]]
    starts = case["strength"] is not None
    pipe = (image_to_image if starts else text_to_image).from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    if case["decoder"] == "tiny":
        pipe.vae = component("taesd", "vae")
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    pipe.scheduler = CLASSES[case["scheduler"]].from_config(config)
    weights = {**({"lcm": 1.0} if case["lcm"] else {}), **case["loras"]}
    # All before the first is loaded: peft renames the parameters.
    states = {name: lora_weights(name, pipe) for name in weights}
    for name, state in states.items():
        pipe.load_lora_weights(state, adapter_name=name)
    if weights:
        pipe.set_adapters(list(weights), list(weights.values()))
    arguments = {
        "num_inference_steps": case["steps"],
        "guidance_scale": case["guidance"],
        "generator": [torch.Generator("cpu").manual_seed(case["seed"] + k) for k in range(case["count"])],
        "num_images_per_prompt": case["count"],
        "output_type": "pil",
    }
    if not case["model"].endswith("lcm") and case["negative"]:
        arguments["negative_prompt"] = case["negative"]
    if starts:
        arguments["image"] = init_picture(case["width"], case["height"])
        arguments["strength"] = case["strength"]
        if case["scheduler"] == "lcm" and not case["model"].endswith("lcm"):
            # The ordinary pipelines cut LCM's schedule short; ours, like the LCM pipeline, puts strength inside it.
            def timesteps(steps, strength, device, *_, **__):
                pipe.scheduler.set_timesteps(steps, device, strength=strength)
                pipe.scheduler.set_begin_index(0)
                return pipe.scheduler.timesteps, steps

            pipe.get_timesteps = timesteps
    else:
        arguments |= {"width": case["width"], "height": case["height"]}
    return pipe(case["prompt"], **arguments).images


def main():
    torch.manual_seed(0)
    out = HERE / "pictures"
    for old in out.glob("*.png"):
        old.unlink()
    cases = []
    with tempfile.TemporaryDirectory() as temporary:
        folders = {m: pipeline_folder(m, pathlib.Path(temporary) / m, hub_spelling=False) for m in PIPELINES}
        for partial in CASES:
            case = {**DEFAULTS, **partial}
            files = []
            for k, picture in enumerate(draw(folders[case["model"]], case)):
                file = f"{case['name']}.png" if case["count"] == 1 else f"{case['name']}-{k + 1}.png"
                picture.save(out / file, optimize=True)
                files.append(file)
                pixels = numpy.asarray(picture)
                saturated = ((pixels == 0) | (pixels == 255)).mean()
                print(f"{file:28} mean {pixels.mean():6.1f} deviation {pixels.std():5.1f} saturated {saturated:.3f}")
            cases.append({**case, "files": files})
    loras = {n: {"targets": TARGETS[n], "rank": RANKS[n], "alpha": ALPHAS[n]} for n in TARGETS}
    (out / "cases.json").write_text(json.dumps({"loras": loras, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
