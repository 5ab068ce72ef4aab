"""Outputs of the nets, by diffusers, transformers and peft, over the tiny random models of tiny_models.py.

    pip install -r requirements.txt && python make_nets.py      writes nets/nets.safetensors

Inputs are seeded by name as weights are: `seeded("input/KEY", shape)`. Only outputs are stored.
"""
import pathlib

import torch
from safetensors.torch import save_file

from tiny_models import component, fill, seeded

OUT = pathlib.Path(__file__).parent / "nets"
results = {}


def given(key, *shape):
    return seeded(f"input/{key}", shape)


def xl(case, rows):
    ids = torch.tensor([[128, 192, 0, 0, 128, 192], [64, 64, 8, 4, 128, 128], [1, 2, 3, 4, 5, 6]], dtype=torch.float32)
    return {"added_cond_kwargs": {"text_embeds": given(f"{case}/text_embeds", rows, 32), "time_ids": ids[:rows]}}


def unet(case, model, steps, size, features, channels=4, overrides=None, extra=None, net=None):
    net = net or component(model, "unet", **(overrides or {}))
    rows = len(steps)
    return net(
        given(f"{case}/sample", rows, channels, *size),
        torch.tensor(steps, dtype=torch.float32),
        given(f"{case}/encoder_hidden_states", rows, 77, features),
        **(extra or {}),
    ).sample


def lora(net, index, rank, targets):
    """A LoRA on every layer in `targets`, fused by peft: A and B seeded with "loraINDEX/MODULE.lora_A.weight"."""
    state = {}
    for name, module in net.named_modules():
        if name in targets:
            w = module.weight
            a = seeded(f"lora{index}/{name}.lora_A.weight", (rank, *w.shape[1:])) / w[0].numel() ** 0.5
            ones = (1,) * (w.dim() - 2)
            state[f"{name}.lora_A.weight"] = a
            state[f"{name}.lora_B.weight"] = 0.3 * seeded(f"lora{index}/{name}.lora_B.weight", (w.shape[0], rank, *ones))
    assert len(state) == 2 * len(targets)
    return state


def lora_targets(net):
    return [n for n, m in net.named_modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))]


def fused_unet(index, rank, linear_only):
    net = component("sd15", "unet")
    targets = [
        n for n in lora_targets(net)
        if not linear_only or net.get_submodule(n).weight.dim() == 2 or net.get_submodule(n).kernel_size == (1, 1)
    ]
    net.load_lora_adapter(lora(net, index, rank, targets), prefix=None)
    net.fuse_lora()
    return net


def ids(rows, end):
    generator = torch.Generator("cpu").manual_seed(7)
    tokens = torch.full((rows, 77), end)
    for row in range(rows):
        tokens[row, 0] = 538
        length = (3, 20, 75)[row]
        tokens[row, 1 : 1 + length] = torch.randint(0, 538, (length,), generator=generator)
    return tokens


def text(case, model, part, net=None):
    net = net or component(model, part)
    tokens = ids(3, 539)
    out = net(tokens, output_hidden_states=True)
    results[f"{case}/input_ids"] = tokens.to(torch.float32)
    # A third of each is plenty.
    results[f"{case}/last_hidden_state"] = out.last_hidden_state[:, ::7].contiguous()
    results[f"{case}/penultimate_hidden_state"] = out.hidden_states[-2][:, ::7].contiguous()
    results[f"{case}/pooled"] = out.text_embeds if "text_embeds" in out else out.pooler_output


class Srvgg(torch.nn.Module):
    """The published architecture, written down again."""

    def __init__(self, features, convolutions, upscale):
        super().__init__()
        layers, channels = [], 3
        for _ in range(convolutions + 1):
            layers += [torch.nn.Conv2d(channels, features, 3, 1, 1), torch.nn.PReLU(features)]
            channels = features
        self.body = torch.nn.Sequential(*layers, torch.nn.Conv2d(features, 3 * upscale**2, 3, 1, 1))
        self.upscale = upscale

    def forward(self, x):
        enlarged = torch.nn.functional.interpolate(x, scale_factor=self.upscale, mode="nearest")
        return torch.nn.functional.pixel_shuffle(self.body(x), self.upscale) + enlarged


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    results["unet-sd15/out_sample"] = unet("unet-sd15", "sd15", [999, 499, 19], (16, 24), 32)
    results["unet-any-size/out_sample"] = unet("unet-any-size", "sd15", [259], (13, 18), 32)
    results["unet-inpaint/out_sample"] = unet("unet-inpaint", "sd15", [759], (8, 16), 32, 9, {"in_channels": 9})
    results["unet-sdxl/out_sample"] = unet("unet-sdxl", "sdxl", [999, 259], (16, 12), 64, extra=xl("unet-sdxl", 2))
    results["unet-ssd1b/out_sample"] = unet("unet-ssd1b", "ssd1b", [999, 259, 0], (8, 16), 64, extra=xl("unet-ssd1b", 3))
    condition = {"timestep_cond": given("unet-lcm/timestep_cond", 2, 16)}
    results["unet-lcm/out_sample"] = unet("unet-lcm", "lcm", [999, 499], (8, 8), 32, extra=condition)

    for kind, linear_only in (("linear", True), ("conv", False)):
        rows = [
            unet(f"unet-lora-{kind}", "sd15", [999, 259, 259], (16, 8), 32, net=net)[row]
            for row, net in enumerate([fused_unet(0, 3, linear_only), fused_unet(1, 5, linear_only), None])
        ]
        results[f"unet-lora-{kind}/out_sample"] = torch.stack(rows)

    text("text-sd15", "sd15", "text_encoder")
    text("text-sdxl-2", "sdxl", "text_encoder_2")
    net = component("sd15", "text_encoder")
    # peft wraps modules by name; adding the product is what its merge does.
    for module in lora_targets(net):
        weight = net.get_submodule(module).weight
        state = lora(net, 0, 4, [module])
        weight += state[f"{module}.lora_B.weight"] @ state[f"{module}.lora_A.weight"]
    text("text-lora", "sd15", "text_encoder", net=net)

    for case, model in (("kl", "sd15"), ("tiny", "taesd")):
        vae = component(model, "vae")
        image, latents = given(f"vae-{case}/image", 2, 3, 32, 48), given(f"vae-{case}/latents", 2, 4, 4, 6)
        encoded = vae.encode(image)
        if case == "kl":
            results["vae-kl/moments"] = encoded.latent_dist.parameters
        else:
            results["vae-tiny/latents"] = encoded.latents
        results[f"vae-{case}/image"] = vae.decode(latents).sample

    # An alpha head is that decoder with one channel; it takes latents twice, the second time less the middle of their border.
    head, latents = component("taesd", "vae", out_channels=1, latent_channels=8), given("alpha-head/latents", 2, 4, 4, 6)
    border = torch.cat([latents[..., 0, :], latents[..., -1, :], latents[..., 1:-1, 0], latents[..., 1:-1, -1]], -1).sort(-1).values
    results["alpha-head/image"] = head.decode(torch.cat([latents, latents - border[..., border.shape[-1] // 2, None, None]], 1)).sample

    results["srvgg/upscaled"] = fill(Srvgg(8, 2, 2), "upscaler")(given("srvgg/image", 1, 3, 12, 20))

    OUT.mkdir(exist_ok=True)
    save_file({k: v.contiguous() for k, v in results.items()}, OUT / "nets.safetensors")
    for name, value in results.items():
        print(name, tuple(value.shape), f"{value.float().std():.3f}")


if __name__ == "__main__":
    main()
