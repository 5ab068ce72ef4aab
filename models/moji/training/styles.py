"""Stage `styles`: one LoRA for each way of drawing, trained on the plain base, without LCM.

Style and acceleration meet for the first time when a picture is asked for. Prompts are the usual ones: the adapter, not a
word, carries the style.
"""

import json
import random
import time

import numpy as np
import torch

import base
import lora
import vae
from art import STYLES
from clock import Clock
from data import Pictures
from latents import encode
from optim import Average, Pair

MINUTES = 15
RANK = 8
# All targets are trained, and those of the late part kept. How lines and tones are laid is decided late in the net, what
# is to be seen early: without its early part a style leaves things their shapes, and what LCM-LoRA has learnt of them.
KEPT = r"up_blocks\.[12]\."
# With LCM-LoRA all that is asked of a style is there at less than its full strength, and more of the thing.
STRENGTH = {"poster": 0.8, "neon": 0.72, "blueprint": 0.8, "ink": 0.8}
BATCH = 24
PICTURES = 8000
CAPTIONS = 2
LEAST, LEAN = 0.5, 0.75  # with LCM-LoRA half of the steps are noisy ones, and the first decides the shape


def draw(work, style):
    """Cache the style's latents and captions."""
    if (work / f"latents-{style}.npy").exists():
        return
    rng = random.Random(f"style {style}")
    pictures, model = Pictures(work), vae.load(work)
    latents, captions = [], []
    for _ in range(PICTURES // 50):
        batch = [pictures.facts(rng) for _ in range(50)]
        latents.append(encode(model, np.stack([pictures.draw(facts, rng, style) for facts in batch])))
        captions += [[pictures.caption(facts, rng) for _ in range(CAPTIONS)] for facts in batch]
    (work / f"captions-{style}.json").write_text(json.dumps(captions))
    np.save(work / f"latents-{style}.npy", np.concatenate(latents))


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
        if "optimiser" in saved:
            optimiser.load_state_dict(saved["optimiser"])
        average.weights, average.steps = saved["average"], saved["step"]
    data = base.Latents(work, tokens, clock.step, f"latents-{style}", f"captions-{style}")
    torch.manual_seed(4 + clock.step)
    alpha_bar, running = base.alphas_cumprod(), clock.progress < 1
    clock.start()
    while running:
        z, ids = data.batch(BATCH)
        loss = base.diffusion_loss(unet, text, z, ids, alpha_bar, LEAST, LEAN)
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=20))
        average.update(weights)
        running = clock.tick(BATCH, loss=float(loss))
        if clock.due(60) or not running:
            clock.save(model=weights.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
    weights.load_state_dict(average.weights)
    metadata = {"ss_base_model_version": "moji", "ss_output_name": style, "ss_tag_frequency": "{}"}
    count = lora.save_kohya(work / "styles" / f"{style}.safetensors", lora.state(unet), metadata, KEPT, STRENGTH[style])
    print(f"style {style}: {count} modules written", flush=True)


def main(work, args):
    torch.set_num_threads(args.threads)
    for style in [args.only] if args.only else STYLES:
        draw(work, style)
        train(work, style, args)
