"""Stage `evaluate`: judge drawn pictures and write the model card's tables.

Takes a folder of PNG files named as in jobs.jsonl (--pictures), from whichever engine. Knows nothing of how they were made.
The Frechet distance is on the judge's 64 features, against fresh art that shows the same things.
"""

import itertools
import json
import random

import numpy as np
import torch
from PIL import Image
from scipy import linalg

import classifier
from data import Pictures
from plan import GRID_LCM, GRID_STYLE
from vocabulary import GROUNDS

REFERENCE_COPIES = 6


@torch.no_grad()
def judge(model, pictures):
    """uint8 [N, 128, 128, 3] -> logits by head, and features"""
    answers, features = [], []
    for start in range(0, len(pictures), 64):
        logits, found = model(classifier.prepare(pictures[start : start + 64]))
        answers.append(logits)
        features.append(found)
    return {head: torch.cat([a[head] for a in answers]) for head in classifier.HEADS}, torch.cat(features).double().numpy()


def frechet(a, b):
    mean = np.square(a.mean(0) - b.mean(0)).sum()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(ca @ cb)
    return float(mean + np.trace(ca + cb - 2 * np.real(root)))


def scores(model, jobs, pictures, reference=None):
    logits, features = judge(model, pictures)
    heads = classifier.HEADS
    noun = torch.tensor([heads["noun"].index(job["noun"]) for job in jobs])
    ranked = logits["noun"].topk(5).indices
    top1 = (ranked[:, 0] == noun).float().mean().item()
    top5 = (ranked == noun[:, None]).any(1).float().mean().item()
    right = {}
    for head, key in (("colour", "colour"), ("place", "place"), ("style", "style")):
        # the judge learnt colours and places on plain pictures only
        asked = [n for n, job in enumerate(jobs) if head == "style" or (job["style"] is None and (head == "place" or job["colour"]))]
        hits = [logits[head][n].argmax().item() == heads[head].index(jobs[n][key]) for n in asked]
        right[head] = sum(hits) / len(hits) if hits else None
    return {"n": len(jobs), "top1": top1, "top5": top5, **right, "frechet": frechet(features, reference) if reference is not None else None}


def art_features(model, work, jobs, style):
    """What the art itself looks like to the judge, for these requests."""
    pictures, rng = Pictures(work), random.Random(21)
    drawn = []
    for job in jobs:
        ground, scene = (job["place"], None) if job["place"] in GROUNDS else ("white", job["place"])
        facts = {"noun": job["noun"], "colour": job["colour"], "ground": ground, "scene": scene}
        drawn += [pictures.draw(facts, rng, style) for _ in range(REFERENCE_COPIES)]
    drawn = np.stack(drawn)
    return judge(model, drawn)[1], drawn


def percent(value):
    return "" if value is None else f"{100 * value:.0f}"


def table(rows):
    lines = ["| | UNet calls | pictures | top-1 % | top-5 % | colour % | place % | style % | Fréchet |", "|---|---|---|---|---|---|---|---|---|"]
    for name, calls, s in rows:
        distance = "" if s["frechet"] is None else f"{s['frechet']:.1f}"
        lines.append(f"| {name} | {calls} | {s['n']} | {percent(s['top1'])} | {percent(s['top5'])} | {percent(s['colour'])} | {percent(s['place'])} | {percent(s['style'])} | {distance} |")
    return "\n".join(lines) + "\n"


def grid_table(rows):
    """Nouns recognised and styles kept, over all styles, by the two weights."""
    found = {name.removeprefix("grid "): s for name, _, s in rows}
    lines = ["| λ style \\ λ lcm | " + " | ".join(map(str, GRID_LCM)) + " |", "|---" * (len(GRID_LCM) + 1) + "|"]
    for style in GRID_STYLE:
        cells = [found[f"{style} x {lcm}"] for lcm in GRID_LCM]
        lines.append(f"| {style} | " + " | ".join(f"{percent(c['top1'])} / {percent(c['style'])}" for c in cells) + " |")
    return "\n".join(lines) + "\n"


def main(work, args):
    torch.set_num_threads(args.threads)
    model = classifier.load(work)
    jobs = [json.loads(line) for line in (work / "jobs.jsonl").read_text().splitlines()]
    jobs = [job for job in jobs if (args.pictures / job["path"]).exists() and not job["row"].startswith("sheet")]
    order = {row: n for n, row in enumerate(dict.fromkeys(job["row"] for job in jobs))}
    references, rows = {}, []
    for name, group in itertools.groupby(sorted(jobs, key=lambda job: order[job["row"]]), lambda job: job["row"]):
        group = list(group)
        pictures = np.stack([np.asarray(Image.open(args.pictures / job["path"]).convert("RGB")) for job in group])
        key = (tuple(job["prompt"] for job in group), group[0]["style"])
        if not name.startswith("grid") and key not in references:
            features, drawn = art_features(model, work, group, group[0]["style"])
            references[key] = features
            if group[0]["style"] is None:
                asked = [job for job in group for _ in range(REFERENCE_COPIES)]
                rows.append(("*the art for these requests*", 0, scores(model, asked, drawn)))
        calls = group[0]["steps"] * (2 if group[0]["guidance"] > 1 else 1)
        rows.append((name, calls, scores(model, group, pictures, references.get(key))))
    text = table([row for row in rows if not row[0].startswith("grid")])
    grid = [row for row in rows if row[0].startswith("grid")]
    if len(grid) == len(GRID_STYLE) * len(GRID_LCM):
        text += "\nTop-1 % / style % by the two weights:\n\n" + grid_table(grid)
    (args.out or work / "table.md").write_text(text)
    print(text)
