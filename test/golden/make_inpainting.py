"""Writes inpainting/: pictures that diffusers' inpainting pipelines draw with the tiny random models, for test/engine.

    python test/golden/make_inpainting.py

A case of nine channels is the same model with `in_channels: 9`, weights by the recipe of tiny_models.py. The start is
make_pictures.py's; the mask is white inside a disc that no block of eight pixels ends with, a dark grey around it. `mask:
"all"`: an inpainting model without a picture, which is one under a mask of ones. Made with torch 2.15, diffusers 0.42.
"""
import json
import pathlib
import shutil
import tempfile

import numpy
import torch
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionXLInpaintPipeline
from PIL import Image
from safetensors.torch import save_file

import make_pictures
from recipes import CLASSES
from tiny_models import component, pipeline_folder

OUT = pathlib.Path(__file__).parent / "inpainting"
PIPELINES = {"sd15": StableDiffusionInpaintPipeline, "sdxl": StableDiffusionXLInpaintPipeline}
CASES = [
    {"name": "mask-lcm", "lcm": True, "loras": {"ink": 0.8}},
    {"name": "mask-lcm-part", "lcm": True, "strength": 0.6},
    {"name": "mask-ddim-guided", "scheduler": "ddim", "steps": 5, "guidance": 3.0, "negative": "a cat"},
    {"name": "mask-ddim-part", "scheduler": "ddim", "steps": 6, "strength": 0.5},
    {"name": "mask-euler", "scheduler": "euler", "steps": 5},
    {"name": "mask-dpm", "scheduler": "dpm++", "steps": 5, "guidance": 2.0},
    {"name": "mask-tcd", "scheduler": "tcd", "lcm": True},
    {"name": "mask-sdxl", "model": "sdxl", "lcm": True},
    {"name": "nine-lcm", "channels": 9, "lcm": True, "loras": {"ink": 0.8}},
    {"name": "nine-lcm-part", "channels": 9, "lcm": True, "strength": 0.6},
    {"name": "nine-euler-guided", "channels": 9, "scheduler": "euler", "steps": 5, "guidance": 3.0, "negative": "a cat"},
    {"name": "nine-all", "channels": 9, "lcm": True, "mask": "all"},
    {"name": "nine-wide", "channels": 9, "lcm": True, "width": 72, "height": 88},
    {"name": "nine-sdxl", "model": "sdxl", "channels": 9, "lcm": True},
]
DEFAULTS = make_pictures.DEFAULTS | {"model": "sd15", "channels": 4, "strength": 1.0, "mask": "disc"}


def mask_picture(width, height, kind):
    y, x = numpy.mgrid[0:height, 0:width]
    inside = (x - 37) ** 2 + (y - 27) ** 2 < 21**2
    values = numpy.where(inside, 255, 100) if kind == "disc" else numpy.full((height, width), 255)
    return Image.fromarray(values.astype("uint8"), "L")


def model_folder(case, folder):
    pipeline_folder(case["model"], folder, hub_spelling=False)
    if case["channels"] == 9:
        file = folder / "unet" / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"in_channels": 9}))
        state = component(case["model"], "unet", in_channels=9).state_dict()
        save_file({k: v.contiguous() for k, v in state.items()}, folder / "unet" / "diffusion_pytorch_model.safetensors")
    return folder


def draw(folder, case):
    pipe = PIPELINES[case["model"]].from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    pipe.scheduler = CLASSES[case["scheduler"]].from_config(config)
    weights = {**({"lcm": 1.0} if case["lcm"] else {}), **case["loras"]}
    states = {name: make_pictures.lora_weights(name, pipe) for name in weights}
    for name, state in states.items():
        pipe.load_lora_weights(state, adapter_name=name)
    if weights:
        pipe.set_adapters(list(weights), list(weights.values()))
    if case["scheduler"] == "lcm":
        # As in make_pictures.py: strength inside LCM's schedule.
        def timesteps(num_inference_steps, strength, device, **_):
            pipe.scheduler.set_timesteps(num_inference_steps, device, strength=strength)
            pipe.scheduler.set_begin_index(0)
            return pipe.scheduler.timesteps, num_inference_steps

        pipe.get_timesteps = timesteps
    width, height = case["width"], case["height"]
    [picture] = pipe(
        case["prompt"],
        image=make_pictures.init_picture(width, height),
        mask_image=mask_picture(width, height, case["mask"]),
        width=width,
        height=height,
        strength=case["strength"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        eta=0.3 if case["scheduler"] == "tcd" else 0.0,  # TCD's own, which the pipelines' 0 would replace
        generator=torch.Generator("cpu").manual_seed(case["seed"]),
        **({"negative_prompt": case["negative"]} if case["negative"] else {}),
    ).images
    return picture


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    cases = []
    for partial in CASES:
        case = {**DEFAULTS, **partial}
        with tempfile.TemporaryDirectory() as temporary:
            picture = draw(model_folder(case, pathlib.Path(temporary)), case)
        picture.save(OUT / f"{case['name']}.png", optimize=True)
        pixels = numpy.asarray(picture)
        saturated = ((pixels == 0) | (pixels == 255)).mean()
        print(f"{case['name']:20} mean {pixels.mean():6.1f} deviation {pixels.std():5.1f} saturated {saturated:.3f}")
        cases.append(case)
    (OUT / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
