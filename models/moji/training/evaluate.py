"""Stage `evaluate`: judge drawn pictures and write the model card's tables.

Takes a folder of PNG files named as in jobs.jsonl (--pictures), from whichever engine. Knows nothing of how they were made. What
must be seen is counted by element: of all things, places, grounds, colours and relations that the prompts name, the share that the
judge finds (a thing: among as many of its first guesses as there are things, and two). First line: its ceiling, house art itself.
"""

import itertools
import json
import random

import numpy as np
import torch
from PIL import Image
from scipy import linalg

import judge
from compose import Glyphs, sample
from compose.things import name_of

ELEMENTS = ("things", "place", "ground", "colour", "relation")
SPARE = 2
CEILING = 600


@torch.no_grad()
def answers_of(model, pictures):
    """uint8 [N, 128, 128, 3] -> logits by head, and features as float64"""
    parts = [model(judge.prepare(pictures[start : start + 64])) for start in range(0, len(pictures), 64)]
    logits = {head: torch.cat([found[head] for found, _ in parts]) for head in parts[0][0]}
    return logits, torch.cat([features for _, features in parts]).double().numpy()


def frechet(a, b):
    mean = np.square(a.mean(0) - b.mean(0)).sum()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return float(mean + np.trace(ca + cb - 2 * np.real(linalg.sqrtm(ca @ cb))))


def hits(logits, row, facts, index):
    """{element: [found or not, …]} for one picture."""
    found, things = {element: [] for element in ELEMENTS}, sorted({name_of(label) for label in facts.get("things") or ()} & set(index))
    first = set(logits["things"][row].topk(len(things) + SPARE).indices.tolist()) if things else set()
    found["things"] = [index[name] in first for name in things]
    for element in ELEMENTS[1:]:
        value = facts.get(element)
        if value is not None and value in judge.HEADS[element] and not (element == "ground" and value == "white"):
            found[element] = [int(logits[element][row].argmax()) == judge.HEADS[element].index(value)]
    return found


def sharpness(pictures):
    """Mean steepness of the light, in steps of 255 from one pixel to the next."""
    light = pictures.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    down, across = np.gradient(light, axis=(1, 2))
    return float(np.hypot(down, across).mean())


def scores(model, index, jobs, pictures, reference=None, hand=None):
    logits, features = answers_of(model, pictures)
    counted = {element: [] for element in ELEMENTS}
    for row, job in enumerate(jobs):
        for element, found in hits(logits, row, job, index).items():
            counted[element] += found
    everything = [one for found in counted.values() for one in found]
    told = [int(logits["things"][row].argmax()) in {index.get(name_of(label)) for label in job["things"]} for row, job in enumerate(jobs) if job.get("things")]
    kept = hand and float((logits["hand"].argmax(1) == judge.HEADS["hand"].index(hand)).float().mean())
    share = {element: sum(found) / len(found) if found else None for element, found in counted.items()}
    return {"n": len(jobs), "all": sum(everything) / max(1, len(everything)), **share, "top": sum(told) / max(1, len(told)), "sharpness": sharpness(pictures), "hand": kept, "frechet": None if reference is None else frechet(features, reference)}, features


def percent(value):
    return "" if value is None else f"{100 * value:.0f}"


def table(rows):
    lines = ["| | UNet calls | pictures | must-elements % | of the ceiling % | things % | place % | ground % | colour % | relation % | style % | Fréchet |", "|---" * 12 + "|"]
    ceiling = rows[0][2]["all"]
    for name, calls, s in rows:
        distance = "" if s["frechet"] is None else f"{s['frechet']:.1f}"
        cells = [name, calls, s["n"], percent(s["all"]), percent(s["all"] / ceiling), *(percent(s[element]) for element in ELEMENTS), percent(s["hand"]), distance]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def main(work, args):
    torch.set_num_threads(args.threads)
    model, names = judge.load(work)
    index = {name: n for n, name in enumerate(names)}
    glyphs, rng = Glyphs(work), random.Random(21)
    art = [sample(glyphs, rng) for _ in range(CEILING)]
    ceiling, reference = scores(model, index, [made.facts for made in art], np.stack([made.picture for made in art]))
    rows = [("*composed house art*", 0, ceiling)]
    jobs = [json.loads(line) for line in (work / "jobs.jsonl").read_text().splitlines()]
    jobs = [job for job in jobs if (args.pictures / job["path"]).exists() and not job.get("natural") and not job["row"].startswith("sheet")]
    order = {row: n for n, row in enumerate(dict.fromkeys(job["row"] for job in jobs))}
    for name, group in itertools.groupby(sorted(jobs, key=lambda job: order[job["row"]]), lambda job: job["row"]):
        group = list(group)
        pictures = np.stack([np.asarray(Image.open(args.pictures / job["path"]).convert("RGB")) for job in group])
        calls = group[0]["steps"] * (2 if group[0]["guidance"] > 1 else 1)
        rows.append((name, calls, scores(model, index, group, pictures, reference, group[0]["style"])[0]))
    text = table(rows)
    (args.out or work / "table.md").write_text(text)
    print(text)
