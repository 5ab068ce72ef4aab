"""Stage `distill`: LCM-LoRA, latent consistency distillation into low-rank adapters (arXiv 2310.04378, 2311.05556).

One UNet is teacher (adapters off), student (on) and target (on, with the student's averaged adapters). The teacher's guided DDIM step of
20 timesteps gives the next point of the path; the student must name the same picture from both points. As in diffusers'
train_lcm_distill_lora_sd_wds.py, for a model that predicts v.
"""

import time

import torch

import base
import lora
from clock import Clock
from optim import Average, Pair

MINUTES = 24
RANK = 24  # with the one-step accelerator of the same rank the weights stay below 48 MB
BATCH = 24
GUIDANCE = (1.5, 2.5)  # w of the paper: the usual guidance scale is 1 + w
DDIM_STEPS = 50
HUBER = 0.001
TARGET_DECAY = 0.95  # the target follows the student slowly: chasing itself, it grows grain
SIGMA_DATA, TIMESTEP_SCALING = 0.5, 10.0


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

    def boundary(self, x, picture, t):
        s = (t * TIMESTEP_SCALING).view(-1, 1, 1, 1).float()
        skip, out = SIGMA_DATA**2 / (s**2 + SIGMA_DATA**2), s / (s**2 + SIGMA_DATA**2).sqrt()
        return skip * x + out * picture


class Target:
    """The student's adapters, averaged; inside `with` the UNet wears them."""

    def __init__(self, weights, decay):
        self.weights, self.decay = list(weights), decay
        self.slow = [p.detach().clone() for p in self.weights]

    def __enter__(self):
        self.fast = [p.data for p in self.weights]
        for p, slow in zip(self.weights, self.slow):
            p.data = slow

    def __exit__(self, *_):
        for p, fast in zip(self.weights, self.fast):
            p.data = fast

    @torch.no_grad()
    def follow(self):
        for p, slow in zip(self.weights, self.slow):
            slow.lerp_(p, 1 - self.decay)


def consistency_loss(unet, target_weights, path, z, words, no_words):
    count, stride = len(z), 1000 // DDIM_STEPS
    index = torch.randint(0, DDIM_STEPS, (count,))
    start = (index + 1) * stride - 1
    end = (start - stride).clamp(min=0)
    scale, sigma = path.at(start)
    x = scale * z + sigma * torch.randn_like(z)
    w = torch.empty(count, 1, 1, 1).uniform_(*GUIDANCE)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        unet.disable_adapters()
        v_both = unet(torch.cat([x, x]), torch.cat([start, start]), torch.cat([words, no_words.expand(count, -1, -1)])).sample.float()
        unet.enable_adapters()
        picture, noise = path.picture_and_noise(torch.cat([x, x]), v_both, torch.cat([start, start]))
        (picture, picture_u), (noise, noise_u) = picture.chunk(2), noise.chunk(2)
        picture, noise = picture + w * (picture - picture_u), noise + w * (noise - noise_u)
        a_end = torch.where(index > 0, path.alpha_bar[end], path.alpha_bar[0]).view(-1, 1, 1, 1)
        x_end = a_end.sqrt() * picture + (1 - a_end).sqrt() * noise
        with target_weights:
            v_end = unet(x_end, end, words).sample.float()
        target = path.boundary(x_end, path.picture_and_noise(x_end, v_end, end)[0], end)
    with torch.autocast("cpu", torch.bfloat16):
        v = unet(x, start, words).sample.float()
    guess = path.boundary(x, path.picture_and_noise(x, v, start)[0], start)
    return ((guess - target).square() + HUBER**2).sqrt().sub(HUBER).mean()


def main(work, args):
    torch.set_num_threads(args.threads)
    tokens = base.tokenizer(work)
    unet, text = base.load(work, tokens)
    clock = Clock("distill", work, args.minutes or MINUTES)
    trainable = lora.attach(unet, RANK)
    optimiser = Pair(trainable, lr=0, adam_lr=6e-4, not_matrices=("",), betas=(0.9, 0.99))
    weights = torch.nn.ParameterList([p for _, p in trainable])
    average = Average(weights, 0.99)
    if saved := clock.resume():
        weights.load_state_dict(saved["model"])
        if "optimiser" in saved:
            optimiser.load_state_dict(saved["optimiser"])
        average.weights, average.steps = saved["average"], saved["step"]
    data = base.Latents(work, tokens, seed=100 + clock.step)
    torch.manual_seed(3 + clock.step)
    with torch.no_grad():
        no_words = text(data.empty[None]).last_hidden_state
    path, target, running = Path(), Target(weights, TARGET_DECAY), clock.progress < 1
    clock.start()
    while running:
        z, ids = data.batch(BATCH, empty=0.0)
        with torch.no_grad():
            words = text(ids).last_hidden_state
        loss = consistency_loss(unet, target, path, z, words, no_words)
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=20))
        target.follow()
        average.update(weights)
        running = clock.tick(BATCH, loss=float(loss.detach()))
        if clock.due(60) or not running:
            clock.save(model=weights.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
    weights.load_state_dict(average.weights)
    count = lora.save_kohya(work / "lcm-lora.safetensors", lora.state(unet), {"ss_base_model_version": "moji", "ss_output_name": "lcm-lora"})
    print(f"distill: {count} modules written")
