"""Stage `art`: fetches the open art by npm, draws every set once at 128 px, and builds the tokenizer.

Writes WORK/art/SET.raw (uint8 [N, 128, 128, 4], not premultiplied) and SET.json (the names), for the sets below and for our
own drawings (own/*.svg). Knows nothing of compositions; what may be used from which set is told in README.md.
"""

import json
import pathlib
import shutil
import subprocess

import numpy as np
from PIL import Image

import tokens

HERE = pathlib.Path(__file__).resolve().parent
SIDE = 128
SETS = {  # name: package
    "fluent": "@iconify-json/fluent-emoji",
    "flat": "@iconify-json/fluent-emoji-flat",
    "noto": "@iconify-json/noto",
    "blob": "@iconify-json/noto-v1",
    "twemoji": "@iconify-json/twemoji",
    "emojione": "@iconify-json/emojione",
}


def packages(work):
    """The folder of installed packages; what is pinned in art/package-lock.json, without install scripts."""
    folder = work / "art"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(HERE / "art" / name, folder / name)
    if not (folder / "node_modules").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True)
    return folder / "node_modules"


def read(work, name):
    """Names, and uint8 [N, 128, 128, 4] mapped from the file."""
    names = json.loads((work / "art" / f"{name}.json").read_text())
    return names, np.memmap(work / "art" / f"{name}.raw", np.uint8, "r", shape=(len(names), SIDE, SIDE, 4))


def shrink_house(work, folder):
    """The 3D drawings come as 256 px pictures named by code point."""
    names = sorted(file.stem for file in folder.glob("*.webp"))
    with open(work / "art" / "house.raw", "wb") as raw:
        for name in names:
            raw.write(np.asarray(Image.open(folder / f"{name}.webp").convert("RGBA").resize((SIDE, SIDE), Image.LANCZOS)).tobytes())
    (work / "art" / "house.json").write_text(json.dumps(names))
    print(f"house: {len(names)} drawings", flush=True)


def main(work, args):
    modules = packages(work)
    if not (work / "art" / "house.json").exists():
        shrink_house(work, modules / "@lobehub" / "fluent-emoji-3d" / "assets")
    for name, package in SETS.items():
        if not (work / "art" / f"{name}.json").exists():
            subprocess.run(["node", HERE / "render.mjs", modules / package, work / "art" / name], check=True)
    subprocess.run(["node", HERE / "render.mjs", HERE / "own", work / "art" / "own"], check=True)
    tokens.build(work)
