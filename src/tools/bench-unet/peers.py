"""The same UNet over the same weights in what a user would pick instead: diffusers (torch) and OpenVINO, fp32 and bf16.

    python peers.py CONFIG.json WEIGHTS.safetensors SIDE ROUNDS

Prints one JSON object: {name: seconds of one call, best of ROUNDS}. Needs torch, diffusers and (for its rows) openvino.
"""
import json
import sys
import time

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file


def best(call, rounds):
    call()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def inputs(unet, side):
    config = unet.config
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(1, config.in_channels, side // 8, side // 8, generator=generator)
    context = torch.randn(1, 77, config.cross_attention_dim, generator=generator)
    extra = {}
    if config.addition_embed_type == "text_time":
        width = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        extra = {"text_embeds": torch.randn(1, width, generator=generator), "time_ids": torch.tensor([[side, side, 0, 0, side, side]], dtype=torch.float32)}
    return sample, torch.tensor([759]), context, extra


class Plain(torch.nn.Module):
    def __init__(self, unet, extra):
        super().__init__()
        self.unet, self.extra = unet, extra

    def forward(self, sample, timestep, context):
        extra = {name: value.to(sample.dtype) for name, value in self.extra.items()} or None
        return self.unet(sample, timestep, context, added_cond_kwargs=extra, return_dict=False)[0]


@torch.inference_mode()
def main(config_file, weights_file, side, rounds):
    torch.set_num_threads(torch.get_num_threads())
    unet = UNet2DConditionModel.from_config(json.load(open(config_file))).eval()
    shapes = unet.state_dict()
    unet.load_state_dict({name: value.reshape(shapes[name].shape) for name, value in load_file(weights_file).items()})
    sample, timestep, context, extra = inputs(unet, side)
    net = Plain(unet, extra)
    results = {"diffusers fp32": best(lambda: net(sample, timestep, context), rounds)}
    print(json.dumps(results), file=sys.stderr)
    try:
        import openvino

        core = openvino.Core()
        converted = openvino.convert_model(net, example_input=(sample, timestep, context))
        for precision in ("f32", "bf16"):
            compiled = core.compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"})
            feeds = [sample.numpy(), timestep.numpy(), context.numpy()]
            results[f"OpenVINO {precision.replace('f32', 'fp32')}"] = best(lambda: compiled(feeds), rounds)
            del compiled
    except ImportError:
        print("openvino is not installed; its rows are left out", file=sys.stderr)
    net = net.to(torch.bfloat16)
    sample, context = sample.bfloat16(), context.bfloat16()
    results["diffusers bf16"] = best(lambda: net(sample, timestep, context), rounds)
    print(json.dumps(results))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
