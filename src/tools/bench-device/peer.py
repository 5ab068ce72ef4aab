"""The same nets over the same weights in torch (diffusers): what one UNet call answers, and how long calls and pictures take.

    python peer.py MODEL_FOLDER INPUTS ROWS DEVICE SECONDS

MODEL_FOLDER holds `unet` and `vae` in diffusers layout; INPUTS holds facts.json (timestep, height, width of latents), sample.f32
and tokens.f32 of one row, and for SDXL pooled.f32. Writes INPUTS/reference.f32, the answer in fp32. Prints one JSON object:
{torch, device, unet: {dtype: {rows: {medianMs, bestMs} | {error}}}, pictures: {rows: pictures a second of 4 steps and a decoding}}.
"""
import json
import pathlib
import sys
import time

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file

STEPS = 4


def numbers(file, *shape):
    return torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.float32).reshape(*shape)


def times(call, sync, most_ms=3000):
    for _ in range(3):
        call()
    sync()
    taken = []
    until = time.perf_counter() + most_ms / 1000
    while len(taken) < 3 or (len(taken) < 20 and time.perf_counter() < until):
        start = time.perf_counter()
        call()
        sync()
        taken.append(1000 * (time.perf_counter() - start))
    return {"medianMs": sorted(taken)[len(taken) // 2], "bestMs": min(taken)}


def opened(cls, folder, device):
    """With shapes as the net has them: a norm's weights may lie there with axes of one."""
    config = json.loads((folder / "config.json").read_text())
    net = cls.from_config(config)
    shapes = {name: value.shape for name, value in net.state_dict().items()}
    state = load_file(folder / "diffusion_pytorch_model.safetensors")
    net.load_state_dict({name: value.reshape(shapes[name]) for name, value in state.items()})
    return net.eval().to(device)


def main():
    model, inputs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    rows = [int(r) for r in sys.argv[3].split(",")]
    device, seconds = sys.argv[4], float(sys.argv[5])
    over = time.perf_counter() + seconds
    facts = json.loads((inputs / "facts.json").read_text())
    height, width = facts["height"], facts["width"]
    sync = torch.cuda.synchronize if device.startswith("cuda") else (lambda: None)
    net = opened(UNet2DConditionModel, model / "unet", device)
    sample = numbers(inputs / "sample.f32", 1, -1, height, width)
    tokens = numbers(inputs / "tokens.f32", 1, -1, net.config.cross_attention_dim)
    pooled = numbers(inputs / "pooled.f32", 1, -1) if (inputs / "pooled.f32").exists() else None

    def arguments(count, dtype):
        given = [sample.repeat(count, 1, 1, 1).to(device, dtype), torch.full((count,), facts["timestep"], device=device)]
        given.append(tokens.repeat(count, 1, 1).to(device, dtype))
        if pooled is None:
            return given, {}
        ids = torch.tensor([[8 * height, 8 * width, 0, 0, 8 * height, 8 * width]], dtype=torch.float32)
        more = {"text_embeds": pooled.repeat(count, 1).to(device, dtype), "time_ids": ids.repeat(count, 1).to(device, dtype)}
        return given, {"added_cond_kwargs": more}

    report = {"torch": torch.__version__, "device": device, "unet": {}, "pictures": {}}
    if device.startswith("cuda"):
        report["device"] = torch.cuda.get_device_name()
    kinds = [("fp32", torch.float32, False), ("tf32", torch.float32, True), ("fp16", torch.float16, True)]
    with torch.inference_mode():
        for name, dtype, tf32 in kinds if device.startswith("cuda") else kinds[:1]:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
            layout = torch.channels_last if dtype == torch.float16 else torch.contiguous_format
            net = net.to(dtype).to(memory_format=layout)
            if name == "fp32":
                given, more = arguments(1, dtype)
                answer = net(*given, return_dict=False, **more)[0].float().cpu().contiguous()
                (inputs / "reference.f32").write_bytes(answer.numpy().tobytes())
            report["unet"][name] = {}
            for count in rows:
                if time.perf_counter() > over:
                    break
                try:
                    given, more = arguments(count, dtype)
                    report["unet"][name][count] = times(lambda: net(*given, return_dict=False, **more)[0].float().cpu(), sync)
                except Exception as error:  # a count that has no room ends no measurement
                    report["unet"][name][count] = {"error": str(error)[:200]}
                    break
        vae = opened(AutoencoderKL, model / "vae", device)
        vae_dtype = torch.float32 if vae.config.force_upcast and pooled is not None else dtype
        vae = vae.to(vae_dtype).to(memory_format=layout)
        for count in rows:
            if time.perf_counter() > over:
                break
            given, more = arguments(count, dtype)

            def pictures():
                latents = given[0]
                for _ in range(STEPS):
                    latents = 0.5 * latents + 0.5 * net(latents, *given[1:], return_dict=False, **more)[0]
                return (vae.decode(latents.to(vae_dtype), return_dict=False)[0].clamp(-1, 1).float().cpu() * 127.5 + 127.5).to(torch.uint8)

            try:
                report["pictures"][count] = 1000 * count / times(pictures, sync)["medianMs"]
            except Exception as error:
                print(f"left out: pictures, {count} rows ({str(error)[:200]})", file=sys.stderr)
                break
    print(json.dumps(report))


if __name__ == "__main__":
    main()
