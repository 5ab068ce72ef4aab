"""Stage `vae`: the autoencoder, 128 px pictures to 16 x 16 x 4 latents and back.

Diffusers' AutoencoderTiny (no norms, no attention), trained mostly on 64 px crops: it has no global layer, so crops teach the
same net four times as fast. Its class has no shift, so the loss keeps every latent channel centred with unit variance.
"""

import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny

from art import STYLES
from clock import Clock
from data import Pictures
from optim import Average, Pair

WIDTH = 48
MINUTES = 21
NOISE = 0.06  # on latents: the decoder must forgive the diffusion model's small errors


def build():
    return AutoencoderTiny(
        encoder_block_out_channels=(WIDTH,) * 4, decoder_block_out_channels=(WIDTH,) * 4, num_encoder_blocks=(0, 1, 2, 3), num_decoder_blocks=(4, 2, 1, 0),
        latent_channels=4, scaling_factor=1.0,
    ).to(memory_format=torch.channels_last)


def load(work):
    model = build()
    model.load_state_dict(torch.load(work / "vae.pt", map_location="cpu", weights_only=False)["average"])
    return model.eval().requires_grad_(False)


class Pool:
    """A few thousand pictures in memory, a few of them replaced at every batch."""

    def __init__(self, work, rng, size=5000):
        self.pictures, self.rng = Pictures(work), rng
        self.pool = np.stack([self.fresh() for _ in range(size)])

    def fresh(self):
        style = self.rng.choice(list(STYLES)) if self.rng.random() < 0.28 else None
        return self.pictures.sample(self.rng, style)[0]

    def batch(self, count, crop):
        for _ in range(6):
            self.pool[self.rng.randrange(len(self.pool))] = self.fresh()
        out = np.empty((count, crop, crop, 3), np.uint8)
        for n in range(count):
            x, y = ((self.rng.randint(0, 16) * 8 + self.rng.randint(0, 7)) % (129 - crop) for _ in range(2))
            out[n] = self.pool[self.rng.randrange(len(self.pool)), y : y + crop, x : x + crop]
        return torch.from_numpy(out).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def picture_loss(made, true):
    """Close in value, in edges, and in coarse tone."""
    loss = F.l1_loss(made, true) + F.mse_loss(made, true)
    for axis in (2, 3):
        loss = loss + 1.5 * F.l1_loss(made.diff(dim=axis), true.diff(dim=axis))
    return loss + F.l1_loss(F.avg_pool2d(made, 4), F.avg_pool2d(true, 4))


def latent_loss(z):
    mean, var = z.mean((0, 2, 3)), z.var((0, 2, 3))
    flat = (z - mean.view(1, -1, 1, 1)).transpose(0, 1).flatten(1)
    correlation = flat @ flat.T / flat.shape[1]
    off = correlation - torch.diag(torch.diag(correlation))
    return mean.square().mean() + (var - 1).square().mean() + 0.3 * off.square().mean()


def main(work, args):
    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    rng = random.Random(time.time() if (work / "vae.pt").exists() else 1)
    model = build()
    clock = Clock("vae", work, args.minutes or MINUTES)
    optimiser = Pair(model.named_parameters(), lr=3e-3, adam_lr=2e-3)
    average = Average(model, 0.998)
    if state := clock.resume():
        model.load_state_dict(state["model"])
        if "optimiser" in state:
            optimiser.load_state_dict(state["optimiser"])
        average.weights, average.steps = state["average"], state["step"]
    pool = Pool(work, rng)
    running = True
    clock.last = time.time()
    while running:
        crop, count = (64, 48) if clock.progress < 0.8 else (128, 16)
        true = pool.batch(count, crop).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            z = model.encoder(true).float()
            made = model.decoder(z + NOISE * torch.randn_like(z)).float()
        fit, spread = picture_loss(made, true), latent_loss(z)
        (fit + 0.1 * spread).backward()
        optimiser.step(clock.rate(warmup_steps=40))
        average.update(model)
        with torch.no_grad():
            psnr = -10 * torch.log10(F.mse_loss(made.clamp(-1, 1), true) / 4)
        running = clock.tick(count, fit=float(fit), spread=float(spread), psnr=float(psnr))
        if clock.due() or not running:
            clock.save(model=model.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
