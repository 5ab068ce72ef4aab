"""A hundred steps of LoRA training by peft, its optimiser torch's: the loss of each step.

    python make_training.py      writes training/losses.json

The tiny SD 1.5 of tiny_models.py; rank 4 at the attentions' matrices, alpha 4. Rows are seeded by name:
`seeded("training/STEP/latents", ...)`, noise, prompts likewise; timesteps 999 - 37 * (2 * STEP + ROW) modulo 1000.
`lora_A` is seeded and scaled by 1/sqrt(in), `lora_B` is zeros, as a run begins.
Made with torch 2.15.0, diffusers 0.42.1, peft 0.21.2.
"""
import json
import pathlib

import torch
from diffusers import DDPMScheduler
from peft import LoraConfig

from tiny_models import CONFIGS, component, seeded

OUT = pathlib.Path(__file__).parent / "training"
STEPS, ROWS, SIDE = 100, 2, 8


def main():
    torch.set_num_threads(1)
    unet = component("sd15", "unet").requires_grad_(False)
    unet.add_adapter(LoraConfig(r=4, lora_alpha=4, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    learnt = []
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if "lora_" in name:
                module, side = name.split(".lora_")[0], name.split(".lora_")[1][0]
                if side == "A":
                    parameter.copy_(seeded(f"training/{module}", parameter.shape) / parameter.shape[1] ** 0.5)
                else:
                    parameter.zero_()
                parameter.requires_grad_(True)
                learnt.append(parameter)
    optimiser = torch.optim.AdamW(learnt, lr=2e-3, betas=(0.9, 0.99), weight_decay=0.01)
    scheduler = DDPMScheduler.from_config(json.loads((CONFIGS / "sd15" / "scheduler" / "scheduler_config.json").read_text()))
    losses = []
    for step in range(1, STEPS + 1):
        latents = seeded(f"training/{step}/latents", (ROWS, 4, SIDE, SIDE))
        noise = seeded(f"training/{step}/noise", (ROWS, 4, SIDE, SIDE))
        words = seeded(f"training/{step}/words", (ROWS, 77, 32))
        timesteps = torch.tensor([(999 - 37 * (2 * step + row)) % 1000 for row in range(ROWS)])
        prediction = unet(scheduler.add_noise(latents, noise, timesteps), timesteps.float(), words).sample
        loss = torch.nn.functional.mse_loss(prediction, noise)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        losses.append(loss.item())
    OUT.mkdir(exist_ok=True)
    (OUT / "losses.json").write_text(json.dumps(losses) + "\n")
    print(len(learnt), losses[0], losses[-1])


if __name__ == "__main__":
    main()
