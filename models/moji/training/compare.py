"""Stage `compare`: LoRAs that were learnt elsewhere (--pictures, a folder) beside those of the model folder, by the card's judge.

Styles, drawn with the model's LCM-LoRA in four steps: how much of what the card's style prompts name is still found. A file whose
name begins with `lcm-lora` is an accelerator, drawn with alone: the card's prompts, four times each with the usual four steps. Our engine draws.
"""

import json
import random
import subprocess

import numpy as np
import torch
from PIL import Image

import evaluate
import judge
import plan
from compose import Glyphs
from styles import STYLES

MODEL = plan.HERE.parent
SEEDS = (1000, 2000, 3000, 4000)


def jobs(glyphs, model, files):
    (main, styled), lines = plan.asked_first(glyphs, random.Random(11)), []

    def row(name, asked, steps, seeds, **how):
        for seed in seeds:
            for n, ask in enumerate(asked):
                drawn = {"row": name, "path": f"{len(lines):05d}.png", "seed": seed + n, "scheduler": "lcm", "steps": steps, "guidance": 1.0, "accelerator": "lcm", "style": None, "styleWeight": 1.0}
                lines.append({**ask, **drawn, **how})

    accelerators = [file for file in files if file.stem.startswith("lcm-lora")]
    for file in [model / "lcm-lora.safetensors", *accelerators] if accelerators else []:
        for steps, seeds in ((2, SEEDS[:1]), (4, SEEDS), (8, SEEDS[:1])):
            row(f"{file.relative_to(model) if file.is_relative_to(model) else file.stem}, {steps}", main, steps, seeds, acceleratorFile=str(file))
    others = [file for file in files if file not in accelerators]
    for style in STYLES if others else ():
        row(f"{style}, shipped", styled, 4, SEEDS[:2], style=style)
    for file in others:
        row(f"{file.stem}, learnt", styled, 4, SEEDS[:2], style=file.stem, styleFile=str(file))
    return lines


def table(rows):
    lines = ["| | pictures | must-elements % | things % | first guess % | place % | sharpness |", "|---" * 7 + "|"]
    for name, s in rows:
        shares = " | ".join(evaluate.percent(s[part]) for part in ("all", "things", "top", "place"))
        lines.append(f"| {name} | {s['n']} | {shares} | {s['sharpness']:.2f} |")
    return "\n".join(lines) + "\n"


def main(work, args):
    torch.set_num_threads(args.threads)
    model, folder = (args.out or MODEL).resolve(), work / "compared"
    folder.mkdir(exist_ok=True)
    lines = jobs(Glyphs(work), model, sorted(file.resolve() for file in args.pictures.glob("*.safetensors")))
    (folder / "jobs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for old in (folder / "drawn").glob("*"):
        old.unlink()
    subprocess.run(["node", plan.HERE / "draw.mjs", folder, model], check=True)
    net, names = judge.load(work)
    index, rows = {name: n for n, name in enumerate(names)}, []
    for name in dict.fromkeys(line["row"] for line in lines):
        group = [line for line in lines if line["row"] == name]
        pictures = np.stack([np.asarray(Image.open(folder / "drawn" / line["path"]).convert("RGB")) for line in group])
        rows.append((name, evaluate.scores(net, index, group, pictures)[0]))
    (folder / "table.md").write_text(table(rows))
    print(table(rows))
