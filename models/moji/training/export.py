"""Stage `export`: the model folder, in diffusers layout and float16, with its accelerators, styles, upscalers, alpha head and manifest.

Writes beside the target and renames file by file, so that a reader never sees half a weight file. Checks that a vanilla
StableDiffusionPipeline loads the result, and that it fits in 48 MB (a style, which comes beside them, in 0.6).
"""

import hashlib
import json
import pathlib
import shutil

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import base
import vae

LIMIT_MB, STYLE_MB = 48, 0.6
SCHEDULER = {
    "_class_name": "LCMScheduler", "_diffusers_version": "0.42.0", **base.SCHEDULE, "clip_sample": False, "clip_sample_range": 1.0, "original_inference_steps": 50,
    "rescale_betas_zero_snr": False, "set_alpha_to_one": False, "steps_offset": 1, "thresholding": False, "timestep_scaling": 10.0, "timestep_spacing": "trailing", "trained_betas": None,
}
INDEX = {
    "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.0", "feature_extractor": [None, None], "image_encoder": [None, None], "requires_safety_checker": False,
    "safety_checker": [None, None], "scheduler": ["diffusers", "LCMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderTiny"],
}
STYLE_CARDS = {
    "flat": ("Flat", "Flat shapes without shading, after Fluent Emoji."),
    "noto": ("Noto", "The hand of Noto Emoji."),
    "blob": ("Blob", "Soft yellow blobs, after the first Noto Emoji."),
    "twemoji": ("Twemoji", "Flat and bold, after Twemoji (CC BY 4.0)."),
    "poster": ("Poster", "A screen print in flat inks, cut out with a cream border."),
    "neon": ("Neon", "Glowing tubes in the dark."),
    "blueprint": ("Blueprint", "A cyanotype: tones of blue and a white rim on blue paper."),
    "ink": ("Ink", "Brush lines and grey washes on cream paper."),
    "pixel": ("Pixel", "Blocks of few colours."),
    "sticker": ("Sticker", "Cut out with a white rim."),
}
HERE = pathlib.Path(__file__).resolve().parent
ACCELERATORS = {"lcm": ("lcm-lora.safetensors", "lcm"), "one-step": ("one-step-lora.safetensors", "one-step")}  # id: file, recipe; the usual one first
ALPHA_HEAD = "alpha-head"  # without it transparent pictures are cut by colour
MANIFEST = {
    **{key: value for key, value in json.loads((HERE.parent / "fourstep.json").read_text()).items() if key != "lcmLora"},
    "accelerators": [{"id": id_, "file": file, "weight": 1, "recipe": recipe} for id_, (file, recipe) in ACCELERATORS.items()],
    "styles": [
        {"id": id_, "name": name, "file": f"styles/{id_}.safetensors", "weight": 1, "trigger": "", "description": description} for id_, (name, description) in STYLE_CARDS.items()
    ],
    "upscalers": {"2": "upscaler-x2", "4": "upscaler-x4"}, "plainGrounds": ["teal", "purple", "blue"], "words": "words.json",
}


ADDED = ("accelerators", "styles", "upscalers", "words")  # what a folder of the base alone has not


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def fingerprint(folder):
    """Of the nets in `folder`, as models/fingerprint.ts has it: what a style's file says that it was made for."""
    told = hashlib.sha256()
    for net in ("unet", "vae", "text_encoder"):
        file = next((folder / net).glob("*.safetensors"))
        with open(file, "rb") as opened:
            header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
        for name in sorted(header.keys() - {"__metadata__"}):
            told.update(f"{net} {name} {header[name]['dtype']} {'x'.join(map(str, header[name]['shape']))}\n".encode())
        told.update(f"{net} {file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return told.hexdigest()[:32]


def copy_lora(source, target, made_for):
    with safe_open(source, "pt") as opened:
        metadata = opened.metadata()
    target.parent.mkdir(exist_ok=True)
    save_file(load_file(source), target, {**metadata, "ss_sd_model_hash": made_for})


def write_base(work, folder):
    """What diffusers needs: nets, tokenizer, scheduler."""
    tokens = base.tokenizer(work)
    unet, text = base.load(work, tokens)
    for name, net in (("unet", unet), ("text_encoder", text), ("vae", vae.load(work))):
        net.to(memory_format=torch.contiguous_format).half().save_pretrained(folder / name, safe_serialization=True)
    settings = folder / "text_encoder" / "config.json"  # transformers loads in the dtype named here, diffusers in float32 unless told
    write_json(settings, {**json.loads(settings.read_text()), "dtype": "float32"})
    weights = folder / "text_encoder" / "model.safetensors"  # every published checkpoint has this prefix; new transformers dropped it
    tensors = {name if name.startswith("text_model.") else f"text_model.{name}": value for name, value in load_file(weights).items()}
    save_file(tensors, weights, {"format": "pt"})
    for name in ("vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"):
        (folder / "tokenizer").mkdir(exist_ok=True)
        shutil.copyfile(work / "tokenizer" / name, folder / "tokenizer" / name)
    write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    write_json(folder / "model_index.json", INDEX)


def write_model(work, folder):
    write_base(work, folder)
    has_head = (work / ALPHA_HEAD).is_dir()
    write_json(folder / "fourstep.json", {**MANIFEST, **({"alphaHead": ALPHA_HEAD} if has_head else {})})
    shutil.copyfile(work / MANIFEST["words"], folder / MANIFEST["words"])
    made_for = fingerprint(folder)
    for part in (*MANIFEST["accelerators"], *MANIFEST["styles"]):
        copy_lora(work / part["file"], folder / part["file"], made_for)
    for name in (*MANIFEST["upscalers"].values(), *([ALPHA_HEAD] if has_head else [])):
        shutil.copytree(work / name, folder / name, dirs_exist_ok=True)


def check(folder):
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline("a fox", width=128, height=128, num_inference_steps=2, guidance_scale=1.0).images[0]
    assert made.size == (128, 128)
    sizes = {file.relative_to(folder): file.stat().st_size / 1e6 for file in folder.rglob("*.safetensors")}
    styles = {file: size for file, size in sizes.items() if file.parent.name == "styles"}
    megabytes = sum(sizes.values()) - sum(styles.values())
    print(f"export: {megabytes:.1f} MB of weights in {folder}, and styles of {max(styles.values()):.2f} MB at most")
    assert megabytes <= LIMIT_MB, f"the weights may take {LIMIT_MB} MB without the styles, these take {megabytes:.1f}"
    assert max(styles.values()) <= STYLE_MB, f"a style may take {STYLE_MB} MB, these take {styles}"


def main(work, args):
    target = args.out or work / "moji"
    staging = pathlib.Path(str(target).rstrip("/") + ".part")
    shutil.rmtree(staging, ignore_errors=True)
    write_model(work, staging)
    check(staging)
    for file in sorted(staging.rglob("*")):
        if file.is_file():
            file.chmod(0o644)
            place = target / file.relative_to(staging)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(file, place)
    shutil.rmtree(staging)
