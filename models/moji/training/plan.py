"""Stage `plan`: every picture the card's table needs, as one JSON object a line in jobs.jsonl.

A job says what to draw (prompt, seed, sampler, LoRA weights), where to write it, and what ought to be seen. Whoever draws,
our engine or diffusers, reads this file and nothing else.
"""

import json
import random

from data import Pictures
from vocabulary import COMMON, HELD_OUT_COLOURS, HELD_OUT_SCENES, prompt
from art import STYLES

GUIDANCE = 3.0
STEPS = (1, 2, 4, 8)
MAIN, STYLED, GRID = 100, 40, 4
COPIES = 1  # of every held-out pair
GRID_STYLE, GRID_LCM = (0.4, 0.6, 0.8, 1.0, 1.2), (0.6, 0.8, 1.0, 1.2)


SHEET = """a fox face on blue; a slice of pizza; a green cat face at night; a red apple on a white background; a donut; a bunny; a burger on yellow; a kitty; a blue fox; a rocket at night
a pink elephant at sunset; a rainbow; a unicorn on pink; a penguin in the snow; a dragon; a purple octopus; a castle at sunset; a red car on the beach; a birthday cake; a cactus on orange
a guitar; a robot on green; a ghost at night; a sunflower on blue; a palm tree on the beach; a panda on grass; an owl at night; a sailboat at sunset; a strawberry; a butterfly on purple
a lion on grass; a cup of coffee; a yellow umbrella; a snowman in the snow; a t-rex on the beach; a crown on red; a soccer ball on grass; a frog on pink; a skull on black; a heart""".replace("\n", "; ").split("; ")


def subjects(work, rng, count):
    """Half the everyday things, half the rest; places and colours as in training."""
    pictures = Pictures(work)
    rest = [name for name in pictures.names if name not in COMMON]
    names = rng.sample(list(COMMON), count // 2) + rng.sample(rest, count - count // 2)
    listed = []
    for name in names:
        facts = {"noun": name, "colour": None, "ground": "white", "scene": None}
        while rng.random() < 0.6:
            drawn = pictures.facts(rng)
            facts = {**drawn, "noun": name}
            if not ((name, facts["colour"]) in HELD_OUT_COLOURS or (name, facts["scene"]) in HELD_OUT_SCENES):
                break
        listed.append(asked(rng, facts))
    return listed


def asked(rng, facts):
    text = prompt(rng, facts["noun"], facts["colour"], facts["ground"], facts["scene"], facts["noun"])
    return {"prompt": text, "noun": facts["noun"], "colour": facts["colour"], "place": facts["scene"] or facts["ground"]}


def held_out(rng):
    """The pairs that training never saw, and as a yardstick the same nouns with pairs that it may have seen."""
    unseen, seen = [], []
    for name, colour in sorted(HELD_OUT_COLOURS):
        for _ in range(COPIES):
            unseen.append(asked(rng, {"noun": name, "colour": colour, "ground": "white", "scene": None}))
            other = rng.choice([c for c in ("red", "orange", "yellow", "green", "blue", "purple", "pink") if (name, c) not in HELD_OUT_COLOURS])
            seen.append(asked(rng, {"noun": name, "colour": other, "ground": "white", "scene": None}))
    for name, scene in sorted(HELD_OUT_SCENES):
        for _ in range(COPIES):
            unseen.append(asked(rng, {"noun": name, "colour": None, "ground": "white", "scene": scene}))
            other = rng.choice([s for s in ("night", "sunset", "grass", "beach", "snow") if (name, s) not in HELD_OUT_SCENES])
            seen.append(asked(rng, {"noun": name, "colour": None, "ground": "white", "scene": other}))
    return unseen, seen


def jobs(work):
    rng = random.Random(11)
    main = subjects(work, rng, MAIN)
    styled, unseen_seen, lines = subjects(work, rng, STYLED), held_out(rng), []

    def row(name, asks, scheduler, steps, guidance, lcm=0.0, style=None, style_weight=1.0):
        for n, ask in enumerate(asks):
            lines.append({
                "row": name, "path": f"{len(lines):05d}.png", "seed": 1000 + n, "scheduler": scheduler, "steps": steps, "guidance": guidance, "lcm": lcm,
                "style": style, "styleWeight": style_weight, **ask,
            })

    row("teacher: DDIM, 25 steps, guided", main, "ddim", 25, GUIDANCE)
    for steps in STEPS:
        row(f"LCM-LoRA, {steps}", main, "lcm", steps, 1.0, 1.0)
        row(f"DDIM, {steps}, guided", main, "ddim", steps, GUIDANCE)
        row(f"DPM-Solver++, {steps}, guided", main, "dpm++", steps, GUIDANCE)
    for steps in (2, 4):
        row(f"DDIM, {steps}, no guidance", main, "ddim", steps, 1.0)
    for style in STYLES:
        row(f"{style} alone, DDIM 25, guided", styled, "ddim", 25, GUIDANCE, 0.0, style)
        row(f"{style} + LCM-LoRA, 4", styled, "lcm", 4, 1.0, 1.0, style)
    for name, asks in zip(("unseen pairs", "seen pairs"), unseen_seen):
        row(f"{name}, LCM-LoRA, 4", asks, "lcm", 4, 1.0, 1.0)
    for style in STYLES:
        for style_weight in GRID_STYLE:
            for lcm in GRID_LCM:
                row(f"grid {style_weight} x {lcm}", styled[:GRID], "lcm", 4, 1.0, lcm, style, style_weight)
    for style in (None, *STYLES):
        row(f"sheet {style or 'plain'}", [{"prompt": text} for text in SHEET], "lcm", 4, 1.0, 1.0, style)
    return lines


def main(work, args):
    lines = jobs(work)
    (work / "jobs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    print(f"plan: {len(lines)} pictures, {sum(l['steps'] * (2 if l['guidance'] > 1 else 1) for l in lines)} UNet calls")
