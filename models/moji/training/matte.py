"""Stage `matte`: the alpha head, a net from latents by which transparent pictures are cut better than by their ground's colour.

A colour alone cannot tell a thing from a ground like it, and what the decoder closes is still open in the latents. The head is the
decoder of the autoencoder with one channel where that has three, begun from its weights. It is given the latents twice, as they
are and less those of the ground, so that all plain grounds are alike to it, and says what is to be added to what a pixel's colour
says (`by_colour`, as src/image/alpha-edges.ts has it). Written to WORK/alpha-head.
"""

import json
import random

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

import latents
import precision
import vae
from clock import Clock
from compose import Glyphs, sample
from compose.paint import GROUNDS
from export import ALPHA_HEAD, MANIFEST
from looks import LOOKS, cover
from optim import Average, Pair

MINUTES = 9
POOL, FRESH, BATCH = 800, 3, 8  # pictures in memory, those of them replaced at every batch
NOISE, DRIFT = 0.2, 0.15  # at most, on latents, of each for itself and over a third of the picture: drawn ones are not quite encoded ones
NEAR, FAR = 8, 40  # distances of colour from the ground's: up to NEAR it says clear, FAR beyond that it cannot be more solid
SOLID = 1.3  # what it then says, of 1: the head can still take it back
STYLED = 0.12
MIX = {"place": 0.0, "alone": 0.0, "pattern": 2.0, "around": 2.0, "count": 1.5}


def build(channels):
    """For an autoencoder of so many latent channels: [B, 2 channels, h, w] to [B, 1, 8h, 8w], -1 more clear to 1 more solid."""
    width = (vae.WIDTH,) * 4
    whole = AutoencoderTiny(out_channels=1, encoder_block_out_channels=width, decoder_block_out_channels=width, num_encoder_blocks=(0, 0, 0, 0), num_decoder_blocks=(4, 2, 1, 0), latent_channels=2 * channels, scaling_factor=1.0)
    return whole.decoder.to(memory_format=torch.channels_last)


def begin(head, decoder):
    """All but the last layer, which is to say nothing yet; the first takes the latents themselves as it did."""
    old, new = decoder.state_dict(), head.state_dict()
    taken = {name: old[name] if old[name].shape == value.shape else 0.1 * value for name, value in new.items()}
    taken["layers.0.weight"] = torch.cat([old["layers.0.weight"], new["layers.0.weight"][:, : old["layers.0.weight"].shape[1]]], 1)
    last = next(reversed(taken)).rsplit(".", 1)[0]
    taken[f"{last}.bias"] = torch.full((1,), 0.5)
    head.load_state_dict(taken)


