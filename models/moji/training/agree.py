"""Stage `agree`: whether diffusers draws what our engine drew, of every kind of row of jobs.jsonl.

Some jobs of each (sampler, steps, guidance, accelerator, style) are drawn anew by diffusers from the model folder (--out) and laid on
the engine's pictures (--pictures). An accelerator and a style are merged in fp32 here and applied beside the weights there, so no two
computations are alike; a pixel may differ by two of 255. Ends in a fault where one differs by more; else agree.md says so.
"""

import collections
import itertools
import json

import numpy as np
import torch
from PIL import Image

import draw

A_KIND, BOUND = 2, 2


def main(work, args):
    torch.set_num_threads(args.threads)
    folder, engine = args.out or work / "moji", args.pictures or work / "drawn"
    jobs = [json.loads(line) for line in (work / "jobs.jsonl").read_text().splitlines()]
    jobs = [job for job in jobs if (engine / job["path"]).exists()]
    jobs.sort(key=lambda job: str(draw.settings(job)))
    worst = collections.Counter()
    for _, kind in itertools.groupby(jobs, draw.settings):
        for job, image in draw.pictures(folder, list(itertools.islice(kind, A_KIND))):
            drawn = np.asarray(Image.open(engine / job["path"]).convert("RGB")).astype(int)
            difference = int(np.abs(drawn - np.asarray(image.convert("RGB"))).max())
            worst[difference] += 1
            if difference > BOUND:
                print(f"agree: {job['path']} ({job['row']}, {job['prompt']}) differs by {difference} of 255", flush=True)
    text = ", ".join(f"{count} by {difference}" for difference, count in sorted(worst.items()))
    print(f"agree: the largest difference of a pixel in {worst.total()} pictures, of 255: {text}")
    assert worst.total() and max(worst) <= BOUND, f"a pixel may differ by {BOUND} of 255"
    (work / "agree.md").write_text(f"diffusers drew {worst.total()} of them too, of every row's kind, and differs by at most {max(worst)} of 255 in any pixel.\n")
