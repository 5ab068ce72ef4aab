"""Writes accelerators/: whole pictures drawn by diffusers with every accelerator's recipe, for test/engine.

Made with torch 2.15, diffusers 0.42, transformers 5, peft:  python test/golden/make_accelerators.py [RECIPE ...]
(with names: draws those alone, and leaves the other pictures as they are)

Models, LoRAs and their weights are those of make_pictures.py: `lcm` at 1 stands for the accelerator, `ink` at 0.8 is a
style beside it. Recipes are drawn at every step count that they allow. Pictures of one recipe and model stand below each
other in one PNG, in the order of cases.json; recipes that are stepped as LCM come out the same, and have LCM's.
"""

import json
import pathlib
import sys
import tempfile

import numpy
import torch
from PIL import Image

from make_pictures import ALPHAS, PIPELINES, RANKS, TARGETS, init_picture, lora_weights
from recipes import CLASSES, RECIPES
from tiny_models import pipeline_folder

HERE = pathlib.Path(__file__).parent
OUT = HERE / "accelerators"
PROMPT = "a blue fox and the red cat"
NEGATIVE = "green"
SEED = 11
SIDE = 64
LORAS = {"lcm": 1.0, "ink": 0.8}
AS_LCM = ("flash", "vegart", "one-step")


def cases_of(model):
    for recipe, (_, _, _, _, counts, guidance) in RECIPES.items():
        for steps in counts:
            yield {"model": model, "recipe": recipe, "steps": steps, "guidance": guidance}
    if model == "sd15":
        yield {"model": model, "recipe": "hyper-sd", "steps": 4, "guidance": 1.0, "strength": 0.6}
        yield {"model": model, "recipe": "lightning-4", "steps": 4, "guidance": 1.0, "strength": 0.6}
        yield {"model": model, "recipe": "hyper-sd", "steps": 4, "guidance": 1.0, "eta": 0.5}
        yield {"model": model, "recipe": "tcd", "steps": 3, "guidance": 1.0, "timesteps": [999, 600, 201]}


def draw(pipes, config, case):
    scheduler, settings, eta, timesteps, *_ = RECIPES[case["recipe"]]
    pipe = pipes["strength" in case]
    pipe.scheduler = CLASSES[scheduler].from_config(config, **settings)
    arguments = {
        "negative_prompt": NEGATIVE,
        "guidance_scale": case["guidance"],
        "generator": torch.Generator("cpu").manual_seed(SEED),
        "output_type": "pil",
    }
    if eta is not None:
        arguments["eta"] = case.get("eta", eta)
    timesteps = case.get("timesteps", timesteps)
    arguments |= {"num_inference_steps": case["steps"]} if timesteps is None else {"timesteps": timesteps}
    if "strength" in case:
        arguments |= {"image": init_picture(SIDE, SIDE), "strength": case["strength"]}
        if scheduler in ("lcm", "tcd"):
            # The ordinary pipelines cut the schedule short; ours puts strength inside it, as diffusers' for LCM does.
            def inside(steps, strength, device, *_, **__):
                pipe.scheduler.set_timesteps(steps, device, strength=strength)
                pipe.scheduler.set_begin_index(0)
                return pipe.scheduler.timesteps, steps

            pipe.get_timesteps = inside
    else:
        arguments |= {"width": SIDE, "height": SIDE}
    picture = pipe(PROMPT, **arguments).images[0]
    pipe.__dict__.pop("get_timesteps", None)
    return numpy.asarray(picture)


def main():
    OUT.mkdir(exist_ok=True)
    wanted = set(sys.argv[1:] or RECIPES)
    cases = []
    for model in ("sd15", "sdxl"):
        with tempfile.TemporaryDirectory() as temporary:
            folder = pipeline_folder(model, pathlib.Path(temporary) / model, hub_spelling=False)
            config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
            text_to_image, image_to_image = PIPELINES[model]
            pipe = text_to_image.from_pretrained(folder)
            # All before the first is loaded: peft renames the parameters.
            states = {name: lora_weights(name, pipe) for name in LORAS}
        for name, state in states.items():
            pipe.load_lora_weights(state, adapter_name=name)
        pipe.set_adapters(list(LORAS), list(LORAS.values()))
        pipes = (pipe, image_to_image(**pipe.components))
        for each in pipes:
            each.set_progress_bar_config(disable=True)
        sheets = {}
        for case in cases_of(model):
            if case["recipe"] in AS_LCM:
                twin = next(c for c in cases if (c["model"], c["recipe"], c["steps"]) == (model, "lcm", case["steps"]))
                cases.append({**case, "file": twin["file"], "row": twin["row"]})
                if {case["recipe"], "lcm"} <= wanted:
                    assert (draw(pipes, config, case) == sheets[twin["file"]][twin["row"]]).all(), case
                continue
            file = f"{model}-{case['recipe']}.png"
            rows = sum(known["file"] == file and known["recipe"] == case["recipe"] for known in cases)
            cases.append({**case, "file": file, "row": rows})
            if case["recipe"] not in wanted:
                continue
            pixels = draw(pipes, config, case)
            sheets.setdefault(file, []).append(pixels)
            print(file, case["steps"], f"mean {pixels.mean():.1f} deviation {pixels.std():.1f}", flush=True)
        for file, pictures in sheets.items():
            Image.fromarray(numpy.concatenate(pictures)).save(OUT / file, optimize=True)
    golden = {
        "prompt": PROMPT,
        "negative": NEGATIVE,
        "seed": SEED,
        "side": SIDE,
        "weights": LORAS,
        "loras": {n: {"targets": TARGETS[n], "rank": RANKS[n], "alpha": ALPHAS[n]} for n in LORAS},
        "cases": cases,
    }
    (OUT / "cases.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
