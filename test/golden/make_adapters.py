"""Writes adapters/: LoRAs of every kind that is no low-rank pair, what they change by LyCORIS and PEFT, and pictures.

    python test/golden/make_adapters.py

For the tiny SD 1.x of tiny_models.py each kind changes the modules in MODULES. The files are what LyCORIS (its modules'
own state, kohya's names) and PEFT (diffusers' names) write; what they change is LyCORIS' get_merged_weight and PEFT's
merge, kept as delta[out, n] @ cos(0 … n-1). Pictures: four LCM steps with the random `lcm` of make_pictures.py, the
changed weights at strength s being W + s (W' - W). Made with torch 2.15, diffusers 0.42, peft 0.21, lycoris-lora 4.1.3.
"""
import json
import pathlib
import shutil
import tempfile

import numpy
import torch
from diffusers import LCMScheduler, StableDiffusionPipeline
from lycoris.modules.full import FullModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.ia3 import IA3Module
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.norms import NormModule
from peft import IA3Config, LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file

from make_pictures import lora_weights
from tiny_models import pipeline_folder

HERE = pathlib.Path(__file__).parent / "adapters"
ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0"
LINEAR = [f"{ATTENTION}.attn1.to_q", f"{ATTENTION}.attn2.to_k", f"{ATTENTION}.ff.net.0.proj",
          "mid_block.attentions.0.transformer_blocks.0.attn1.to_v", "up_blocks.2.resnets.0.time_emb_proj"]
CONV = ["down_blocks.0.attentions.0.proj_in", "down_blocks.1.resnets.0.conv1", "up_blocks.3.resnets.1.conv2"]
TEXT = ["encoder.layers.0.self_attn.q_proj", "encoder.layers.0.mlp.fc1"]
NORMS = [f"{ATTENTION}.norm1", "down_blocks.1.resnets.0.norm1", "conv_norm_out"]
TEXT_NORMS = ["encoder.layers.0.layer_norm1", "final_layer_norm"]


def weightless(module):
    """A randomised module of LyCORIS; whatever it starts from zero is not zero here."""
    for name, parameter in module.named_parameters():
        if name.startswith(("org_module", "dora_scale")):
            continue
        with torch.no_grad():
            parameter.copy_(torch.randn(parameter.shape) * (0.5 if parameter.ndim > 1 else 0.3))
    for name, parameter in module.named_parameters():
        if name.startswith("dora_scale"):
            with torch.no_grad():
                parameter.mul_(1 + 0.3 * torch.rand(parameter.shape))
    return module


KINDS = {
    "loha": lambda n, m: LohaModule(n, m, lora_dim=3, alpha=1.5),
    "loha-tucker": lambda n, m: LohaModule(n, m, lora_dim=3, alpha=1.5, use_tucker=True),
    "lokr": lambda n, m: LokrModule(n, m, lora_dim=2, alpha=1.0, factor=4),
    "lokr-full": lambda n, m: LokrModule(n, m, lora_dim=2, alpha=1.0, factor=4, full_matrix=True),
    "lokr-both": lambda n, m: LokrModule(n, m, lora_dim=1, alpha=0.5, factor=8, decompose_both=True),
    "lokr-tucker": lambda n, m: LokrModule(n, m, lora_dim=2, alpha=1.0, factor=4, use_tucker=True),
    "dora-in": lambda n, m: LoConModule(n, m, lora_dim=4, alpha=2.0, weight_decompose=True, wd_on_out=False),
    "dora-out": lambda n, m: LoConModule(n, m, lora_dim=4, alpha=2.0, weight_decompose=True, wd_on_out=True),
    "dora-loha": lambda n, m: LohaModule(n, m, lora_dim=3, alpha=1.5, weight_decompose=True, wd_on_out=True),
    "dora-lokr": lambda n, m: LokrModule(n, m, lora_dim=2, alpha=1.0, factor=4, weight_decompose=True, wd_on_out=True),
    "glora": lambda n, m: GLoRAModule(n, m, lora_dim=3, alpha=1.5),
    "ia3": lambda n, m: IA3Module(n, m, train_on_input="to_k" in n or "conv1" in n),
    "full": lambda n, m: FullModule(n, m),
}


def merged_weight(own, module):
    """As in the forward pass that trains: get_merged_weight of LoHa and LoKr counts alpha / rank twice in 4.1.3."""
    if not isinstance(own, (LohaModule, LokrModule)):
        return own.get_merged_weight(multiplier=1, shape=module.weight.shape)[0]
    merged = module.weight + own.get_weight(module.weight.shape)
    return own.apply_weight_decompose(merged) if own.wd else merged


def modules_of(pipe, names, text):
    yield from ((f"lora_unet_{n.replace('.', '_')}", "unet", n, pipe.unet.get_submodule(n)) for n in names)
    yield from ((f"lora_te_text_model_{n.replace('.', '_')}", "text_encoder", n, pipe.text_encoder.get_submodule(n)) for n in text)


