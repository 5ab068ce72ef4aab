"""Low-rank adapters on the UNet: the targets of the published LCM-LoRAs, and the kohya spelling of the files.

Knows nothing of what an adapter is trained for.
"""

import re

import torch
from peft import LoraConfig, get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file, save_file

TARGETS = [
    "to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2",
    "conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv", "time_emb_proj",
]


def attach(unet, rank):
    """Fresh adapters on every target, as the only trainable weights of the UNet; returns [(name, parameter)]."""
    unet.requires_grad_(False)
    unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, init_lora_weights=True, target_modules=TARGETS))
    return [(name, p) for name, p in unet.named_parameters() if p.requires_grad]


def state(unet):
    return {name: value.detach().clone() for name, value in get_peft_model_state_dict(unet).items()}


def save_kohya(path, weights, metadata):
    """PEFT names to `lora_unet_<module>.{lora_down.weight,lora_up.weight,alpha}`, in float16."""
    tensors, rank = {}, 0
    for name, value in weights.items():
        module, side = re.fullmatch(r"(?:base_model\.model\.)?(.+)\.lora_(A|B)\.weight", name).groups()
        key = "lora_unet_" + module.replace(".", "_")
        tensors[f"{key}.lora_{'down' if side == 'A' else 'up'}.weight"] = value.half().contiguous()
        if side == "A":
            rank = value.shape[0]
            tensors[f"{key}.alpha"] = torch.tensor(float(rank), dtype=torch.float16)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"format": "pt", "ss_network_module": "networks.lora", "ss_network_dim": str(rank), "ss_network_alpha": str(float(rank)), **metadata})
    return len(tensors) // 3


def publish(source, target, metadata):
    """A kohya file again in float16, with `metadata` beside its own; the source goes. Returns the number of modules."""
    with safe_open(source, "pt") as opened:
        told = opened.metadata()
    tensors = {name: value.half() for name, value in load_file(source).items()}
    save_file(tensors, target, {**told, **metadata})
    source.unlink()
    return len(tensors) // 3


@torch.no_grad()
def begin_from(trainable, path):
    """Puts a kohya file's matrices into adapters of the same rank."""
    tensors = load_file(path)
    for name, parameter in trainable:
        module, side = re.fullmatch(r"(.+)\.lora_(A|B)\.default\.weight", name).groups()
        value = tensors[f"lora_unet_{module.replace('.', '_')}.lora_{'down' if side == 'A' else 'up'}.weight"]
        parameter.copy_(value.view_as(parameter))


@torch.no_grad()
def merge(unet, path, weight=1.0):
    """Add a kohya file's deltas to a plain UNet in place; the other way of the same names."""
    tensors = load_file(path)
    modules = {"lora_unet_" + name.replace(".", "_"): module for name, module in unet.named_modules()}
    for key in sorted({name.split(".")[0] for name in tensors}):
        down, up = tensors[f"{key}.lora_down.weight"].float(), tensors[f"{key}.lora_up.weight"].float()
        scale = weight * float(tensors[f"{key}.alpha"]) / down.shape[0]
        target = modules[key].weight
        target.add_((up.flatten(1) @ down.flatten(1)).view(target.shape).to(target.dtype), alpha=scale)
    return unet
