"""Stage `upscaler`: two small super-resolution nets, x2 and x4, trained on the same art.

The architecture and tensor names are Real-ESRGAN's SRVGGNetCompact. Inputs are shrunk pictures, some of them blurred,
noisy or passed through the autoencoder, so that the net also cleans up what the decoder leaves.
"""

import json
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

import precision
import vae
from clock import Clock
from optim import Average, Pair

MINUTES = 8
WIDTH, CONVS = 32, 8
CROP, BATCH = 32, 24  # input pixels


class SRVGGNetCompact(nn.Module):
    """Plain convolutions at low resolution; predicts the difference from the nearest-neighbour enlargement."""

    def __init__(self, num_in_ch=3, num_out_ch=3, num_feat=WIDTH, num_conv=CONVS, upscale=4):
        super().__init__()
        layers = [nn.Conv2d(num_in_ch, num_feat, 3, 1, 1), nn.PReLU(num_feat)]
        for _ in range(num_conv):
            layers += [nn.Conv2d(num_feat, num_feat, 3, 1, 1), nn.PReLU(num_feat)]
        layers.append(nn.Conv2d(num_feat, num_out_ch * upscale**2, 3, 1, 1))
        self.body, self.upscale = nn.ModuleList(layers), upscale

    def forward(self, x):
        out = x
        for layer in self.body:
            out = layer(out)
        return F.pixel_shuffle(out, self.upscale) + F.interpolate(x, scale_factor=self.upscale, mode="nearest")


@torch.no_grad()
def pairs(work, scale, rng, count=1500):
    """(small, large) pictures in 0..1; a third of the small ones went through blur and noise, a third through the autoencoder."""
    pool, autoencoder = vae.Pool(work, rng, size=count, hide=False), vae.load(work)
    large = torch.from_numpy(pool.pool).permute(0, 3, 1, 2).float() / 255
    small = F.interpolate(large, scale_factor=1 / scale, mode="bicubic", antialias=True).clamp(0, 1)
    small_size = small.shape[-1]
    for n in range(0, count, 3):
        soft = F.avg_pool2d(F.pad(small[n : n + 1], (1, 1, 1, 1), mode="replicate"), 3, 1)
        mix = rng.uniform(0, 0.5)
        small[n] = ((1 - mix) * small[n] + mix * soft[0] + torch.randn(3, small_size, small_size) * rng.uniform(0, 0.015)).clamp(0, 1)
    # The autoencoder sees the small picture enlarged to its own scale, so that its blur has the size it has in use.
    for n in range(1, count, 3):
        if rng.random() < 0.8:
            small[n] = autoencoder.decoder(autoencoder.encoder(small[n : n + 1] * 2 - 1))[0].add(1).div(2).clamp(0, 1)
    return small, large


def train(work, scale, args):
    torch.manual_seed(5)
    rng = random.Random(f"upscaler {scale}")
    clock = Clock(f"upscaler-x{scale}", work, args.minutes or MINUTES)
    model = SRVGGNetCompact(upscale=scale).to(memory_format=torch.channels_last)
    optimiser, average = Pair(model.named_parameters(), lr=3e-3, adam_lr=2e-3, not_matrices=("body.0.",)), Average(model, 0.995)
    if saved := clock.resume():
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average.weights, average.steps = saved["average"], saved["step"]
    small, large = pairs(work, scale, rng)
    crop = min(CROP, small.shape[-1])
    clock.start()
    running = clock.progress < 1
    while running:
        xs, ys = [], []
        for _ in range(BATCH):
            n, x, y = rng.randrange(len(small)), rng.randint(0, small.shape[-1] - crop), rng.randint(0, small.shape[-1] - crop)
            xs.append(small[n, :, y : y + crop, x : x + crop])
            ys.append(large[n, :, y * scale : (y + crop) * scale, x * scale : (x + crop) * scale])
        true = torch.stack(ys).contiguous(memory_format=torch.channels_last)
        with precision.autocast():
            made = model(torch.stack(xs).contiguous(memory_format=torch.channels_last))
        loss = vae.picture_loss(made.float(), true)
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=40))
        average.update(model)
        psnr = -10 * torch.log10(F.mse_loss(made.detach().float().clamp(0, 1), true))
        running = clock.tick(BATCH, loss=float(loss), psnr=float(psnr))
        if clock.due(60) or not running:
            clock.save(model=model.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
    folder = work / f"upscaler-x{scale}"
    folder.mkdir(exist_ok=True)
    save_file({k: v.half().contiguous() for k, v in average.weights.items()}, folder / "model.safetensors", {"format": "pt"})
    config = {"_class_name": "SRVGGNetCompact", "num_in_ch": 3, "num_out_ch": 3, "num_feat": WIDTH, "num_conv": CONVS, "upscale": scale, "act_type": "prelu"}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main(work, args):
    torch.set_num_threads(args.threads)
    for scale in [int(args.only)] if args.only else (2, 4):
        train(work, scale, args)
