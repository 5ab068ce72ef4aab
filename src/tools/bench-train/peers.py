"""A step of LoRA training by torch, diffusers and peft over the same weights, for `fourstep bench train`.

    python peers.py CONFIG.json WEIGHTS.safetensors MODULES.json ROWS SIDE TOKENS RANK ROUNDS FORM

FORM is fp32 or bf16; channels last, attention as diffusers chooses it, one thread. Prints one JSON object: CPU seconds
a step and the peak of resident memory in MB.
"""
import json
import resource
import sys

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from safetensors.torch import load_file

config, weights, modules, rows, side, tokens, rank, rounds, form = sys.argv[1:]
rows, side, tokens, rank, rounds = (int(value) for value in (rows, side, tokens, rank, rounds))
torch.set_num_threads(1)
config = json.load(open(config))
unet = UNet2DConditionModel.from_config(config).eval().requires_grad_(False)
shapes = {name: value.shape for name, value in unet.state_dict().items()}
unet.load_state_dict({name: value.reshape(shapes[name]) for name, value in load_file(weights).items() if name in shapes})
unet.to(memory_format=torch.channels_last)
unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=json.load(open(modules))))
learnt = [parameter for parameter in unet.parameters() if parameter.requires_grad]
optimiser = torch.optim.AdamW(learnt, lr=1e-4, fused=True)
sample, target = torch.randn(2, rows, unet.config.in_channels, side, side)
words = torch.randn(rows, tokens, unet.config.cross_attention_dim)
timesteps = torch.full((rows,), 500.0)


def seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


spent = []
for _ in range(rounds + 1):
    started = seconds()
    with torch.autocast("cpu", torch.bfloat16, enabled=form == "bf16"):
        prediction = unet(sample, timesteps, words).sample
    (prediction.float() - target).square().mean().backward()
    optimiser.step()
    optimiser.zero_grad()
    spent.append(seconds() - started)
spent = sorted(spent[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
print(json.dumps({"cpuSeconds": spent[len(spent) // 2], "peakMb": peak}))
