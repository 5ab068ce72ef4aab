"""Stage `onestep`: a second accelerator, for one step and two, begun from LCM-LoRA's adapters.

LCM-LoRA learns from neighbours on the teacher's path, so its longest leap, from pure noise to a picture, is the one it learns last. Here the
guided teacher walks whole paths in a few DDIM steps (as in progressive distillation, Salimans and Ho, 2022), and from any point of a path the
student names the picture where it ends; mostly from pure noise, then from the second step's. What such a regression leaves soft, a
small discriminator of latents asks to be sharp: it compares with composed pictures of the same words (as in ADD, arXiv 2311.17042).
"""

import random

import torch
import torch.nn.functional as F
from torch import nn

import base
import lora
import precision
from clock import Clock
from distill import RANK
from optim import Average, Pair

MINUTES = 30
BATCH, FRESH, POOL = 24, 24, 1500  # pictures a step, paths walked at a time, paths kept
EVERY = 6  # steps between walks: a path costs twelve calls of the teacher, a step three
POINTS = (999, 832, 666, 499, 332, 166)
WEIGHTS = (0.55, 0.05, 0.05, 0.25, 0.05, 0.05)  # how often each is begun from: one step begins at 999, the second of two at 499
GUIDANCE = 3.0
HUBER = 0.001
FOOL = 0.3  # of the regression's gradient, whatever the size of the discriminator's
ALONE = 0.15  # share of the time before the discriminator speaks


class Path:
    """The noise schedule, and what can be computed from one point on it."""

    def __init__(self):
        self.alpha_bar = base.alphas_cumprod()

    def at(self, t):
        a = self.alpha_bar[t].view(-1, 1, 1, 1)
        return a.sqrt(), (1 - a).sqrt()

    def picture_and_noise(self, x, v, t):
        scale, sigma = self.at(t)
        return scale * x - sigma * v, scale * v + sigma * x


class Discriminator(nn.Module):
    """Says of every place of a latent picture whether it is a real one, told the words' mean."""

    def __init__(self, channels, words, width=96):
        super().__init__()
        self.enter = nn.Conv2d(channels, width, 3, 1, 1)
        self.by_words = nn.Linear(words, 2 * width)
        self.layers = nn.Sequential(
            nn.LeakyReLU(0.2), nn.Conv2d(width, 2 * width, 4, 2, 1), nn.GroupNorm(8, 2 * width), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 2 * width, 3, 1, 1), nn.GroupNorm(8, 2 * width), nn.LeakyReLU(0.2),
        )
        self.leave = nn.Conv2d(2 * width, 1, 1)

    def forward(self, z, words):
        """[B, C, 16, 16], [B, T, D] -> [B, 1, 8, 8]"""
        seen = self.layers(self.enter(z))
        return self.leave(seen) + (seen * self.by_words(words.mean(1))[:, :, None, None]).mean(1, keepdim=True)


@torch.no_grad()
def walk(unet, path, words, no_words, noise, guidance=GUIDANCE, points=POINTS):
    """The guided teacher's DDIM path from pure noise: what it passes at `points`, [B, N, C, H, W], and where it ends."""
    count, x, passed = len(words), noise, []
    unet.disable_adapters()
    for n, point in enumerate(points):
        passed.append(x)
        t = torch.full((2 * count,), point)
        with precision.autocast():
            v = unet(torch.cat([x, x]), t, torch.cat([words, no_words.expand(count, -1, -1)])).sample.float()
        picture, eps = path.picture_and_noise(torch.cat([x, x]), v, t)
        (picture, picture_u), (eps, eps_u) = picture.chunk(2), eps.chunk(2)
        picture, eps = picture_u + guidance * (picture - picture_u), eps_u + guidance * (eps - eps_u)
        if n + 1 < len(points):
            scale, sigma = path.at(torch.full((count,), points[n + 1]))
            x = scale * picture + sigma * eps
    unet.enable_adapters()
    return torch.stack(passed, 1), picture


