"""Writes schedules/*.json: what diffusers' schedulers do, for test/engine/sampling.

Made with torch 2.15 and diffusers 0.42:  python test/golden/make_schedules.py

Each case is one scheduler built by `from_config` from a scheduler_config.json, run for some steps over 12 latents with a
made-up model (output = 0.7 x_in + 0.3 sin(3 x_in + t / 100)), noise from torch.Generator("cpu") with seed 7. Kept are the
timesteps, what the model saw at first, and the latents after every step.

`recipes` are the accelerators' recipes as their publishers' cards build the schedulers, at every step count that they
allow; beyond eight steps only the last latents are kept. `timesteps` are lists of the caller's.
"""

import json
import pathlib

import torch
from diffusers import LCMScheduler

from recipes import CLASSES, RECIPES

HERE = pathlib.Path(__file__).parent

SD15 = {
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "clip_sample": False,
    "trained_betas": None,
}
SDXL = {**SD15, "timestep_spacing": "leading", "interpolation_type": "linear", "use_karras_sigmas": False}
ZERO_SNR = {**SD15, "prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
SAMPLE = {**SD15, "prediction_type": "sample", "beta_schedule": "linear", "set_alpha_to_one": True}
COSINE = {**SD15, "prediction_type": "v_prediction", "beta_schedule": "squaredcos_cap_v2"}
CLIPPED = {**SD15, "clip_sample": True, "clip_sample_range": 0.8}
THRESHOLD = {**SD15, "thresholding": True, "dynamic_thresholding_ratio": 0.9, "sample_max_value": 1.5}
KARRAS = {**SD15, "use_karras_sigmas": True}
EXPONENTIAL = {**SD15, "use_exponential_sigmas": True}
BETA = {**SD15, "use_beta_sigmas": True}
SOLVERS = {
    "order1": {**SD15, "solver_order": 1},
    "heun": {**SD15, "solver_type": "heun", "final_sigmas_type": "sigma_min"},
    "sde": {**SD15, "algorithm_type": "sde-dpmsolver++"},
    "sde_heun": {**SD15, "algorithm_type": "sde-dpmsolver++", "solver_type": "heun", "use_karras_sigmas": True},
}
CONFIGS = {
    "sd15": SD15,
    "sdxl": SDXL,
    "zero_snr": ZERO_SNR,
    "sample": SAMPLE,
    "cosine": COSINE,
    "clipped": CLIPPED,
    "threshold": THRESHOLD,
    "karras": KARRAS,
    "exponential": EXPONENTIAL,
    "beta": BETA,
    **SOLVERS,
}
SHAPE = (1, 1, 3, 4)
SEED = 7


def model(x, t):
    return 0.7 * x + 0.3 * torch.sin(3 * x + float(t) / 100)


def run(name, config_name, steps, strength=None, settings=None, eta=None, explicit=None):
    scheduler = CLASSES[name].from_config(CONFIGS[config_name], **(settings or {}))
    generator = torch.Generator("cpu").manual_seed(SEED)
    begin = 0
    if explicit is not None:
        scheduler.set_timesteps(timesteps=explicit)
        if strength is not None:
            begin = max(steps - min(int(steps * strength), steps), 0)
    elif name in ("lcm", "tcd"):
        scheduler.set_timesteps(steps, strength=1.0 if strength is None else strength)
    else:
        scheduler.set_timesteps(steps)
        if strength is not None:
            begin = max(steps - min(int(steps * strength), steps), 0)
    timesteps = scheduler.timesteps[begin:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    noise = torch.randn(SHAPE, generator=generator)
    init = None
    if strength is None:
        x = noise * scheduler.init_noise_sigma
    else:
        init = torch.linspace(-1.5, 1.2, 12).reshape(SHAPE)
        x = scheduler.add_noise(init, noise, timesteps[:1])
    start = x
    seen = None
    after = []
    for t in timesteps:
        model_input = scheduler.scale_model_input(x, t)
        seen = model_input if seen is None else seen
        output = model(model_input, t)
        extra = {"generator": generator}
        if eta is not None:
            extra["eta"] = eta
        x = scheduler.step(output, t, x, return_dict=False, **extra)[0]
        after.append(x)
    return {
        "scheduler": name,
        "config": config_name,
        "steps": steps,
        "strength": strength,
        "timesteps": timesteps.tolist(),
        "start": rounded(start),
        "seen": rounded(seen),
        "after": [rounded(x) for x in (after if steps <= 8 or settings is None else after[-1:])],
    }


# SD 1.5's and SDXL's schedules are equal numbers; the configs differ in what they say besides.
def run_recipe(recipe, config, steps, strength=None):
    name, settings, eta, explicit, *_ = RECIPES[recipe]
    return {"recipe": recipe, **run(name, config, steps, strength, settings, eta, explicit)}


def rounded(tensor):
    return [float(f"{v:.7g}") for v in tensor.flatten().tolist()]


cases = []
for config in CONFIGS:
    for name in CLASSES:
        if config == "karras" and name in ("lcm", "ddim"):
            continue  # they know no Karras levels
        if config in ("exponential", "beta") and name not in ("dpm++", "euler"):
            continue
        if config in SOLVERS and name != "dpm++":
            continue
        if config == "cosine" and name == "euler":
            continue  # starts at sigma 20,000, where 32-bit floats lose the third digit
        for steps in (1, 2, 4, 7, 20) if config == "sd15" else (4, 5):
            cases.append(run(name, config, steps))
cases += [run("dpm++", config, 20) for config in SOLVERS]
for name in CLASSES:
    for config in ("sd15", "zero_snr"):
        for steps, strength in ((4, 0.6), (4, 1.0), (10, 0.35)):
            cases.append(run(name, config, steps, strength))

for name, eta in (("ddim", 0.4), ("ddim", 1.0), ("tcd", 0.0), ("tcd", 0.7)):
    for config in ("sd15", "zero_snr", "sample"):
        cases.append({**run(name, config, 5, eta=eta), "eta": eta})
for explicit in ([999, 749, 499, 249], [900, 400, 10]):
    for name in ("lcm", "tcd", "euler", "dpm++"):
        for strength in (None, 0.7):
            # Euler's start goes by the spacing that the settings name; ours by where the list begins.
            settings = {"timestep_spacing": "trailing"} if name == "euler" else None
            if strength is not None and name in ("lcm", "tcd"):
                continue  # they cut a list in set_timesteps, to the same end
            case = run(name, "sd15", len(explicit), strength, settings, explicit=explicit)
            cases.append({**case, "grid": explicit})
recipes = [
    run_recipe(recipe, config, steps)
    for config in ("sd15", "sdxl")
    for recipe in RECIPES
    for steps in RECIPES[recipe][4]
    if config == "sd15" or steps <= 8
]
recipes += [run_recipe(recipe, "sd15", 4, 0.6) for recipe in ("lcm", "tcd", "hyper-sd", "hyper-sd-4", "lightning-4", "dmd2")]

betas = {name: LCMScheduler.from_config(config).alphas_cumprod for name, config in CONFIGS.items()}
picked = [0, 1, 19, 259, 499, 500, 759, 998, 999]
golden = {
    "configs": CONFIGS,
    "alphasCumprod": {name: {str(t): float(values[t]) for t in picked} for name, values in betas.items()},
    "lcmImg2img": {
        str(s): LCM.timesteps.tolist()
        for s in (0.3, 0.4, 0.5, 0.6, 0.75, 0.8)
        for LCM in [LCMScheduler.from_config(SD15)]
        if LCM.set_timesteps(4, strength=s) is None
    },
    "cases": cases,
    "recipes": recipes,
}
out = HERE / "schedules" / "schedules.json"
out.parent.mkdir(exist_ok=True)
out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(out.stat().st_size, len(cases), len(recipes))
