"""Tiny random models of the shapes of SD 1.5, SDXL, SSD-1B and full LCM, whose weights nobody needs to store.

The recipe, repeated in TypeScript by test/support/random-weights.ts: the tensor NAME of the component in FOLDER
(`unet`, `vae`, `text_encoder`, ...) is `torch.randn(shape)` from the CPU generator seeded with
crc32("FOLDER/NAME") (text encoders: NAME without a leading `text_model.`), then
  1-D, NAME ends in `weight`    1 + 0.1 * randn        (norms)
  1-D, otherwise                0.1 * randn            (biases)
  else                          randn / sqrt(product of all dimensions but the first)
all in fp32. Configs are the JSON files of configs/<model>/, in the layout of a diffusers folder; the tokenizer's
vocabulary is built here: 256 bytes, 256 bytes that end a word, the merges, start and end.

    python tiny_models.py sd15 /some/folder     writes the whole pipeline in diffusers layout
From another script: `pipeline_folder(name, folder, dtype)`, `component(name, part)`, `fill(module, folder)`.
"""
import json
import pathlib
import shutil
import sys
import zlib

import torch
from safetensors.torch import save_file

CONFIGS = pathlib.Path(__file__).parent / "configs"
MERGES = (
    "t h|th e</w>|a n|i n|e r|f o|fo x</w>|c a|ca t</w>|r e|re d</w>|b l|bl u|blu e</w>|o n</w>|o f</w>|o r|a r"
    "|in g</w>|s t|e n|t i|a t|an d</w>|h e|a l"
).split("|")


def seeded(name, shape):
    generator = torch.Generator("cpu").manual_seed(zlib.crc32(name.encode()))
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float32)


def recipe(folder, name, shape):
    bare = name.removeprefix("text_model.")
    x = seeded(f"{folder}/{bare}", shape)
    if len(shape) == 1:
        return 1 + 0.1 * x if name.endswith("weight") else 0.1 * x
    fan_in = 1
    for d in shape[1:]:
        fan_in *= d
    return x / fan_in**0.5


@torch.no_grad()
def fill(module, folder):
    for name, parameter in module.named_parameters():
        parameter.copy_(recipe(folder, name, parameter.shape))
    return module.eval()


def config_of(model, part):
    return json.loads((CONFIGS / model / part / "config.json").read_text())


def component(model, part, **overrides):
    """The net of configs/<model>/<part>/config.json, filled."""
    import diffusers
    import transformers

    config = {**config_of(model, part), **overrides}
    if "_class_name" in config:
        net = getattr(diffusers, config.pop("_class_name")).from_config(config)
    else:
        cls = getattr(transformers, config["architectures"][0])
        # Eager attention: the plain formula.
        net = cls._from_config(transformers.CLIPTextConfig(**config), attn_implementation="eager")
    return fill(net.float(), part)


def byte_symbols():
    """CLIP's printable stand-ins for the 256 bytes, in the order of its vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + i) for i in range(len(rest))]


def tokenizer_files(folder):
    """Writes vocab.json and merges.txt: 512 + len(MERGES) + 2 entries, as `vocab_size` of the configs says."""
    symbols = byte_symbols()
    tokens = symbols + [s + "</w>" for s in symbols] + [m.replace(" ", "") for m in MERGES]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: i for i, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")


def pipeline_folder(model, folder, dtype=torch.float32, hub_spelling=True):
    """Writes `model` in diffusers layout; `hub_spelling`: text encoders keep the `text_model.` prefix of the hub."""
    folder = pathlib.Path(folder)
    shutil.copytree(CONFIGS / model, folder, dirs_exist_ok=True)
    for part in sorted(p.name for p in folder.iterdir() if p.is_dir()):
        if part.startswith("tokenizer"):
            tokenizer_files(folder / part)
        elif part != "scheduler":
            text = part.startswith("text_encoder")
            state = {k: v.to(dtype).contiguous() for k, v in component(model, part).state_dict().items()}
            if text:
                state = {
                    (k if not hub_spelling or k.startswith(("text_model.", "text_projection")) else f"text_model.{k}"): v
                    for k, v in state.items()
                    if not k.endswith("position_ids")
                }
            name = "model.safetensors" if text else "diffusion_pytorch_model.safetensors"
            save_file(state, folder / part / name, metadata={"format": "pt"})
    return folder


if __name__ == "__main__":
    pipeline_folder(sys.argv[1], sys.argv[2])
