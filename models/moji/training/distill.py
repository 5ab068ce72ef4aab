"""Stage `distill`: LCM-LoRA, latent consistency distillation into low-rank adapters (arXiv 2310.04378, 2311.05556).

`fourstep distill` learns it, by the recipe beside, from the same latents as the base.
"""

import json
import pathlib

import lora
import program

UPDATES = 900
RECIPE = pathlib.Path(__file__).resolve().parent / "distill-recipe.json"
RANK = json.loads(RECIPE.read_text())["rank"]  # with the one-step accelerator of the same rank the weights stay below 48 MB


def main(work, args):
    target, part = work / "lcm-lora.safetensors", work / "lcm-lora.part.safetensors"
    if target.exists():
        print(f"distill: {target} is there already")
        return
    program.learn(work, ["distill"], RECIPE, args.steps or UPDATES, part, latents=work / "latents")
    print(f"distill: {lora.publish(part, target, {'ss_output_name': 'lcm-lora'})} modules written")
