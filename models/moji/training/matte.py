"""Stage `matte`: the alpha head, a net from latents to how solid each pixel is, by which transparent pictures are cut.

It is the decoder of the autoencoder with one channel where that has three, begun from its weights: a colour alone cannot tell
a thing from a ground like it, and what the decoder closes is still open in the latents. Written to WORK/alpha-head.
"""

import json
import random

import numpy as np
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

import latents
import vae
from clock import Clock
from compose import Glyphs, sample
from compose.paint import GROUNDS
from export import MANIFEST
from looks import LOOKS, cover
from optim import Average, Pair

MINUTES = 9
POOL, FRESH, BATCH = 3000, 4, 16  # pictures in memory, those of them replaced at every batch
NOISE = 0.25  # at most, on latents: drawn ones are not quite encoded ones
PLACES = 0.06  # share of pictures without a plain ground: all of such a one is solid
STYLED = 0.15
MIX = {"place": 0.2, "alone": 0.5, "pattern": 2.0, "around": 2.0, "count": 1.5}


def build(channels):
    """Of the autoencoder of so many latent channels the decoder, -1 clear to 1 solid."""
    width = (vae.WIDTH,) * 4
    whole = AutoencoderTiny(out_channels=1, encoder_block_out_channels=width, decoder_block_out_channels=width, num_encoder_blocks=(0, 0, 0, 0), num_decoder_blocks=(4, 2, 1, 0), latent_channels=channels, scaling_factor=1.0)
    return whole.decoder.to(memory_format=torch.channels_last)


def begin(head, decoder):
    """All but the last layer, whose channels are others."""
    old, new = decoder.state_dict(), head.state_dict()
    head.load_state_dict({name: old[name] if old[name].shape == value.shape else 0.1 * value for name, value in new.items()})


def load(work):
    """The averaged head, frozen."""
    weights = torch.load(work / "matte.pt", map_location="cpu", weights_only=False)["average"]
    head = build(weights["layers.0.weight"].shape[1])
    head.load_state_dict(weights)
    return head.eval().requires_grad_(False)


def relaid(made, rng):
    """The picture on another plain ground: mostly one that transparent pictures are drawn on, or any colour at all."""
    choice = rng.random()
    names = [name for name in (MANIFEST["plainGrounds"] if choice < 0.5 else GROUNDS) if name != made.facts.get("colour")]
    colour = GROUNDS[rng.choice(names)] if choice < 0.75 else tuple(rng.randrange(256) for _ in range(3))
    clear = 1 - made.alpha[..., None] / np.float32(255)
    moved = made.picture + clear * (np.array(colour, np.float32) - GROUNDS[made.facts["ground"]])
    return np.clip(moved + 0.5, 0, 255).astype(np.uint8)


class Pool:
    """Latents and their alpha, a few of them replaced at every batch."""

    def __init__(self, work, rng):
        self.house, self.hands = Glyphs(work), [Glyphs(work, name) for name in vae.OTHER_SETS]
        self.rng, self.model = rng, vae.load(work)
        self.z, self.alpha = (np.concatenate(part) for part in zip(*(self.fresh(50) for _ in range(POOL // 50))))

    def compose(self):
        """(picture, alpha) of house art, of other hands, or in a computed style."""
        rng = self.rng
        glyphs = self.house if rng.random() < 0.8 else rng.choice(self.hands)
        made = sample(glyphs, rng, weights=MIX)
        while (made.facts["ground"] is None or not made.alpha.any()) and rng.random() > PLACES:
            made = sample(glyphs, rng, weights=MIX)
        if made.facts["ground"] is None:
            return made.picture, made.alpha
        if rng.random() < STYLED:
            style, rgba = rng.choice(list(LOOKS)), np.dstack([made.picture, made.alpha])
            return LOOKS[style](rgba), cover(style, rgba)
        return relaid(made, rng), made.alpha

    def fresh(self, count):
        pictures, alphas = zip(*(self.compose() for _ in range(count)))
        return latents.encode(self.model, np.stack(pictures)), np.stack(alphas)

    def batch(self):
        """(latents [B, C, 16, 16], alpha 0..1 [B, 1, 128, 128])"""
        places = self.rng.sample(range(len(self.z)), FRESH)
        self.z[places], self.alpha[places] = self.fresh(FRESH)
        rows = self.rng.sample(range(len(self.z)), BATCH)
        z = torch.from_numpy(self.z[rows].astype(np.float32)).permute(0, 3, 1, 2)
        return z, torch.from_numpy(self.alpha[rows]).unsqueeze(1).float().div(255)


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
    optimiser, average = Pair(head.named_parameters(), lr=1.5e-3, adam_lr=1e-3), Average(head, 0.995)
    if saved := clock.resume():
        head.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average.weights, average.steps = saved["average"], saved["step"]
    torch.manual_seed(6 + clock.step)
    running = clock.progress < 1
    pool = Pool(work, random.Random(f"matte {clock.step}")) if running else None
    clock.start()
    while running:
        z, true = pool.batch()
        z = z + torch.randn_like(z) * torch.rand(len(z), 1, 1, 1) * NOISE
        with torch.autocast("cpu", torch.bfloat16):
            made = head(z.contiguous(memory_format=torch.channels_last))
        found = made.float().add(1).div(2)
        loss = matte_loss(found, true)
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=30))
        average.update(head)
        wrong = ((found >= 0.5) != (true >= 0.5)).float().mean()
        running = clock.tick(BATCH, loss=float(loss.detach()), wrong=100 * float(wrong))
        if clock.due(60) or not running:
            clock.save(model=head.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
    save_head(work / "alpha-head", average.weights)
