"""Stage `styles`: one LoRA for each way of drawing, learnt on the plain base, without LCM, by `fourstep style train` and the recipe beside.

Four styles are the same grammar drawn by other hands (real sets), the rest are computed from the house drawings (looks.py). Style
and acceleration meet for the first time when a picture is asked for. Prompts are the usual ones: the adapter, not a word,
carries the style.
"""

import json
import pathlib
import random

import numpy as np
import torch

import latents
import lora
import program
import vae
from compose import Glyphs, sample
from looks import LOOKS
from synonyms import Synonyms

UPDATES = 900
HANDS = {  # style: the set, and what its licence asks to be said
    "flat": ("flat", "Fluent Emoji, flat. Copyright Microsoft Corporation, MIT."),
    "noto": ("noto", "Noto Emoji. Copyright Google LLC, Apache-2.0."),
    "blob": ("blob", "Noto Emoji, version 1. Copyright Google LLC, Apache-2.0."),
    "twemoji": ("twemoji", "Twemoji. Copyright Twitter, Inc. and other contributors, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/); this file was learnt from its drawings."),
}
STYLES = (*HANDS, *LOOKS)
# The recipe trains all targets and keeps those of the late part. How lines and tones are laid is decided late in the net, what is to be
# seen early: without its early part a style leaves things their shapes, and what LCM-LoRA has learnt of them.
RECIPE = pathlib.Path(__file__).resolve().parent / "style-recipe.json"
STRENGTH = {"neon": 0.72, "flat": 1.4}  # with LCM-LoRA all that is asked of a style is there at less than its full strength, but for `flat`; the recipe's for the others
PICTURES = 4000


def picture_of(style, glyphs, rng):
    """A sample in the style: of another set, or a look of the house drawings on a plain ground."""
    if style in HANDS:
        return sample(glyphs, rng)
    made = sample(glyphs, rng)
    while made.facts["ground"] is None or not made.alpha.any():
        made = sample(glyphs, rng)
    made.picture = LOOKS[style](np.dstack([made.picture, made.alpha]))
    return made


def draw(work, style):
    """Cache the style's latents and captions."""
    folder = work / f"latents-{style}"
    if (folder / "000.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng, glyphs = random.Random(f"style {style}"), Glyphs(work, HANDS[style][0] if style in HANDS else "house")
    synonyms, model, made_latents, captions, kinds = Synonyms(glyphs.things), vae.load(work), [], [], []
    for _ in range(PICTURES // 50):
        batch = [picture_of(style, glyphs, rng) for _ in range(50)]
        made_latents.append(latents.encode(model, np.stack([made.picture for made in batch])))
        captions += [latents.captions_of(made, synonyms, rng) for made in batch]
        kinds += [made.facts["kind"] for made in batch]
    np.save(folder / "000.npy", np.concatenate(made_latents))
    (folder / "000.json").write_text(json.dumps({"captions": captions, "kinds": kinds}))


def train(work, style, args):
    target, part, recipe = (work / "styles" / f"{style}{end}" for end in (".safetensors", ".part.safetensors", ".recipe.json"))
    if target.exists():
        print(f"style {style}: is there already", flush=True)
        return
    target.parent.mkdir(exist_ok=True)
    recipe.write_text(json.dumps({**json.loads(RECIPE.read_text()), **({"strength": STRENGTH[style]} if style in STRENGTH else {})}))
    program.learn(work, ["style", "train"], recipe, args.steps or UPDATES, part, name=style, latents=work / f"latents-{style}")
    attribution = {"modelspec.author": HANDS[style][1]} if style in HANDS else {}
    count = lora.publish(part, target, attribution)
    print(f"style {style}: {count} modules written", flush=True)


def main(work, args):
    torch.set_num_threads(args.threads)
    for style in [args.only] if args.only else STYLES:
        draw(work, style)
        train(work, style, args)
