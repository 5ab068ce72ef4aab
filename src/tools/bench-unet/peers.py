"""The same UNet over the same weights in what a user would pick instead: diffusers (torch) and OpenVINO, fp32, bf16 and int8.

    python peers.py CONFIG.json WEIGHTS.safetensors SIDE ROUNDS

Of SD 1.5 a whole picture too, as fastsdcpu draws it.
Prints one JSON object: {name: {seconds of one call, best of ROUNDS, difference from the program's fp32}}. Needs torch, diffusers
and (for its rows) openvino; nncf for 8 bits, transformers for pictures.
Each peer runs in a process of its own, so that the memory of one is never missed by the next: an SDXL is 10 GB in fp32.
"""
import json
import os
import pathlib
import subprocess
import sys
import time


def best(call, rounds):
    call()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def diffusers_net(config_file, weights_file, side):
    """The net and one call's inputs. The weights stay in the mapped file until something changes them."""
    import torch
    from diffusers import UNet2DConditionModel
    from safetensors.torch import load_file

    class Plain(torch.nn.Module):
        def __init__(self, unet, extra):
            super().__init__()
            self.unet, self.extra = unet, extra

        def forward(self, sample, timestep, context):
            extra = {name: value.to(sample.dtype) for name, value in self.extra.items()} or None
            return self.unet(sample, timestep, context, added_cond_kwargs=extra, return_dict=False)[0]

    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(json.load(open(config_file))).eval()
    shapes = unet.state_dict()
    unet.load_state_dict({name: value.reshape(shapes[name].shape) for name, value in load_file(weights_file).items()}, assign=True)
    config, generator = unet.config, torch.Generator().manual_seed(0)
    sample = torch.randn(1, config.in_channels, side // 8, side // 8, generator=generator)
    context = torch.randn(1, 77, config.cross_attention_dim, generator=generator)
    extra = {}
    if config.addition_embed_type == "text_time":
        width = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        extra = {"text_embeds": torch.randn(1, width, generator=generator), "time_ids": torch.tensor([[side, side, 0, 0, side, side]], dtype=torch.float32)}
    return Plain(unet, extra), (sample, torch.tensor([759]), context)


def run_diffusers(precision, config_file, weights_file, side, rounds):
    import torch

    net, inputs = diffusers_net(config_file, weights_file, side)
    if precision == "bf16":
        net, inputs = net.to(torch.bfloat16), [value.bfloat16() if value.is_floating_point() else value for value in inputs]
    with torch.inference_mode():
        return {"seconds": best(lambda: net(*inputs), rounds)}


def converted(weights_file):
    """Where the net lies as OpenVINO keeps it on the disk."""
    return pathlib.Path(weights_file).parent / "openvino.xml"


def convert(config_file, weights_file, side):
    import openvino
    import torch

    net, inputs = diffusers_net(config_file, weights_file, side)
    with torch.inference_mode():
        model = openvino.convert_model(net, example_input=inputs)
    openvino.save_model(model, converted(weights_file), compress_to_fp16=False)


def quantise(config_file, weights_file, side):
    """
    As optimum-intel does it for diffusion models: NNCF, mixed preset, for transformers; calibrated on an input like the bench's
    own, of 512 pixels at most to spare memory: an SDXL needs 28 GB as it is.
    """
    import nncf
    import openvino

    model = openvino.Core().read_model(converted(weights_file))
    dataset = nncf.Dataset([openvino_feeds(config_file, min(side, 512))])
    options = {"preset": nncf.QuantizationPreset.MIXED, "model_type": nncf.ModelType.TRANSFORMER, "subset_size": 1}
    openvino.save_model(nncf.quantize(model, dataset, **options), quantised(weights_file), compress_to_fp16=False)


def quantised(weights_file):
    return pathlib.Path(weights_file).parent / "openvino-int8.xml"


def openvino_feeds(config_file, side):
    import numpy

    config = json.load(open(config_file))
    noise = numpy.random.default_rng(0)
    return [noise.standard_normal((1, config.get("in_channels", 4), side // 8, side // 8), numpy.float32), numpy.array([759]), noise.standard_normal((1, 77, config["cross_attention_dim"]), numpy.float32)]


def run_openvino(precision, config_file, weights_file, side, rounds):
    """int8: what is not in 8 bits is in fp32."""
    import numpy
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32", "PERFORMANCE_HINT": "LATENCY"}
    file = quantised(weights_file) if precision == "int8" else converted(weights_file)
    compiled = openvino.Core().compile_model(file, "CPU", settings)
    feeds = openvino_feeds(config_file, side)
    output, exact_file = compiled(feeds)[0], pathlib.Path(weights_file).parent / "openvino-output.npy"
    if precision == "fp32":
        numpy.save(exact_file, output)
    exact = numpy.load(exact_file) if exact_file.exists() else None
    difference = {} if precision == "fp32" or exact is None else {"difference": float(numpy.linalg.norm(output - exact) / numpy.linalg.norm(exact))}
    return {"seconds": best(lambda: compiled(feeds), rounds), **difference}


def is_sd15(config_file):
    config = json.load(open(config_file))
    return config.get("cross_attention_dim") == 768 and not config.get("addition_embed_type")


def part(weights_file, name):
    return pathlib.Path(weights_file).parent / f"openvino-{name}.xml"


def convert_rest(weights_file, side):
    """SD 1.5's text encoder and the small autoencoder (TAESD) that shares its latents, with random weights."""
    import openvino
    import torch
    from diffusers import AutoencoderTiny
    from transformers import CLIPTextConfig, CLIPTextModel

    class Text(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_attention_heads=12, projection_dim=768)).eval()

        def forward(self, ids):
            return self.net(input_ids=ids).last_hidden_state

    class Decoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = AutoencoderTiny().eval()

        def forward(self, latents):
            return self.net.decode(latents, return_dict=False)[0]

    with torch.inference_mode():
        for name, net, example in (("text", Text(), torch.zeros(1, 77, dtype=torch.int64)), ("taesd", Decoder(), torch.zeros(1, 4, side // 8, side // 8))):
            openvino.save_model(openvino.convert_model(net, example_input=example, input=example.shape), part(weights_file, name), compress_to_fp16=False)


class Picture:
    """fastsdcpu's recipe: text encoder, four LCM steps at guidance 1, TAESD, all compiled as its processor likes them best."""

    def __init__(self, precision, weights_file, side):
        import openvino
        import torch
        from diffusers import LCMScheduler

        core = openvino.Core()
        settings = {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
        unet = quantised(weights_file) if precision == "int8" else converted(weights_file)
        self.text, self.unet, self.decoder = (core.compile_model(file, "CPU", settings) for file in (part(weights_file, "text"), unet, part(weights_file, "taesd")))
        self.scheduler = LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
        self.side, self.torch = side, torch

    def __call__(self):
        import numpy

        context = self.text(numpy.zeros((1, 77), numpy.int64))[0]
        generator = self.torch.Generator().manual_seed(0)
        x = self.torch.randn(1, 4, self.side // 8, self.side // 8, generator=generator)
        self.scheduler.set_timesteps(4)
        for t in self.scheduler.timesteps:
            eps = self.torch.from_numpy(self.unet([x.numpy(), t.reshape(1).numpy(), context])[0])
            x = self.scheduler.step(eps, t, x, generator=generator).prev_sample
        pixels = self.decoder(x.numpy())[0]
        return (pixels.clip(-1, 1) * 127.5 + 127.5).round().astype(numpy.uint8)


def one(name, config_file, weights_file, side, rounds):
    program, precision = name.split()
    if program == "convert":
        return convert(config_file, weights_file, side)
    if program == "quantise":
        return quantise(config_file, weights_file, side)
    if program == "convert-rest":
        return convert_rest(weights_file, side)
    if program == "picture":
        return {"seconds": best(Picture(precision, weights_file, side), rounds)}
    run = run_diffusers if program == "diffusers" else run_openvino
    return run(precision, config_file, weights_file, side, rounds)


def main(config_file, weights_file, side, rounds):
    """One after another; a peer that fails (no such package, no room) is named on stderr and left out."""
    results = {}
    names = ("diffusers fp32", "convert fp32", "OpenVINO fp32", "OpenVINO bf16", "quantise int8", "OpenVINO int8", "diffusers bf16")
    pictures = ("convert-rest fp32", "picture bf16", "picture int8") if is_sd15(config_file) else ()
    for name in names + pictures:
        needed = [quantised(weights_file) if name in ("OpenVINO int8", "picture int8") else converted(weights_file)]
        needed += [part(weights_file, "taesd")] if name.startswith("picture") else []
        if name.startswith(("OpenVINO", "quantise", "picture")) and not all(file.exists() for file in needed):
            continue
        done = subprocess.run([sys.executable, os.path.abspath(__file__), config_file, weights_file, side, rounds, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            seconds = json.loads(done.stdout.strip().splitlines()[-1])
            results.update({} if seconds is None else {name: seconds})
        else:
            reason = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
            print(f"{name} is left out: {reason}", file=sys.stderr)
    print(json.dumps(results))


if len(sys.argv) > 5:
    print(json.dumps(one(sys.argv[5], sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
else:
    main(*sys.argv[1:5])
