"""
How diffusers renames single-file checkpoints, as hashes.

    python test/golden/make_checkpoint.py

Gives diffusers' own converters a checkpoint of the true layout (names as in the published files, one number for each
tensor) and notes, for each net, how many tensors there are and the SHA-256 of the sorted lines "original diffusers".
Made with diffusers 0.42.
"""
import hashlib
import json
import pathlib
import types

import diffusers
import torch
from diffusers.loaders.single_file_utils import (convert_ldm_clip_checkpoint, convert_ldm_unet_checkpoint,
                                                 convert_ldm_vae_checkpoint, convert_open_clip_checkpoint)

BOTH = (".weight", ".bias")


def resnet(at, changes, time=True):
    names = [f"{at}.in_layers.0", f"{at}.in_layers.2", f"{at}.emb_layers.1", f"{at}.out_layers.0", f"{at}.out_layers.3"]
    return [name + end for name in names + ([f"{at}.skip_connection"] if changes else []) for end in BOTH]


def attention(at, depth):
    names = [f"{at}.{name}{end}" for name in ("norm", "proj_in", "proj_out") for end in BOTH]
    for block in (f"{at}.transformer_blocks.{i}" for i in range(depth)):
        for attn in ("attn1", "attn2"):
            names += [f"{block}.{attn}.to_{p}.weight" for p in "qkv"]
            names += [f"{block}.{attn}.to_out.0{end}" for end in BOTH]
        inner = ("ff.net.0.proj", "ff.net.2", "norm1", "norm2", "norm3")
        names += [f"{block}.{name}{end}" for name in inner for end in BOTH]
    return names


def unet(channels, depths, label):
    """depths: transformer depth per level going down, 0 for none; the middle has that of the last level (SD 1.5: 1)."""
    names = [name + end for name in ("time_embed.0", "time_embed.2", "input_blocks.0.0", "out.0", "out.2") for end in BOTH]
    names += [f"label_emb.0.{i}{end}" for i in (0, 2) for end in BOTH] if label else []
    index, width, levels = 1, channels[0], len(channels)
    for level, (c, depth) in enumerate(zip(channels, depths)):
        for _ in range(2):
            names += resnet(f"input_blocks.{index}.0", width != c)
            names += attention(f"input_blocks.{index}.1", depth) if depth else []
            index, width = index + 1, c
        if level < levels - 1:
            names += [f"input_blocks.{index}.0.op{end}" for end in BOTH]
            index += 1
    names += resnet("middle_block.0", False) + attention("middle_block.1", depths[-1] or 1) + resnet("middle_block.2", False)
    index = 0
    for level in reversed(range(levels)):
        for layer in range(3):
            names += resnet(f"output_blocks.{index}.0", True)
            names += attention(f"output_blocks.{index}.1", depths[level]) if depths[level] else []
            if layer == 2 and level > 0:
                names += [f"output_blocks.{index}.{2 if depths[level] else 1}.conv{end}" for end in BOTH]
            index += 1
    return names


def vae():
    names = [f"{name}{end}" for name in ("quant_conv", "post_quant_conv") for end in BOTH]
    for side, way, resample, layers in (("encoder", "down", "downsample", 2), ("decoder", "up", "upsample", 3)):
        names += [f"{side}.{name}{end}" for name in ("conv_in", "norm_out", "conv_out") for end in BOTH]
        block = ("norm1", "conv1", "norm2", "conv2")
        names += [f"{side}.mid.block_{i}.{name}{end}" for i in (1, 2) for name in block for end in BOTH]
        names += [f"{side}.mid.attn_1.{name}{end}" for name in ("norm", "q", "k", "v", "proj_out") for end in BOTH]
        for level in range(4):
            for layer in range(layers):
                names += [f"{side}.{way}.{level}.block.{layer}.{name}{end}" for name in block for end in BOTH]
            resampled = level < 3 if side == "encoder" else level > 0
            names += [f"{side}.{way}.{level}.{resample}.conv{end}" for end in BOTH] if resampled else []
        shortcuts = (1, 2) if side == "encoder" else (0, 1)
        names += [f"{side}.{way}.{level}.block.0.nin_shortcut{end}" for level in shortcuts for end in BOTH]
    return names


def clip():
    names = ["text_model.embeddings.token_embedding.weight", "text_model.embeddings.position_embedding.weight"]
    names += ["text_model.final_layer_norm" + end for end in BOTH]
    inner = [f"self_attn.{p}_proj" for p in ("q", "k", "v", "out")] + ["mlp.fc1", "mlp.fc2", "layer_norm1", "layer_norm2"]
    return names + [f"text_model.encoder.layers.{i}.{name}{end}" for i in range(12) for name in inner for end in BOTH]


def open_clip():
    names = ["token_embedding.weight", "positional_embedding", "ln_final.weight", "ln_final.bias", "text_projection"]
    for at in (f"transformer.resblocks.{i}" for i in range(32)):
        names += [f"{at}.{name}{end}" for name in ("ln_1", "ln_2", "mlp.c_fc", "mlp.c_proj", "attn.out_proj") for end in BOTH]
        names += [f"{at}.attn.in_proj_weight", f"{at}.attn.in_proj_bias"]
    return names


def numbered(names, prefix, shape):
    return {prefix + name: torch.full(shape(name), float(i)) for i, name in enumerate(names)}


def note(names, converted):
    """Each converted tensor still holds the number of its original."""
    lines = sorted(f"{names[int(tensor.flatten()[0])]} {name}" for name, tensor in converted.items())
    return {"originals": names, "tensors": len(lines), "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest()}


def convert_unet(names, levels, label):
    config = {"layers_per_block": 2, "down_block_types": [0] * levels, "up_block_types": [0] * levels,
              "addition_embed_type": "text_time" if label else None, "class_embed_type": None, "num_class_embeds": None}
    return note(names, convert_ldm_unet_checkpoint(numbered(names, "model.diffusion_model.", lambda _: (1,)), config))


def main():
    sd15 = unet((320, 640, 1280, 1280), (1, 1, 1, 0), False)
    sdxl = unet((320, 640, 1280), (0, 2, 10), True)
    matrix = lambda name: (1, 1, 1, 1) if "attn_1" in name and name.endswith("weight") and "norm" not in name else (1,)
    joint = lambda name: (3,) if name.endswith("in_proj_bias") else (3, 1) if name.endswith("in_proj_weight") else (1, 1)
    vae_config = {"down_block_types": [0] * 4, "up_block_types": [0] * 4, "layers_per_block": 2}
    second = numbered(open_clip(), "conditioner.embedders.1.model.", joint)
    model = types.SimpleNamespace(config=types.SimpleNamespace(hidden_size=1), dtype=torch.float32)
    golden = {
        "sd15_unet": convert_unet(sd15, 4, False),
        "sdxl_unet": convert_unet(sdxl, 3, True),
        "vae": note(vae(), convert_ldm_vae_checkpoint(numbered(vae(), "first_stage_model.", matrix), vae_config)),
        "clip": note(clip(), convert_ldm_clip_checkpoint(numbered(clip(), "cond_stage_model.transformer.", lambda _: (1,)))),
        "open_clip": note(open_clip(), convert_open_clip_checkpoint(model, second, prefix="conditioner.embedders.1.model.")),
    }
    for net, entry in golden.items():
        print(net, len(entry["originals"]), entry["tensors"])
        del entry["originals"]
    out = pathlib.Path(__file__).parent / "checkpoint" / "renames.json"
    out.write_text(json.dumps({"made_by": f"diffusers {diffusers.__version__}", **golden}, indent=1) + "\n")


main()
