"""Gradients of training steps, by torch in fp64: every LoRA matrix of UNet and text encoders, and vectors of new words.

    python make_gradients.py      writes gradients/gradients.safetensors

Models: moji as it is shipped, and the tiny SD 1.5 and SDXL of tiny_models.py. Inputs and matrices are seeded by name
as weights are: `seeded("gradient/MODEL/NAME", shape)`. Layouts are those of the graph's inputs: down [in, r], up
[r, out]; of a convolution [r, in, kh, kw] and [out, r, 1, 1]. `up` is random too: with zeros, `down` has no gradient.
Of each gradient a sketch is stored (`sketch`): sums of SKETCH elements under signs, whose distances are those of the
gradients themselves to a few per cent, and in which no element is left out.
Made with torch 2.15.0, diffusers 0.42.1, transformers 5.24.0.
"""
import pathlib

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel

from tiny_models import component, seeded

HERE = pathlib.Path(__file__).parent
MOJI = HERE / "../../models/moji"
RANK, ROWS, NEW_TOKENS, SKETCH = 4, 2, 2, 2
HUBER = 0.1


def nets(model):
    if model == "moji":
        return UNet2DConditionModel.from_pretrained(MOJI / "unet"), [CLIPTextModel.from_pretrained(MOJI / "text_encoder", attn_implementation="eager")]
    parts = ["text_encoder", "text_encoder_2"] if model == "sdxl" else ["text_encoder"]
    return component(model, "unet"), [component(model, part) for part in parts]


def ids(vocabulary, positions):
    rows = []
    for row in range(ROWS):
        words = [(37 * k + 11 * row + 5) % 300 for k in range(5 + 4 * row)]
        rows.append(([vocabulary - 2, *words] + [vocabulary - 1] * positions)[:positions])
    return torch.tensor(rows)


def sketch(flat):
    """[n] to [ceil(n / SKETCH)]: element i with the sign that a hash of i gives is added at i modulo that length."""
    i = torch.arange(len(flat))
    signs = 1 - 2 * ((((i * 2654435761) % 2**32) >> 16) & 1)
    length = -(-len(flat) // SKETCH)
    return torch.zeros(length, dtype=flat.dtype).index_add(0, i % length, flat * signs)


def with_lora(net, prefix, case, parameters):
    """y + up(down(x)) behind every linear layer and convolution whose gradient there is."""
    for name, module in net.named_modules():
        if not isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)):
            continue
        full = name if prefix == "" or name.startswith(("text_model.", "text_projection")) else f"text_model.{name}"
        w = module.weight
        if w.dim() == 2 or tuple(w.shape[2:]) == (1, 1):
            shapes = (w.shape[1], RANK), (RANK, w.shape[0])
        else:
            shapes = (RANK, *w.shape[1:]), (w.shape[0], RANK, 1, 1)
        down, up = (f"{prefix}{full}.lora_{side}" for side in ("down", "up"))
        parameters[down] = (seeded(f"gradient/{case}/{down}", shapes[0]) / w[0].numel() ** 0.5).double().requires_grad_()
        parameters[up] = (0.1 * seeded(f"gradient/{case}/{up}", shapes[1])).double().requires_grad_()

        def hook(module, args, y, down=parameters[down], up=parameters[up]):
            x = args[0]
            if isinstance(module, torch.nn.Linear):
                return y + x @ down @ up
            if down.dim() == 2:
                return y + torch.einsum("nchw,cr,ro->nohw", x, down, up)
            low = torch.nn.functional.conv2d(x, down, None, module.stride, module.padding)
            return y + torch.nn.functional.conv2d(low, up)

        module.register_forward_hook(hook)


def with_new_tokens(encoder, case, parameters):
    table = encoder.get_input_embeddings()
    name = "text_encoder.new_tokens"
    vectors = seeded(f"gradient/{case}/{name}", (NEW_TOKENS, table.weight.shape[1])).double().requires_grad_()
    parameters[name] = vectors

    def hook(_module, _args, y):
        y = y.clone()
        y[0, 2], y[0, 3], y[1, 1] = vectors[0], vectors[1], vectors[1]
        return y

    table.register_forward_hook(hook)


def encode(encoders):
    outs = [e(ids(e.config.vocab_size, e.config.max_position_embeddings), output_hidden_states=True) for e in encoders]
    if len(outs) == 1:
        return outs[0].last_hidden_state, {}
    context = torch.cat([out.hidden_states[-2] for out in outs], -1)
    time_ids = torch.tensor([[128, 64, 0, 0, 128, 64], [64, 64, 8, 4, 128, 128]], dtype=torch.float64)
    return context, {"added_cond_kwargs": {"text_embeds": outs[1].text_embeds, "time_ids": time_ids}}


def gradients(model, loss_kind, size, results):
    case = f"{model}-{loss_kind}"
    unet, encoders = nets(model)
    unet.double().requires_grad_(False)
    parameters = {}
    with_lora(unet, "", case, parameters)
    for k, encoder in enumerate(encoders):
        encoder.double().requires_grad_(False)
        with_lora(encoder, ("text_encoder.", "text_encoder_2.")[k], case, parameters)
    with_new_tokens(encoders[0], case, parameters)

    given = lambda name, *shape: seeded(f"gradient/{case}/{name}", shape).double()
    context, extra = encode(encoders)
    prediction = unet(given("sample", ROWS, unet.config.in_channels, *size), torch.tensor([801.0, 120.0]), context, **extra).sample
    factor, weight = torch.tensor([1.0, -0.4]), torch.tensor([0.75, 2.0])
    error = factor.view(-1, 1, 1, 1) * prediction + given("offset", *prediction.shape)
    penalty = error**2 if loss_kind == "squared" else (error**2 + HUBER**2).sqrt() - HUBER
    loss = (penalty * weight.view(-1, 1, 1, 1)).mean()
    loss.backward()
    results[f"{case}/loss"] = loss.detach().reshape(1)
    for name, parameter in parameters.items():
        if parameter.grad is not None and parameter.grad.norm() > 0:
            results[f"{case}/{name}"] = sketch(parameter.grad.flatten())


def main():
    torch.set_num_threads(1)
    results = {}
    gradients("moji", "squared", (16, 16), results)
    gradients("sd15", "pseudo-huber", (16, 8), results)
    gradients("sdxl", "squared", (16, 16), results)
    out = HERE / "gradients"
    out.mkdir(exist_ok=True)
    save_file({k: v.float().contiguous() for k, v in results.items()}, out / "gradients.safetensors")
    print(len(results), sum(v.numel() for v in results.values()))


if __name__ == "__main__":
    main()