def lycoris(pipe, kind):
    """state, {(net, tensor): W' - W}"""
    state, changes = {}, {}
    if kind == "norms":
        for key, net, name, module in modules_of(pipe, NORMS, TEXT_NORMS):
            own = weightless(NormModule(key, module))
            state |= {f"{key}.w_norm": own.w_norm, f"{key}.b_norm": own.b_norm}
            changes[net, f"{name}.weight"], changes[net, f"{name}.bias"] = own.w_norm, own.b_norm
        return state, changes
    for key, net, name, module in modules_of(pipe, LINEAR + CONV, TEXT):
        own = KINDS[kind](key, module)
        if kind == "full":
            difference = {part: 0.2 * torch.randn(p.shape) for part, p in module.named_parameters()}
            state[f"{key}.diff"] = changes[net, f"{name}.weight"] = difference["weight"]
            if "bias" in difference:
                state[f"{key}.diff_b"] = changes[net, f"{name}.bias"] = difference["bias"]
            continue
        weightless(own)
        state |= {f"{key}.{part}": value for part, value in own.custom_state_dict().items()} if kind != "ia3" else {
            f"{key}.weight": own.weight, f"{key}.on_input": own.on_input}
        merged = merged_weight(own, module)
        changes[net, f"{name}.weight"] = merged - module.weight
    return state, changes


def peft(pipe, config):
    """The UNet's part alone, in PEFT's names, as diffusers prefixes them."""
    before = {name: value.clone() for name, value in pipe.unet.state_dict().items()}
    wrapped = get_peft_model(pipe.unet, config)
    for name, parameter in wrapped.named_parameters():
        with torch.no_grad():
            if "lora_magnitude" in name:
                parameter.mul_(1 + 0.3 * torch.rand(parameter.shape))
            elif "ia3" in name:
                parameter.add_(0.3 * torch.randn(parameter.shape))
            elif "lora_" in name:
                parameter.copy_(0.5 * torch.randn(parameter.shape))
    state = {name.replace("base_model.model.", "unet.", 1): value for name, value in get_peft_model_state_dict(wrapped).items()}
    merged = wrapped.merge_and_unload()
    changes = {("unet", name): value - before[name] for name, value in merged.state_dict().items()
               if (value - before[name]).abs().max() > 0}
    return state, changes


PEFT = {
    "dora-peft": LoraConfig(r=4, lora_alpha=4, use_dora=True, target_modules=LINEAR + CONV),
    "bias-peft": LoraConfig(r=4, lora_alpha=4, lora_bias=True, target_modules=[LINEAR[2], LINEAR[4], CONV[0]]),
    "ia3-peft": IA3Config(target_modules=LINEAR[:3], feedforward_modules=[LINEAR[2]]),
}


def products(changes):
    out = {}
    for (net, name), delta in changes.items():
        delta = delta.detach().double().reshape(delta.shape[0], -1)
        out[f"{net}/{'text_model.' if net != 'unet' else ''}{name}"] = [
            float(f"{v:.6g}") for v in (delta @ torch.cos(torch.arange(delta.shape[1]).double())).tolist()]
    return out


def draw(folder, changes, strength, style):
    pipe = StableDiffusionPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = LCMScheduler.from_config(json.loads((folder / "scheduler" / "scheduler_config.json").read_text()))
    states = {name: lora_weights(name, pipe) for name in ["lcm", *([style] if style else [])]}
    for (net, name), delta in changes.items():
        with torch.no_grad():
            getattr(pipe, net).get_parameter(name).add_(strength * delta)
    for name, state in states.items():
        pipe.load_lora_weights(state, adapter_name=name)
    pipe.set_adapters(list(states), [1.0] * len(states))
    return pipe("a fox on blue", num_inference_steps=4, guidance_scale=1.0, width=64, height=64,
                generator=torch.Generator("cpu").manual_seed(5), output_type="pil").images[0]


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    cases = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = pipeline_folder("sd15", pathlib.Path(temporary) / "sd15", hub_spelling=False)
        plain = numpy.asarray(draw(folder, {}, 0, None)).astype(int)
        for k, kind in enumerate([*KINDS, "norms", *PEFT]):
            torch.manual_seed(k + 1)
            pipe = StableDiffusionPipeline.from_pretrained(folder)
            state, changes = peft(pipe, PEFT[kind]) if kind in PEFT else lycoris(pipe, kind)
            save_file({name: value.detach().clone().contiguous() for name, value in state.items()}, HERE / f"{kind}.safetensors", {"format": "pt"})
            own = {"kind": kind, "products": products(changes), "pictures": []}
            for strength, style in ((1.0, None), (0.6, "ink")):
                picture = draw(folder, changes, strength, style)
                file = f"{kind}{'-beside' if style else ''}.png"
                picture.save(HERE / file, optimize=True)
                own["pictures"].append({"file": file, "strength": strength, "style": style})
                difference = numpy.abs(numpy.asarray(picture).astype(int) - plain)
                print(f"{file:24} {len(changes):3} tensors, differs from plain by {difference.mean():.1f}, at most {difference.max()}")
            cases.append(own)
    (HERE / "cases.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
