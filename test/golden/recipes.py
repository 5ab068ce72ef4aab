"""The accelerators' recipes as their publishers' cards build diffusers' schedulers: for make_schedules and make_pictures.

Name -> scheduler, settings beside the model's own, eta, timesteps, step counts, guidance.
"""

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    TCDScheduler,
)

CLASSES = {
    "lcm": LCMScheduler,
    "ddim": DDIMScheduler,
    "dpm++": DPMSolverMultistepScheduler,
    "euler": EulerDiscreteScheduler,
    "tcd": TCDScheduler,
}
TRAILING = {"timestep_spacing": "trailing"}
# As PCM's card sets it, and as the published schedulers of Stable Diffusion and SDXL say; a config without it clips.
UNCLIPPED = {**TRAILING, "clip_sample": False, "set_alpha_to_one": False}
RECIPES = {
    "lcm": ("lcm", {}, None, None, range(1, 51), 1.0),
    "tcd": ("tcd", {}, 0.3, None, range(1, 51), 1.0),
    "one-step": ("lcm", {}, None, None, range(1, 5), 1.0),
    "hyper-sd": ("tcd", {}, 1.0, None, range(1, 9), 1.0),
    **{f"hyper-sd-{n}": ("ddim", UNCLIPPED, 0.0, None, [n], 1.0) for n in (2, 4, 8)},
    **{f"hyper-sd-{n}-cfg": ("ddim", UNCLIPPED, 0.0, None, [n], 5.0) for n in (8, 12)},
    **{f"lightning-{n}": ("euler", TRAILING, None, None, [n], 1.0) for n in (2, 4, 8)},
    "dmd2": ("lcm", {}, None, [999, 749, 499, 249], [4], 1.0),
    **{f"pcm-small-{n}": ("ddim", UNCLIPPED, 0.0, None, [n], 1.0) for n in (2, 4, 8, 16)},
    **{f"pcm-normal-{n}": ("ddim", UNCLIPPED, 0.0, None, [n], 3.0) for n in (4, 8, 16)},
    "flash": ("lcm", TRAILING, None, None, range(1, 9), 1.0),
    "vegart": ("lcm", {}, None, None, range(1, 9), 1.0),
}
