"""Stage `adopt`: make a published model folder the starting checkpoints, for when those of its training are not at hand.

Reads the folder given as --model (default: the one above), writes the checkpoints that the other stages resume from, at
minute 0, and its tokenizer. The optimisers' momentum is not published: a stage that goes on from here warms up anew. Run `data` before it.
"""

import pathlib
import re
import shutil

import torch
from safetensors.torch import load_file

import base
import lora
import styles
import vae


def checkpoint(work, name, **state):
    torch.save({"spent": 0.0, "step": 0, "seen": 0, **state}, work / f"{name}.pt")


def net(folder):
    """A published net's weights in float32."""
    (file,) = folder.glob("*.safetensors")
    return {name: value.float() for name, value in load_file(file).items()}


def adapters(unet_weights, file, strength=1.0):
    """A kohya file's matrices in the order in which `lora.attach` lists its parameters; fresh ones where it has none.

    `strength`: what `save_kohya` had multiplied them by.
    """
    tensors = load_file(file)
    down = next(value for name, value in tensors.items() if name.endswith("lora_down.weight"))
    unet = base.build_unet()
    unet.load_state_dict(unet_weights)
    values = torch.nn.ParameterList()
    for name, parameter in lora.attach(unet, down.shape[0]):
        module, side = re.fullmatch(r"(.+)\.lora_(A|B)\.default\.weight", name).groups()
        value = tensors.get(f"lora_unet_{module.replace('.', '_')}.lora_{'down' if side == 'A' else 'up'}.weight", parameter.detach())
        values.append(torch.nn.Parameter(value.float().reshape(parameter.shape) / (strength if side == "B" else 1)))
    return values.state_dict()


def main(work, args):
    folder = args.model or pathlib.Path(__file__).resolve().parent.parent
    shutil.copytree(folder / "tokenizer", work / "tokenizer", dirs_exist_ok=True)  # learnt anew, its entries come in another order
    autoencoder, unet = net(folder / "vae"), net(folder / "unet")
    vae.build().load_state_dict(autoencoder)
    checkpoint(work, "vae", model=autoencoder, average=autoencoder)
    text = base.build_text(base.tokenizer(work))
    spelt = set(text.state_dict())
    words = {name if name in spelt else name.removeprefix("text_model."): value for name, value in net(folder / "text_encoder").items()}
    text.load_state_dict(words)
    checkpoint(work, "base", unet=unet, text=words, unet_average=unet, text_average=words)
    files = {"distill": folder / "lcm-lora.safetensors", **{f"style-{file.stem}": file for file in sorted((folder / "styles").glob("*.safetensors"))}}
    for name, file in files.items():
        values = adapters(unet, file, styles.STRENGTH.get(file.stem, 1.0))
        checkpoint(work, name, model=values, average=values)
    for upscaler in folder.glob("upscaler-*"):
        shutil.copytree(upscaler, work / upscaler.name, dirs_exist_ok=True)
    print(f"adopt: vae, base, {', '.join(files)} start from {folder}")
