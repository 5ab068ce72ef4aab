"""Stage `vae`: the autoencoder, 128 px pictures to 16 x 16 latents and back.

Diffusers' AutoencoderTiny (no norms, no attention), trained mostly on 64 px crops: it has no global layer, so crops teach the
same net four times as fast. Its class has no shift, so the loss keeps every latent channel centred with unit variance. The
last part adds a small patch discriminator: what absolute errors leave soft, it asks to be sharp.

`--only 8` (or 4) trains that many latent channels, in vae-8.pt; `gate` keeps the wider one if it is better by 1 dB.
"""

import pathlib
import random
import time
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from PIL import Image
from torch import nn

import precision
from clock import Clock
from compose import Glyphs, sample
from optim import Average, Pair

WIDTH = 48
CHANNELS = (4, 8)
MINUTES = 60
GATE_DB = 1.0
NOISE = 0.05  # on latents: the decoder must forgive the diffusion model's small errors
SHARPEN = 0.6  # from this share of the time on the discriminator speaks
SHARPEN_WEIGHT = 0.012
OTHER_SETS = ("flat", "noto", "twemoji", "blob")  # what styles draw must come through too
UNSEEN = 10  # one label of so many is kept out of the autoencoder's training, to be measured on
PUBLISHED = pathlib.Path(__file__).resolve().parent.parent / "vae" / "diffusion_pytorch_model.safetensors"


def build(channels):
    return AutoencoderTiny(
        encoder_block_out_channels=(WIDTH,) * 4, decoder_block_out_channels=(WIDTH,) * 4, num_encoder_blocks=(0, 1, 2, 3), num_decoder_blocks=(4, 2, 1, 0),
        latent_channels=channels, scaling_factor=1.0,
    ).to(memory_format=torch.channels_last)


def channels_of(weights):
    return weights["decoder.layers.0.weight"].shape[1]


def load(work):
    """The averaged autoencoder, frozen; work/vae.pt is the one that passed the gate."""
    weights = torch.load(work / "vae.pt", map_location="cpu", weights_only=False)["average"]
    model = build(channels_of(weights))
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def begin(model):
    """Start from the published autoencoder: tensors of another width take its part and fresh small values beside it."""
    from safetensors.torch import load_file

    old, new = load_file(PUBLISHED), model.state_dict()
    for name, value in new.items():
        if old[name].shape == value.shape:
            new[name] = old[name].float()
        else:
            widened = value * 0.3
            widened[tuple(slice(0, size) for size in old[name].shape)] = old[name].float()
            new[name] = widened
    model.load_state_dict(new)


def unseen(glyphs):
    return frozenset(label for label in glyphs.things.code if zlib.crc32(label.split(":")[0].encode()) % UNSEEN == 0)


class Pool:
    """A few thousand pictures in memory, a few of them replaced at every batch."""

    def __init__(self, work, rng, size=4000, hide=True):
        hidden = unseen(Glyphs(work)) if hide else frozenset()
        self.sets, self.rng = [Glyphs(work, name, hidden) for name in ("house", *OTHER_SETS)], rng
        self.pool = np.stack([self.fresh() for _ in range(size)])

    def fresh(self):
        glyphs = self.sets[0] if self.rng.random() < 0.75 else self.rng.choice(self.sets[1:])
        return sample(glyphs, self.rng).picture

    def batch(self, count, crop):
        for _ in range(6):
            self.pool[self.rng.randrange(len(self.pool))] = self.fresh()
        out = np.empty((count, crop, crop, 3), np.uint8)
        for n in range(count):
            x, y = self.rng.randint(0, 128 - crop), self.rng.randint(0, 128 - crop)
            out[n] = self.pool[self.rng.randrange(len(self.pool)), y : y + crop, x : x + crop]
        return torch.from_numpy(out).permute(0, 3, 1, 2).float().div(127.5).sub(1)


