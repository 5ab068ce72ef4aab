"""Stage `latents`: encode composed pictures once, with two captions each, for the diffusion stages.

Writes shards of 4,000 to WORK/latents/: NNN.npy (float16 [N, 16, 16, C]) and NNN.json (captions and kinds). A shard is written
whole or not at all and depends on its number alone, so the stage goes on where it stopped, and `--only 3` draws shard 3.
"""

import json
import random

import numpy as np
import torch

import precision
import vae
from compose import Glyphs, sample
from synonyms import Synonyms

SHARDS, SHARD = 75, 4000
UNKNOWN = 0.02  # share of captions with a word nobody knows: the picture is still a picture


@torch.no_grad()
def encode(model, pictures):
    """uint8 [B, 128, 128, 3] -> float16 [B, 16, 16, C]"""
    return latents_of(model, torch.from_numpy(pictures)).numpy()


@torch.no_grad()
def latents_of(model, pictures):
    """The same of a tensor, on the device where it and the model lie."""
    x = pictures.permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)
    with precision.autocast(x.device.type):
        z = model.encoder(x)
    return z.permute(0, 2, 3, 1).half()


def captions_of(made, synonyms, rng):
    """The caption as it is, and in other words."""
    return [made.caption, synonyms.vary(made.caption, rng, 0.6)]


def draw_shard(work, number, glyphs, synonyms, model, name="", weights=None):
    folder = work / f"latents{name}"
    if (folder / f"{number:03d}.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng, latents, said, kinds = random.Random(f"latents{name} {number}"), [], [], []
    for _ in range(SHARD // 50):
        batch = [sample(glyphs, rng, weights=weights) for _ in range(50)]
        latents.append(encode(model, np.stack([made.picture for made in batch])))
        said += [captions_of(made, synonyms, rng) for made in batch]
        kinds += [made.facts["kind"] for made in batch]
    np.save(folder / f"{number:03d}.npy", np.concatenate(latents))
    (folder / f"{number:03d}.json").write_text(json.dumps({"captions": said, "kinds": kinds}))
    flat = np.concatenate(latents).reshape(-1, latents[0].shape[-1]).astype(np.float32)
    print(f"latents{name} {number}: channel means {flat.mean(0).round(2)}, deviations {flat.std(0).round(2)}", flush=True)


def main(work, args):
    torch.set_num_threads(args.threads)
    glyphs = Glyphs(work)
    synonyms, model = Synonyms(glyphs.things), vae.load(work)
    for number in [int(args.only)] if args.only else range(SHARDS):
        draw_shard(work, number, glyphs, synonyms, model)
