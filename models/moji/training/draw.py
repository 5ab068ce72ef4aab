"""Stage `draw`: the planned pictures through diffusers, to check our engine against, or to do without it.

Reads jobs.jsonl and an exported model folder (--out); writes PNG files to drawn/. Each picture has its own
CPU generator, so that it does not depend on the batch it was drawn in.
"""

import itertools
import json

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, LCMScheduler, StableDiffusionPipeline

import lora
from export import ACCELERATORS

SCHEDULERS = {"lcm": LCMScheduler, "ddim": DDIMScheduler, "dpm++": DPMSolverMultistepScheduler}
BATCH = 16


def pipeline_for(folder, job):
    pipeline = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True, torch_dtype=torch.float32)
    pipeline.scheduler = SCHEDULERS[job["scheduler"]].from_config(pipeline.scheduler.config)
    if job["accelerator"]:
        lora.merge(pipeline.unet, folder / ACCELERATORS[job["accelerator"]][0])
    if job["style"]:
        lora.merge(pipeline.unet, folder / "styles" / f"{job['style']}.safetensors", job["styleWeight"])
    pipeline.unet.to(memory_format=torch.channels_last)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def settings(job):
    return tuple(job[key] for key in ("scheduler", "steps", "guidance", "accelerator", "style", "styleWeight"))


def pictures(folder, jobs):
    """(job, picture) of jobs with the same settings, some at a time."""
    pipeline = pipeline_for(folder, jobs[0])
    for start in range(0, len(jobs), BATCH):
        batch = jobs[start : start + BATCH]
        made = pipeline(
            [job["prompt"] for job in batch], width=128, height=128, num_inference_steps=batch[0]["steps"], guidance_scale=batch[0]["guidance"],
            generator=[torch.Generator("cpu").manual_seed(job["seed"]) for job in batch],
        ).images
        yield from zip(batch, made)


def main(work, args):
    torch.set_num_threads(args.threads)
    folder, out = args.out or work / "moji", work / "drawn"
    out.mkdir(exist_ok=True)
    jobs = [json.loads(line) for line in (work / "jobs.jsonl").read_text().splitlines()]
    wanted = [job for job in jobs if (args.only is None or args.only in job["row"]) and not (out / job["path"]).exists()]
    wanted.sort(key=lambda job: str(settings(job)))
    for _, group in itertools.groupby(wanted, settings):
        group = list(group)
        for job, image in pictures(folder, group):
            image.save(out / job["path"])
        print(f"draw: {group[0]['row']}", flush=True)