def beside_ground(z):
    """[B, C, h, w] to [B, 2 C, h, w]: the latents, and how far they are from their ground's, which is the middle of their border."""
    border = torch.cat([z[..., 0, :], z[..., -1, :], z[..., 1:-1, 0], z[..., 1:-1, -1]], -1).sort(-1).values
    return torch.cat([z, z - border[..., border.shape[-1] // 2, None, None]], 1)


def load(work):
    """The averaged head, frozen."""
    weights = torch.load(work / "matte.pt", map_location="cpu", weights_only=False)["average"]
    head = build(weights["layers.0.weight"].shape[1] // 2)
    head.load_state_dict(weights)
    return head.eval().requires_grad_(False)


def relaid(made, rng):
    """The picture on another plain ground: mostly one that transparent pictures are drawn on, or any colour at all."""
    choice = rng.random()
    names = [name for name in (MANIFEST["plainGrounds"] if choice < 0.75 else GROUNDS) if name != made.facts.get("colour")]
    colour = GROUNDS[rng.choice(names)] if choice < 0.9 else tuple(rng.randrange(256) for _ in range(3))
    clear = 1 - made.alpha[..., None] / np.float32(255)
    moved = made.picture + clear * (np.array(colour, np.float32) - GROUNDS[made.facts["ground"]])
    return np.clip(moved + 0.5, 0, 255).astype(np.uint8)


def by_colour(pictures):
    """uint8 [N, 128, 128, 3] -> float32 [N, 128, 128], how solid a pixel is by its colour alone: 0 like the middle one of the border, to SOLID."""
    border = np.concatenate([pictures[:, 0], pictures[:, -1], pictures[:, 1:-1, 0], pictures[:, 1:-1, -1]], 1)
    ground = np.sort(border, 1)[:, border.shape[1] // 2].astype(np.float32)
    distance = np.sqrt(((pictures - ground[:, None, None]) ** 2).sum(-1))
    return SOLID * np.clip((distance - NEAR) / FAR, 0, 1)


class Pool:
    """Latents, what the decoded colours say and what is true, a few of them replaced at every batch."""

    def __init__(self, work, rng):
        self.house, self.hands = Glyphs(work), [Glyphs(work, name) for name in vae.OTHER_SETS]
        self.rng, self.model = rng, vae.load(work)
        self.z, self.colour, self.alpha = (np.concatenate(part) for part in zip(*(self.fresh(50) for _ in range(POOL // 50))))

    def compose(self):
        """(picture, alpha) of house art, of other hands, or in a computed style."""
        rng = self.rng
        glyphs = self.house if rng.random() < 0.8 else rng.choice(self.hands)
        made = sample(glyphs, rng, weights=MIX)
        while made.facts["ground"] is None or not made.alpha.any():
            made = sample(glyphs, rng, weights=MIX)
        if rng.random() < STYLED:
            style, rgba = rng.choice(list(LOOKS)), np.dstack([made.picture, made.alpha])
            return LOOKS[style](rgba), cover(style, rgba)
        return relaid(made, rng), made.alpha

    @torch.no_grad()
    def fresh(self, count):
        pictures, alphas = zip(*(self.compose() for _ in range(count)))
        z = as_drawn(torch.from_numpy(latents.encode(self.model, np.stack(pictures))).permute(0, 3, 1, 2).float())
        with precision.autocast():
            decoded = self.model.decoder(z).float()
        return z.numpy(), by_colour(decoded.clamp(-1, 1).add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy()).astype(np.float16), np.stack(alphas)

    def batch(self):
        """(latents [B, C, 16, 16], by_colour and alpha 0..1 [B, 1, 128, 128])"""
        places = self.rng.sample(range(len(self.z)), FRESH)
        self.z[places], self.colour[places], self.alpha[places] = self.fresh(FRESH)
        rows = self.rng.sample(range(len(self.z)), BATCH)
        colour, alpha = (torch.from_numpy(values[rows]).unsqueeze(1).float() for values in (self.colour, self.alpha))
        return torch.from_numpy(self.z[rows]), colour, alpha.div(255)


def as_drawn(z):
    """Latents [B, C, 16, 16] with errors such as drawn ones have."""
    drift = F.interpolate(torch.randn(*z.shape[:2], 3, 3), z.shape[2:], mode="bilinear")
    return z + (torch.randn_like(z) * NOISE + drift * DRIFT) * torch.rand(len(z), 1, 1, 1)


def matte_loss(found, true):
    """Absolute, squared, and in edges; what is solid or clear beyond measure is right."""
    beyond = ((true >= 1) & (found > 1)) | ((true <= 0) & (found < 0))
    off = (found - true).masked_fill(beyond, 0)
    return off.abs().mean() + 2 * off.square().mean() + sum(off.diff(dim=axis).abs().mean() for axis in (2, 3))


def save_head(folder, weights):
    folder.mkdir(exist_ok=True)
    save_file({f"decoder.{name}": value.half().contiguous() for name, value in weights.items()}, folder / "diffusion_pytorch_model.safetensors", {"format": "pt"})
    width = [vae.WIDTH] * 4
    config = {
        "_class_name": "AutoencoderTiny", "out_channels": 1, "latent_channels": weights["layers.0.weight"].shape[1], "encoder_block_out_channels": width, "decoder_block_out_channels": width,
        "num_encoder_blocks": [0, 0, 0, 0], "num_decoder_blocks": [4, 2, 1, 0], "act_fn": "relu", "scaling_factor": 1.0, "upsample_fn": "nearest", "upsampling_scaling_factor": 2,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main(work, args):
    torch.set_num_threads(args.threads)
    clock = Clock("matte", work, args.minutes or MINUTES)
    autoencoder = vae.load(work)
    head = build(autoencoder.config.latent_channels)
    begin(head, autoencoder.decoder)
    optimiser, average = Pair(head.named_parameters(), lr=3e-3, adam_lr=2e-3), Average(head, 0.995)
    if saved := clock.resume():
        head.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average.weights, average.steps = saved["average"], saved["step"]
    torch.manual_seed(6 + clock.step)
    running = clock.progress < 1
    pool = Pool(work, random.Random(f"matte {clock.step}")) if running else None
    clock.start()
    while running:
        z, colour, true = pool.batch()
        with precision.autocast():
            made = head(beside_ground(z).contiguous(memory_format=torch.channels_last))
        found = colour + made.float()
        loss = matte_loss(found, true)
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=30))
        average.update(head)
        wrong = ((found >= 0.5) != (true >= 0.5)).float().mean()
        running = clock.tick(BATCH, loss=float(loss.detach()), wrong=100 * float(wrong))
        if clock.due(60) or not running:
            clock.save(model=head.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
    save_head(work / ALPHA_HEAD, average.weights)
