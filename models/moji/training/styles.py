"""Stage `styles`: one LoRA for each way of drawing, trained on the plain base, without LCM.

Four styles are the same grammar drawn by other hands (real sets), the rest are computed from the house drawings (looks.py). Style
and acceleration meet for the first time when a picture is asked for. Prompts are the usual ones: the adapter, not a word,
carries the style.
"""

import json
import random

import numpy as np
import torch

import base
import latents
import lora
import vae
from clock import Clock
from compose import Glyphs, sample
from looks import LOOKS
from optim import Average, Pair
from synonyms import Synonyms

MINUTES = 11
RANK = 8
HANDS = {  # style: the set, and what its licence asks to be said
    "flat": ("flat", "Fluent Emoji, flat. Copyright Microsoft Corporation, MIT."),
    "noto": ("noto", "Noto Emoji. Copyright Google LLC, Apache-2.0."),
    "blob": ("blob", "Noto Emoji, version 1. Copyright Google LLC, Apache-2.0."),
    "twemoji": ("twemoji", "Twemoji. Copyright Twitter, Inc. and other contributors, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/); this file was learnt from its drawings."),
}
STYLES = (*HANDS, *LOOKS)
# All targets are trained, and those of the late part kept. How lines and tones are laid is decided late in the net, what
# is to be seen early: without its early part a style leaves things their shapes, and what LCM-LoRA has learnt of them.
KEPT = r"up_blocks\.[12]\."
STRENGTH = {"neon": 0.72, "flat": 1.4}  # with LCM-LoRA all that is asked of a style is there at less than its full strength, but for `flat`; 0.8 for the others
BATCH = 24
PICTURES = 4000
LEAST, LEAN = 0.5, 0.75  # with LCM-LoRA half of the steps are noisy ones, and the first decides the shape


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
    clock = Clock(f"style-{style}", work, args.minutes or MINUTES)
    tokens = base.tokenizer(work)
    unet, text = base.load(work, tokens)
    trainable = lora.attach(unet, RANK)
    optimiser = Pair(trainable, lr=0, adam_lr=1.5e-3, not_matrices=("",))
    weights = torch.nn.ParameterList([p for _, p in trainable])
    average = Average(weights, 0.99)
    if saved := clock.resume():
        weights.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average.weights, average.steps = saved["average"], saved["step"]
    data = base.Latents(work, tokens, clock.step, f"-{style}")
    torch.manual_seed(4 + clock.step)
    alpha_bar, running = base.alphas_cumprod(), clock.progress < 1
    clock.start()
    while running:
        z, ids = data.batch(BATCH)
        loss = base.diffusion_loss(unet, text, z, ids, alpha_bar, LEAST, LEAN)
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=20))
        average.update(weights)
        running = clock.tick(BATCH, loss=float(loss.detach()))
        if clock.due(60) or not running:
            clock.save(model=weights.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
    weights.load_state_dict(average.weights)
    attribution = {"modelspec.author": HANDS[style][1]} if style in HANDS else {}
    metadata = {"ss_base_model_version": "moji", "ss_output_name": style, "ss_tag_frequency": "{}", **attribution}
    count = lora.save_kohya(work / "styles" / f"{style}.safetensors", lora.state(unet), metadata, KEPT, STRENGTH.get(style, 0.8))
    print(f"style {style}: {count} modules written", flush=True)


def main(work, args):
    torch.set_num_threads(args.threads)
    for style in [args.only] if args.only else STYLES:
        draw(work, style)
        train(work, style, args)