class Patches(nn.Module):
    """Says of every patch of 22 px whether it is a real one; a patch's own neighbourhood is all it sees."""

    def __init__(self, width=32):
        super().__init__()
        layers = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(width, 2 * width, 4, 2, 1), nn.GroupNorm(8, 2 * width), nn.LeakyReLU(0.2), nn.Conv2d(2 * width, 1, 3, 1, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


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


def unseen_pictures(work):
    """float [N, 3, 128, 128]: house drawings that training never saw, on white."""
    glyphs = Glyphs(work)
    hidden, pictures = unseen(glyphs), []
    for label in glyphs.all:
        if label in hidden:
            image = glyphs.glyph(label)
            scale = 120 / max(image.size)
            image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.BICUBIC)
            paper = Image.new("RGBA", (128, 128), (255, 255, 255, 255))
            paper.alpha_composite(image, ((128 - image.width) // 2, (128 - image.height) // 2))
            pictures.append(np.asarray(paper.convert("RGB")))
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def laplacian_energy(x):
    """Mean square of the 5-point Laplacian of the grey picture, 0..255."""
    grey = x.add(1).mul(127.5).mean(1, keepdim=True)
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    return F.conv2d(grey, kernel).square().mean()


@torch.no_grad()
def measure(model, true):
    """(PSNR in dB, share of the art's Laplacian energy)"""
    made = torch.cat([model.decoder(model.encoder(part)) for part in true.split(16)]).clamp(-1, 1)
    psnr = -10 * torch.log10((made - true).square().mean((1, 2, 3)) / 4)
    return float(psnr.mean()), float(laplacian_energy(made) / laplacian_energy(true))


def train(work, channels, args):
    torch.manual_seed(1)
    name = f"vae-{channels}"
    rng = random.Random(time.time() if (work / f"{name}.pt").exists() else 1)
    model, patches = build(channels), Patches().to(memory_format=torch.channels_last)
    begin(model)
    clock = Clock(name, work, args.minutes or MINUTES)
    optimiser = Pair(model.named_parameters(), lr=2e-3, adam_lr=1.5e-3)
    against = torch.optim.AdamW(patches.parameters(), lr=4e-4, betas=(0.5, 0.9), weight_decay=0)
    average = Average(model, 0.998)
    if state := clock.resume():
        model.load_state_dict(state["model"])
        patches.load_state_dict(state["patches"])
        optimiser.load_state_dict(state["optimiser"])
        against.load_state_dict(state["against"])
        average.weights, average.steps = state["average"], state["step"]
    true_unseen, follower = unseen_pictures(work), build(channels)
    pool, running = Pool(work, rng), True
    clock.start()
    while running:
        crop, count = (64, 32) if clock.progress < 0.85 else (128, 8)
        true = pool.batch(count, crop).contiguous(memory_format=torch.channels_last)
        sharpening = clock.progress > SHARPEN
        with precision.autocast():
            z = model.encoder(true).float()
            made = model.decoder(z + NOISE * torch.randn_like(z)).float()
            fooled = -patches(made).float().mean() if sharpening else torch.zeros(())
        fit, spread = picture_loss(made, true), latent_loss(z)
        (fit + 0.1 * spread + SHARPEN_WEIGHT * fooled).backward()
        optimiser.step(clock.rate(warmup_steps=40))
        average.update(model)
        notes = {}
        if sharpening:
            against.zero_grad(set_to_none=True)
            with precision.autocast():
                real, false = patches(true).float(), patches(made.detach()).float()
            caught = F.relu(1 - real).mean() + F.relu(1 + false).mean()
            caught.backward()
            against.step()
            notes["caught"] = float(caught)
        with torch.no_grad():
            psnr = -10 * torch.log10(F.mse_loss(made.clamp(-1, 1), true) / 4)
        running = clock.tick(count, fit=float(fit), spread=float(spread), psnr=float(psnr), **notes)
        if clock.due(240) or not running:
            follower.load_state_dict(average.weights)
            decibel, sharp = measure(follower, true_unseen)
            print(f"{name} {clock.spent / 60:.1f} min, unseen art: {decibel:.2f} dB, Laplacian energy {sharp:.2f}", flush=True)
            state = {"model": model.state_dict(), "patches": patches.state_dict(), "optimiser": optimiser.state_dict(), "against": against.state_dict()}
            clock.save(**state, average=average.weights, unseen={"psnr": decibel, "laplacian": sharp})


def gate(work):
    """work/vae.pt: the wider autoencoder where it earns its keep, else the narrow one."""
    found = {n: torch.load(work / f"vae-{n}.pt", map_location="cpu", weights_only=False) for n in CHANNELS if (work / f"vae-{n}.pt").exists()}
    narrow, wide = (found[n]["unseen"]["psnr"] for n in CHANNELS)
    chosen = CHANNELS[1] if wide >= narrow + GATE_DB else CHANNELS[0]
    print(f"gate: {CHANNELS[0]} channels {narrow:.2f} dB, {CHANNELS[1]} channels {wide:.2f} dB: {chosen} it is", flush=True)
    return chosen


def adopt_chosen(work, chosen):
    (work / "vae.pt").unlink(missing_ok=True)
    (work / "vae.pt").hardlink_to(work / f"vae-{chosen}.pt")


def main(work, args):
    torch.set_num_threads(args.threads)
    if args.only:
        train(work, int(args.only), args)
        return
    chosen = gate(work)
    train(work, chosen, args)
    adopt_chosen(work, chosen)
