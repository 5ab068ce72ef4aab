"""Stage `latents`: encode composed pictures once, with two captions each, for the diffusion stages.

Writes latents.npy (float16 [N, 16, 16, 4]) and captions.json; styled latents are made by the `styles` stage itself.
"""

import json
import random

import numpy as np
import torch

import vae
from data import Pictures

COUNT = 36_000
CAPTIONS = 2


@torch.no_grad()
def encode(model, pictures):
    """uint8 [B, 128, 128, 3] -> float16 [B, 16, 16, 4]"""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        z = model.encoder(x)
    return z.permute(0, 2, 3, 1).half().numpy()


def main(work, args):
    torch.set_num_threads(args.threads)
    rng = random.Random(3)
    pictures, model = Pictures(work), vae.load(work)
    latents, captions = np.empty((COUNT, 16, 16, 4), np.float16), []
    for start in range(0, COUNT, 64):
        drawn = []
        for _ in range(min(64, COUNT - start)):
            facts = pictures.facts(rng)
            drawn.append(pictures.draw(facts, rng))
            captions.append([pictures.caption(facts, rng) for _ in range(CAPTIONS)])
        latents[start : start + len(drawn)] = encode(model, np.stack(drawn))
        if start % 6400 == 0:
            print(f"latents {start}/{COUNT}", flush=True)
    flat = latents.reshape(-1, 4).astype(np.float32)
    print("latents: channel means", flat.mean(0).round(3), "deviations", flat.std(0).round(3))
    np.save(work / "latents.npy", latents)
    (work / "captions.json").write_text(json.dumps(captions))
