"""
What diffusers makes of a LoRA in every spelling, on tiny models.

    python test/golden/make_lora.py

One random LoRA for a tiny SD 1.x and one for a tiny SDXL are written in each spelling; each file is loaded and fused
by diffusers, and all spellings must give the same change of every weight. Because those changes are as large as the
weights, only their product with a fixed vector is kept: delta[out, n] @ cos(0 … n-1). Made with diffusers 0.42, peft 0.21.
"""
import json
import pathlib
import re
import shutil

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

HERE = pathlib.Path(__file__).parent / "lora"
RANK = 2
ALPHA = 0.5
UNET_TARGETS = re.compile(
    r"(to_q|to_k|to_v|to_out\.0|proj_in|proj_out|ff\.net\.0\.proj|ff\.net\.2|conv1|conv2|conv_shortcut|"
    r"downsamplers\.0\.conv|upsamplers\.0\.conv|time_emb_proj)$")
TEXT_TARGETS = re.compile(r"(q_proj|k_proj|v_proj|out_proj|fc1|fc2)$")
ATTENTION = re.compile(r"attn[12]\.to_(q|k|v|out\.0)$|_proj$")


def text_config(**more):
    return CLIPTextConfig(vocab_size=8, hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
                          max_position_embeddings=8, bos_token_id=0, eos_token_id=1, pad_token_id=1, **more)


def sd15():
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, attention_head_dim=2,
        cross_attention_dim=8, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
    vae = AutoencoderKL(block_out_channels=(4,), norm_num_groups=2, latent_channels=4)
    return StableDiffusionPipeline(unet=unet, vae=vae, text_encoder=CLIPTextModel(text_config()), tokenizer=None,
                                   scheduler=DDIMScheduler(), safety_checker=None, feature_extractor=None,
                                   requires_safety_checker=False)


def sdxl():
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(4, 8, 8), layers_per_block=2, norm_num_groups=4, attention_head_dim=(1, 2, 2),
        cross_attention_dim=16, transformer_layers_per_block=(1, 1, 2), use_linear_projection=True,
        addition_embed_type="text_time", addition_time_embed_dim=4, projection_class_embeddings_input_dim=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"))
    vae = AutoencoderKL(block_out_channels=(4,), norm_num_groups=2, latent_channels=4)
    return StableDiffusionXLPipeline(
        unet=unet, vae=vae, text_encoder=CLIPTextModel(text_config()),
        text_encoder_2=CLIPTextModelWithProjection(text_config(projection_dim=8)), tokenizer=None, tokenizer_2=None,
        scheduler=DDIMScheduler(), force_zeros_for_empty_prompt=True)


def nets(pipe):
    return {name: getattr(pipe, name) for name in ("unet", "text_encoder", "text_encoder_2") if getattr(pipe, name, None) is not None}


def hf(name):
    """transformers 5 drops the prefix that every LoRA file has."""
    return name if name.startswith(("text_model.", "text_projection")) else "text_model." + name


def as_transformers_5(net, name):
    """As transformers 5 itself calls the module."""
    return name if net == "unet" else name.removeprefix("text_model.")


def random_lora(pipe):
    """(net, module) -> down, up, alpha. One alpha for all: diffusers 0.42 loses track of several in kohya's spelling."""
    lora = {}
    for net, model in nets(pipe).items():
        for name, module in model.named_modules():
            pattern = UNET_TARGETS if net == "unet" else TEXT_TARGETS
            if not pattern.search(name) or not hasattr(module, "weight"):
                continue
            shape = module.weight.shape
            down = torch.randn(RANK, *shape[1:]).half()
            up = torch.randn(shape[0], RANK, *([1, 1] if len(shape) == 4 else [])).half()
            lora[net, name if net == "unet" else hf(name)] = (down, up, ALPHA)
    return lora


def sgm(name):
    """diffusers -> original names for layers_per_block 2, attention in up blocks 0 and 1."""
    m = re.match(r"mid_block\.(\w+)\.(\d)\.(.*)", name)
    if m:
        flat, rest = f"middle_block.{1 if m[1] == 'attentions' else 2 * int(m[2])}", m[3]
    else:
        way, block, kind, layer, rest = re.match(r"(down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.*)", name).groups()
        block, layer = int(block), int(layer)
        if kind == "downsamplers":
            return f"input_blocks.{3 * block + 3}.0.op"
        if kind == "upsamplers":
            return f"output_blocks.{3 * block + 2}.2.conv"
        index = 3 * block + layer + (1 if way == "down" else 0)
        flat = f"{'input' if way == 'down' else 'output'}_blocks.{index}.{1 if kind == 'attentions' else 0}"
    inner = {"conv1": "in_layers.2", "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection"}
    return f"{flat}.{inner.get(rest, rest)}"


def kohya(lora, te, rename=lambda name: name):
    out = {}
    for (net, name), (down, up, alpha) in lora.items():
        prefix = {"unet": "lora_unet_", "text_encoder": te, "text_encoder_2": "lora_te2_"}[net]
        stem = prefix + (rename(name) if net == "unet" else name).replace(".", "_")
        out |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up, f"{stem}.alpha": torch.tensor(alpha).half()}
    return out


def dotted(lora, down_end, up_end):
    """Spellings without alpha: the scale goes into up (powers of two and small numbers, exact enough in fp32)."""
    out = {}
    for (net, name), (down, up, alpha) in lora.items():
        out |= {f"{net}.{name}{down_end}": down.float(), f"{net}.{name}{up_end}": up.float() * (alpha / RANK)}
    return out


