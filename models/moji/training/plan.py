"""Stage `plan`: every picture the card's table needs, as one JSON object a line in jobs.jsonl.

A job says what to draw (prompt, seed, sampler, accelerator, style), where to write it, and what ought to be seen. Whoever draws,
our engine or diffusers, reads this file and nothing else. `natural` rows are prompts as people type them (prompts-dev.json, or
--known FILE with another hundred), two seeds each, for the blind test.
"""

import json
import pathlib
import random

from compose import Glyphs, sample
from styles import STYLES

HERE = pathlib.Path(__file__).resolve().parent
GUIDANCE = 3.0
STEPS = (1, 2, 4, 8)
MAIN, STYLED = 150, 40
SHEET = 40


def asks(glyphs, rng, count, kinds=None):
    """Captions of the grammar with the facts that a picture of each must show."""
    listed = []
    for n in range(count):
        made = sample(glyphs, rng, kinds[n % len(kinds)] if kinds else None)
        facts = {key: made.facts.get(key) for key in ("things", "place", "ground", "count", "colour", "relation", "kind")}
        listed.append({"prompt": made.caption, **facts})
    return listed


def asked_first(glyphs, rng):
    """What most rows draw, and what those of styles do."""
    return asks(glyphs, rng, MAIN), asks(glyphs, rng, STYLED, ("single", "colour", "wearing", "holding", "beside"))


def jobs(glyphs, natural):
    rng, lines = random.Random(11), []
    main, styled = asked_first(glyphs, rng)
    related = asks(glyphs, rng, 60, ("beside", "wearing", "holding", "riding", "in", "on"))

    def row(name, asked, scheduler, steps, guidance, accelerator=None, style=None, first_seed=1000):
        for n, ask in enumerate(asked):
            lines.append({
                **ask, "row": name, "path": f"{len(lines):05d}.png", "seed": first_seed + n, "scheduler": scheduler, "steps": steps, "guidance": guidance, "accelerator": accelerator,
                "style": style, "styleWeight": 1.0,
            })

    row("teacher: DDIM, 25 steps, guided", main, "ddim", 25, GUIDANCE)
    for steps in STEPS:
        row(f"LCM-LoRA, {steps}", main, "lcm", steps, 1.0, "lcm")
        row(f"DDIM, {steps}, guided", main, "ddim", steps, GUIDANCE)
    for steps in (2, 4):
        row(f"DDIM, {steps}, no guidance", main, "ddim", steps, 1.0)
    for steps in (1, 2):
        row(f"one-step accelerator, {steps}", main, "lcm", steps, 1.0, "one-step")
    row("two things, LCM-LoRA, 4", related, "lcm", 4, 1.0, "lcm")
    for style in STYLES:
        row(f"{style} alone, DDIM 25, guided", styled, "ddim", 25, GUIDANCE, None, style)
        row(f"{style} + LCM-LoRA, 4", styled, "lcm", 4, 1.0, "lcm", style)
    for seed in (1, 2):
        row(f"natural {seed}", [{**ask, "natural": True} for ask in natural], "lcm", 4, 1.0, "lcm", None, 10_000 * seed)
    for style in (None, *STYLES):
        row(f"sheet {style or 'plain'}", styled[:SHEET], "lcm", 4, 1.0, "lcm", style)
    return lines


def main(work, args):
    natural = json.loads((args.known or HERE / "prompts-dev.json").read_text())
    lines = jobs(Glyphs(work), natural)
    (work / "jobs.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    print(f"plan: {len(lines)} pictures, {sum(l['steps'] * (2 if l['guidance'] > 1 else 1) for l in lines)} UNet calls")
