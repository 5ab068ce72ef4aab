"""Stage `epsilon`: the base with LCM-LoRA merged, taught to predict the noise instead of v, as Stable Diffusion 1.5 and XL do.

For measuring alone: the noisiest step multiplies an error of the noise by fifteen, where one of v is not multiplied at all, so what 8 bits
cost such a model cannot be read off one that predicts v. Writes a model folder, WORK/epsilon-model. Nothing of it is published.
"""

import copy
import json

import torch

import base
import export
import lora
import precision
from clock import Clock
from optim import Average, Pair

MINUTES = 20
BATCH = 16
DRAWN = (999, 759, 499, 259)  # where four steps call the net: half of a batch, the other half is anywhere
ROUGH = 0.15  # share of the time in bfloat16, whose rounding the noisiest step would multiply like any error
MOST = 100.0  # times the error of the noise is weighed at most; weighed so, it is that of v


def at(alpha_bar, t):
    a = alpha_bar[t].view(-1, 1, 1, 1)
    return a.sqrt(), (1 - a).sqrt()


def timesteps(count):
    drawn = torch.tensor(DRAWN).repeat(count // (2 * len(DRAWN)))
    return torch.cat([drawn, torch.randint(0, 1000, (count - len(drawn),))])


def teacher_of(unet, file):
    return lora.merge(copy.deepcopy(unet), file).eval().requires_grad_(False)


def write(work, unet, folder):
    """The base's folder with another UNet; it needs no accelerator any more."""
    export.write_base(work, folder)
    unet.to(memory_format=torch.contiguous_format).float().save_pretrained(folder / "unet", safe_serialization=True)
    export.write_json(folder / "scheduler" / "scheduler_config.json", {**export.SCHEDULER, "prediction_type": "epsilon"})
    told = {key: value for key, value in export.MANIFEST.items() if key not in export.ADDED}
    export.write_json(folder / "fourstep.json", {**told, "id": "moji-epsilon", "name": "moji, predicting noise"})


def main(work, args):
    torch.set_num_threads(args.threads)
    out = args.out or work / "epsilon-model"
    tokens = base.tokenizer(work)
    unet, text = base.load(work, tokens)
    teacher = teacher_of(unet, export.HERE.parent / export.ACCELERATORS["lcm"][0])
    unet = copy.deepcopy(teacher).train().requires_grad_(True)
    clock = Clock("epsilon", args.out.parent if args.out else work, args.minutes or MINUTES)
    optimiser = Pair(unet.named_parameters(), lr=8e-4, adam_lr=5e-4, not_matrices=("conv_in", "conv_out"))
    average = Average(unet, 0.995)
    if state := clock.resume():
        unet.load_state_dict(state["unet"])
        optimiser.load_state_dict(state["optimiser"])
        average.weights, average.steps = state["average"], state["step"]
    data, alpha_bar = base.Latents(work, tokens, seed=300 + clock.step), base.alphas_cumprod()
    torch.manual_seed(8 + clock.step)
    clock.start()
    running = clock.progress < 1
    while running:
        z, ids = data.batch(BATCH)
        t = timesteps(BATCH)
        scale, sigma = at(alpha_bar, t)
        x = scale * z + sigma * torch.randn_like(z)
        with precision.autocast(enabled=clock.progress < ROUGH):
            with torch.no_grad():
                words = text(ids).last_hidden_state
                noise = scale * teacher(x, t, words).sample.float() + sigma * x
            guess = unet(x, t, words).sample.float()
        off = (guess - noise).square().mean((1, 2, 3))
        loss = (off * (1 / scale.view(-1) ** 2).clamp(max=MOST)).mean()
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=60))
        average.update(unet)
        of_first = float((off[:: len(DRAWN)][: BATCH // (2 * len(DRAWN))]).mean().detach().sqrt())
        running = clock.tick(BATCH, loss=float(loss.detach()), first=of_first)
        if clock.due() or not running:
            clock.save(unet=unet.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
            drawn = copy.deepcopy(teacher)
            drawn.load_state_dict(average.weights)
            write(work, drawn, out)
    print(f"epsilon: {json.dumps(str(out))} written")