class Paths:
    """The last paths that were walked, with their words."""

    def __init__(self, size):
        self.size, self.kept = size, []

    def add(self, passed, ends, ids):
        self.kept = [*self.kept, *zip(passed.half(), ends.half(), ids)][-self.size :]

    def batch(self, count, rng):
        """Points of the paths, their timesteps, where they end, and token ids."""
        picked = rng.choices(self.kept, k=count)
        at = rng.choices(range(len(POINTS)), WEIGHTS, k=count)
        x = torch.stack([passed[n] for (passed, _, _), n in zip(picked, at)]).float()
        ends = torch.stack([end for _, end, _ in picked]).float()
        return x, torch.tensor([POINTS[n] for n in at]), ends, torch.stack([ids for _, _, ids in picked])


def fooling(discriminator, guess, regression, words):
    """The discriminator's gradient on the pictures, at FOOL of the regression's size."""
    leaf = guess.detach().requires_grad_()
    (wanted,) = torch.autograd.grad(-discriminator(leaf, words).mean(), leaf)
    return wanted * (FOOL * regression.norm() / (wanted.norm() + 1e-8))


def train(unet, text, data, clock, begin, saved):
    """Trains fresh adapters of `unet` from those of the file `begin`, or goes on from `saved`; returns them averaged."""
    trainable = lora.attach(unet, RANK)
    optimiser = Pair(trainable, lr=0, adam_lr=4e-4, not_matrices=("",), betas=(0.9, 0.99))
    weights = torch.nn.ParameterList([p for _, p in trainable])
    lora.begin_from(trainable, begin)
    average, discriminator = Average(weights, 0.99), Discriminator(data.channels, text.config.hidden_size)
    against = torch.optim.AdamW(discriminator.parameters(), lr=4e-4, betas=(0.5, 0.9), weight_decay=0)
    if saved:
        weights.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        discriminator.load_state_dict(saved["discriminator"])
        against.load_state_dict(saved["against"])
        average.weights, average.steps = saved["average"], saved["step"]
    rng, path, paths = random.Random(clock.step), Path(), Paths(POOL)
    torch.manual_seed(7 + clock.step)
    with torch.no_grad():
        no_words = text(data.empty[None]).last_hidden_state
    running, first = clock.progress < 1, clock.step
    clock.start()
    while running:
        z, ids = data.batch(FRESH, empty=0.0)
        if (clock.step - first) % EVERY == 0:
            with torch.no_grad():
                words = text(ids).last_hidden_state
            for _ in range(4 if clock.step == first else 1):  # the first batches must not see the same few paths again and again
                paths.add(*walk(unet, path, words, no_words, torch.randn_like(z)), ids)
        x, t, ends, said = paths.batch(BATCH, rng)
        with torch.no_grad():
            words, words_of_real = text(said).last_hidden_state, text(ids).last_hidden_state
        with precision.autocast():
            v = unet(x, t, words).sample.float()
        guess = path.picture_and_noise(x, v, t)[0]
        off = guess.detach() - ends
        gradient = off / (off.square() + HUBER**2).sqrt() / off.numel()
        if clock.progress > ALONE:
            gradient = gradient + fooling(discriminator, guess, gradient, words)
        guess.backward(gradient)
        optimiser.step(clock.rate(warmup_steps=20))
        average.update(weights)
        real, false = discriminator(z, words_of_real), discriminator(guess.detach(), words)
        caught = F.relu(1 - real).mean() + F.relu(1 + false).mean()
        against.zero_grad(set_to_none=True)
        caught.backward()
        against.step()
        running = clock.tick(BATCH, off=float(off.abs().mean()), caught=float(caught.detach()))
        if clock.due(60) or not running:
            clock.save(
                model=weights.state_dict(), optimiser=optimiser.state_dict(), average=average.weights, discriminator=discriminator.state_dict(), against=against.state_dict(),
            )
    weights.load_state_dict(average.weights)
    return lora.state(unet)


def main(work, args):
    torch.set_num_threads(args.threads)
    tokens = base.tokenizer(work)
    unet, text = base.load(work, tokens)
    clock = Clock("onestep", work, args.minutes or MINUTES)
    saved = clock.resume()
    data = base.Latents(work, tokens, seed=200 + clock.step)
    made = train(unet, text, data, clock, work / "lcm-lora.safetensors", saved)
    metadata = {"ss_base_model_version": "moji", "ss_output_name": "one-step-lora", "fourstep.recipe": "one-step"}
    print(f"onestep: {lora.save_kohya(work / 'one-step-lora.safetensors', made, metadata)} modules written")