def diffusers_mid(lora):
    out = {}
    for (net, name), (down, up, alpha) in lora.items():
        end = ".lora" if net == "unet" else ".lora_linear_layer"
        out |= {f"{net}.{name}{end}.down.weight": down.float(), f"{net}.{name}{end}.up.weight": up.float() * (alpha / RANK)}
    return out


def diffusers_old(lora):
    out = {}
    for (net, name), (down, up, alpha) in lora.items():
        if not ATTENTION.search(name):
            continue
        if net == "unet":
            stem = re.sub(r"\.to_(q|k|v|out)(\.0)?$", r".processor.to_\1_lora", name)
        else:
            stem = re.sub(r"\.(q|k|v|out)_proj$", r".to_\1_lora", name)
        out |= {f"{net}.{stem}.down.weight": down.float(), f"{net}.{stem}.up.weight": up.float() * (alpha / RANK)}
    return out


def peft_metadata(lora):
    """alpha in the header's JSON, a common one and exceptions."""
    flat = {}
    for net in {net for net, _ in lora}:
        flat[f"{net}.r"] = RANK
        flat[f"{net}.lora_alpha"] = 7.0
        flat[f"{net}.alpha_pattern"] = {as_transformers_5(net, name): alpha for (n, name), (_, _, alpha) in lora.items() if n == net}
        flat[f"{net}.rank_pattern"] = {}
        flat[f"{net}.target_modules"] = [as_transformers_5(net, name) for n, name in lora if n == net]
    return {"format": "pt", "lora_adapter_metadata": json.dumps(flat, sort_keys=True)}


def deltas(make, file):
    torch.manual_seed(0)
    pipe = make()
    before = {(net, name): p.detach().clone() for net, model in nets(pipe).items() for name, p in model.named_parameters()}
    pipe.load_lora_weights(file)
    pipe.fuse_lora(components=list(nets(pipe)))
    pipe.unload_lora_weights()
    return {key: p.detach() - before[key] for net, model in nets(pipe).items() for name, p in model.named_parameters()
            if (key := (net, name)) in before}


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    meta = {"format": "pt"}
    for base, make in {"sd15": sd15, "sdxl": sdxl}.items():
        torch.manual_seed(1)
        pipe = make()
        lora = random_lora(pipe)
        te = "lora_te_" if base == "sd15" else "lora_te1_"
        unet_only = {key: value for key, value in lora.items() if key[0] == "unet"}
        attention = {key: value for key, value in lora.items() if ATTENTION.search(key[1])
                     and (base == "sd15" or "mid_block" in key[1] or key[0] != "unet")}
        oldest = {key: value for key, value in attention.items() if "attn" in key[1]}
        files = {
            "kohya": (kohya(lora, te), lora, meta | {"ss_network_dim": "2", "ss_network_module": "networks.lora"}),
            "peft": (dotted(attention, ".lora_A.weight", ".lora_B.weight"), attention, meta),
            "diffusers_mid": (diffusers_mid(attention), attention, meta),
            "diffusers_old": (diffusers_old(oldest), oldest, meta),
            "lcm": (kohya(unet_only, te), unet_only, meta),
        }
        if base == "sdxl":
            del files["lcm"], files["kohya"]
            files["kohya_sgm"] = (kohya(lora, te, sgm), lora, meta)
        named = {f"{net}.{as_transformers_5(net, name)}{end}": tensor for (net, name), (down, up, _) in attention.items()
                 for end, tensor in ((".lora_A.weight", down.float()), (".lora_B.weight", up.float()))}
        files["peft_metadata"] = (named, attention, peft_metadata(attention))
        shapes = {net: {hf(n) if net != "unet" else n: list(p.shape) for n, p in model.named_parameters() if p.ndim > 1} for net, model in nets(pipe).items()}
        expected = None
        for spelling, (tensors, covered, metadata) in files.items():
            file = HERE / f"{base}_{spelling}.safetensors"
            save_file(tensors, file, metadata)
            try:
                got = deltas(make, str(file))
            except Exception as error:
                print(f"{base} {spelling}: diffusers refuses it: {type(error).__name__}: {error}"[:300])
                continue
            for (net, name), (down, up, alpha) in lora.items():
                weight = f"{name}.weight" if net == "unet" or (net, f"{name}.weight") in got else f"{name}.weight".removeprefix("text_model.")
                own = got[net, weight]
                want = (alpha / RANK) * (up.float().flatten(1) @ down.float().flatten(1)).reshape(own.shape)
                want = want if (net, name) in covered else torch.zeros_like(want)
                error = (own - want).abs().max().item()
                if error > 2e-5:
                    print(f"{base} {spelling} {net} {name}: differs by {error}")
            print(f"{base} {spelling}: {len(covered)} modules, {file.stat().st_size} bytes")
        products = {}
        got = deltas(make, str(HERE / f"{base}_{'kohya' if base == 'sd15' else 'kohya_sgm'}.safetensors"))
        for (net, name) in lora:
            key = next(key for key in got if key[0] == net and (hf(key[1]) if net != "unet" else key[1]) == f"{name}.weight")
            delta = got[key].flatten(1).double()
            products[f"{net}.{name}"] = [float(f"{v:.6g}") for v in (delta @ torch.cos(torch.arange(delta.shape[1]).double())).tolist()]
        (HERE / f"{base}.json").write_text(json.dumps({"shapes": shapes, "products": products}, separators=(",", ":")) + "\n")


main()
