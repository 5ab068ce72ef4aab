"""A UNet in OpenVINO, fp32, bf16 and 8 bits (NNCF), answering call by call to whoever draws with it.

    python peer.py CONFIG.json WEIGHTS.safetensors

A call is a line of JSON on stdin, {"form": "bf16", "inputs": {name: shape, …}}, and the inputs' fp32 one after another; the answer a line with
the count of its bytes, and these, fp32. 8 bits are calibrated on the calls that fp32 answered until then. Needs torch, diffusers, openvino, nncf.
"""
import json
import sys

import numpy
import openvino
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

CALIBRATED = 80  # calls
ADDED = ("text_embeds", "time_ids")  # of SDXL's kind


class Plain(torch.nn.Module):
    """Inputs one after another, as `names` has them."""

    def __init__(self, unet, names):
        super().__init__()
        self.unet, self.names = unet, names

    def forward(self, *inputs):
        given = dict(zip(self.names, inputs))
        added = {name: given.pop(name) for name in ADDED if name in given} or None
        return self.unet(**given, added_cond_kwargs=added, return_dict=False)[0]


def convert(config_file, weights_file, inputs):
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(json.load(open(config_file))).eval()
    shapes = unet.state_dict()
    unet.load_state_dict({name: value.reshape(shapes[name].shape) for name, value in load_file(weights_file).items()}, assign=True)
    with torch.inference_mode():
        return openvino.convert_model(Plain(unet, list(inputs)), example_input=tuple(torch.from_numpy(value.copy()) for value in inputs.values()))


def compiled(model, precision):
    return openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"})


def quantised(model, calls):
    """As optimum-intel does it for diffusion models: mixed preset, for transformers."""
    import nncf

    options = {"preset": nncf.QuantizationPreset.MIXED, "model_type": nncf.ModelType.TRANSFORMER, "subset_size": len(calls)}
    return nncf.quantize(model, nncf.Dataset(calls), **options)


def read(stream):
    """The form and the inputs of one call; None at the end."""
    line = stream.readline()
    if not line:
        return None
    told = json.loads(line)
    sizes = {name: int(numpy.prod(shape)) for name, shape in told["inputs"].items()}
    return told["form"], {name: numpy.frombuffer(stream.read(4 * sizes[name]), "<f4").reshape(shape) for name, shape in told["inputs"].items()}


def main(config_file, weights_file):
    model, nets, met = None, {}, []
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # what libraries print is no answer
    while call := read(sys.stdin.buffer):
        form, inputs = call
        model = model or convert(config_file, weights_file, inputs)
        if form not in nets:
            nets[form] = compiled(quantised(model.clone(), met), "f32") if form == "int8" else compiled(model, "bf16" if form == "bf16" else "f32")
        feeds = list(inputs.values())
        if form == "fp32" and len(met) < CALIBRATED:
            met.append(feeds)
        output = numpy.ascontiguousarray(nets[form](feeds)[0], "<f4").tobytes()
        answers.write(f"{len(output)}\n".encode() + output)
        answers.flush()


main(*sys.argv[1:])
